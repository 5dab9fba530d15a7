//! How long does a step take? Training and streaming, timed on workloads from a file.
//!
//! A training step is the whole of it: a batch of sequences through a cell and a linear readout at
//! every time step, the mean squared error, the gradient of every weight, and Adam. A streaming
//! step is one input pushed through a cell that carries its state on. `SMALL`, below, shows how a
//! file says which.
//!
//! Whoever times has to know that the work was done: a training workload sees the same sequences
//! at every step, so its loss must go down, and all gradients and outputs must be finite.
//!
//! Run with `cargo run --release --example workloads` for a small set of its own and a table, or
//! with `cargo run --release --example workloads -- FILE.json [NAME]` for the workloads of a file,
//! or the one of that name, and a line of JSON for each.

mod file;
mod step;

use elman::kernels::Threads;
use file::Workloads;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;
use step::Times;

/// What is timed if no file is given.
const SMALL: &str = r#"{
  "train": [
    {"name": "elman-tiny", "cell": "rnn",  "batch": 16, "time": 50, "input": 1,  "hidden": 32, "output": 1},
    {"name": "lstm-tiny",  "cell": "lstm", "batch": 16, "time": 50, "input": 1,  "hidden": 32, "output": 1},
    {"name": "gru-tiny",   "cell": "gru",  "batch": 16, "time": 50, "input": 16, "hidden": 32, "output": 8}
  ],
  "step": [
    {"name": "lstm-step",  "cell": "lstm", "input": 16, "hidden": 64}
  ]
}"#;

/// A sentence for whoever started the program.
type Failure = Box<dyn std::error::Error>;

/// How long each workload runs.
struct Budgets {
    train: Duration,
    step: Duration,
}

/// A workload that was run, with its times in its unit.
struct Report<'a> {
    kind: &'static str,
    name: &'a str,
    unit: &'static str,
    least: f64,
    median: f64,
    runs: usize,
}

impl<'a> Report<'a> {
    fn training(name: &'a str, Times { least, median, runs }: Times) -> Self {
        Report { kind: "train", name, unit: "ms", least: 1e3 * least, median: 1e3 * median, runs }
    }

    fn streaming(name: &'a str, Times { least, median, runs }: Times) -> Self {
        Report { kind: "step", name, unit: "us", least: 1e6 * least, median: 1e6 * median, runs }
    }

    fn json(&self) {
        let Report { kind, name, unit, least, median, runs } = self;
        let name = serde_json::Value::from(*name); // quoted and escaped
        println!(
            "{{\"peer\":\"elman\",\"kind\":\"{kind}\",\"name\":{name},\
             \"min_{unit}\":{least:.4},\"median_{unit}\":{median:.4},\"runs\":{runs}}}"
        );
    }

    fn row(&self) {
        let Report { kind, name, unit, least, median, runs } = self;
        println!("{name:10}  {kind:5}  {least:8.3} {unit}  {median:8.3} {unit}  {runs:5}");
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("workloads: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    // For all tapes and streams of this thread.
    let _threads = Threads::limit(threads()?);
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (path, name) = match args.as_slice() {
        [] => return check(),
        [path] => (path, None),
        [path, name] => (path, Some(name.to_string_lossy())),
        _ => return Err("wanted FILE.json, FILE.json NAME, or nothing".into()),
    };
    let source = path.to_string_lossy();
    let json = std::fs::read_to_string(path)
        .map_err(|error| format!("{source} cannot be read: {error}"))?;
    let mut workloads = Workloads::parse(&json).map_err(|error| format!("{source}: {error}"))?;
    if let Some(name) = name {
        workloads = workloads.only(&name).map_err(|error| format!("{source}: {error}"))?;
    }
    let budgets = Budgets { train: Duration::from_secs(4), step: Duration::from_secs(2) };
    measure(&workloads, &budgets, |report| report.json())
}

/// The small set, with a table for the eye.
fn check() -> Result<(), Failure> {
    println!("workload    kind          least       median   runs");
    let budget = Duration::from_millis(500);
    let budgets = Budgets { train: budget, step: budget };
    measure(&Workloads::parse(SMALL)?, &budgets, |report| report.row())?;
    println!("\nEvery loss has gone down; all gradients and outputs are finite.");
    Ok(())
}

/// Runs the workloads, and reports each as soon as it is done.
fn measure(
    workloads: &Workloads,
    budgets: &Budgets,
    report: fn(&Report<'_>),
) -> Result<(), Failure> {
    let of = |name: &str, error: Failure| format!("{name}: {error}");
    for w in &workloads.train {
        let times = step::train(w, budgets.train).map_err(|error| of(&w.name, error))?;
        report(&Report::training(&w.name, times));
    }
    for w in &workloads.step {
        let times = step::stream(w, budgets.step).map_err(|error| of(&w.name, error))?;
        report(&Report::streaming(&w.name, times));
    }
    Ok(())
}

/// How many threads a step may use: `THREADS` in the environment, or 2.
fn threads() -> Result<usize, Failure> {
    let Some(given) = std::env::var_os("THREADS") else { return Ok(2) };
    let threads = given.to_str().and_then(|text| text.parse::<NonZeroUsize>().ok());
    match threads {
        Some(threads) => Ok(threads.get()),
        None => Err(format!("THREADS must be a whole number from 1 on, got {given:?}").into()),
    }
}
