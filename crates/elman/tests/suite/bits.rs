//! The same bits: for the same seed, for a row alone and in a batch, for a sequence in one piece
//! and in two, for a stream and a sequence.

use crate::support::{bits, normal};
use elman::autograd::Error;
use elman::prelude::*;
use elman::rnn::State;

/// Two recurrent layers with dropout between them, and a readout.
#[derive(Clone, Copy)]
struct Model {
    below: Rnn<Lstm>,
    above: Rnn<Gru>,
    head: Linear,
    key: u64,
}

impl Model {
    fn new(p: &mut Scope<'_>) -> Result<Self, Error> {
        Ok(Model {
            below: Rnn(Lstm::new(p.scope("below"), 3, 6)?),
            above: Rnn(Gru::new(p.scope("above"), 6, 5)?),
            head: Linear::new(p.scope("head"), 5, 2)?,
            key: p.scope("dropout").key(),
        })
    }
}

impl Layer for Model {
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let ys = self.below.forward(xs);
        let ys = ys.with_values(ys.values().dropout(0.4, self.key));
        self.head.forward(self.above.forward(ys))
    }
}

/// Weights and losses of 50 steps.
fn trained<T: Real>(weights: u64, masks: u64, poison: bool) -> (Vec<[u64; 2]>, Vec<[u64; 2]>) {
    let (model, mut params) = Params::<T>::init(weights, Model::new).unwrap();
    let mut trainer =
        Trainer::new(clip_norm(1.0).then(adam(1e-2))).with_tape(Tape::new().seed(masks));
    let mut losses = Vec::new();
    for step in 0..50 {
        let x = normal::<T>([6, 4, 3], &format!("x{step}"));
        let y = normal::<T>([4, 2], &format!("y{step}"));
        let lengths = [6, 0, 3, 5];
        if poison {
            trainer.tape_mut().poison();
        }
        losses.push(
            trainer
                .step(&mut params, |g| {
                    let xs = Seq::from(g.input(&x)).with_lengths(&lengths);
                    mse(model.forward(xs).last(), g.input(&y))
                })
                .unwrap(),
        );
    }
    (bits(params.values()), bits(&losses))
}

fn seeds<T: Real>() {
    let first = trained::<T>(1, 2, false);
    assert_eq!(first, trained::<T>(1, 2, false), "the same seeds");
    assert_eq!(first, trained::<T>(1, 2, true), "memory that was dirty");
    assert_ne!(first, trained::<T>(2, 2, false), "other weights");
    assert_ne!(first, trained::<T>(1, 3, false), "other masks");
    // Another thread, at the same time.
    let threads: Vec<_> =
        (0..2).map(|_| std::thread::spawn(|| trained::<T>(1, 2, false))).collect();
    threads.into_iter().for_each(|t| assert_eq!(t.join().unwrap(), first, "another thread"));
}

#[test]
fn the_same_seeds_train_the_same_bits() {
    seeds::<f32>();
    seeds::<f64>();
}

/// A snapshot taken in the middle goes on with the same bits, dropout included.
#[test]
fn a_run_that_was_interrupted() {
    let (model, fresh) = Params::<f32>::init(1, Model::new).unwrap();
    let x = normal::<f32>([6, 4, 3], "x");
    let tape = || Tape::new().seed(5);
    let run = |trainer: &mut Trainer<f32, _>, params: &mut Params<f32>, steps: usize| {
        for _ in 0..steps {
            trainer.step(params, |g| model.forward(g.input(&x)).values().square().mean()).unwrap();
        }
    };
    let mut whole = (Trainer::new(adam(1e-2)).with_tape(tape()), fresh.clone());
    run(&mut whole.0, &mut whole.1, 20);
    let mut half = (Trainer::new(adam(1e-2)).with_tape(tape()), fresh);
    run(&mut half.0, &mut half.1, 10);
    let (saved, weights) = (half.0.snapshot(), half.1.clone());
    let mut rest = (Trainer::new(adam(1e-2)).with_tape(tape()), weights);
    rest.0.restore(&saved).unwrap();
    run(&mut rest.0, &mut rest.1, 10);
    assert_eq!(bits(whole.1.values()), bits(rest.1.values()));
}

