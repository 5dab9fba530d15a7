//! The matrix product.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{Fill, Matrix, fit, product};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// y = x · W for `x: [.., k]` and `W: [k, n]` (`y: [.., n]`) or `W: [k]` (`y: [..]`).
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
///
/// // Leading axes are kept, and each element is a sum of three products.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let y = Tape::new().evaluate(&none, |g| {
///     g.apply(rules::Dot, [g.constant([4, 2, 3], 2.0), g.constant([3, 5], 10.0)]).tensor()
/// })?;
/// assert_eq!(y.shape().dims(), [4, 2, 5]);
/// assert!(y.values().iter().all(|y| *y == 60.0));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dot;

/// `W` as a matrix `[k, n]`, a vector being one column.
fn columns(w: Shape) -> usize {
    w.get(1).unwrap_or(1)
}

/// `y = a · b`, or `y += a · b`, where somebody wants it; the sizes are checked by the rule that
/// calls.
pub(super) fn multiply<T: Real>(
    a: Result<Matrix<'_, T>, elman_kernels::Error>,
    b: Result<Matrix<'_, T>, elman_kernels::Error>,
    target: Option<(ViewMut<'_, T>, Fill)>,
) {
    let Some((mut y, fill)) = target else { return };
    fit(a.and_then(|a| product(a, b?, fill, y.values_mut())));
}

impl<T: Real> Rule<T, 2> for Dot {
    const NAME: &'static str = "dot";

    fn shape(&self, [x, w]: [Shape; 2]) -> Result<Shape, Misfit> {
        if x.rank() == 0 || !matches!(w.rank(), 1 | 2) {
            return Err(Misfit::new("wanted [.., k] · [k, n] or [.., k] · [k]"));
        }
        if x.get(x.rank() - 1) != w.get(0) {
            let (k, rows) = (x.last(), w.get(0).unwrap_or(0));
            return Err(Misfit::new(format!("{k} columns meet {rows} rows")));
        }
        Ok(if w.rank() == 2 { x.with_last(columns(w)) } else { x.without(x.rank() - 1) })
    }

    fn forward(&self, [x, w]: [View<'_, T>; 2], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        let w = Matrix::new(w.values(), x.shape().last(), columns(w.shape()));
        fit(x.matrix().and_then(|x| product(x, w?, Fill::Overwrite, y.values_mut())));
    }

    fn adjoint(&self, at: At<'_, T, 2>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let [x, w] = at.x;
        let (k, n) = (x.shape().last(), columns(w.shape()));
        let dy = Matrix::new(dy.values(), x.shape().rows(), n);
        let w = Matrix::new(w.values(), k, n);
        multiply(dy.clone(), w.map(Matrix::t), d.fill(0));
        multiply(x.matrix().map(Matrix::t), dy, d.fill(1));
    }
}

impl Sample for Dot {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let (a, b, k, n) = (draw.size(0), draw.size(1), draw.size(2), draw.size(3));
        let shapes: [[&[usize]; 2]; 3] =
            [[&[a, k], &[k, n]], [&[a, b, k], &[k, n]], [&[a, k], &[k]]];
        let [x, w] = shapes[draw.pick(3)];
        (Dot, vec![draw.normal(x), draw.normal(w)])
    }
}
