//! Activations over slices, through `map`: one thread, in the first cache and beyond the second.

mod common;

use common::noise;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use elman::kernels::map;
use elman::tensor::Real;
use std::hint::black_box;

fn activation(c: &mut Criterion, name: &str, f: impl Fn(f32) -> f32 + Sync) {
    let mut group = c.benchmark_group(format!("map/{name}"));
    for n in [1 << 10, 1 << 20] {
        let x = noise([n]);
        let mut y = vec![0.0; n];
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::from_parameter(n), |bench| {
            bench.iter(|| map(black_box(x.values()), &mut y, &f).expect("the lengths are equal"));
        });
    }
    group.finish();
}

fn activations(c: &mut Criterion) {
    activation(c, "tanh", Real::tanh);
    activation(c, "sigmoid", Real::sigmoid);
    activation(c, "exp", Real::exp);
    activation(c, "relu", |x| if x > 0.0 { x } else { 0.0 });
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = activations
}
criterion_main!(benches);
