//! One training step: a sequence through a cell and a linear readout, mean squared error, back,
//! and Adam. Beside the LSTM of the crate, the same equations as a user's cell: without a kernel,
//! every operation of every time step is recorded on the tape.

mod common;

use common::{New, Sizes, training_step};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use elman::prelude::*;

/// An LSTM from Vars alone. Its weights, and so its bits, are those of [`Lstm`].
struct Written(Gate);

impl Written {
    fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, GraphError> {
        Ok(Written(Gate::several(p, input, hidden, 4)?))
    }
}

impl Cell for Written {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.0.hidden()
    }

    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h, c]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let [i, f, g, o] = self.0.of(x, h).split();
        let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        let h = o.sigmoid() * c.tanh();
        (h, [h, c])
    }
}

const SIZES: [(&str, Sizes); 3] = [
    ("tiny", Sizes { batch: 16, time: 50, input: 1, hidden: 32, output: 1 }),
    ("small", Sizes { batch: 32, time: 100, input: 16, hidden: 64, output: 8 }),
    ("medium", Sizes { batch: 64, time: 100, input: 64, hidden: 256, output: 64 }),
];

fn training(c: &mut Criterion) {
    cell(c, "elman", Elman::new);
    cell(c, "lstm", Lstm::new);
    cell(c, "lstm-written", Written::new);
    cell(c, "gru", Gru::new);
}

fn cell<C: Cell>(c: &mut Criterion, name: &str, new: New<C>) {
    let mut group = c.benchmark_group(format!("training/{name}"));
    for (size, sizes) in SIZES {
        training_step(&mut group, BenchmarkId::from_parameter(size), sizes, 0, new);
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = training
}
criterion_main!(benches);
