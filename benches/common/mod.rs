//! What several benches need.

#![allow(dead_code, reason = "each bench needs a part")]

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, measurement::WallTime};
use elman::prelude::*;
use std::hint::black_box;
use std::time::Duration;

/// A cell's `new`: from its input and hidden sizes.
pub(crate) type New<C> = fn(Scope<'_>, usize, usize) -> Result<C, GraphError>;

/// Few and short samples, so that the whole suite takes minutes.
pub(crate) fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
}

/// Standard normal numbers.
pub(crate) fn noise(shape: impl Into<Shape>) -> Tensor<f32> {
    let shape = shape.into();
    let mut random = Random::new(1, "bench", shape.len() as u64);
    Tensor::from_fn(shape, |_| random.normal() as f32).expect("the shape is small")
}

/// The sizes of a training step.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) input: usize,
    pub(crate) hidden: usize,
    pub(crate) output: usize,
}

/// Times one training step: sequences through a cell and a linear readout at every time step, mean
/// squared error, back, and Adam.
pub(crate) fn training_step<C: Cell>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    sizes: Sizes,
    threads: usize,
    cell: New<C>,
) {
    let Sizes { batch, time, input, hidden, output } = sizes;
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let cell = cell(p.scope("cell"), input, hidden)?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), hidden, output)?)))
    })
    .expect("the weights are small");
    let (x, y) = (noise([time, batch, input]), noise([time, batch, output]));
    let mut trainer = Trainer::new(adam(1e-3)).with_tape(Tape::new().threads(threads));
    group.bench_function(id, |bench| {
        bench.iter(|| {
            let loss = trainer
                .step(&mut params, |g| mse(model.forward(g.input(&x)).values(), g.input(&y)))
                .expect("the shapes fit");
            black_box(loss)
        });
    });
}
