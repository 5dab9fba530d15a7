//! The steps, their times, and the signs that the work was done.

use crate::Failure;
use crate::file::{Kind, Streaming, Training};
use elman::prelude::*;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

/// Runs before the first that counts: memory is made, caches fill, the processor's clock rises.
const WARM_UP: usize = 3;
/// Runs that count, however slow they are.
const LEAST_RUNS: usize = 5;
/// Pushes in a run, because a single one may be too short for the clock.
const BLOCK: u32 = 100;

/// How long a step takes, in seconds.
pub(crate) struct Times {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) runs: usize,
}

/// A cell's `new`: from its input and hidden sizes.
type New<C> = fn(Scope<'_>, usize, usize) -> Result<C, GraphError>;

/// Training steps, until the budget is spent.
pub(crate) fn train(w: &Training, budget: Duration) -> Result<Times, Failure> {
    match w.cell {
        Kind::Rnn => train_cell(w, Elman::new, budget),
        Kind::Lstm => train_cell(w, Lstm::new, budget),
        Kind::Gru => train_cell(w, Gru::new, budget),
    }
}

/// Streaming steps, until the budget is spent.
pub(crate) fn stream(w: &Streaming, budget: Duration) -> Result<Times, Failure> {
    match w.cell {
        Kind::Rnn => stream_cell(w, Elman::new, budget),
        Kind::Lstm => stream_cell(w, Lstm::new, budget),
        Kind::Gru => stream_cell(w, Gru::new, budget),
    }
}

fn train_cell<C: Cell>(w: &Training, cell: New<C>, budget: Duration) -> Result<Times, Failure> {
    let sizes = [w.batch, w.time, w.input, w.hidden, w.output];
    let [batch, time, input, hidden, output] = sizes.map(NonZeroUsize::get);
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let cell = cell(p.scope("cell"), input, hidden)?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), hidden, output)?)))
    })?;
    let x = noise("x", [time, batch, input])?;
    let y = noise("y", [time, batch, output])?;
    let mut trainer = Trainer::new(adam(1e-3));

    let mut losses = Vec::new();
    let times = times(budget, || {
        let start = Instant::now();
        let loss = trainer.step(&mut params, |g| {
            let prediction = model.forward(g.input(&x)).values();
            mse(prediction, g.input(&y))
        })?;
        let time = start.elapsed().as_secs_f64();
        losses.push(loss);
        finite("gradients", trainer.grad().values())?;
        Ok(time)
    })?;
    let (first, last) = (losses[WARM_UP], losses[losses.len() - 1]);
    if last < first {
        Ok(times)
    } else {
        let steps = format!("{first} at the first timed step and {last} at the last");
        Err(format!("the loss has not gone down: it was {steps}").into())
    }
}

fn stream_cell<C: Cell>(w: &Streaming, cell: New<C>, budget: Duration) -> Result<Times, Failure> {
    let (input, hidden) = (w.input.get(), w.hidden.get());
    let (cell, params) = Params::<f32>::init(1, |p| cell(p.scope("cell"), input, hidden))?;
    let x = noise("x", [input])?;
    let mut stream = Stream::new(&params, cell);
    times(budget, || {
        let start = Instant::now();
        for _ in 0..BLOCK {
            stream.push(x.values())?;
        }
        let time = start.elapsed().as_secs_f64() / f64::from(BLOCK);
        finite("outputs", stream.output())?;
        Ok(time)
    })
}

/// Runs until the budget is spent. A run clocks itself, so that its checks do not count.
fn times(
    budget: Duration,
    mut run: impl FnMut() -> Result<f64, Failure>,
) -> Result<Times, Failure> {
    for _ in 0..WARM_UP {
        run()?;
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < budget || times.len() < LEAST_RUNS {
        times.push(run()?);
    }
    times.sort_by(f64::total_cmp);
    Ok(Times { least: times[0], median: times[times.len() / 2], runs: times.len() })
}

/// Standard normal numbers.
fn noise(name: &str, shape: impl Into<Shape>) -> Result<Tensor<f32>, Failure> {
    let mut random = Random::new(1, name, 0);
    Ok(Tensor::from_fn(shape, |_| random.normal() as f32)?)
}

fn finite(what: &str, x: &[f32]) -> Result<(), Failure> {
    match x.iter().filter(|x| !x.is_finite()).count() {
        0 => Ok(()),
        n => Err(format!("{n} of {} {what} are not finite", x.len()).into()),
    }
}
