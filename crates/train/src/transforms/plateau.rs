//! A factor that falls when nothing becomes better.

use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::each;
use elman_tensor::Real;

/// A factor that falls on a plateau, made by [`plateau`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    factor: f64,
    patience: u64,
    threshold: f64,
    cooldown: u64,
    floor: f64,
    rising: bool,
    of_loss: bool,
}

/// A factor that falls on a plateau: 1 at first, and `factor` times as much, down to the floor,
/// whenever more than `patience` metrics in a row were no better than the best before them.
///
/// ```text
/// better:  metric < best − threshold · |best|
/// ```
///
/// The metric is what is [reported](crate::Trainer::report), such as the loss of a validation set
/// now and then; between reports the factor stays. Its place is after the rate, like that of a
/// [`Schedule`](crate::Schedule). PyTorch's `ReduceLROnPlateau`, whose threshold moves the other
/// way where the best is negative. threshold = 1e-4, cooldown = 0 and floor = 0 if nothing else is
/// said. NaN is never better.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, plateau, sgd};
///
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(sgd(1.0).then(plateau(0.5, 1)));
/// for validation in [3.0, 2.0, 2.0, 2.5] {
///     trainer.report(validation);
///     trainer.step(&mut params, |g| g.param(w))?;
/// }
/// assert_eq!(params.values(), [-3.5]); // three whole steps, and half a step
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn plateau(factor: f64, patience: u64) -> Plateau {
    Plateau {
        factor,
        patience,
        threshold: 1e-4,
        cooldown: 0,
        floor: 0.0,
        rising: false,
        of_loss: false,
    }
}

impl Plateau {
    /// By which part of the best a metric has to be better, in [0, 1].
    #[must_use]
    pub fn threshold(self, part: f64) -> Self {
        Plateau { threshold: part, ..self }
    }

    /// How many metrics after a fall do not count as bad.
    #[must_use]
    pub fn cooldown(self, metrics: u64) -> Self {
        Plateau { cooldown: metrics, ..self }
    }

    /// The least factor, in [0, 1].
    #[must_use]
    pub fn floor(self, floor: f64) -> Self {
        Plateau { floor, ..self }
    }

    /// More is better: for accuracies.
    #[must_use]
    pub fn rising(self) -> Self {
        Plateau { rising: true, ..self }
    }

    /// Hears the loss of each update in place of reports.
    #[must_use]
    pub fn of_loss(self) -> Self {
        Plateau { of_loss: true, ..self }
    }
}

impl Transform for Plateau {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        let settings = Settings("plateau");
        settings.part("factor", self.factor)?.part("threshold", self.threshold)?;
        settings.part("floor", self.floor).map(drop)
    }

    fn memory(&self, _: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        for name in
            ["plateau.best", "plateau.heard", "plateau.bad", "plateau.wait", "plateau.falls"]
        {
            list(name, 1);
        }
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        let [best, heard, bad, wait, falls] = memory else { return };
        if let Some(metric) = if self.of_loss { Some(now.loss) } else { now.metric } {
            let metric = if self.rising { -metric } else { metric };
            let bound = *best - T::from_f64(self.threshold) * best.abs();
            if metric < bound || (*heard == T::ZERO && metric.is_finite()) {
                (*best, *heard, *bad) = (metric, T::ONE, T::ZERO);
            } else {
                *bad += T::ONE;
            }
            if *wait > T::ZERO {
                *wait -= T::ONE;
                *bad = T::ZERO;
            }
            if bad.to_f64() > self.patience as f64 {
                *falls += T::ONE;
                (*wait, *bad) = (T::from_f64(self.cooldown as f64), T::ZERO);
            }
        }
        let factor = libm::pow(self.factor, falls.to_f64()).max(self.floor);
        let factor = T::from_f64(factor);
        each(update, |g| *g *= factor);
    }
}
