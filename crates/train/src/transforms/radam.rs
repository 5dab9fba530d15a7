//! Adam that waits until its squares are worth something.

use super::moments::Moments;
use crate::error::Error;
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_tensor::Real;

/// Rectified Adam (Liu et al. 2020), made by [`radam`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radam(Moments);

/// Rectified Adam: as long as the mean of squares stands on few gradients, momentum alone.
///
/// ```text
/// m ← β₁ m + (1 − β₁) g          m̂ = m / (1 − β₁ᵗ)
/// s ← β₂ s + (1 − β₂) g²         l = √(1 − β₂ᵗ) / (√s + ε)
/// ρ∞ = 2 / (1 − β₂) − 1          ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
/// r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ))
/// u = rate · m̂ · r l   where ρ > 5,   else   u = rate · m̂
/// ```
///
/// with t = 1 at the first step. β = (0.9, 0.999) and ε = 1e-8 if nothing else is said. The bound
/// is 5 as in PyTorch; the paper has 4.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, radam};
///
/// // Too few gradients to know their size: the first five steps are those of plain descent.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(radam(0.1));
/// for _ in 0..5 {
///     trainer.step(&mut params, |g| 1000.0 * g.param(w))?;
///     assert!((trainer.update()[0] - 0.1 * 1000.0).abs() < 1e-9);
/// }
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn radam(rate: f64) -> Radam {
    Radam(Moments::new(rate))
}

impl Radam {
    /// As [`Adam::betas`](crate::Adam::betas).
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> Self {
        Radam(self.0.betas(first, second))
    }

    /// As [`Adam::eps`](crate::Adam::eps).
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        Radam(self.0.eps(eps))
    }
}

impl Transform for Radam {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        self.0.check("radam")
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("radam.mean", layout.len());
        list("radam.square", layout.len());
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        let (m, s) = memory.split_at_mut(memory.len() / 2);
        let Moments { rate, betas: [b1, b2], eps } = self.0;
        let t = now.step as f64 + 1.0;
        let (power, longest) = (libm::pow(b2, t), 2.0 / (1.0 - b2) - 1.0);
        let length = longest - 2.0 * t * power / (1.0 - power);
        let rate = rate / (1.0 - libm::pow(b1, t));
        if length > 5.0 {
            let part = |length: f64| (length - 4.0) * (length - 2.0) / length;
            let rectified = rate * (part(length) / part(longest)).sqrt() * (1.0 - power).sqrt();
            let [rate, eps] = [rectified, eps].map(T::from_f64);
            self.0.apply([m, s], update, |_, m, s| rate * m / (s.sqrt() + eps));
        } else {
            let rate = T::from_f64(rate);
            self.0.apply([m, s], update, |_, m, _| rate * m);
        }
    }
}
