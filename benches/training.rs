//! One training step: a sequence through a cell and a linear readout, mean squared error, back,
//! and Adam.

use criterion::{Criterion, criterion_group, criterion_main};
use elman::autograd::Error as GraphError;
use elman::prelude::*;

/// Batch, time, input, hidden, output.
type Sizes = [usize; 5];

fn step<C: Cell>(
    c: &mut Criterion,
    name: &str,
    [batch, time, input, hidden, output]: Sizes,
    cell: fn(Scope<'_>, usize, usize) -> Result<C, GraphError>,
) {
    let built = Params::<f32>::init(1, |p| {
        let cell = cell(p.scope("cell"), input, hidden)?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), hidden, output)?)))
    });
    let mut random = Random::new(1, "bench", 0);
    let mut noise = |n| Tensor::from_fn([time, batch, n], |_| random.normal() as f32);
    let (Ok((model, mut params)), Ok(x), Ok(y)) = (built, noise(input), noise(output)) else {
        return;
    };
    let mut trainer = Trainer::new(adam(1e-3));
    let size = format!("B{batch}_T{time}_I{input}_H{hidden}");
    c.bench_function(&format!("{name}/{size}"), |bench| {
        bench.iter(|| {
            trainer.step(&mut params, |g| mse(model.forward(g.input(&x)).values(), g.input(&y)))
        });
    });
}

fn training(c: &mut Criterion) {
    step(c, "elman", [16, 50, 1, 32, 1], Elman::new);
    step(c, "lstm", [16, 50, 1, 32, 1], Lstm::new);
    step(c, "gru", [32, 100, 16, 64, 8], Gru::new);
    step(c, "lstm", [32, 100, 16, 64, 8], Lstm::new);
}

criterion_group!(benches, training);
criterion_main!(benches);