/// Outputs, last states, and gradients with respect to inputs and initial states.
struct Ran<T> {
    y: Tensor<T>,
    states: Vec<Tensor<T>>,
    dx: Vec<T>,
    ds: Vec<Vec<T>>,
}

/// A sequence from given states, with given cotangents.
fn run<T: Real, C: Cell>(
    cell: &C,
    params: &Params<T>,
    x: &Tensor<T>,
    states: &[Tensor<T>],
    wy: &Tensor<T>,
) -> Ran<T> {
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
    let (mut y, mut last) = (Tensor::default(), Vec::new());
    tape.gradient(params, &mut grad, |g| {
        let mut start = states.iter();
        let x = g.wanted(x);
        let s = cell.initial(g, x.shape().dims()[1]);
        let s = s.map(&mut |_| g.wanted(start.next().unwrap()));
        let (ys, s) = Rnn(cell).run(x, s);
        y = ys.tensor();
        s.each(&mut |s| last.push(s.tensor()));
        let mut loss = (ys * g.input(wy)).sum();
        s.each(&mut |s| loss = loss + s.square().sum());
        loss
    })
    .unwrap();
    let wanted = |i: usize| tape.wanted(i).unwrap().values().to_vec();
    Ran { y, states: last, dx: wanted(0), ds: (1..=states.len()).map(wanted).collect() }
}

/// Some rows of `[time, batch, feature]` or `[batch, feature]`.
fn rows<T: Real>(x: &Tensor<T>, from: usize, to: usize) -> Tensor<T> {
    let shape = x.shape();
    let axis = shape.rank() - 2;
    let (size, batch) = (shape.last(), shape.dims()[axis]);
    let items = x.values().chunks(batch * size);
    let values = items.flat_map(|item| item[from * size..to * size].to_vec()).collect();
    Tensor::new(shape.with(axis, to - from), values).unwrap()
}

/// Some steps of `[time, batch, feature]`.
fn steps<T: Real>(x: &Tensor<T>, from: usize, to: usize) -> Tensor<T> {
    let item = x.shape().tail().len();
    let values = x.values()[from * item..to * item].to_vec();
    Tensor::new(x.shape().with(0, to - from), values).unwrap()
}

