//! The matrix product `[rows, k] · [k, n]`, beside nalgebra's.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use elman::kernels::{Fill, Matrix, product};
use elman::tensor::{Random, Tensor};
use std::hint::black_box;

fn noise(shape: [usize; 2]) -> Tensor<f32> {
    let mut random = Random::new(1, "bench", shape[0] as u64);
    Tensor::from_fn(shape, |_| random.normal() as f32).unwrap_or_default()
}

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("product");
    for [m, k, n] in [[1, 64, 256], [32, 80, 256], [64, 320, 1024]] {
        let (a, b) = (noise([m, k]), noise([k, n]));
        let mut y = vec![0.0; m * n];
        group.throughput(Throughput::Elements((m * k * n) as u64));
        let size = format!("{m}x{k}x{n}");
        group.bench_function(BenchmarkId::new("elman", &size), |bench| {
            bench.iter(|| {
                let (a, b) =
                    (Matrix::new(black_box(a.values()), m, k), Matrix::new(b.values(), k, n));
                a.and_then(|a| product(a, b?, Fill::Overwrite, &mut y))
            });
        });
        if let (Ok(a), Ok(b)) = (a.to_matrix(), b.to_matrix()) {
            let mut y = nalgebra::DMatrix::zeros(m, n);
            group.bench_function(BenchmarkId::new("nalgebra", &size), |bench| {
                bench.iter(|| black_box(&a).mul_to(&b, &mut y));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
