//! Means of weights, and gradients that are gathered over several steps.

use elman_autograd::{Param, Params};
use elman_tensor::{Init, Random, Real, Tensor};
use elman_train::{
    Average, Error, Now, Trainer, Transform, adam, clip_norm, decay, ema, mse, plateau, sgd,
    step_decay, swa,
};
use proptest::prelude::*;

fn model() -> (Param, Params<f64>) {
    Params::init(3, |p| p.weight("w", [3, 2], Init::Normal { std: 1.0 })).unwrap()
}

/// A batch of so many rows, and what is wanted of it.
fn batch(seed: u64, step: u64, rows: usize) -> [Tensor<f64>; 2] {
    let mut random = Random::new(seed, "average", step);
    [3, 2].map(|n| Tensor::from_fn([rows, n], |_| random.normal()).unwrap())
}

/// The weights after each of twelve steps, and the average after each.
fn history(average: Average, seed: u64) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let (w, mut params) = model();
    let mut trainer = Trainer::new(adam(0.1).then(decay(0.01))).average(average);
    assert_eq!(trainer.averaged(&params).unwrap(), params);
    let step = |step| {
        let [x, y] = batch(seed, step, 4);
        trainer.step(&mut params, |g| mse(g.input(&x).dot(g.param(w)), g.input(&y))).unwrap();
        let averaged = trainer.averaged(&params).unwrap();
        (params.values().to_vec(), averaged.values().to_vec())
    };
    (0..12).map(step).unzip()
}

/// A step in proportion to the loss: without it, nothing here would show how large that is.
struct OfLoss;

impl Transform for OfLoss {
    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        update.iter_mut().for_each(|u| *u *= now.loss);
    }
}

fn close(a: &[f64], b: &[f64]) -> Result<(), TestCaseError> {
    for (a, b) in a.iter().zip(b) {
        prop_assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{} is not {}", a, b);
    }
    Ok(())
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_exponential_mean_is_freed_of_its_start(seed in any::<u64>(), keep in 0.0..0.9999) {
        let (weights, averages) = history(ema(keep), seed);
        let mut mean = [0.0; 6];
        for (t, (w, ours)) in weights.iter().zip(&averages).enumerate() {
            mean.iter_mut().zip(w).for_each(|(m, w)| *m = keep * *m + (1.0 - keep) * w);
            let free = 1.0 - keep.powi(t as i32 + 1);
            // Of a keep near 1, what is divided has lost some digits.
            let wanted: Vec<_> = mean.iter().map(|m| m / free).collect();
            for (a, b) in ours.iter().zip(&wanted) {
                prop_assert!((a - b).abs() <= 1e-14 / free * (1.0 + b.abs()), "{} is not {}", a, b);
            }
        }
    }

    #[test]
    fn the_stochastic_mean_weighs_all_the_same(
        seed in any::<u64>(), start in 0u64..14, every in 1u64..6,
    ) {
        let (weights, averages) = history(swa(start, every), seed);
        for (t, ours) in averages.iter().enumerate() {
            let taken: Vec<_> = (start as usize..=t).step_by(every as usize).collect();
            if taken.is_empty() {
                prop_assert_eq!(ours, &weights[t]);
            } else {
                let mean = |i: usize| {
                    taken.iter().map(|&t| weights[t][i]).sum::<f64>() / taken.len() as f64
                };
                close(ours, &(0..6).map(mean).collect::<Vec<_>>())?;
            }
        }
    }

    /// The weights after so many batches are those after one big one, whatever is in the chain.
    #[test]
    fn small_batches_together_are_a_big_one(
        seed in any::<u64>(), batches in 1u64..5, max in 0.1..9.0,
    ) {
        let chain = || {
            clip_norm(max).then(sgd(0.1)).then(decay(0.01)).then(step_decay(0.5, 2))
                .then(plateau(0.3, 0).of_loss()).then(OfLoss)
        };
        let ((w, mut small), (_, mut big)) = (model(), model());
        let mut by_parts = Trainer::new(chain()).accumulate(batches).average(ema(0.8));
        let mut at_once = Trainer::new(chain()).average(ema(0.8));
        for step in 0..5 {
            let [x, y] = batch(seed, step, 3 * batches as usize);
            let mut mean = 0.0;
            for i in 0..batches as usize {
                let part = |of: &Tensor<f64>, n: usize| {
                    Tensor::new([3, n], of.values()[3 * n * i..][..3 * n].to_vec()).unwrap()
                };
                let before = small.values().to_vec();
                let (x, y) = (part(&x, 3), part(&y, 2));
                mean += by_parts
                    .step(&mut small, |g| mse(g.input(&x).dot(g.param(w)), g.input(&y)))
                    .unwrap() / batches as f64;
                let last = i + 1 == batches as usize;
                prop_assert_eq!(&before[..] == small.values(), !last);
                prop_assert!(last || by_parts.update() == [0.0; 6]);
            }
            let loss = at_once
                .step(&mut big, |g| mse(g.input(&x).dot(g.param(w)), g.input(&y)))
                .unwrap();
            close(&[mean], &[loss])?;
            close(small.values(), big.values())?;
            let averages = [by_parts.averaged(&small).unwrap(), at_once.averaged(&big).unwrap()];
            close(averages[0].values(), averages[1].values())?;
        }
        prop_assert_eq!((by_parts.steps(), at_once.steps()), (5 * batches, 5));
    }
}

