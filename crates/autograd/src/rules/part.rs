//! A part of an axis.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{fit, update};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// y = `x[.., start..start + len, ..]` along one axis: a copy. (Along the outermost axis
/// [`Var::slice`](crate::Var::slice) is a free view.)
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
/// use elman_tensor::Tensor;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let x = Tensor::from_fn([2, 3], |i| i as f64)?; // 0 1 2, 3 4 5
/// let y = Tape::new().evaluate(&none, |g| {
///     g.apply(rules::Part { axis: 1, start: 1, len: 2 }, [g.input(&x)]).tensor()
/// })?;
/// assert_eq!(y.values(), [1.0, 2.0, 4.0, 5.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The axis.
    pub axis: usize,
    /// The first item.
    pub start: usize,
    /// How many items.
    pub len: usize,
}

impl Part {
    /// The size of one whole item of the axes outside, and the range of the part in it.
    fn block(&self, x: Shape) -> (usize, std::ops::Range<usize>) {
        let (inner, size) = (x.after(self.axis), x.get(self.axis).unwrap_or(1));
        let [whole, start, end] =
            [size, self.start, self.start + self.len].map(|n| n.saturating_mul(inner));
        (whole, start..end)
    }
}

impl<T: Real> Rule<T, 1> for Part {
    const NAME: &'static str = "part";

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        let size = x.get(self.axis);
        let size = size.ok_or_else(|| Misfit::new(format!("there is no axis {}", self.axis)))?;
        if self.start.checked_add(self.len).is_none_or(|end| end > size) {
            let Part { axis, start, len } = self;
            return Err(Misfit::new(format!(
                "axis {axis} has {size} items; {len} from {start} wanted"
            )));
        }
        Ok(x.with(self.axis, self.len))
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        let (whole, part) = self.block(x.shape());
        if !y.values().is_empty() {
            let items = y.values_mut().chunks_exact_mut(part.len());
            for (y, x) in items.zip(x.values().chunks_exact(whole)) {
                y.copy_from_slice(&x[part.clone()]);
            }
        }
    }

    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let (whole, part) = self.block(at.x[0].shape());
        if let Some(mut dx) = d.of(0)
            && !dy.values().is_empty()
        {
            let items = dx.values_mut().chunks_exact_mut(whole);
            for (dx, dy) in items.zip(dy.values().chunks_exact(part.len())) {
                fit(update(&mut dx[part.clone()], dy, |dx, dy| *dx += dy));
            }
        }
    }
}

impl Sample for Part {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let sizes = [draw.size(0), draw.size(1), draw.size(2)];
        let axis = draw.pick(3);
        let start = draw.pick(sizes[axis] + 1);
        let len = draw.pick(sizes[axis] - start + 1);
        (Part { axis, start, len }, vec![draw.normal(&sizes)])
    }
}
