//! Linear recurrences: step by step, and by a parallel scan.

use super::{Row, Weights, agrees, agrees_in_output, config, sigmoid, trial};
use elman_autograd::{Grad, Params, Tape};
use elman_rnn::{Cell, Lru, MinGru, MinLstm, Qrnn, Rnn, Seq, Sru, State};
use elman_tensor::{Random, Tensor};
use proptest::prelude::*;

/// x · W of a weight with so many columns, and b where there is one.
fn product(x: &[f64], w: &[f64], b: Option<&[f64]>, n: usize) -> Vec<f64> {
    let sum = |j: usize| x.iter().enumerate().map(|(k, x)| x * w[k * n + j]).sum::<f64>();
    (0..n).map(|j| b.map_or(0.0, |b| b[j]) + sum(j)).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn min_gru(trial in trial()) {
        agrees(trial, |p| MinGru::new(p, trial.input, trial.hidden), |w, x, s| {
            let n = s[0].len();
            let sums = product(x, w.of("w"), Some(w.of("b")), 2 * n);
            for (j, h) in s[0].iter_mut().enumerate() {
                let z = sigmoid(sums[j]);
                *h = (1.0 - z) * *h + z * sums[n + j];
            }
        })?;
    }

    #[test]
    fn min_lstm(trial in trial()) {
        agrees(trial, |p| MinLstm::new(p, trial.input, trial.hidden), |w, x, s| {
            let n = s[0].len();
            let sums = product(x, w.of("w"), Some(w.of("b")), 3 * n);
            for (j, h) in s[0].iter_mut().enumerate() {
                let (f, i) = (sigmoid(sums[j]), sigmoid(sums[n + j]));
                *h = (f * *h + i * sums[2 * n + j]) / (f + i);
            }
        })?;
    }

    #[test]
    fn quasi_recurrent(trial in trial()) {
        let step = |w: &Weights<'_>, x: &[f64], s: &mut Row| {
            let (n, sums) = (s[0].len(), w.sums("", x, &s[1]));
            s[1] = x.to_vec();
            let mut y = Vec::new();
            for (j, c) in s[0].iter_mut().enumerate() {
                let f = sigmoid(sums[n + j]);
                *c = f * *c + (1.0 - f) * sums[j].tanh();
                y.push(sigmoid(sums[2 * n + j]) * *c);
            }
            y
        };
        agrees_in_output(trial, |p| Qrnn::new(p, trial.input, trial.hidden), step)?;
    }

    #[test]
    fn simple_recurrent_unit(trial in trial()) {
        let step = |w: &Weights<'_>, x: &[f64], s: &mut Row| {
            let n = s[0].len();
            let sums = product(x, w.of("w"), None, 4 * n);
            let (b, v, own) = (w.of("b"), w.of("forget"), w.of("reset"));
            let mut y = Vec::new();
            for (j, c) in s[0].iter_mut().enumerate() {
                let f = sigmoid(sums[n + j] + b[j] + v[j] * *c);
                let r = sigmoid(sums[2 * n + j] + b[n + j] + own[j] * *c);
                *c = f * *c + (1.0 - f) * sums[j];
                y.push(r * *c + (1.0 - r) * sums[3 * n + j]);
            }
            y
        };
        agrees_in_output(trial, |p| Sru::new(p, trial.input, trial.hidden), step)?;
    }

    #[test]
    fn linear_recurrent_unit(trial in trial()) {
        let step = |w: &Weights<'_>, x: &[f64], s: &mut Row| {
            let n = s[0].len();
            let [re, im] = ["b", "b_imaginary"].map(|b| product(x, w.of(b), None, n));
            for j in 0..n {
                let radius = (-w.of("nu")[j].exp()).exp();
                let (sin, cos) = w.of("theta")[j].exp().sin_cos();
                let gamma = w.of("gamma")[j].exp();
                let h = [s[0][j], s[1][j]];
                s[0][j] = radius * (cos * h[0] - sin * h[1]) + gamma * re[j];
                s[1][j] = radius * (sin * h[0] + cos * h[1]) + gamma * im[j];
            }
            let read = [(&s[0][..], "c"), (&s[1], "c_imaginary"), (x, "d")];
            let parts = read.map(|(x, name)| product(x, w.of(name), None, 3));
            (0..3).map(|j| parts.iter().map(|part| part[j]).sum()).collect()
        };
        agrees_in_output(trial, |p| Lru::new(p, trial.input, trial.hidden, 3), step)?;
    }
}

/// Outputs, last states, and gradients of inputs and weights.
type Outcome = [Vec<f64>; 4];

