//! The sum of all elements.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::sum;
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// y = Σ x over all elements; `y: []`.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// Tape::new().evaluate(&none, |g| {
///     assert_eq!(g.apply(rules::Sum, [g.constant([2, 3], 0.5)]).item(), 3.0);
///     assert_eq!(g.apply(rules::Sum, [g.zeros([0, 3])]).item(), 0.0); // of nothing
/// })?;
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum;

impl<T: Real> Rule<T, 1> for Sum {
    const NAME: &'static str = "sum";

    fn shape(&self, _: [Shape; 1]) -> Result<Shape, Misfit> {
        Ok(Shape::SCALAR)
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        y.values_mut().fill(sum(x.values()));
    }

    fn adjoint(&self, _: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        if let (Some(mut dx), &[dy]) = (d.of(0), dy.values()) {
            dx.values_mut().iter_mut().for_each(|dx| *dx += dy);
        }
    }
}

impl Sample for Sum {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (Sum, vec![draw.normal(&[draw.size(0), 7 * draw.size(1)])])
    }
}
