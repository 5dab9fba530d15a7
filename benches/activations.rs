//! Activations over slices, through `map`: one thread, in the first cache and beyond the second.

mod common;

use common::noise;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use elman::kernels::map;
use elman::tensor::Real;
use std::hint::black_box;

fn activation<T: Real>(c: &mut Criterion, name: &str, f: impl Fn(T) -> T + Sync) {
    let mut group = c.benchmark_group(format!("map/{name}"));
    for n in [1 << 10, 1 << 20] {
        let x: Vec<_> = noise([n]).values().iter().map(|&x| T::from_f64(f64::from(x))).collect();
        let mut y = vec![T::ZERO; n];
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::from_parameter(n), |bench| {
            bench.iter(|| map(black_box(&x), &mut y, &f).expect("the lengths are equal"));
        });
    }
    group.finish();
}

fn all<T: Real>(c: &mut Criterion, scalar: &str) {
    let named = |name: &str| format!("{scalar}/{name}");
    activation(c, &named("tanh"), T::tanh);
    activation(c, &named("sigmoid"), T::sigmoid);
    activation(c, &named("softplus"), T::softplus);
    activation(c, &named("exp"), T::exp);
    activation(c, &named("ln"), |x: T| x.abs().ln());
    activation(c, &named("relu"), |x| if x > T::ZERO { x } else { T::ZERO });
}

fn activations(c: &mut Criterion) {
    all::<f32>(c, "f32");
    all::<f64>(c, "f64");
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = activations
}
criterion_main!(benches);
