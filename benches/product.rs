//! The matrix product `[rows, k] · [k, columns]`, beside nalgebra's: square, and as tall and flat
//! as those of a step (few rows, several gates side by side) and of a readout (many rows, few
//! columns).
//!
//! An element of the throughput is a multiplication with its addition.

mod common;

use common::noise;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use elman::kernels::{Fill, Matrix, product};
use std::hint::black_box;

fn products(c: &mut Criterion) {
    sizes(c, "product/square", &[[64, 64, 64], [256, 256, 256], [512, 512, 512]]);
    sizes(c, "product/flat", &[[1, 64, 256], [32, 80, 256], [64, 320, 1024]]);
    sizes(c, "product/tall", &[[1600, 32, 1], [3200, 64, 8], [6400, 256, 64]]);
}

fn sizes(c: &mut Criterion, name: &str, sizes: &[[usize; 3]]) {
    let mut group = c.benchmark_group(name);
    for &[m, k, n] in sizes {
        let (a, b) = (noise([m, k]), noise([k, n]));
        let mut y = vec![0.0; m * n];
        group.throughput(Throughput::Elements((m * k * n) as u64));
        let size = format!("{m}x{k}x{n}");
        group.bench_function(BenchmarkId::new("elman", &size), |bench| {
            bench.iter(|| {
                let (a, b) =
                    (Matrix::new(black_box(a.values()), m, k), Matrix::new(b.values(), k, n));
                a.and_then(|a| product(a, b?, Fill::Overwrite, &mut y)).expect("the shapes fit");
            });
        });
        let matrices = (a.to_matrix(), b.to_matrix());
        let (Ok(a), Ok(b)) = matrices else { unreachable!("both have two axes") };
        let mut y = nalgebra::DMatrix::zeros(m, n);
        group.bench_function(BenchmarkId::new("nalgebra", &size), |bench| {
            bench.iter(|| black_box(&a).mul_to(&b, &mut y));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = products
}
criterion_main!(benches);
