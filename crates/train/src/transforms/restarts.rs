//! Cosines that begin anew.

use super::schedule::{Schedule, half_cosine};
use crate::error::{Error, Settings};

/// Half cosines, one after the other (Loshchilov & Hutter 2017), made by [`warm_restarts`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WarmRestarts {
    steps: u64,
    times: u64,
    floor: f64,
}

/// Half cosines, one after the other: `floor + (1 − floor) (1 + cos(π i / n)) / 2` at step i of a
/// cycle of n steps. The first cycle has `steps` steps, each of the others `times` as many as the
/// one before.
///
/// times = 1 and floor = 0 if nothing else is said: PyTorch's `CosineAnnealingWarmRestarts`.
///
/// ```
/// use elman_train::{Schedule, warm_restarts};
///
/// // Cycles of 10 and of 20 steps.
/// let restarts = warm_restarts(10).times(2);
/// assert_eq!([0, 10, 30].map(|step| restarts.factor(step)), [1.0; 3]);
/// assert!((restarts.factor(5) - 0.5).abs() < 1e-12);
/// assert!((restarts.factor(20) - 0.5).abs() < 1e-12);
/// ```
pub fn warm_restarts(steps: u64) -> WarmRestarts {
    WarmRestarts { steps, times: 1, floor: 0.0 }
}

impl WarmRestarts {
    /// How many times as long as the one before a cycle is, 1 or more.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        WarmRestarts { times, ..self }
    }

    /// Where a cycle would end, in [0, 1].
    #[must_use]
    pub fn floor(self, floor: f64) -> Self {
        WarmRestarts { floor, ..self }
    }
}

impl Schedule for WarmRestarts {
    fn factor(&self, step: u64) -> f64 {
        let (mut i, mut n) = (step, self.steps.max(1));
        if self.times <= 1 {
            i %= n;
        }
        while i >= n {
            i -= n;
            n = n.saturating_mul(self.times);
        }
        half_cosine(1.0, self.floor, i as f64, n as f64)
    }

    fn valid(&self) -> Result<(), Error> {
        let settings = Settings("warm_restarts");
        settings.steps("steps", self.steps)?.steps("times", self.times)?;
        settings.part("floor", self.floor).map(drop)
    }
}
