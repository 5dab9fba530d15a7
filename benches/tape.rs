//! What the tape costs: chains of rules over single numbers, so that next to no time goes into
//! their arithmetic. The times are those of one rule: nanoseconds per record.
//!
//! `forward` records, `backward` goes through the records in reverse, and `evaluate` computes
//! without recording.

mod common;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use elman::prelude::*;
use std::time::{Duration, Instant};

/// Rules in a chain.
const RULES: u64 = 10_000;

/// A link of a chain: from the value so far and the weight to the next value.
type Link = for<'g> fn(Var<'g, f32>, Var<'g, f32>) -> Var<'g, f32>;

/// It begins with the weight: what no gradient is wanted of would not be recorded.
fn chain<'g>(w: Var<'g, f32>, link: Link) -> Var<'g, f32> {
    (0..RULES).fold(w, |x, _| link(x, w))
}

/// A chain with its memory.
struct Chain {
    link: Link,
    w: Param,
    params: Params<f32>,
    grad: Grad<f32>,
    tape: Tape<f32>,
}

impl Chain {
    fn new(link: Link) -> Self {
        let (w, params) =
            Params::init(1, |p| p.weight("w", [1], Init::Constant(1.0))).expect("one weight");
        let (grad, tape) = (Grad::zeros(&params), Tape::new());
        Chain { link, w, params, grad, tape }
    }

    /// A training pass: how long recording took, and the rest.
    fn gradient(&mut self) -> [Duration; 2] {
        let (w, link) = (self.w, self.link);
        let (start, mut forward) = (Instant::now(), Duration::ZERO);
        self.tape
            .gradient(&self.params, &mut self.grad, |g| {
                let y = chain(g.param(w), link);
                forward = start.elapsed();
                y.sum()
            })
            .expect("the shapes fit");
        [forward, start.elapsed() - forward]
    }

    fn evaluate(&mut self) -> Duration {
        let (w, link) = (self.w, self.link);
        let start = Instant::now();
        let y = self.tape.evaluate(&self.params, |g| chain(g.param(w), link).shape());
        y.expect("the shapes fit");
        start.elapsed()
    }
}

/// The time of so many rules, from as many whole chains as it takes.
fn of_rules(rules: u64, mut pass: impl FnMut() -> Duration) -> Duration {
    let passes = rules.div_ceil(RULES);
    let total: Duration = (0..passes).map(|_| pass()).sum();
    total.mul_f64(rules as f64 / (passes * RULES) as f64)
}

fn tape(c: &mut Criterion) {
    let links: [(&str, Link); 3] =
        [("tanh", |x, _| x.tanh()), ("product", |x, w| x * w), ("scale", |x, _| x * 0.999)];
    let mut group = c.benchmark_group("tape");
    for (name, link) in links {
        let mut chain = Chain::new(link);
        chain.gradient(); // takes the memory
        group.bench_function(BenchmarkId::new("forward", name), |bench| {
            bench.iter_custom(|rules| of_rules(rules, || chain.gradient()[0]));
        });
        group.bench_function(BenchmarkId::new("backward", name), |bench| {
            bench.iter_custom(|rules| of_rules(rules, || chain.gradient()[1]));
        });
        group.bench_function(BenchmarkId::new("evaluate", name), |bench| {
            bench.iter_custom(|rules| of_rules(rules, || chain.evaluate()));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = common::short();
    targets = tape
}
criterion_main!(benches);