fn run<C: Cell>(
    cell: &C,
    params: &Params<f64>,
    time: usize,
    marked: bool,
    pieces: usize,
) -> Outcome {
    let (batch, input) = (3, 2);
    let mut random = Random::new(3, "linear", 0);
    let mut normal = |shape: [usize; 3]| Tensor::from_fn(shape, |_| random.normal()).unwrap();
    let (x, w) = (normal([time, batch, input]), normal([time, batch, cell.output()]));
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
    let (mut y, mut states) = (Vec::new(), Vec::new());
    tape.gradient(params, &mut grad, |g| {
        let mut xs = Seq::from(g.wanted(&x));
        if marked {
            let resets: Vec<u32> = (0..time * batch).map(|i| u32::from(i % 7 == 5)).collect();
            xs = xs.with_lengths(&[time as u32, 0, time as u32 / 2]).with_resets(&resets);
        }
        let (mut s, mut ys) = (cell.initial(g, batch), g.items());
        for piece in 0..pieces {
            let from = piece * time / pieces;
            let (y, next) = Rnn(cell).run(xs.slice(from, (piece + 1) * time / pieces - from), s);
            ys.push(y);
            s = next;
        }
        let ys = ys.concat(0);
        y = ys.tensor().into_values();
        s.each(&mut |s| states.extend(s.tensor().into_values()));
        let mut loss = (ys * g.input(&w)).sum();
        s.each(&mut |s| loss = loss + s.square().sum());
        loss
    })
    .unwrap();
    let dx = tape.wanted(0).unwrap().values().to_vec();
    [y, states, dx, grad.values().to_vec()]
}

#[track_caller]
fn close(a: &Outcome, b: &Outcome) {
    for (a, b) in a.iter().zip(b) {
        let scale = a.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        let same = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * scale;
        assert!(a.len() == b.len() && a.iter().zip(b).all(same), "{a:?}\n{b:?}");
    }
}

/// A cell, and itself with whole sequences computed by a parallel scan.
macro_rules! both_ways {
    ($($name:ident: $cell:ident[$($size:literal),*];)*) => {$(
        #[test]
        fn $name() {
            let (cell, params) =
                Params::<f64>::init(5, |p| $cell::new(p.scope("c"), $($size),*)).unwrap();
            for (time, marked) in [(1, false), (2, true), (9, true), (100, false), (100, true)] {
                let steps = run(&cell, &params, time, marked, 1);
                close(&steps, &run(&cell.in_parallel(), &params, time, marked, 1));
                // What is carried from piece to piece is the same state either way.
                for pieces in [2, 3] {
                    close(&steps, &run(&cell, &params, time, marked, pieces));
                    close(&steps, &run(&cell.in_parallel(), &params, time, marked, pieces));
                }
            }
        }
    )*};
}

both_ways! {
    min_gru_in_parallel: MinGru[2, 4];
    the_carried_state_of_min_lstm_is_the_same_in_parallel_and_step_by_step: MinLstm[2, 4];
    quasi_recurrent_in_parallel: Qrnn[2, 4];
    linear_recurrent_unit_in_parallel: Lru[2, 4, 3];
}

/// Gates too small for their quotient, on either side.
#[test]
fn min_lstm_divides_no_nothing_by_nothing() {
    let (cell, mut params) = Params::<f64>::init(5, |p| MinLstm::new(p.scope("c"), 0, 1)).unwrap();
    let [_, b] = cell.params();
    for (f, i, wanted) in [(-800.0, -801.0, sigmoid(1.0)), (-1e5, 900.0, 0.0), (0.0, -1e300, 1.0)] {
        params.get_mut(b).unwrap().copy_from_slice(&[f, i, 0.0]);
        let mut grad = Grad::zeros(&params);
        let mut h = f64::NAN;
        Tape::new()
            .gradient(&params, &mut grad, |g| {
                let (y, _) = cell.step(g.zeros([1, 0]), [g.constant([1, 1], 1.0)]);
                h = y.sum().item();
                y.sum()
            })
            .unwrap();
        assert!((h - wanted).abs() <= 1e-15, "{h} is not {wanted}");
        assert!(grad.values().iter().all(|g| g.is_finite()));
    }
}

#[test]
fn lambda_lies_in_the_ring() {
    let (cell, params) =
        Params::<f64>::init(5, |p| Lru::within(p.scope("c"), [2, 500, 1], [0.8, 0.99], 0.5))
            .unwrap();
    let [nu, theta, gamma] = cell.diagonal().map(|w| params.get(w).unwrap().values());
    let radii: Vec<f64> = nu.iter().map(|nu| (-nu.exp()).exp()).collect();
    assert!(radii.iter().all(|r| (0.8..=0.99).contains(r)));
    // As many in equal areas: the mean square lies in the middle.
    let square = radii.iter().map(|r| r * r).sum::<f64>() / 500.0;
    assert!((square - (0.64 + 0.9801) / 2.0).abs() < 0.02, "{square}");
    assert!(theta.iter().all(|theta| (0.0..0.5).contains(&theta.exp())));
    for (gamma, r) in gamma.iter().zip(radii) {
        assert!((gamma.exp() - (1.0 - r * r).sqrt()).abs() < 1e-12);
    }
    for (radii, angle) in [
        ([0.9, 0.8], 1.0),
        ([-0.1, 0.5], 1.0),
        ([0.5, 1.1], 1.0),
        ([f64::NAN; 2], 1.0),
        ([0.0, 1.0], 0.0),
    ] {
        let built = Params::<f64>::init(5, |p| Lru::within(p.scope("c"), [1, 2, 1], radii, angle));
        assert!(built.is_err(), "{radii:?}, {angle}");
    }
}
