//! Steps divided by the root of all squares so far.

use super::moments::{flush, least_gradient};
use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::{each2, fit};
use elman_tensor::Real;

/// AdaGrad (Duchi et al. 2011), made by [`adagrad`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaGrad {
    rate: f64,
    eps: f64,
}

/// AdaGrad: `s ← s + g²`, `u = rate · g / (√s + ε)`, from `s = 0`.
///
/// ε = 1e-10 if nothing else is said, as in PyTorch. In f32 a gradient beyond 1e19 has no finite
/// square, and its weight stands still from then on: clip first.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, adagrad};
///
/// // Of equal gradients, whatever their size, the n-th makes a step of rate / √n.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(adagrad(0.1));
/// for n in [1.0_f64, 2.0, 3.0, 4.0] {
///     trainer.step(&mut params, |g| 1000.0 * g.param(w))?;
///     assert!((trainer.update()[0] - 0.1 / n.sqrt()).abs() < 1e-9);
/// }
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn adagrad(rate: f64) -> AdaGrad {
    AdaGrad { rate, eps: 1e-10 }
}

impl AdaGrad {
    /// What is added to the root, more than 0: without it, a weight without a gradient would
    /// get 0/0.
    #[must_use]
    pub fn eps(self, eps: f64) -> Self {
        AdaGrad { eps, ..self }
    }
}

impl Transform for AdaGrad {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("adagrad").rate("rate", self.rate)?.positive("eps", self.eps).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("adagrad.squares", layout.len());
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, s: &mut [T], update: &mut [T]) {
        let [rate, eps] = [self.rate, self.eps].map(T::from_f64);
        let least = least_gradient();
        fit(each2(update, s, |g, s| {
            let seen = flush(*g, least);
            *s += seen * seen;
            *g = rate * seen / (s.sqrt() + eps);
        }));
    }
}
