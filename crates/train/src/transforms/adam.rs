//! Adam, and Adam with decoupled decay.

use super::decay::decay;
use super::moments::Moments;
use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_tensor::Real;

/// Adam (Kingma & Ba 2015), made by [`adam`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam(Moments);

/// Adam: running means of the gradient and of its square, both freed of their start at 0.
///
/// ```text
/// m ← β₁ m + (1 − β₁) g          m̂ = m / (1 − β₁ᵗ)
/// s ← β₂ s + (1 − β₂) g²         ŝ = s / (1 − β₂ᵗ)          u = rate · m̂ / (√ŝ + ε)
/// ```
///
/// with t = 1 at the first step. β = (0.9, 0.999) and ε = 1e-8 if nothing else is said, as in the
/// paper and in PyTorch. In f32 a gradient beyond 1e19 has no finite square, and its weight stands
/// still from then on: clip first. A gradient below 2⁻⁵⁰ (in f64, 2⁻⁴⁵⁰) counts as 0, and means
/// below 2⁻¹⁰⁰ (2⁻⁹⁰⁰) become 0, so that no subnormal number slows the update down.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, adam};
///
/// // Equal gradients make steps of the rate, whatever their size.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(adam(0.1));
/// for _ in 0..3 {
///     trainer.step(&mut params, |g| 1000.0 * g.param(w))?;
///     assert!((trainer.update()[0] - 0.1).abs() < 1e-9);
/// }
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn adam(rate: f64) -> Adam {
    Adam(Moments::new(rate))
}

impl Adam {
    /// How much of the means of the gradient and of its square is kept at each step, in [0, 1).
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> Self {
        Adam(self.0.betas(first, second))
    }

    /// What is added to the root, more than 0: without it, a weight without a gradient would
    /// get 0/0.
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        Adam(self.0.eps(eps))
    }

    pub(super) fn check_as(&self, name: &'static str) -> Result<(), Error> {
        self.0.check(name)
    }
}

impl Transform for Adam {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        self.check_as("adam")
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("adam.mean", layout.len());
        list("adam.square", layout.len());
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        let (m, s) = memory.split_at_mut(memory.len() / 2);
        let t = now.step as f64 + 1.0;
        let Moments { rate, betas, eps } = self.0;
        let [free1, free2] = betas.map(|beta| 1.0 - libm::pow(beta, t));
        let [rate, scale, eps] = [rate / free1, 1.0 / free2.sqrt(), eps].map(T::from_f64);
        self.0.apply([m, s], update, |_, m, s| rate * m / (scale * s.sqrt() + eps));
    }
}

/// Adam with decoupled decay (Loshchilov & Hutter 2019), made by [`adamw`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    adam: Adam,
    decay: f64,
}

/// Adam with decoupled decay: `u = adam(g) + rate · decay · w`.
///
/// The same as `adam(rate).then(decay(rate * decay))`: the decay passes by the means, and a
/// schedule after it scales both, as in PyTorch. For a decay that a schedule leaves alone, see
/// [`decay`](crate::decay()).
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, adamw};
///
/// // Adam's step of 0.1, and a twentieth of the weight.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(2.0)))?;
/// let mut trainer = Trainer::new(adamw(0.1, 0.5));
/// trainer.step(&mut params, |g| 1000.0 * g.param(w))?;
/// assert!((trainer.update()[0] - (0.1 + 0.1 * 0.5 * 2.0)).abs() < 1e-9);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn adamw(rate: f64, decay: f64) -> AdamW {
    AdamW { adam: adam(rate), decay }
}

impl AdamW {
    /// As [`Adam::betas`].
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> Self {
        AdamW { adam: self.adam.betas(first, second), ..self }
    }

    /// As [`Adam::eps`].
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        AdamW { adam: self.adam.eps(eps), ..self }
    }
}

impl Transform for AdamW {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        self.adam.check_as("adamw")?;
        Settings("adamw").rate("decay", self.decay).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        self.adam.memory(layout, list);
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        self.adam.apply(now, memory, update);
        decay(self.adam.0.rate * self.decay).apply(now, &mut [], update);
    }
}
