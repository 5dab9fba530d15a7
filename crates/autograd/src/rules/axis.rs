//! Sums along one axis.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{fit, fold_rows, sum, update};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// y = Σ x along one axis, which disappears.
///
/// Along the innermost axis the order is that of [`sum`]; along another, the items are added one
/// after the other.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
/// use elman_tensor::Tensor;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let x = Tensor::from_fn([2, 3], |i| i as f64)?; // 0 1 2, 3 4 5
/// let sum = |axis| {
///     Tape::new().evaluate(&none, |g| g.apply(rules::SumAxis { axis }, [g.input(&x)]).tensor())
/// };
/// assert_eq!(sum(0)?.values(), [3.0, 5.0, 7.0]);
/// assert_eq!(sum(1)?.values(), [3.0, 12.0]);
/// assert!(sum(2).is_err());
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SumAxis {
    /// The axis.
    pub axis: usize,
}

impl SumAxis {
    /// The size of the axis, and the number of elements of one item along it.
    fn sizes(&self, x: Shape) -> (usize, usize) {
        (x.get(self.axis).unwrap_or(1), x.after(self.axis))
    }
}

impl<T: Real> Rule<T, 1> for SumAxis {
    const NAME: &'static str = "sum_axis";

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        if self.axis >= x.rank() {
            return Err(Misfit::new(format!("there is no axis {}", self.axis)));
        }
        Ok(x.without(self.axis))
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        let (n, inner) = self.sizes(x.shape());
        let y = y.values_mut();
        // The rank decides, not the sizes: a batch of one must be added up as in a larger one.
        if self.axis + 1 == x.shape().rank() && n > 0 {
            x.values().chunks_exact(n).zip(y).for_each(|(x, y)| *y = sum(x));
            return;
        }
        y.fill(T::ZERO);
        if !x.values().is_empty() {
            let items = x.values().chunks_exact(n * inner).zip(y.chunks_exact_mut(inner));
            items.for_each(|(x, y)| fit(fold_rows(x, y)));
        }
    }

    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let (n, inner) = self.sizes(at.x[0].shape());
        if let Some(mut dx) = d.of(0)
            && !dx.values().is_empty()
        {
            let items = dx.values_mut().chunks_exact_mut(n * inner);
            for (dx, dy) in items.zip(dy.values().chunks_exact(inner)) {
                for dx in dx.chunks_exact_mut(inner) {
                    fit(update(dx, dy, |dx, dy| *dx += dy));
                }
            }
        }
    }
}

impl Sample for SumAxis {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let x = draw.normal(&[draw.size(0), draw.size(1), draw.size(2)]);
        (SumAxis { axis: draw.pick(3) }, vec![x])
    }
}