fn cell_bits<T: Real, C: Cell>(what: &str, cell: C, params: &Params<T>, input: usize) {
    // Batches on both sides of any blocking: a row must not see where it lies.
    const TIME: usize = 9;
    const BATCH: usize = 37;
    let x = normal::<T>([TIME, BATCH, input], "x");
    let wy = normal::<T>([TIME, BATCH, cell.output()], "wy");
    let mut shapes = Vec::new();
    Tape::new()
        .evaluate(params, |g| {
            cell.initial(g, BATCH).each(&mut |s: Var<'_, T>| shapes.push(s.shape()))
        })
        .unwrap();
    let states: Vec<_> =
        shapes.iter().enumerate().map(|(i, &s)| normal::<T>(s, &format!("s{i}"))).collect();
    let whole = run(&cell, params, &x, &states, &wy);

    let parts = [(0, 1), (1, 2), (5, 8), (7, 23), (20, 36), (36, 37), (0, 37)];
    for (from, to) in parts {
        let part = |x: &Tensor<T>| rows(x, from, to);
        let some: Vec<_> = states.iter().map(part).collect();
        let some = run(&cell, params, &part(&x), &some, &part(&wy));
        let same = |name: &str, a: &[T], b: &Tensor<T>| {
            let b = part(b);
            assert_eq!(bits(a), bits(b.values()), "{what}: {name} of rows {from} to {to}");
        };
        same("outputs", some.y.values(), &whole.y);
        let dx = Tensor::new(x.shape(), whole.dx.clone()).unwrap();
        same("gradient of inputs", &some.dx, &dx);
        for i in 0..states.len() {
            same("states", some.states[i].values(), &whole.states[i]);
            let ds = Tensor::new(states[i].shape(), whole.ds[i].clone()).unwrap();
            same("gradient of states", &some.ds[i], &ds);
        }
    }

    for cut in 0..=TIME {
        let first = run(&cell, params, &steps(&x, 0, cut), &states, &steps(&wy, 0, cut));
        let (x, wy) = (steps(&x, cut, TIME), steps(&wy, cut, TIME));
        let second = run(&cell, params, &x, &first.states, &wy);
        let y = [first.y.values(), second.y.values()].concat();
        assert_eq!(bits(&y), bits(whole.y.values()), "{what}: outputs, cut at {cut}");
        for (a, b) in second.states.iter().zip(&whole.states) {
            assert_eq!(bits(a.values()), bits(b.values()), "{what}: states, cut at {cut}");
        }
    }

    // A stream begins in the initial state.
    let zero = Tape::new()
        .evaluate(params, |g| {
            let (ys, s) = Rnn(&cell).run(g.input(&x), cell.initial(g, BATCH));
            let mut last = Vec::new();
            s.each(&mut |s| last.extend(s.tensor().into_values()));
            (ys.tensor(), last)
        })
        .unwrap();
    let mut stream = Stream::rows(params, &cell, BATCH);
    for t in 0..TIME {
        let y = stream.push(x.at(t).unwrap().values()).unwrap();
        assert_eq!(bits(y), bits(zero.0.at(t).unwrap().values()), "{what}: stream, step {t}");
    }
    assert_eq!(bits(stream.state().unwrap()), bits(&zero.1), "{what}: state of the stream");
    let mut alone = Stream::new(params, &cell);
    for t in 0..TIME {
        let y = alone.push(&x.at(t).unwrap().values()[..input]).unwrap();
        let wanted = &zero.0.at(t).unwrap().values()[..cell.output()];
        assert_eq!(bits(y), bits(wanted), "{what}: stream of the first row, step {t}");
    }
}

/// In f64, in f32, and in f32 from weights that were cast.
fn all_scalars<C: Cell>(what: &str, build: impl Fn(&mut Scope<'_>) -> Result<C, Error>) {
    let (cell, wide) = Params::<f64>::init(3, &build).unwrap();
    let (_, narrow) = Params::<f32>::init(3, &build).unwrap();
    assert_eq!(bits(wide.cast::<f32>().values()), bits(narrow.values()), "{what}: weights");
    cell_bits(what, &cell, &wide, 3);
    cell_bits(what, &cell, &wide.cast::<f32>(), 3);
    cell_bits(what, &cell, &narrow.cast::<f64>(), 3);

    // Casting there and back is the identity, and handles stay good.
    let back = narrow.cast::<f64>().cast::<f32>();
    assert_eq!(back, narrow);
    let duals = wide.cast::<Dual<f64>>();
    let x = normal::<f64>([4, 2, 3], "x");
    let plain = Tape::new().evaluate(&wide, |g| Rnn(&cell).forward(g.input(&x)).values().tensor());
    let x = x.cast::<Dual<f64>>();
    let dual = Tape::new().evaluate(&duals, |g| Rnn(&cell).forward(g.input(&x)).values().tensor());
    let dual: Vec<f64> = dual.unwrap().values().iter().map(|y| y.value).collect();
    assert_eq!(bits(&dual), bits(plain.unwrap().values()), "{what}: at dual numbers");
}

#[test]
fn elman() {
    all_scalars("elman", |p| Elman::new(p.scope("c"), 3, 7));
}

#[test]
fn concat_elman() {
    all_scalars("concat_elman", |p| ConcatElman::new(p.scope("c"), 3, 7));
}

#[test]
fn lstm() {
    all_scalars("lstm", |p| Lstm::new(p.scope("c"), 3, 20));
}

#[test]
fn gru() {
    all_scalars("gru", |p| Gru::new(p.scope("c"), 3, 20));
}

#[test]
fn stacked_with_a_readout() {
    all_scalars("stack", |p| {
        let below = Lstm::new(p.scope("below"), 3, 9)?;
        let stack = below.stack(Gru::new(p.scope("above"), 9, 17)?);
        Ok(stack.readout(Linear::new(p.scope("head"), 17, 2)?))
    });
}
