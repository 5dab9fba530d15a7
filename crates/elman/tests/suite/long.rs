//! Very long sequences, and sequences of nothing.

use crate::support::normal;
use elman::prelude::*;
use std::thread;

/// Nothing recurses: a gradient through a million steps needs no stack.
#[test]
fn a_million_steps_train_on_a_small_stack() {
    const TIME: usize = 1_000_000;
    let train = || {
        let (cell, mut params) =
            Params::<f32>::init(1, |p| Elman::new(p.scope("cell"), 1, 2)).unwrap();
        let before = params.values().to_vec();
        let x = Tensor::from_fn([TIME, 1, 1], |i| (i as f32 * 0.01).sin()).unwrap();
        let mut trainer = Trainer::new(clip_norm(1.0).then(sgd(0.1)));
        let mut first = 0.0;
        let loss = trainer.step(&mut params, |g| {
            let ys = Rnn(cell).forward(g.input(&x));
            first = ys.values().at(0).slice(0, 1).part(1, 0, 1).reshape([]).item();
            // All steps count, and the last one most.
            ys.values().square().mean() + ys.last().sum()
        });
        let change: Vec<f32> = params.values().iter().zip(&before).map(|(a, b)| a - b).collect();
        (loss.unwrap(), first, change)
    };
    let small = thread::Builder::new().stack_size(256 << 10);
    let (loss, first, change) = small.spawn(train).unwrap().join().unwrap();
    assert!(loss.is_finite() && first != 0.0);
    assert!(change.iter().all(|c| c.is_finite() && *c != 0.0), "{change:?}");
}

/// Forgetting nothing for a hundred thousand steps: with h′ = h + x the gradient of the first
/// input has come all the way.
#[test]
fn a_gradient_goes_all_the_way() {
    #[derive(Clone, Copy)]
    struct Sum;
    impl Cell for Sum {
        type State<'g, T: Real> = [Var<'g, T>; 1];
        fn output(&self) -> usize {
            1
        }
        fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> [Var<'g, T>; 1] {
            [g.zeros([batch, 1])]
        }
        fn step<'g, T: Real>(
            &self,
            x: Var<'g, T>,
            [h]: [Var<'g, T>; 1],
        ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
            (h + x, [h + x])
        }
    }
    const TIME: usize = 100_000;
    let (cell, params) = Params::<f64>::init(1, |_| Ok(Sum)).unwrap();
    let x = Tensor::from_fn([TIME, 1, 1], |_| 1.0).unwrap();
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
    let total = tape
        .gradient(&params, &mut grad, |g| Rnn(cell).forward(g.wanted(&x)).last().square().sum())
        .unwrap();
    assert_eq!(total, (TIME * TIME) as f64);
    let dx = tape.wanted(0).unwrap();
    assert!(dx.values().iter().all(|&d| d == 2.0 * TIME as f64));
}

/// No steps: no outputs, the initial state, and a training step all the same.
#[test]
fn nothing_to_read() {
    fn check<C: Cell>(cell: C, params: &mut Params<f64>, states: usize) {
        let x = Tensor::<f64>::zeros([0, 3, 2]).unwrap();
        let h: Vec<_> = (0..states).map(|i| normal([3, 4], &format!("h{i}"))).collect();
        let before = params.clone();
        let mut trainer = Trainer::new(clip_norm(1.0).then(sgd(0.1)));
        for marked in [false, true] {
            let mut given = Vec::new();
            let loss = trainer.step(params, |g| {
                let mut xs = Seq::from(g.input(&x));
                if marked {
                    xs = xs.with_lengths(&[0; 3]).with_resets(&[]);
                }
                let mut start = h.iter();
                let s = cell.initial(g, 3).map(&mut |_| g.wanted(start.next().unwrap()));
                let (ys, s) = Rnn(&cell).run(xs, s);
                assert_eq!(ys.shape(), Shape::from([0, 3, 4]));
                let mut loss = ys.sum();
                s.each(&mut |s| {
                    given.push(s.tensor());
                    loss = loss + s.sum();
                });
                let forward = Rnn(&cell).forward(xs);
                assert_eq!(forward.last().shape(), Shape::from([3, 4]));
                loss + forward.last().sum() + forward.values().sum()
            });
            assert_eq!(given, h);
            let sum: f64 = h.iter().map(|h| h.values().iter().sum::<f64>()).sum();
            assert!((loss.unwrap() - sum).abs() < 1e-12);
            for i in 0..states {
                let d = trainer.tape().wanted(i).unwrap();
                assert_eq!(d.values(), [1.0; 12]);
            }
            assert_eq!(params.values(), before.values(), "no weight was used");
        }
        // A loss of no targets cannot be a mean.
        let empty = trainer.step(params, |g| {
            let y = g.zeros([0, 3, 4]);
            mse(Rnn(&cell).forward(g.input(&x)).values(), y)
        });
        assert!(empty.unwrap_err().to_string().contains("no elements"));
    }
    use elman::rnn::State;
    let (lstm, mut params) = Params::init(1, |p| Lstm::new(p.scope("c"), 2, 4)).unwrap();
    check(lstm, &mut params, 2);
    let (gru, mut params) = Params::init(1, |p| Gru::new(p.scope("c"), 2, 4)).unwrap();
    check(gru, &mut params, 1);
    let (elman, mut params) = Params::init(1, |p| Elman::new(p.scope("c"), 2, 4)).unwrap();
    check(elman, &mut params, 1);
    let (stack, mut params) = Params::init(1, |p| {
        Ok(Lstm::new(p.scope("a"), 2, 4)?.stack(Gru::new(p.scope("b"), 4, 4)?))
    })
    .unwrap();
    check(stack, &mut params, 3);
}
