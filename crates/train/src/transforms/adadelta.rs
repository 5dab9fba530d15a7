//! Steps in the units of the weights.

use super::moments::{flush, least_gradient};
use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::{each3, fit};
use elman_tensor::Real;

/// AdaDelta (Zeiler 2012), made by [`adadelta`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaDelta {
    rate: f64,
    rho: f64,
    eps: f64,
}

/// AdaDelta: running means of the squares of gradients and of steps, from 0.
///
/// ```text
/// s ← ρ s + (1 − ρ) g²
/// v = √(d + ε) / √(s + ε) · g          u = rate · v
/// d ← ρ d + (1 − ρ) v²
/// ```
///
/// The paper has a rate of 1. ρ = 0.9 and ε = 1e-6 if nothing else is said, as in PyTorch.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, adadelta};
///
/// // The first step is √(ε / (1 − ρ)), however large the gradient.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(adadelta(1.0));
/// trainer.step(&mut params, |g| 1000.0 * g.param(w))?;
/// assert!((trainer.update()[0] - (1e-6_f64 / 0.1).sqrt()).abs() < 1e-6);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn adadelta(rate: f64) -> AdaDelta {
    AdaDelta { rate, rho: 0.9, eps: 1e-6 }
}

impl AdaDelta {
    /// How much of the means of squares is kept at each step, in [0, 1).
    #[must_use]
    pub fn rho(self, rho: f64) -> Self {
        AdaDelta { rho, ..self }
    }

    /// What is added to the squares, more than 0: the first step is √ε in size.
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        AdaDelta { eps, ..self }
    }
}

impl Transform for AdaDelta {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        let settings = Settings("adadelta");
        settings.rate("rate", self.rate)?.memory("rho", self.rho)?;
        settings.positive("eps", self.eps).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("adadelta.square", layout.len());
        list("adadelta.step", layout.len());
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        let (s, d) = memory.split_at_mut(memory.len() / 2);
        let [rate, rho, new, eps] =
            [self.rate, self.rho, 1.0 - self.rho, self.eps].map(T::from_f64);
        let least = least_gradient();
        fit(each3(update, s, d, |g, s, d| {
            let seen = flush(*g, least);
            *s = (rho * *s + new * (seen * seen)).flush_to_zero();
            let v = flush((*d + eps).sqrt() / (*s + eps).sqrt() * seen, least);
            *d = (rho * *d + new * (v * v)).flush_to_zero();
            *g = rate * v;
        }));
    }
}
