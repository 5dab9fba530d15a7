//! What a training step of an LSTM costs against time, batch, hidden size and threads, one of them
//! changed at a time. An element of the throughput is one row at one time step.

mod common;

use common::{Sizes, training_step};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use elman::prelude::*;

const MIDDLE: Sizes = Sizes { batch: 16, time: 100, input: 16, hidden: 128, output: 8 };

fn scaling(c: &mut Criterion) {
    let time = [25, 50, 100, 200, 400].map(|time| (time, Sizes { time, ..MIDDLE }, 0));
    let batch = [1, 4, 16, 64].map(|batch| (batch, Sizes { batch, ..MIDDLE }, 0));
    let hidden = [32, 64, 128, 256, 512].map(|hidden| (hidden, Sizes { hidden, ..MIDDLE }, 0));
    let threads = [1, 2, 4].map(|threads| (threads, MIDDLE, threads));
    against(c, "time", &time);
    against(c, "batch", &batch);
    against(c, "hidden", &hidden);
    against(c, "threads", &threads);
}

/// Training steps of some sizes, on some threads; 0 of them are as many as there are cores.
fn against(c: &mut Criterion, name: &str, steps: &[(usize, Sizes, usize)]) {
    let mut group = c.benchmark_group(format!("scaling/{name}"));
    for &(parameter, sizes, threads) in steps {
        group.throughput(Throughput::Elements((sizes.time * sizes.batch) as u64));
        let id = BenchmarkId::from_parameter(parameter);
        training_step(&mut group, id, sizes, threads, Lstm::new);
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = scaling
}
criterion_main!(benches);
