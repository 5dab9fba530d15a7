//! Cells in continuous time, over equal and over given intervals.

use super::{Row, Weights, agrees, papers, sigmoid, trial};
use elman_autograd::{Error, Params, Scope, Tape};
use elman_rnn::{Cell, Cfc, CoRnn, Interval, Lem, Ltc, Rnn};
use elman_tensor::{Random, Tensor};
use proptest::prelude::*;

fn co_rnn(w: &Weights<'_>, x: &[f64], s: &mut Row, dt: f64) {
    let force = w.sums("", x, &s.concat());
    for (j, force) in force.into_iter().enumerate() {
        let (y, z) = (s[0][j], s[1][j]);
        let acceleration = force.tanh() - 1.3 * y - 0.6 * z;
        s[1][j] = z + dt * acceleration;
        s[0][j] = y + dt * s[1][j];
    }
}

fn lem(w: &Weights<'_>, x: &[f64], s: &mut Row, dt: f64) {
    let (sums, n) = (w.sums("", x, &s[0]), s[0].len());
    for (j, z) in s[1].iter_mut().enumerate() {
        let step = dt * sigmoid(sums[j]);
        *z = (1.0 - step) * *z + step * sums[2 * n + j].tanh();
    }
    let read = w.sums("output.", x, &s[1]);
    for (j, y) in s[0].iter_mut().enumerate() {
        let step = dt * sigmoid(sums[n + j]);
        *y = (1.0 - step) * *y + step * read[j].tanh();
    }
}

/// With 3 steps in an interval.
fn ltc(w: &Weights<'_>, x: &[f64], s: &mut Row, time: f64) {
    let (a, r, dt) = (w.of("a"), w.of("r"), time / 3.0);
    for _ in 0..3 {
        let f = w.sums("", x, &s[0]);
        for (j, h) in s[0].iter_mut().enumerate() {
            let (f, tau) = (sigmoid(f[j]), 1.0 / r[j].exp().ln_1p());
            *h = (*h + dt * f * a[j]) / (1.0 + dt * (1.0 / tau + f));
        }
    }
}

fn cfc(w: &Weights<'_>, x: &[f64], s: &mut Row, time: f64) {
    let (sums, n) = (w.sums("", x, &s[0]), s[0].len());
    for (j, h) in s[0].iter_mut().enumerate() {
        let early = sigmoid(-sums[j] * time);
        *h = early * sums[n + j].tanh() + (1.0 - early) * sums[2 * n + j].tanh();
    }
}

papers! {
    co_rnn_of_equal_intervals: |p, input, hidden| {
        let cell = CoRnn::new(p, input, hidden)?.with_frequency(1.3)?.with_damping(0.6)?;
        cell.with_interval(Interval::Fixed(0.2))
    }, |w, x, s| co_rnn(w, x, s, 0.2);
    lem_of_equal_intervals: |p, input, hidden| {
        Lem::new(p, input, hidden)?.with_interval(Interval::Fixed(0.7))
    }, |w, x, s| lem(w, x, s, 0.7);
    ltc_of_equal_intervals: |p, input, hidden| {
        Ltc::new(p, input, hidden)?.with_steps(3)?.with_interval(Interval::Fixed(1.5))
    }, |w, x, s| ltc(w, x, s, 1.5);
    cfc_of_equal_intervals: |p, input, hidden| {
        Cfc::new(p, input, hidden)?.with_interval(Interval::Fixed(1.5))
    }, |w, x, s| cfc(w, x, s, 1.5);
}

/// A cell whose interval can be chosen.
trait Timed: Cell + Copy {
    fn build(p: Scope<'_>, input: usize, hidden: usize, interval: Interval) -> Result<Self, Error>;
    fn plain(w: &Weights<'_>, x: &[f64], s: &mut Row, time: f64);
}

macro_rules! timed {
    ($($cell:ident $step:ident |$made:ident| $with:expr;)*) => {$(
        impl Timed for $cell {
            fn build(
                p: Scope<'_>, input: usize, hidden: usize, interval: Interval,
            ) -> Result<Self, Error> {
                let $made = $cell::new(p, input, hidden)?.with_interval(interval)?;
                $with
            }
            fn plain(w: &Weights<'_>, x: &[f64], s: &mut Row, time: f64) {
                $step(w, x, s, time);
            }
        }
    )*};
}

timed! {
    CoRnn co_rnn |cell| cell.with_frequency(1.3)?.with_damping(0.6);
    Lem lem |cell| Ok(cell);
    Ltc ltc |cell| cell.with_steps(3);
    Cfc cfc |cell| Ok(cell);
}

/// Each element says how much time has passed; below 0 none has.
fn given<C: Timed>(trial: crate::papers::Trial) -> Result<(), TestCaseError> {
    let trial = crate::papers::Trial { input: trial.input + 1, ..trial };
    let (input, hidden) = (trial.input - 1, trial.hidden);
    agrees(
        trial,
        |p| C::build(p, input, hidden, Interval::Given),
        |w, x, s| {
            let (time, x) = x.split_last().unwrap();
            C::plain(w, x, s, time.max(0.0));
        },
    )
}

/// The same interval given with each element and said once: the same bits.
fn equal<C: Timed>(seed: u64) {
    const SIZES: [usize; 3] = [6, 3, 2];
    let [time, batch, input] = SIZES;
    let run = |interval, features: usize| {
        let (cell, params) =
            Params::<f64>::init(seed, |p| C::build(p.scope("c"), input, 4, interval)).unwrap();
        let random = &mut Random::new(seed, "x", 0);
        let element = |_| {
            let mut x: Vec<f64> = (0..input).map(|_| random.normal()).collect();
            x.resize(features, 0.375);
            x
        };
        let x = (0..time * batch).flat_map(element).collect();
        let x = Tensor::new([time, batch, features], x).unwrap();
        let (y, _) = (Tape::new().evaluate(&params, |g| {
            let (y, last) = Rnn(cell).run(g.input(&x), cell.initial(g, batch));
            (y.tensor(), drop(last))
        }))
        .unwrap();
        y
    };
    assert_eq!(run(Interval::Given, input + 1), run(Interval::Fixed(0.375), input));
}

proptest! {
    #![proptest_config(crate::papers::config())]

    #[test]
    fn given_intervals(trial in trial()) {
        given::<CoRnn>(trial)?;
        given::<Lem>(trial)?;
        given::<Ltc>(trial)?;
        given::<Cfc>(trial)?;
    }

    #[test]
    fn equal_intervals_given_are_fixed_ones(seed in any::<u64>()) {
        equal::<CoRnn>(seed);
        equal::<Lem>(seed);
        equal::<Ltc>(seed);
        equal::<Cfc>(seed);
    }
}

/// Without the feature that is the time there is nothing to do, but an error.
#[test]
fn an_element_without_its_time_is_refused() {
    let (cell, params) =
        Params::<f64>::init(1, |p| Lem::new(p.scope("c"), 0, 2)?.with_interval(Interval::Given))
            .unwrap();
    let x = Tensor::zeros([3, 2, 0]).unwrap();
    let error =
        Tape::new().evaluate(&params, |g| Rnn(cell).run(g.input(&x), cell.initial(g, 2)).0.shape());
    assert!(matches!(error, Err(Error::Misfit { rule: "part", .. })), "{error:?}");
}
