//! Memory and time of a training step over 1 000 to 100 000 time steps: everything kept, or
//! segments that are computed again.
//!
//! An LSTM of 64 with a linear readout of 1, batch 4, in `f32`. Each case is a process of its own,
//! whose peak is read after the second step; inputs and targets are there before and do not count.

#[path = "common/peak.rs"]
mod peak;

use elman::prelude::*;
use elman::rnn::Readout;
use peak::{mib, peak};
use std::process::Command;
use std::time::Instant;

const BATCH: usize = 4;
const INPUT: usize = 4;
const HIDDEN: usize = 64;
const STEPS: [usize; 5] = [1_000, 3_000, 10_000, 30_000, 100_000];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, way, time] = &arguments[..]
        && let Ok(time) = time.parse()
    {
        return match way.as_str() {
            "segments" => case(time, Segmented::new),
            _ => case(time, |cell| cell),
        };
    }
    println!("{:>8} {:>21} {:>21}", "", "everything kept", "segments");
    println!("{:>8} {:>10} {:>10} {:>10} {:>10}", "steps", "MiB", "ms", "MiB", "ms");
    for time in STEPS {
        let of = |way: &str| -> Result<String> {
            let this = std::env::current_exe()?;
            let output = Command::new(this).args([way, &time.to_string()]).output()?;
            Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
        };
        println!("{time:>8} {} {}", of("kept")?, of("segments")?);
    }
    Ok(())
}

/// Prints the memory and the time of a step.
fn case<C: Cell>(time: usize, around: impl FnOnce(Readout<Lstm>) -> C) -> Result<()> {
    let (cell, mut params) = Params::<f32>::init(1, |p| {
        let cell = Lstm::new(p.scope("cell"), INPUT, HIDDEN)?;
        Ok(cell.readout(Linear::new(p.scope("head"), HIDDEN, 1)?))
    })?;
    let model = Rnn(around(cell));
    let mut random = Random::new(1, "bench", 0);
    let mut noise = |n| Tensor::from_fn([time, BATCH, n], |_| random.normal() as f32);
    let (x, y) = (noise(INPUT)?, noise(1)?);
    let mut trainer = Trainer::new(adam(1e-3));
    let before = peak().ok_or("only Linux tells the peak of a process")?;
    let mut least = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        trainer.step(&mut params, |g| mse(model.forward(g.input(&x)).values(), g.input(&y)))?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    let grown = peak().ok_or("the peak has gone")?.saturating_sub(before);
    println!("{:>10.2} {:>10.2}", mib(grown), 1e3 * least);
    Ok(())
}