/// A batch that cannot be used is passed over, wherever it comes.
#[test]
fn a_failed_step_leaves_the_sums_alone() {
    let run = |bad: Option<u64>| {
        let (w, mut params) = model();
        let mut trainer = Trainer::new(sgd(0.1)).accumulate(3).average(ema(0.5));
        for step in 0..6 {
            let [x, y] = batch(1, step, 2);
            if bad == Some(step) {
                let failed = trainer.step(&mut params, |g| g.param(w).sum() / 0.0);
                assert!(matches!(failed, Err(Error::NotFinite { .. })));
            }
            trainer.step(&mut params, |g| mse(g.input(&x).dot(g.param(w)), g.input(&y))).unwrap();
        }
        let averaged = trainer.averaged(&params).unwrap();
        (params.values().to_vec(), averaged.values().to_vec())
    };
    let whole = run(None);
    (0..6).for_each(|bad| assert_eq!(run(Some(bad)), whole));
}

/// Each of the small batches has masks of its own.
#[test]
fn masks_differ_within_an_update() {
    let (w, mut params) = model();
    let mut trainer = Trainer::new(sgd(0.0)).accumulate(4);
    let ones = Tensor::from_fn([20, 3], |_| 1.0).unwrap();
    let mut losses: Vec<f64> = (0..4)
        .map(|_| {
            trainer
                .step(&mut params, |g| g.input(&ones).dropout(0.5, 1).dot(g.param(w)).sum())
                .unwrap()
        })
        .collect();
    losses.dedup();
    assert_eq!(losses.len(), 4);
}

#[test]
fn the_first_mean_is_the_first_weights() {
    for average in [ema(0.0), ema(0.3), ema(0.9999), swa(0, 1), swa(5, 3)] {
        let (weights, averages) = history(average, 9);
        assert_eq!(weights[0], averages[0]);
    }
    let (weights, averages) = history(ema(0.0), 9);
    assert_eq!(weights, averages);
}

#[test]
fn without_an_average_there_are_the_weights() {
    let (w, mut params) = model();
    let mut trainer = Trainer::new(sgd(0.1));
    trainer.step(&mut params, |g| g.param(w).sum()).unwrap();
    assert_eq!(trainer.averaged(&params).unwrap(), params);
}

#[test]
fn settings_without_sense_are_errors() {
    let refused = |mut trainer: Trainer<f64, elman_train::Sgd>, wanted: &str| {
        let (w, mut params) = model();
        let error = trainer.step(&mut params, |g| g.param(w).sum()).unwrap_err();
        assert!(matches!(error, Error::Setting { .. }));
        assert_eq!((error.to_string().as_str(), trainer.steps()), (wanted, 0));
    };
    let make = || Trainer::new(sgd(0.1));
    refused(make().accumulate(0), "accumulate: batches must be at least 1, got 0");
    refused(make().average(ema(1.0)), "ema: keep must be at least 0 and less than 1, got 1");
    refused(make().average(ema(f64::NAN)), "ema: keep must be at least 0 and less than 1, got NaN");
    refused(make().average(swa(3, 0)), "swa: every must be at least 1, got 0");
}
