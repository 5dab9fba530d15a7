//! Adam in proportion to the weights.

use super::adam::{Adam, adam};
use super::decay::decay;
use super::descent::sgd;
use super::trust::trust;
use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_tensor::Real;

/// LAMB (You et al. 2020), made by [`lamb`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamb {
    rate: f64,
    adam: Adam,
    decay: f64,
}

/// LAMB: for each weight of the model, the step of Adam and decay together, in proportion to the
/// norm of that weight.
///
/// ```text
/// r = m̂ / (√ŝ + ε) + decay · w          u = rate · ‖w‖ / ‖r‖ · r
/// ```
///
/// with the means of [`adam`](crate::adam()); where either norm is 0, their ratio counts as 1. The
/// same as `adam(1.0).then(decay(d)).then(trust()).then(sgd(rate))`. β = (0.9, 0.999) and
/// ε = 1e-6 if nothing else is said, as in the paper, whose bounds of the norm of `w` are left out.
/// [`only`](crate::only) keeps biases and gains out of it.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, lamb};
///
/// // A quarter of the size of the weight, however large the gradient.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [3], Init::Constant(8.0)))?;
/// let mut trainer = Trainer::new(lamb(0.25, 0.0));
/// trainer.step(&mut params, |g| 1000.0 * g.param(w).sum())?;
/// assert!(trainer.update().iter().all(|u| (u - 2.0).abs() < 1e-9));
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn lamb(rate: f64, decay: f64) -> Lamb {
    Lamb { rate, adam: adam(1.0).eps(1e-6), decay }
}

impl Lamb {
    /// As [`Adam::betas`].
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> Self {
        Lamb { adam: self.adam.betas(first, second), ..self }
    }

    /// As [`Adam::eps`].
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        Lamb { adam: self.adam.eps(eps), ..self }
    }
}

impl Transform for Lamb {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        self.adam.check_as("lamb")?;
        Settings("lamb").rate("rate", self.rate)?.rate("decay", self.decay).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        self.adam.memory(layout, list);
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        self.adam.apply(now, memory, update);
        decay(self.decay).apply(now, &mut [], update);
        trust().apply(now, &mut [], update);
        sgd(self.rate).apply(now, &mut [], update);
    }
}
