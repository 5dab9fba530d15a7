//! The affine part of a gate, in one order of summation.

use super::dot::multiply;
use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{Fill, add_rows, fit, fold_rows};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// y = b + x · W + h · U, where `h, U` or `b` may be absent.
///
/// Shapes: `x: [.., in]`, `W: [in, n]`, `h: [.., hidden]` with as many rows as `x`,
/// `U: [hidden, n]`, `b: [n]`; `y: [.., n]`.
///
/// Every sum starts at `b`, runs over the k of `x`, then over the k of `h`, by fused
/// multiply-adds. A kernel that keeps this order gives the same bits, however it tiles.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
///
/// // One row: 10 + 2 · 3 · 1 + 4 · 1 · 5, with the state's part left out the second time.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// Tape::new().evaluate(&none, |g| {
///     let (x, w, b) = (g.constant([1, 2], 3.0), g.constant([2, 1], 1.0), g.constant([1], 10.0));
///     let (h, u) = (g.constant([1, 4], 1.0), g.constant([4, 1], 5.0));
///     assert_eq!(g.apply(rules::Affine, [x, w, h, u, b]).tensor().values(), [36.0]);
///     let none = g.absent();
///     assert_eq!(g.apply(rules::Affine, [x, w, none, none, b]).tensor().values(), [16.0]);
/// })?;
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affine;

/// Whether an operand is not there: the shape `[0]`.
fn absent(shape: Shape) -> bool {
    shape.dims() == [0]
}

impl<T: Real> Rule<T, 5> for Affine {
    const NAME: &'static str = "affine";

    fn shape(&self, [x, w, h, u, b]: [Shape; 5]) -> Result<Shape, Misfit> {
        if x.rank() == 0 || w.rank() != 2 {
            return Err(Misfit::new("wanted x: [.., in] and W: [in, n]"));
        }
        if x.get(x.rank() - 1) != w.get(0) {
            let reason = format!("x has {} columns, W {} rows", x.last(), w.rows());
            return Err(Misfit::new(reason));
        }
        let n = w.last();
        let recurrent = !(absent(h) && absent(u));
        if recurrent && (h.rank() == 0 || u.rank() != 2 || h.rows() != x.rows()) {
            return Err(Misfit::new(
                "wanted h: [.., hidden] with as many rows as x, U: [hidden, n]",
            ));
        }
        if recurrent && (h.last() != u.rows() || u.last() != n) {
            let reason =
                format!("h has {} columns, W {n}; wanted U: [{}, {n}]", h.last(), h.last());
            return Err(Misfit::new(reason));
        }
        if !absent(b) && b != Shape::from([n]) {
            return Err(Misfit::new(format!("wanted b: [{n}]")));
        }
        Ok(x.with_last(n))
    }

    fn forward(&self, [x, w, h, u, b]: [View<'_, T>; 5], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        let (whole, mut fill) = (y.shape(), Fill::Overwrite);
        if !b.values().is_empty() {
            fit(add_rows(y.values_mut(), b.values(), |_, b| b));
            fill = Fill::Add;
        }
        let again = ViewMut::new(whole, y.values_mut());
        multiply(x.matrix(), w.matrix(), again.map(|y| (y, fill)));
        if !absent(u.shape()) {
            multiply(h.matrix(), u.matrix(), Some((y, Fill::Add)));
        }
    }

    fn adjoint(&self, at: At<'_, T, 5>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let [x, w, h, u, b] = at.x;
        let pairs = [(0, (x, w)), (2, (h, u))];
        for (input, (x, w)) in pairs.into_iter().filter(|(_, (_, w))| !absent(w.shape())) {
            multiply(dy.matrix(), w.matrix().map(|w| w.t()), d.fill(input));
            multiply(x.matrix().map(|x| x.t()), dy.matrix(), d.fill(input + 1));
        }
        if let Some(mut db) = d.of(4)
            && !absent(b.shape())
        {
            fit(fold_rows(dy.values(), db.values_mut()));
        }
    }
}

impl Sample for Affine {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let (batch, input, hidden, n) = (draw.size(0), draw.size(1), draw.size(2), draw.size(3));
        let (recurrent, bias) = (draw.pick(3) > 0, draw.pick(3) > 0);
        let mut maybe =
            |there: bool, shape: &[usize]| draw.normal(if there { shape } else { &[0] });
        let h = maybe(recurrent, &[batch, hidden]);
        let u = maybe(recurrent, &[hidden, n]);
        let b = maybe(bias, &[n]);
        (Affine, vec![draw.normal(&[batch, input]), draw.normal(&[input, n]), h, u, b])
    }
}
