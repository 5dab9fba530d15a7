//! Gradient descent, and the two kinds of momentum.

use super::decay::decay;
use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::{each, each2, fit};
use elman_tensor::Real;

/// Gradient descent (Cauchy 1847), made by [`sgd`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    rate: f64,
}

/// Gradient descent: `u = rate · g`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, sgd};
///
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(3.0)))?;
/// let mut trainer = Trainer::new(sgd(0.5));
/// trainer.step(&mut params, |g| g.param(w).square())?; // 3² has the slope 6
/// assert_eq!(params.values(), [3.0 - 0.5 * 6.0]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn sgd(rate: f64) -> Sgd {
    Sgd { rate }
}

impl Transform for Sgd {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("sgd").rate("rate", self.rate).map(drop)
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        let rate = T::from_f64(self.rate);
        each(update, |g| *g *= rate);
    }
}

/// Gradient descent with decoupled decay (Loshchilov & Hutter 2019), made by [`sgdw`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgdw {
    rate: f64,
    decay: f64,
}

/// Gradient descent with decoupled decay: `u = rate · (g + decay · w)`, where `g` has been through
/// the momentum and `w` has not: `momentum(0.9).then(sgdw(0.1, 1e-4))`.
///
/// A schedule after it scales both, as with [`adamw`](crate::adamw).
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, sgdw};
///
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(2.0)))?;
/// let mut trainer = Trainer::new(sgdw(0.5, 0.25));
/// trainer.step(&mut params, |g| 3.0 * g.param(w))?;
/// assert_eq!(trainer.update(), [0.5 * (3.0 + 0.25 * 2.0)]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn sgdw(rate: f64, decay: f64) -> Sgdw {
    Sgdw { rate, decay }
}

impl Transform for Sgdw {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("sgdw").rate("rate", self.rate)?.rate("decay", self.decay).map(drop)
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        decay(self.decay).apply(now, &mut [], update);
        sgd(self.rate).apply(now, &mut [], update);
    }
}

/// The heavy ball (Polyak 1964), made by [`momentum`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Momentum {
    mu: f64,
}

/// The heavy ball: `v ← μ v + g`, `u = v`, from `v = 0`.
///
/// It has no rate of its own: `momentum(0.9).then(sgd(0.01))` is PyTorch's `SGD` with momentum.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, momentum, sgd};
///
/// // Equal gradients of 1 add up to 1 / (1 − μ) = 2.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(momentum(0.5).then(sgd(1.0)));
/// let mut steps = Vec::new();
/// for _ in 0..3 {
///     trainer.step(&mut params, |g| g.param(w))?;
///     steps.extend_from_slice(trainer.update());
/// }
/// assert_eq!(steps, [1.0, 1.5, 1.75]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn momentum(mu: f64) -> Momentum {
    Momentum { mu }
}

impl Transform for Momentum {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("momentum").memory("mu", self.mu).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("momentum.velocity", layout.len());
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, v: &mut [T], update: &mut [T]) {
        let mu = T::from_f64(self.mu);
        fit(each2(update, v, |g, v| {
            *v = (mu * *v + *g).flush_to_zero();
            *g = *v;
        }));
    }
}

/// The accelerated gradient (Nesterov 1983), made by [`nesterov`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nesterov {
    mu: f64,
}

/// The accelerated gradient: `v ← μ v + g`, `u = g + μ v`, from `v = 0`; in the form of
/// Sutskever et al. (2013), in which the weights are those at which the next gradient is taken.
///
/// It has no rate of its own: `nesterov(0.9).then(sgd(0.01))`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, nesterov, sgd};
///
/// // One step ahead of the heavy ball, which begins with 1, 1.5, 1.75.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(nesterov(0.5).then(sgd(1.0)));
/// let mut steps = Vec::new();
/// for _ in 0..3 {
///     trainer.step(&mut params, |g| g.param(w))?;
///     steps.extend_from_slice(trainer.update());
/// }
/// assert_eq!(steps, [1.5, 1.75, 1.875]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn nesterov(mu: f64) -> Nesterov {
    Nesterov { mu }
}

impl Transform for Nesterov {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("nesterov").memory("mu", self.mu).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("nesterov.velocity", layout.len());
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, v: &mut [T], update: &mut [T]) {
        let mu = T::from_f64(self.mu);
        fit(each2(update, v, |g, v| {
            *v = (mu * *v + *g).flush_to_zero();
            *g += mu * *v;
        }));
    }
}
