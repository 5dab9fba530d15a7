//! One streaming step: an input in, an output out, the state carried.

use criterion::{Criterion, criterion_group, criterion_main};
use elman::autograd::Error as GraphError;
use elman::prelude::*;

fn step<C: Cell>(
    c: &mut Criterion,
    name: &str,
    [input, hidden]: [usize; 2],
    cell: fn(Scope<'_>, usize, usize) -> Result<C, GraphError>,
) {
    let built = Params::<f32>::init(1, |p| cell(p.scope("cell"), input, hidden));
    let Ok((cell, params)) = built else { return };
    let mut stream = Stream::new(&params, cell);
    let x = vec![0.1; input];
    let size = format!("I{input}_H{hidden}");
    c.bench_function(&format!("{name}/{size}"), |bench| {
        bench.iter(|| stream.push(&x).map(|y| y[0]));
    });
}

fn streaming(c: &mut Criterion) {
    step(c, "elman-step", [1, 32], Elman::new);
    step(c, "lstm-step", [16, 64], Lstm::new);
    step(c, "gru-step", [64, 256], Gru::new);
    step(c, "lstm-step", [64, 256], Lstm::new);
}

criterion_group!(benches, streaming);
criterion_main!(benches);
