//! Several operands put together.

use crate::any::{AnyRule, Backward, Forward, Shapes};
use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use elman_kernels::{fit, update};
use elman_tensor::{Real, Shape, Tensor};

/// The operands one after the other along an axis they have.
///
/// ```
/// use elman_autograd::{Params, Tape};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let y = Tape::new().evaluate(&none, |g| {
///     g.concat(1, &[g.constant([2, 1], 1.0), g.constant([2, 2], 2.0)]).tensor() // applies it
/// })?;
/// assert_eq!(y.shape().dims(), [2, 3]);
/// assert_eq!(y.values(), [1.0, 2.0, 2.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concat {
    /// The axis.
    pub axis: usize,
}

/// The operands, of equal shapes, one after the other along a new outermost axis.
///
/// ```
/// use elman_autograd::{Params, Tape};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let y = Tape::new().evaluate(&none, |g| {
///     g.stack(&[g.constant([2], 1.0), g.constant([2], 2.0)]).tensor() // applies it
/// })?;
/// assert_eq!(y.shape().dims(), [2, 2]);
/// assert_eq!(y.values(), [1.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack;

/// The number of elements of `x` in one item of the axes outside of `axis`.
fn block(x: Shape, axis: usize) -> usize {
    x.after(axis).saturating_mul(x.get(axis).unwrap_or(1))
}

/// Copies each operand into its columns of `y`, whose items have `whole` elements.
fn forward<T: Real>(at: Forward<'_, T>, axis: usize) {
    let Forward { x, mut y, .. } = at;
    let whole = block(y.shape(), axis);
    let mut start = 0;
    for i in 0..x.count() {
        let x = x.get(i);
        let len = x.values().len() / (y.values().len().checked_div(whole).unwrap_or(1)).max(1);
        if len == 0 {
            continue;
        }
        let items = y.values_mut().chunks_exact_mut(whole);
        for (y, x) in items.zip(x.values().chunks_exact(len)) {
            y[start..start + len].copy_from_slice(x);
        }
        start += len;
    }
}

/// Adds its columns of `dy` to each operand.
fn adjoint<T: Real>(at: Backward<'_, T>, axis: usize) {
    let Backward { x, dy, mut d, .. } = at;
    let whole = block(dy.shape(), axis);
    let mut start = 0;
    for i in 0..x.count() {
        let size = x.get(i).values().len();
        let len = size / (dy.values().len().checked_div(whole).unwrap_or(1)).max(1);
        if len == 0 {
            continue;
        }
        if let Some(mut dx) = d.of(i) {
            let items = dx.values_mut().chunks_exact_mut(len);
            for (dx, dy) in items.zip(dy.values().chunks_exact(whole)) {
                fit(update(dx, &dy[start..start + len], |dx, dy| *dx += dy));
            }
        }
        start += len;
    }
}

impl<T: Real> AnyRule<T> for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn shape(&self, x: Shapes<'_>) -> Result<Shape, Misfit> {
        let first = x.get(0);
        if x.count() == 0 || self.axis >= first.rank() {
            let reason = format!("wanted operands with an axis {}", self.axis);
            return Err(Misfit::new(reason));
        }
        let mut size = 0usize;
        for shape in x.iter() {
            if shape.with(self.axis, 0) != first.with(self.axis, 0) {
                let reason = format!("the shapes may differ along axis {} only", self.axis);
                return Err(Misfit::new(reason));
            }
            let more = shape.get(self.axis).unwrap_or(0);
            let sum = size.checked_add(more);
            size = sum.ok_or_else(|| Misfit::new("together the sizes overflow"))?;
        }
        Ok(first.with(self.axis, size))
    }

    fn forward(&self, at: Forward<'_, T>) {
        forward(at, self.axis);
    }

    fn adjoint(&self, at: Backward<'_, T>) {
        adjoint(at, self.axis);
    }
}

impl<T: Real> AnyRule<T> for Stack {
    fn name(&self) -> &'static str {
        "stack"
    }

    fn shape(&self, x: Shapes<'_>) -> Result<Shape, Misfit> {
        let first = x.get(0);
        if x.count() == 0 || x.iter().any(|shape| shape != first) {
            return Err(Misfit::new("wanted one or more operands of equal shapes"));
        }
        first.stacked(x.count()).map_err(|error| Misfit::new(error.to_string()))
    }

    fn forward(&self, at: Forward<'_, T>) {
        forward(at, 0);
    }

    fn adjoint(&self, at: Backward<'_, T>) {
        adjoint(at, 0);
    }
}

impl Sample for Concat {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let axis = draw.pick(3);
        let operands = (0..1 + draw.pick(3)).map(|i| {
            let mut sizes = [draw.size(0), draw.size(1), draw.size(2)];
            sizes[axis] = draw.size(3 + i);
            draw.normal(&sizes)
        });
        (Concat { axis }, operands.collect())
    }
}

impl Sample for Stack {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let count = 1 + draw.pick(3);
        (Stack, (0..count).map(|_| draw.normal(&[draw.size(0), draw.size(1)])).collect())
    }
}
