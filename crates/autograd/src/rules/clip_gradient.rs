//! Gradients that are cut to size on their way.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{copy, fit, update};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// `y = x`, through which each element of the gradient comes back at most as large as `limit`
/// (Graves 2013, who clips the derivatives of an LSTM's sums to 10). NaN stays NaN.
///
/// It bends gradients on purpose, so its adjoint is not that of its forward.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape, rules};
/// use elman_tensor::Init;
///
/// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(2.0)))?;
/// let mut grad = Grad::zeros(&params);
/// let loss = Tape::new().gradient(&params, &mut grad, |g| {
///     100.0 * g.apply(rules::ClipGradient { limit: 1.0 }, [g.param(w)])
/// })?;
/// assert_eq!((loss, grad.values()), (200.0, &[1.0][..]));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipGradient {
    /// The largest element that comes back, at least 0; infinity cuts nothing.
    pub limit: f64,
}

impl<T: Real> Rule<T, 1> for ClipGradient {
    const NAME: &'static str = "clip_gradient";
    const EXACT: bool = false;

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        if self.limit >= 0.0 {
            return Ok(x);
        }
        Err(Misfit::new(format!("the limit must be at least 0, got {}", self.limit)))
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        fit(copy(x.values(), y.values_mut()));
    }

    fn adjoint(&self, _: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let limit = T::from_f64(self.limit);
        if let Some(mut dx) = d.of(0) {
            fit(update(dx.values_mut(), dy.values(), |dx, dy| {
                let low = if dy < -limit { -limit } else { dy };
                *dx += if low > limit { limit } else { low };
            }));
        }
    }
}

impl Sample for ClipGradient {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (ClipGradient { limit: draw.number(0.0, 2.0) }, vec![draw.normal(&[draw.size(0), 2])])
    }
}
