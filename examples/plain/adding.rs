//! The adding problem (Hochreiter and Schmidhuber 1997): can a network remember over 100 steps?
//!
//! A sequence has two features: a number from [-1, 1], and a mark, which is set on two of the
//! steps. The answer, asked for at the end, is the sum of the two marked numbers. Whoever does not
//! look guesses 0 and pays 0.667. A plain recurrent network does not carry the first number to
//! the end: its gradient has vanished on the way. An LSTM does.
//!
//! Run with `cargo run --release --example adding`.

use elman::prelude::*;
use std::process::ExitCode;

const TIME: usize = 100;
const HIDDEN: usize = 8;
const BATCH: usize = 32;
const STEPS: u64 = 8000;
/// The error of a run on sequences it has never seen must be below.
const TO_REACH: f32 = 0.004;

/// The answer of a network: what its readout says at the last step, `[batch, 1]`.
fn answer<'g>(model: &impl Layer, g: &'g Graph<'g, f32>, x: &Tensor<f32>) -> Var<'g, f32> {
    model.forward(g.input(x)).last()
}

/// Trains a cell with a linear readout; returns its error on 1024 new sequences.
fn train<C: Cell>(
    seed: u64,
    cell: fn(Scope<'_>, usize, usize) -> Result<C, elman::autograd::Error>,
) -> Result<f32, Error> {
    let (model, mut params) = Params::init(seed, |p| {
        let cell = cell(p.scope("cell"), 2, HIDDEN)?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), HIDDEN, 1)?)))
    })?;
    let task = Adding::new(seed, TIME, BATCH)?;
    let mut batch = Batch::new();
    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(5e-3)).then(step_decay(0.5, 1500)));
    for step in 0..STEPS {
        task.fill(&mut batch, step)?;
        trainer.step(&mut params, |g| mse(answer(&model, g, &batch.x), g.input(&batch.y)))?;
    }
    // Sequences are keyed by (seed, index): another seed has others.
    Adding::new(seed + 1000, TIME, 1024)?.fill(&mut batch, 0)?;
    let mut tape = Tape::new();
    let error =
        tape.evaluate(&params, |g| mse(answer(&model, g, &batch.x), g.input(&batch.y)).item())?;
    Ok(error)
}

fn main() -> Result<ExitCode, Error> {
    let baseline = Adding::new(0, TIME, BATCH)?.baseline()?;
    println!("The sum of two marked numbers among {TIME}; not looking costs {baseline:.3}.\n");
    println!("network  seed  test error");

    // Two runs at a time, each alone in its thread: its bits do not depend on the others.
    type Run = (&'static str, u64, fn(u64) -> Result<f32, Error>);
    let lstm: fn(u64) -> _ = |seed| train(seed, Lstm::new);
    let plain: fn(u64) -> _ = |seed| train(seed, Elman::new);
    let runs: [Run; 6] = [
        ("LSTM", 1, lstm),
        ("LSTM", 2, lstm),
        ("LSTM", 3, lstm),
        ("LSTM", 4, lstm),
        ("LSTM", 5, lstm),
        ("plain", 1, plain),
    ];
    let mut good = true;
    for pair in runs.chunks(2) {
        let errors: Vec<_> = std::thread::scope(|s| {
            let threads: Vec<_> =
                pair.iter().map(|&(_, seed, run)| s.spawn(move || run(seed))).collect();
            threads
                .into_iter()
                .map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
                .collect()
        });
        for (&(network, seed, _), error) in pair.iter().zip(errors) {
            let error = error?;
            println!("{network:7}  {seed:4}  {error:.5}");
            good &= (error < TO_REACH) == (network == "LSTM");
        }
    }
    if !good {
        eprintln!("\nEvery LSTM has to stay below {TO_REACH}, and the plain network must not.");
        return Ok(ExitCode::FAILURE);
    }
    println!("\nEvery LSTM stays below {TO_REACH}; the plain network does not get there.");
    Ok(ExitCode::SUCCESS)
}
