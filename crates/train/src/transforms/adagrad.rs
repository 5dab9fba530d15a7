//! Steps divided by the root of all squares so far.

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
        fit(each2(update, s, |g, s| {
            *s += *g * *g;
            *g = rate * *g / (s.sqrt() + eps);
        }));
    }
}
