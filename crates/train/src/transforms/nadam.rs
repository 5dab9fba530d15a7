//! Adam with the accelerated gradient.

use super::moments::Moments;
use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_tensor::Real;

/// NAdam (Dozat 2016), made by [`nadam`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nadam {
    moments: Moments,
    slowdown: f64,
}

/// NAdam: Adam's means, of which the first looks one step ahead, as in Nesterov's gradient.
///
/// ```text
/// m ← β₁ m + (1 − β₁) g          μₜ = β₁ (1 − ½ · 0.96^(t ψ))
/// s ← β₂ s + (1 − β₂) g²         m̂ = μₜ₊₁ m / (1 − μ₁ ⋯ μₜ₊₁) + (1 − μₜ) g / (1 − μ₁ ⋯ μₜ)
/// ŝ = s / (1 − β₂ᵗ)              u = rate · m̂ / (√ŝ + ε)
/// ```
///
/// with t = 1 at the first step. β = (0.9, 0.999), ε = 1e-8 and ψ = 0.004 if nothing else is said,
/// as in the paper and in PyTorch.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, nadam};
///
/// // At first 5.6 % farther than Adam's step, which is the rate: that is the look ahead.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(nadam(0.1));
/// trainer.step(&mut params, |g| 1000.0 * g.param(w))?;
/// assert!((trainer.update()[0] - 0.1056).abs() < 1e-4);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn nadam(rate: f64) -> Nadam {
    Nadam { moments: Moments::new(rate), slowdown: 0.004 }
}

impl Nadam {
    /// As [`Adam::betas`](crate::Adam::betas).
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> Self {
        Nadam { moments: self.moments.betas(first, second), ..self }
    }

    /// As [`Adam::eps`](crate::Adam::eps).
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        Nadam { moments: self.moments.eps(eps), ..self }
    }

    /// How fast the momentum rises from β₁ / 2 to β₁: ψ, 0 or more.
    #[must_use]
    pub fn slowdown(self, psi: f64) -> Self {
        Nadam { slowdown: psi, ..self }
    }

    /// The momentum of step t.
    fn momentum(&self, t: f64) -> f64 {
        self.moments.betas[0] * (1.0 - 0.5 * libm::pow(0.96, t * self.slowdown))
    }
}

impl Transform for Nadam {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        self.moments.check("nadam")?;
        Settings("nadam").rate("slowdown", self.slowdown).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("nadam.mean", layout.len());
        list("nadam.square", layout.len());
        list("nadam.free", 1);
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        let (m, memory) = memory.split_at_mut(update.len());
        let (s, free) = memory.split_at_mut(update.len());
        let Moments { rate, betas: [_, b2], eps } = self.moments;
        let t = now.step as f64 + 1.0;
        let [mu, ahead] = [t, t + 1.0].map(|t| self.momentum(t));
        // 1 − μ₁ ⋯ μₜ, which is 0 before the first step as all memory is.
        let mut product = 1.0;
        for free in free {
            product = (1.0 - free.to_f64()) * mu;
            *free = T::from_f64(1.0 - product);
        }
        let of_mean = T::from_f64(rate * ahead / (1.0 - product * ahead));
        let of_gradient = T::from_f64(rate * (1.0 - mu) / (1.0 - product));
        let [scale, eps] = [1.0 / (1.0 - libm::pow(b2, t)).sqrt(), eps].map(T::from_f64);
        self.moments.apply([m, s], update, |g, m, s| {
            (of_mean * m + of_gradient * g) / (scale * s.sqrt() + eps)
        });
    }
}
