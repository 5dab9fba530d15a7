//! Gradients that are cut to size.

use super::norm::norm;
use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::each;
use elman_tensor::Real;

/// A limit of the norm (Pascanu et al. 2013), made by [`clip_norm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipNorm {
    max: f64,
}

/// A limit of the norm over all weights: `u = g · max / ‖g‖` where ‖g‖ > max, else `u = g`.
///
/// The direction stays. (PyTorch divides by ‖g‖ + 1e-6, and so ends just below the limit.) A norm
/// whose square would overflow is clipped all the same. An infinite limit clips nothing.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, clip_norm};
///
/// // The gradient [3, 4], of the norm 5.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Zeros))?;
/// let mut trainer = Trainer::new(clip_norm(1.0));
/// trainer.step(&mut params, |g| 3.0 * g.param(w).at(0) + 4.0 * g.param(w).at(1))?;
/// assert!((trainer.update()[0] - 0.6).abs() < 1e-12);
/// assert!((trainer.update()[1] - 0.8).abs() < 1e-12);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn clip_norm(max: f64) -> ClipNorm {
    ClipNorm { max }
}

impl Transform for ClipNorm {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("clip_norm").limit("max", self.max).map(drop)
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        let max = T::from_f64(self.max);
        let [unit, length] = norm(update);
        if length > max / unit {
            let scale = max / length;
            each(update, |g| *g = *g / unit * scale);
        }
    }
}

/// A limit of each element, made by [`clip_value`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipValue {
    max: f64,
}

/// A limit of each element: `u = min(max(g, −max), max)`; NaN stays NaN.
///
/// The direction changes (Mikolov 2012 clips so). An infinite limit clips nothing.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, clip_value};
///
/// // The gradient [3, −½].
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Zeros))?;
/// let mut trainer = Trainer::new(clip_value(1.0));
/// trainer.step(&mut params, |g| 3.0 * g.param(w).at(0) - 0.5 * g.param(w).at(1))?;
/// assert_eq!(trainer.update(), [1.0, -0.5]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn clip_value(max: f64) -> ClipValue {
    ClipValue { max }
}

impl Transform for ClipValue {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("clip_value").limit("max", self.max).map(drop)
    }

    fn apply<T: Real>(&self, _: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        let max = T::from_f64(self.max);
        each(update, |g| {
            let low = if *g < -max { -max } else { *g };
            *g = if low > max { max } else { low };
        });
    }
}
