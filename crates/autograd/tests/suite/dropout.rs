//! Random masks are functions of their keys.

use elman_autograd::{Error, Grad, Params, Tape, Var};
use elman_tensor::Tensor;

/// The mask of a key at a time step, in the `step`-th pass of a tape with a seed.
fn mask(seed: u64, step: u64, key: u64, time: Option<usize>, rate: f64) -> Vec<f64> {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let ones = Tensor::from_fn([10_000], |_| 1.0).unwrap();
    let mut tape = Tape::new().seed(seed);
    tape.set_step(step);
    let mut mask = vec![0.0; 10_000];
    tape.gradient(&params, &mut Grad::zeros(&params), |g| {
        g.time(time);
        let y = g.input(&ones).dropout(rate, key);
        y.read(&mut mask);
        y.sum()
    })
    .unwrap();
    mask
}

#[test]
fn a_mask_depends_on_seed_step_layer_and_time() {
    let base = mask(1, 2, 3, Some(4), 0.3);
    assert_eq!(base, mask(1, 2, 3, Some(4), 0.3));
    for other in [
        mask(9, 2, 3, Some(4), 0.3),
        mask(1, 9, 3, Some(4), 0.3),
        mask(1, 2, 9, Some(4), 0.3),
        mask(1, 2, 3, Some(9), 0.3),
        mask(1, 2, 3, None, 0.3),
        mask(1, 2, 3, Some(u32::MAX as usize + 4), 0.3),
    ] {
        let same = base.iter().zip(&other).filter(|(a, b)| a == b).count() as f64 / 1e4;
        // Two independent masks agree in 0.7² + 0.3² of their elements.
        assert!((same - 0.58).abs() < 0.03, "{same}");
    }
}

#[test]
fn the_rate_is_the_fraction_of_zeros_and_the_mean_is_kept() {
    for rate in [0.0, 0.1, 0.5, 0.9] {
        let mask = mask(5, 0, 1, None, rate);
        let zeros = mask.iter().filter(|&&m| m == 0.0).count() as f64 / 1e4;
        let deviation = (rate * (1.0 - rate) / 1e4).sqrt();
        assert!((zeros - rate).abs() <= 4.5 * deviation, "{zeros} at {rate}");
        assert!(mask.iter().all(|&m| m == 0.0 || m == 1.0 / (1.0 - rate)));
    }
}

#[test]
fn each_training_pass_draws_anew_and_a_set_step_draws_again() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let x = Tensor::from_fn([64], |i| i as f64 + 1.0).unwrap();
    let mut tape = Tape::new();
    let mut pass = |step: Option<u64>| {
        if let Some(step) = step {
            tape.set_step(step);
        }
        let drawn = tape.gradient(&params, &mut Grad::zeros(&params), |g| {
            let x = g.wanted(&x);
            x.dropout(0.5, 1).sum()
        });
        // The gradient is the mask.
        (drawn.unwrap(), tape.wanted(0).unwrap().values().to_vec())
    };
    let (first, second) = (pass(None), pass(None));
    assert_ne!(first, second);
    assert_eq!(pass(Some(0)), first);
    assert_eq!(pass(None), second);
    // The last step is followed by the first.
    assert_ne!(pass(Some(u64::MAX)), first);
    assert_eq!(pass(None), first);
    let sum: f64 = first.1.iter().enumerate().map(|(i, m)| m * (i as f64 + 1.0)).sum();
    assert_eq!(sum, first.0);
}

#[test]
fn a_rate_that_is_no_probability_is_an_error() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    for rate in [1.0, -0.1, f64::NAN, f64::INFINITY] {
        let failed = Tape::new()
            .gradient(&params, &mut Grad::zeros(&params), |g| g.zeros([]).dropout(rate, 0));
        assert!(matches!(failed, Err(Error::Misfit { rule: "dropout", .. })), "{rate}");
    }
}

/// In a training pass of seed 7: what `f` makes of ones `[time, 50]`.
fn trained(time: usize, f: impl for<'g> FnOnce(Var<'g, f64>) -> Var<'g, f64>) -> Vec<Vec<f64>> {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let ones = Tensor::from_fn([time, 50], |_| 1.0).unwrap();
    let mut y = Tensor::default();
    Tape::new()
        .seed(7)
        .gradient(&params, &mut Grad::zeros(&params), |g| {
            let of = f(g.input(&ones));
            y = of.tensor();
            of.sum()
        })
        .unwrap();
    y.values().chunks(50).map(<[f64]>::to_vec).collect()
}

#[test]
fn a_sequence_is_dropped_like_its_steps() {
    for first in [None, Some(0), Some(9)] {
        let whole = trained(6, |x| {
            x.graph().time(first);
            x.dropout_over_time(0.5, 3)
        });
        let steps = trained(6, |x| {
            let mut items = x.graph().items();
            for t in 0..6 {
                x.graph().time(Some(first.unwrap_or(0) + t));
                items.push(x.at(t).dropout(0.5, 3));
            }
            items.stack()
        });
        assert_eq!(whole, steps);
        assert_ne!(whole[0], whole[1]);
    }
}

#[test]
fn a_mask_that_is_always_the_same_does_not_look_at_the_time() {
    let masks = trained(3, |x| {
        let mut items = x.graph().items();
        for t in [None, Some(0), Some(7)] {
            x.graph().time(t);
            items.push(x.at(0).dropout_always(0.5, 3));
        }
        items.stack()
    });
    assert!(masks[0] == masks[1] && masks[1] == masks[2]);
    assert_ne!(masks[0], trained(1, |x| x.at(0).dropout_always(0.5, 4))[0]);
}

#[test]
fn who_asks_for_the_keys_of_a_mask_has_drawn() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
    let mut drawn = Vec::new();
    for which in 0..4 {
        tape.gradient(&params, &mut grad, |g| {
            let x = g.constant([3], 2.0);
            let y = match which {
                0 => x * 2.0,
                1 => x.dropout(0.5, 1),
                2 => x.zoneout(x * 2.0, 0.5, 1),
                // Inside of a segment, too.
                _ => g.recompute(&[x], |_, x| x[0].dropout_over_time(0.5, 1)),
            };
            drawn.push(g.drawn());
            y.sum()
        })
        .unwrap();
    }
    assert_eq!(drawn, [false, true, true, true]);
    // An evaluation draws nothing.
    let drawn = tape.evaluate(&params, |g| {
        let _ = g.constant([3], 2.0).dropout(0.5, 1);
        g.drawn()
    });
    assert_eq!(drawn, Ok(false));
}

#[test]
fn zoneout_takes_old_or_new_and_evaluates_to_what_is_expected() {
    let y = trained(40, |x| (2.0 * x).zoneout(x, 0.25, 1)).concat();
    let old = y.iter().filter(|&&y| y == 1.0).count() as f64 / 2000.0;
    assert!(y.iter().all(|&y| y == 1.0 || y == 2.0));
    assert!((old - 0.25).abs() < 0.04, "{old}");
    // NaN where it is not taken does not matter.
    let y = trained(4, |x| (x * f64::NAN).zoneout(x, 0.999_999_999, 1)).concat();
    assert_eq!(y, [1.0; 200]);
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let expected = Tape::new()
        .evaluate(&params, |g| g.constant([], 8.0).zoneout(g.constant([], 4.0), 0.25, 1).item());
    assert_eq!(expected, Ok(7.0));
}
