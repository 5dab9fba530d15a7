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
