//! The adding problem (Hochreiter and Schmidhuber 1997, experiment 4): the sum of two marked
//! numbers, far apart. Values are in [-1, 1] here and the target is their sum, so guessing costs
//! 0.667.

use crate::table::{Entry, Goal};
use elman::prelude::*;

/// Over 100 steps, with the settings of `examples/adding.rs`.
pub(crate) const HUNDRED: Entry = Entry {
    name: "adding-100",
    setting: "LSTM 8, batches of 32, Adam 5e-3, halved every 1500 of 8000 steps",
    published: "LSTM learns it (Hochreiter & Schmidhuber 1997); guessing 0.667",
    goal: Goal::Error(0.004),
    seeds: 5,
    quick: 2,
    run: |seed| train(seed, 100, 8000, Lstm::new, 8, adam(5e-3).then(step_decay(0.5, 1500))),
};

/// Sequences in a batch.
const BATCH: usize = 32;

/// Trains a cell with a linear readout; returns its error on 1024 new sequences.
fn train<C: Cell>(
    seed: u64,
    time: usize,
    steps: u64,
    cell: fn(Scope<'_>, usize, usize) -> Result<C, GraphError>,
    hidden: usize,
    update: impl Transform,
) -> Result<f64, Error> {
    let (model, mut params) = Params::<f32>::init(seed, |p| {
        let cell = cell(p.scope("cell"), 2, hidden)?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), hidden, 1)?)))
    })?;
    let (task, mut batch) = (Adding::new(seed, time, BATCH)?, Batch::new());
    let mut trainer = crate::trainer(clip_norm(1.0).then(update));
    for step in 0..steps {
        task.fill(&mut batch, step)?;
        trainer.step(&mut params, |g| {
            mse(model.forward(g.input(&batch.x)).last(), g.input(&batch.y))
        })?;
    }
    // Sequences are keyed by (seed, index): another seed has others.
    Adding::new(seed + 1000, time, 1024)?.fill(&mut batch, 0)?;
    let error = trainer.tape_mut().evaluate(&params, |g| {
        mse(model.forward(g.input(&batch.x)).last(), g.input(&batch.y)).item()
    })?;
    Ok(f64::from(error))
}
