//! Steps of one size, in the direction of a mean.

use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::{each2, fit};
use elman_tensor::Real;

/// Lion (Chen et al. 2023), made by [`lion`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lion {
    rate: f64,
    betas: [f64; 2],
}

/// Lion: the sign of a mean in which the new gradient weighs more than in the one that is kept.
///
/// ```text
/// u = rate · sign(β₁ m + (1 − β₁) g)
/// m ← β₂ m + (1 − β₂) g
/// ```
///
/// from `m = 0`; the sign of 0 is 0. β = (0.9, 0.99) if nothing else is said, as in the paper. Its
/// rate is three to ten times smaller than Adam's, and its decay as much larger:
/// `lion(rate).then(decay(rate * d))`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, lion};
///
/// // Steps of the rate, in the direction of a mean.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(lion(0.1));
/// for slope in [1000.0, 0.001, -0.001] {
///     trainer.step(&mut params, |g| slope * g.param(w))?;
///     assert_eq!(trainer.update(), [0.1]); // the mean is still above 0
/// }
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn lion(rate: f64) -> Lion {
    Lion { rate, betas: [0.9, 0.99] }
}

impl Lion {
    /// How much of the mean is kept in the step, and how much from step to step, in [0, 1).
    #[must_use]
    pub fn betas(self, first: f64, second: f64) -> Self {
        Lion { betas: [first, second], ..self }
    }
}

impl Transform for Lion {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        let ([b1, b2], settings) = (self.betas, Settings("lion"));
        settings.rate("rate", self.rate)?.memory("the first beta", b1)?;
        settings.memory("the second beta", b2).map(drop)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        list("lion.mean", layout.len());
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, m: &mut [T], update: &mut [T]) {
        let rate = T::from_f64(self.rate);
        let [b1, b2] = self.betas.map(T::from_f64);
        let [new1, new2] = self.betas.map(|beta| T::from_f64(1.0 - beta));
        fit(each2(update, m, |g, m| {
            let mean = b1 * *m + new1 * *g;
            *m = (b2 * *m + new2 * *g).flush_to_zero();
            // 0 and NaN are their own signs.
            *g = rate
                * if mean > T::ZERO {
                    T::ONE
                } else if mean < T::ZERO {
                    -T::ONE
                } else {
                    mean
                };
        }));
    }
}
