//! What the Rust peers share: the workloads, the clock, and the lines they print.
//!
//! Runs are counted as Elman's own program counts them (`examples/plain/workloads`): 3 that warm up, then
//! at least 5, until 4 seconds are spent on a training workload and 2 on a stream. A run of a
//! stream is 100 steps.

use serde::Deserialize;
use std::time::{Duration, Instant};

pub type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Workloads {
    train: Vec<Training>,
    step: Vec<Streaming>,
}

/// A batch of sequences with a target for every step of each.
#[derive(Deserialize, Clone)]
pub struct Training {
    pub name: String,
    pub cell: Cell,
    pub batch: usize,
    pub time: usize,
    pub input: usize,
    pub hidden: usize,
    pub output: usize,
}

/// One input at a time, without a readout.
#[derive(Deserialize, Clone)]
pub struct Streaming {
    pub name: String,
    pub cell: Cell,
    pub input: usize,
    pub hidden: usize,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    Rnn,
    Lstm,
    Gru,
}

/// A step to be timed. It returns one number of its result, which must be finite: the loss of a
/// training step.
pub type Step = Box<dyn FnMut() -> Result<f32, Failure>>;

/// A library that trains and streams; `None` where it lacks the cell.
pub trait Peer {
    const NAME: &'static str;
    fn train(w: &Training) -> Result<Option<Step>, Failure>;
    fn stream(w: &Streaming) -> Result<Option<Step>, Failure>;
}

/// Times a library on the workloads of the file that the command line names, or on the one of a
/// name: `FILE.json [NAME]`. `RAYON_NUM_THREADS` in the environment says how many threads.
pub fn run<P: Peer>() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("wanted FILE.json [NAME]")?;
    let only = args.next();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let workloads: Workloads = serde_json::from_str(&std::fs::read_to_string(path)?)?;

    for w in workloads.train.iter().filter(|w| wanted(&w.name)) {
        let Some(step) = P::train(w)? else { continue };
        let (times, losses) = times(step, 1, Duration::from_secs(4))?;
        let (first, last) = (losses[0], losses[losses.len() - 1]);
        if last >= first {
            return Err(format!("{}: the loss went from {first} to {last}", w.name).into());
        }
        line(P::NAME, "train", &w.name, "ms", 1e3, &times);
    }
    for w in workloads.step.iter().filter(|w| wanted(&w.name)) {
        let Some(step) = P::stream(w)? else { continue };
        let (times, _) = times(step, 100, Duration::from_secs(2))?;
        line(P::NAME, "step", &w.name, "us", 1e6, &times);
    }
    Ok(())
}

/// The times of a step in seconds, in order, and the results.
fn times(mut step: Step, block: u32, budget: Duration) -> Result<(Vec<f64>, Vec<f32>), Failure> {
    let (mut times, mut results) = (Vec::new(), Vec::new());
    let mut run = |times: &mut Vec<f64>| -> Result<(), Failure> {
        let start = Instant::now();
        let mut result = 0.0;
        for _ in 0..block {
            result = step()?;
        }
        times.push(start.elapsed().as_secs_f64() / f64::from(block));
        if !result.is_finite() {
            return Err("a result is not finite".into());
        }
        results.push(result);
        Ok(())
    };
    for _ in 0..3 {
        run(&mut times)?;
    }
    times.clear();
    let start = Instant::now();
    while start.elapsed() < budget || times.len() < 5 {
        run(&mut times)?;
    }
    times.sort_by(f64::total_cmp);
    Ok((times, results))
}

fn line(peer: &str, kind: &str, name: &str, unit: &str, scale: f64, times: &[f64]) {
    let (least, median) = (scale * times[0], scale * times[times.len() / 2]);
    println!(
        "{{\"peer\":\"{peer}\",\"kind\":\"{kind}\",\"name\":\"{name}\",\
         \"min_{unit}\":{least:.4},\"median_{unit}\":{median:.4},\"runs\":{}}}",
        times.len()
    );
}

/// Numbers between −1.7 and 1.7 without a pattern, of variance 1, the same every time.
pub fn noise(n: usize, seed: u64) -> impl Iterator<Item = f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (((state >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 12f64.sqrt()) as f32
    })
}
