//! Means of the weights over the steps.

use crate::error::{Error, Settings};
use elman_kernels::{copy, fit, update};
use elman_tensor::Real;

/// A mean of the weights over the steps, made by [`ema`] or [`swa`]: often a better model than the
/// last weights.
///
/// It changes nothing in the training. [`Trainer::average`](crate::Trainer::average) keeps it,
/// [`Trainer::averaged`](crate::Trainer::averaged) makes parameters of it:
///
/// ```text
/// m ← m − share · (m − w)
/// ```
///
/// after each update, with the new weights. Weights that do not change are their own mean, to the
/// bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Average(Kind);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Exponential { keep: f64 },
    Stochastic { start: u64, every: u64 },
}

/// The exponential mean (Polyak & Juditsky 1992; Tarvainen & Valpola 2017) of the weights, freed
/// of its start as in Adam (Kingma & Ba 2015): each step weighs `keep` times as much as the next.
///
/// ```text
/// share = (1 − keep) / (1 − keepᵗ),  t = 1 after the first step
/// ```
///
/// is the same as the mean `m ← keep m + (1 − keep) w` from 0, divided by `1 − keepᵗ`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, ema, sgd};
///
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(sgd(3.0)).average(ema(0.5));
/// for _ in 0..2 {
///     trainer.step(&mut params, |g| -g.param(w))?; // 0, 3, 6
/// }
/// let mean = trainer.averaged(&params)?.values()[0];
/// assert!((mean - 5.0).abs() < 1e-12); // (½ · 3 + 1 · 6) / 1½
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn ema(keep: f64) -> Average {
    Average(Kind::Exponential { keep })
}

/// The stochastic mean (Izmailov et al. 2018): of the weights after the updates `start`,
/// `start + every`, `start + 2 every`, …, counted from 0, all weigh the same. Until then it is the
/// weights themselves.
///
/// The paper ends each cycle of a schedule with it:
/// `sgd(0.05).then(warm_restarts(100))` with `swa(999, 100)`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, sgd, swa};
///
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(sgd(1.0)).average(swa(1, 2));
/// for _ in 0..4 {
///     trainer.step(&mut params, |g| -g.param(w))?; // 1, 2, 3, 4 after the updates 0 to 3
/// }
/// assert_eq!(trainer.averaged(&params)?.values(), [3.0]); // of 2 and 4
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn swa(start: u64, every: u64) -> Average {
    Average(Kind::Stochastic { start, every })
}

impl Average {
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.0 {
            Kind::Exponential { keep } => Settings("ema").memory("keep", keep).map(drop),
            Kind::Stochastic { every, .. } => Settings("swa").steps("every", every).map(drop),
        }
    }

    /// The name of its buffer.
    pub(crate) fn name(&self) -> &'static str {
        match self.0 {
            Kind::Exponential { .. } => "ema.mean",
            Kind::Stochastic { .. } => "swa.mean",
        }
    }

    /// How much of the weights after this update enters the mean.
    fn share(&self, step: u64) -> f64 {
        match self.0 {
            Kind::Exponential { keep } => (1.0 - keep) / (1.0 - libm::pow(keep, step as f64 + 1.0)),
            Kind::Stochastic { start, every } => match step.checked_sub(start) {
                None => 1.0,
                Some(since) if since.is_multiple_of(every) => {
                    1.0 / (since as f64 / every as f64 + 1.0)
                }
                Some(_) => 0.0,
            },
        }
    }

    /// The mean after this update, from the one before it.
    pub(crate) fn take<T: Real>(&self, step: u64, weights: &[T], mean: &mut [T]) {
        let share = self.share(step);
        if share == 1.0 {
            fit(copy(weights, mean));
        } else if share > 0.0 {
            let share = T::from_f64(share);
            // Written so that −0 stays −0.
            fit(update(mean, weights, |m, w| *m -= share * (*m - w)));
        }
    }
}
