//! Gradient descent, and the two kinds of momentum.

use crate::error::{Error, Settings};
use crate::transform::{Now, Transform};
use elman_kernels::{each, each2, fit};
use elman_tensor::Real;

/// Gradient descent (Cauchy 1847), made by [`sgd`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    rate: f64,
}

/// Gradient descent: `u = rate · g`.
pub fn sgd(rate: f64) -> Sgd {
    Sgd { rate }
}

impl Transform for Sgd {
    fn check(&self) -> Result<(), Error> {
        Settings("sgd").rate("rate", self.rate).map(drop)
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        let rate = T::from_f64(self.rate);
        each(update, |g| *g *= rate);
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
pub fn momentum(mu: f64) -> Momentum {
    Momentum { mu }
}

impl Transform for Momentum {
    fn check(&self) -> Result<(), Error> {
        Settings("momentum").memory("mu", self.mu).map(drop)
    }

    fn memory(&self, weights: usize, list: &mut dyn FnMut(&'static str, usize)) {
        list("momentum.velocity", weights);
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, v: &mut [T], update: &mut [T]) {
        let mu = T::from_f64(self.mu);
        fit(each2(update, v, |g, v| {
            *v = mu * *v + *g;
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
pub fn nesterov(mu: f64) -> Nesterov {
    Nesterov { mu }
}

impl Transform for Nesterov {
    fn check(&self) -> Result<(), Error> {
        Settings("nesterov").memory("mu", self.mu).map(drop)
    }

    fn memory(&self, weights: usize, list: &mut dyn FnMut(&'static str, usize)) {
        list("nesterov.velocity", weights);
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, v: &mut [T], update: &mut [T]) {
        let mu = T::from_f64(self.mu);
        fit(each2(update, v, |g, v| {
            *v = mu * *v + *g;
            *g += mu * *v;
        }));
    }
}
