//! Random masks are functions of their keys.

use elman_autograd::{Error, Grad, Params, Tape};
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
