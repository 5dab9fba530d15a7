//! Whole sequences of a recurrent cell as one kernel, forward and backward, without tape or
//! readout.
//!
//! An element of the throughput is a multiplication with its addition: forward
//! `time × batch × sums × hidden × (input + hidden)` of them, backward twice as many, for the
//! cotangents and for the gradients of the weights. The activations are not counted.

mod common;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use elman::kernels::Isa;
use elman::kernels::fused::{
    Backward, Cell, Columns, Forward, Gradients, Marks, Sizes, backward, forward, kept,
};
use elman::tensor::Random;
use std::time::{Duration, Instant};

/// The partial derivatives with respect to inputs, states, weights and biases.
struct Partials([Vec<f32>; 6]);

impl Gradients<f32> for Partials {
    fn x(&mut self) -> Option<&mut [f32]> {
        Some(&mut self.0[0])
    }
    fn h(&mut self) -> Option<&mut [f32]> {
        Some(&mut self.0[1])
    }
    fn c(&mut self) -> Option<&mut [f32]> {
        Some(&mut self.0[2])
    }
    fn w(&mut self, _: usize) -> Option<&mut [f32]> {
        Some(&mut self.0[3])
    }
    fn u(&mut self, _: usize) -> Option<&mut [f32]> {
        Some(&mut self.0[4])
    }
    fn b(&mut self, _: usize) -> Option<&mut [f32]> {
        Some(&mut self.0[5])
    }
}

/// A sequence of a cell with all that it reads and writes.
struct Sequence {
    cell: Cell,
    sizes: Sizes,
    x: Vec<f32>,
    h: Vec<f32>,
    c: Vec<f32>,
    w: Vec<f32>,
    u: Vec<f32>,
    b: Vec<f32>,
    y: Vec<f32>,
    last: Vec<f32>,
    kept: Vec<f32>,
}

impl Sequence {
    fn new(cell: Cell, sizes: Sizes) -> Self {
        let Sizes { time, batch, input, hidden } = sizes;
        let mut random = Random::new(1, "bench", 0);
        let mut noise = |n: usize, scale: f64| -> Vec<f32> {
            (0..n).map(|_| (scale * random.normal()) as f32).collect()
        };
        let (state, width) = (batch * hidden, cell.sums() * hidden);
        let own = if cell.carries() { state } else { 0 };
        let scale = (hidden as f64).sqrt().recip();
        Sequence {
            cell,
            sizes,
            x: noise(time * batch * input, 1.0),
            h: noise(state, 0.5),
            c: noise(own, 0.5),
            w: noise(input * width, scale),
            u: noise(hidden * width, scale),
            b: noise(cell.stored() * hidden, scale),
            y: vec![0.0; time * state],
            last: vec![0.0; own],
            kept: vec![0.0; kept(cell, sizes).expect("the sizes are small")],
        }
    }

    fn multiplications(&self) -> u64 {
        let Sizes { time, batch, input, hidden } = self.sizes;
        (time * batch * self.cell.sums() * hidden * (input + hidden)) as u64
    }

    fn forward(&mut self) {
        let hidden = self.sizes.hidden;
        let [w, u] = [&self.w, &self.u].map(|w| columns(w, self.cell.sums(), hidden));
        let b = columns(&self.b, self.cell.stored(), hidden);
        let (x, h, c) = (&self.x[..], &self.h[..], &self.c[..]);
        let (y, last, kept) = (&mut self.y[..], &mut self.last[..], &mut self.kept[..]);
        let with = Forward { x, h, c, w: &w, u: &u, b: &b, marks: Marks::default(), y, last, kept };
        forward(Isa::used(), self.cell, self.sizes, with).expect("the lengths fit");
    }

    /// Only backward is timed: it overwrites what forward kept, which is put back before.
    fn backward(&mut self, runs: u64) -> Duration {
        self.forward();
        let hidden = self.sizes.hidden;
        let [w, u] = [&self.w, &self.u].map(|w| columns(w, self.cell.sums(), hidden));
        let b = columns(&self.b, self.cell.stored(), hidden);
        let (x, h, c, y) = (&self.x[..], &self.h[..], &self.c[..], &self.y[..]);
        let (dy, dlast) = (vec![0.01; y.len()], vec![0.01; c.len()]);
        let all = [x, h, c, &self.w, &self.u, &self.b];
        let mut partials = Partials(all.map(|of| vec![0.0; of.len()]));
        let before = self.kept.clone();
        let mut spent = Duration::ZERO;
        for _ in 0..runs {
            self.kept.copy_from_slice(&before);
            let (dy, dlast, kept) = (&dy[..], &dlast[..], &mut self.kept[..]);
            let with =
                Backward { x, h, w: &w, u: &u, b: &b, marks: Marks::default(), y, dy, dlast, kept };
            let start = Instant::now();
            backward(Isa::used(), self.cell, self.sizes, with, &mut partials)
                .expect("the lengths fit");
            spent += start.elapsed();
        }
        spent
    }
}

/// Sums that lie side by side: `[rows, sums × hidden]`.
fn columns(values: &[f32], sums: usize, hidden: usize) -> Vec<Columns<'_, f32>> {
    let width = sums * hidden;
    (0..sums).map(|sum| Columns { values, width, first: sum * hidden }).collect()
}

fn sequences(c: &mut Criterion) {
    for (name, cell) in [
        ("elman", Cell::Tanh),
        ("elman-relu", Cell::Relu),
        ("lstm", Cell::LongShort),
        ("gru", Cell::Gated),
    ] {
        let mut group = c.benchmark_group(format!("fused/{name}"));
        for [time, batch, input, hidden] in [[50, 16, 16, 32], [50, 32, 64, 256]] {
            let mut sequence = Sequence::new(cell, Sizes { time, batch, input, hidden });
            let size = format!("B{batch}_T{time}_I{input}_H{hidden}");
            group.throughput(Throughput::Elements(sequence.multiplications()));
            group.bench_function(BenchmarkId::new("forward", &size), |bench| {
                bench.iter(|| sequence.forward());
            });
            group.throughput(Throughput::Elements(2 * sequence.multiplications()));
            group.bench_function(BenchmarkId::new("backward", &size), |bench| {
                bench.iter_custom(|runs| sequence.backward(runs));
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = sequences
}
criterion_main!(benches);
