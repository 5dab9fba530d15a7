//! How much memory a training step of a long sequence takes: the peak of this process, beside what
//! the step has to keep.
//!
//! Forward has to keep, for each step, row and unit of an LSTM, four gates, the cell, its tanh and
//! the output. Inputs and targets come from outside, and each weight has a gradient and Adam's two
//! moments.

#[path = "common/peak.rs"]
mod peak;

use elman::prelude::*;
use peak::{mib, peak};

const BATCH: usize = 8;
const TIME: usize = 2000;
const INPUT: usize = 8;
const HIDDEN: usize = 128;
const OUTPUT: usize = 4;

/// Numbers kept for each step, row and unit.
const KEPT: usize = 4 + 1 + 1 + 1;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(before) = peak() else {
        println!("memory: only Linux tells the peak of a process");
        return Ok(());
    };
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let cell = Lstm::new(p.scope("cell"), INPUT, HIDDEN)?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), HIDDEN, OUTPUT)?)))
    })?;
    let mut random = Random::new(1, "bench", 0);
    let mut noise = |n| Tensor::from_fn([TIME, BATCH, n], |_| random.normal() as f32);
    let (x, y) = (noise(INPUT)?, noise(OUTPUT)?);
    let mut trainer = Trainer::new(adam(1e-3));
    let loss =
        trainer.step(&mut params, |g| mse(model.forward(g.input(&x)).values(), g.input(&y)))?;
    let after = peak().ok_or("the peak has gone")?;

    let activations = TIME * BATCH * HIDDEN * KEPT;
    let outside = TIME * BATCH * (INPUT + OUTPUT);
    let weights = 4 * params.len();
    let needed = size_of::<f32>() * (activations + outside + weights);
    let grown = after.saturating_sub(before);
    println!("an LSTM of {HIDDEN}, batch {BATCH}, {TIME} steps; loss {loss:.3}");
    println!("before the model     {:8.2} MiB", mib(before));
    println!("peak of the step     {:8.2} MiB more", mib(grown));
    println!("it has to keep       {:8.2} MiB", mib(needed));
    println!("peak / what it keeps {:8.2}", grown as f64 / needed as f64);
    Ok(())
}
