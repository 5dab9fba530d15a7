//! The four operations, elementwise; an operand whose sizes are the last ones of the other's is
//! repeated over the leading axes.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{add_rows, fit, map2, map3_rows};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// Equal shapes, or one repeated over the leading axes of the other.
fn broadcast(a: Shape, b: Shape) -> Result<Shape, Misfit> {
    if a.ends_with(&b) {
        Ok(a)
    } else if b.ends_with(&a) {
        Ok(b)
    } else {
        Err(Misfit::new("the shapes must be equal, or one the last axes of the other"))
    }
}

/// `y = f(a, b)` with repetition.
fn forward<T: Real>(a: &[T], b: &[T], y: &mut [T], f: impl Fn(T, T) -> T + Sync) {
    if a.len() == b.len() {
        fit(map2(a, b, y, f));
    } else if a.len() == y.len() {
        y.copy_from_slice(a);
        fit(add_rows(y, b, f));
    } else {
        y.copy_from_slice(b);
        fit(add_rows(y, a, |b, a| f(a, b)));
    }
}

macro_rules! arithmetic {
    ($($(#[$doc:meta])* $name:ident $label:literal $value:expr, $left:expr, $right:expr, $six_two:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// ```
        /// use elman_autograd::{Params, Tape, rules};
        ///
        /// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
        /// let y = Tape::new().evaluate(&none, |g| {
        ///     let (a, b) = (g.constant([2, 3], 6.0), g.constant([3], 2.0)); // b is repeated
        #[doc = concat!("    g.apply(rules::", stringify!($name), ", [a, b]).tensor()")]
        /// })?;
        #[doc = concat!("assert_eq!(y.values(), [", $six_two, "; 6]);")]
        /// # Ok::<(), elman_autograd::Error>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;

        impl<T: Real> Rule<T, 2> for $name {
            const NAME: &'static str = $label;

            fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, Misfit> {
                broadcast(a, b)
            }

            fn forward(&self, [a, b]: [View<'_, T>; 2], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
                forward(a.values(), b.values(), y.values_mut(), $value);
            }

            fn adjoint(&self, at: At<'_, T, 2>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
                let [a, b] = at.x.map(|x| x.values());
                if let Some(mut da) = d.of(0) {
                    fit(map3_rows(a, b, dy.values(), da.values_mut(), $left));
                }
                if let Some(mut db) = d.of(1) {
                    fit(map3_rows(b, a, dy.values(), db.values_mut(), $right));
                }
            }
        }

        impl Sample for $name {
            fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
                let (m, n) = (draw.size(0), draw.size(1));
                let shapes: [[&[usize]; 2]; 4] = [[&[m, n], &[m, n]], [&[m, n], &[n]], [&[n], &[m, n]], [&[], &[m, n]]];
                let [a, b] = shapes[draw.pick(4)];
                // Away from 0, for the division.
                ($name, vec![draw.uniform(a, 0.4, 2.0), draw.uniform(b, 0.4, 2.0)])
            }
        }
    )*};
}

// Each line: y = f(a, b); then a's and b's share of dy, each seen from its own side (itself, the
// other, dy); and f(6, 2) for the documentation.
arithmetic! {
    /// y = a + b.
    Add "add" |a, b| a + b, |_, _, dy| dy, |_, _, dy| dy, 8.0;
    /// y = a − b.
    Sub "sub" |a, b| a - b, |_, _, dy| dy, |_, _, dy: T| -dy, 4.0;
    /// y = a ∘ b.
    Mul "mul" |a, b| a * b, |_, b, dy: T| dy * b, |_, a, dy: T| dy * a, 12.0;
    /// y = a / b.
    Div "div" |a, b| a / b, |_, b, dy: T| dy / b, |b, a, dy: T| -(dy * a) / (b * b), 3.0;
}
