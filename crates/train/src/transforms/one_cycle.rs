//! One cycle of the rate: up, and all the way down.

use super::schedule::{Schedule, half_cosine};
use crate::error::{Error, Settings};

/// One cycle (Smith & Topin 2018), made by [`one_cycle`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycle {
    steps: u64,
    rise: f64,
    start: f64,
    end: f64,
}

/// One cycle: half a cosine from `start` up to 1 at step `rise · steps − 1`, and half a cosine
/// down to `end` at step `steps − 1`, where it stays.
///
/// The rate before it is the largest: `momentum(0.9).then(sgd(0.5)).then(one_cycle(2000))`.
/// rise = 0.3, start = 1/25 and end = start/10⁴ if nothing else is said, as in PyTorch's
/// `OneCycleLR`; the momentum is left alone.
///
/// ```
/// use elman_train::{Schedule, one_cycle};
///
/// // Up in the first three of ten steps, down in the others.
/// let cycle = one_cycle(10);
/// assert!((cycle.factor(0) - 1.0 / 25.0).abs() < 1e-12);
/// assert!((cycle.factor(2) - 1.0).abs() < 1e-12);
/// assert!((cycle.factor(9) - 1.0 / 25e4).abs() < 1e-12);
/// ```
pub fn one_cycle(steps: u64) -> OneCycle {
    OneCycle { steps, rise: 0.3, start: 1.0 / 25.0, end: 1.0 / 25e4 }
}

impl OneCycle {
    /// The part of the steps in which the factor rises, in [0, 1].
    #[must_use]
    pub fn rise(self, part: f64) -> Self {
        OneCycle { rise: part, ..self }
    }

    /// The first factor, in [0, 1].
    #[must_use]
    pub fn start(self, factor: f64) -> Self {
        OneCycle { start: factor, ..self }
    }

    /// The last factor, in [0, 1].
    #[must_use]
    pub fn end(self, factor: f64) -> Self {
        OneCycle { end: factor, ..self }
    }
}

impl Schedule for OneCycle {
    fn factor(&self, step: u64) -> f64 {
        let (t, steps) = (step as f64, self.steps as f64);
        let (top, last) = (self.rise * steps - 1.0, steps - 1.0);
        if t <= top && top > 0.0 {
            half_cosine(self.start, 1.0, t, top)
        } else if t < last {
            half_cosine(1.0, self.end, t - top, last - top)
        } else {
            self.end
        }
    }

    fn valid(&self) -> Result<(), Error> {
        let settings = Settings("one_cycle");
        settings.steps("steps", self.steps)?.part("rise", self.rise)?;
        settings.part("start", self.start)?.part("end", self.end).map(drop)
    }
}
