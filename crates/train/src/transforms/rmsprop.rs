//! Steps divided by a running mean of squares.

use super::moments::{flush, least_gradient};
use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::{each2, fit};
use elman_tensor::Real;

/// RMSprop (Tieleman & Hinton 2012), made by [`rmsprop`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    rate: f64,
    alpha: f64,
    eps: f64,
}

/// RMSprop: `s ← α s + (1 − α) g²`, `u = rate · g / (√s + ε)`, from `s = 0`.
///
/// α = 0.99 and ε = 1e-8 if nothing else is said, as in PyTorch. In f32 a gradient beyond 1e19
/// has no finite square, and its weight stands still from then on: clip first.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, rmsprop};
///
/// // The first step is rate / √(1 − α), ten times the rate: the mean of squares is not freed of
/// // its start at 0, as it is in Adam.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(rmsprop(0.01));
/// trainer.step(&mut params, |g| 1000.0 * g.param(w))?;
/// assert!((trainer.update()[0] - 0.1).abs() < 1e-9);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn rmsprop(rate: f64) -> RmsProp {
    RmsProp { rate, alpha: 0.99, eps: 1e-8 }
}

impl RmsProp {
    /// How much of the mean of squares is kept at each step, in [0, 1).
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        RmsProp { alpha, ..self }
    }

    /// What is added to the root, more than 0: without it, a weight without a gradient would
    /// get 0/0.
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        RmsProp { eps, ..self }
    }
}

impl Transform for RmsProp {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        let settings = Settings("rmsprop");
        settings.rate("rate", self.rate)?.memory("alpha", self.alpha)?;
        settings.positive("eps", self.eps).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("rmsprop.square", layout.len());
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, s: &mut [T], update: &mut [T]) {
        let [rate, alpha, new, eps] =
            [self.rate, self.alpha, 1.0 - self.alpha, self.eps].map(T::from_f64);
        let least = least_gradient();
        fit(each2(update, s, |g, s| {
            let seen = flush(*g, least);
            *s = (alpha * *s + new * (seen * seen)).flush_to_zero();
            *g = rate * seen / (s.sqrt() + eps);
        }));
    }
}
