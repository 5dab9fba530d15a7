//! Tiny numbers set to 0.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{fit, map, update};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// `y = x`, where magnitudes below [`Real::FLUSH_BELOW`] become 0, both of values and of cotangents.
///
/// States and cotangents that vanish end at 0 by it, and not at subnormal numbers, which are up to a
/// hundred times slower. The cotangent of a flushed value is kept.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_tensor::Init;
///
/// let (w, params) = Params::<f32>::init(0, |p| p.weight("w", [], Init::Constant(1e-38)))?;
/// let mut grad = Grad::zeros(&params);
/// let loss = Tape::new().gradient(&params, &mut grad, |g| 3.0 * g.param(w).flush_to_zero())?;
/// assert_eq!((loss, grad.values()), (0.0, &[3.0][..]));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlushToZero;

impl<T: Real> Rule<T, 1> for FlushToZero {
    const NAME: &'static str = "flush_to_zero";

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        Ok(x)
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        fit(map(x.values(), y.values_mut(), T::flush_to_zero));
    }

    fn adjoint(&self, _: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        if let Some(mut dx) = d.of(0) {
            fit(update(dx.values_mut(), dy.values(), |dx, dy| *dx += dy.flush_to_zero()));
        }
    }
}

impl Sample for FlushToZero {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (FlushToZero, vec![draw.normal(&[draw.size(0), draw.size(1)])])
    }
}
