//! The running means that Adam and its relatives have in common.

use crate::error::{Error, Settings};
use elman_kernels::{each3, fit};
use elman_tensor::Real;

/// Running means of the gradient and of its square, and what is made of them:
///
/// ```text
/// m ← β₁ m + (1 − β₁) g
/// s ← β₂ s + (1 − β₂) g²
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) rate: f64,
    pub(super) betas: [f64; 2],
    pub(super) eps: f64,
}

impl Moments {
    /// β = (0.9, 0.999) and ε = 1e-8.
    pub(super) fn new(rate: f64) -> Self {
        Moments { rate, betas: [0.9, 0.999], eps: 1e-8 }
    }

    pub(super) fn betas(self, first: f64, second: f64) -> Self {
        Moments { betas: [first, second], ..self }
    }

    pub(super) fn eps(self, eps: f64) -> Self {
        Moments { eps, ..self }
    }

    pub(super) fn check(&self, name: &'static str) -> Result<(), Error> {
        let [b1, b2] = self.betas;
        let settings = Settings(name);
        settings.rate("rate", self.rate)?.memory("the first beta", b1)?;
        settings.memory("the second beta", b2)?.positive("eps", self.eps).map(drop)
    }

    /// Takes up the gradient `g`; the update is `f(g, m, s)`.
    pub(super) fn apply<T: Real>(
        &self,
        [m, s]: [&mut [T]; 2],
        update: &mut [T],
        f: impl Fn(T, T, T) -> T + Sync,
    ) {
        let [[b1, new1], [b2, new2]] = self.betas.map(parts::<T>);
        fit(each3(update, m, s, |g, m, s| {
            *m = b1 * *m + new1 * *g;
            *s = b2 * *s + new2 * (*g * *g);
            *g = f(*g, *m, *s);
        }));
    }
}

/// How much of a mean is kept, and how much is new.
fn parts<T: Real>(beta: f64) -> [T; 2] {
    [T::from_f64(beta), T::from_f64(1.0 - beta)]
}
