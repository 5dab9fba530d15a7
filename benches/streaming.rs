//! One streaming step: an input in, an output out, the state carried; on one thread and on two.

mod common;

use common::{New, noise};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use elman::prelude::*;

/// Hidden sizes; the input has a quarter of it.
const HIDDEN: [usize; 5] = [8, 32, 128, 512, 1024];

fn streaming(c: &mut Criterion) {
    cell(c, "elman", Elman::new);
    cell(c, "lstm", Lstm::new);
    cell(c, "gru", Gru::new);
}

fn cell<C: Cell>(c: &mut Criterion, name: &str, new: New<C>) {
    for threads in [1, 2] {
        let mut group = c.benchmark_group(format!("streaming/{name}/threads-{threads}"));
        for hidden in HIDDEN {
            let input = hidden / 4;
            let (cell, params) = Params::<f32>::init(1, |p| new(p.scope("cell"), input, hidden))
                .expect("the weights are small");
            let mut stream = Stream::new(&params, cell).threads(threads);
            let x = noise([input]);
            group.bench_function(BenchmarkId::from_parameter(hidden), |bench| {
                bench.iter(|| stream.push(x.values()).expect("the input fits")[0]);
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = streaming
}
criterion_main!(benches);
