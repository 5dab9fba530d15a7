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
///
/// Both are flushed to zero; a gradient below [`least_gradient`] counts as 0.
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
        let least = least_gradient();
        fit(each3(update, m, s, |g, m, s| {
            let seen = flush(*g, least);
            *m = (b1 * *m + new1 * seen).flush_to_zero();
            *s = (b2 * *s + new2 * (seen * seen)).flush_to_zero();
            *g = f(seen, *m, *s);
        }));
    }
}

/// The magnitude below which a gradient counts as 0, because its square would be flushed to zero:
/// 2⁻⁵⁰ for `f32`, 2⁻⁴⁵⁰ for `f64`.
pub(super) fn least_gradient<T: Real>() -> T {
    T::from_f64(T::FLUSH_BELOW.to_f64().sqrt())
}

/// A gradient, or 0 if its magnitude is below `least`.
#[inline(always)]
pub(super) fn flush<T: Real>(g: T, least: T) -> T {
    if g.abs() < least { T::ZERO } else { g }
}

/// How much of a mean is kept, and how much is new.
fn parts<T: Real>(beta: f64) -> [T; 2] {
    [T::from_f64(beta), T::from_f64(1.0 - beta)]
}
