//! Losses of single elements.

use super::mean::{Losses, Weighed};
use elman_autograd::{Misfit, Side};
use elman_kernels::{fit, update, zip};
use elman_tensor::{Real, Shape, View};

/// A function of one element of each of `N` operands: a value and its slopes.
pub(crate) trait Pointwise<const N: usize>: Send + Sync + 'static {
    /// The name, for errors.
    const NAME: &'static str;
    /// Whether the settings make sense.
    fn valid(&self) -> Result<(), Misfit> {
        Ok(())
    }
    /// f(x).
    fn value<T: Real>(&self, x: [T; N]) -> T;
    /// ∂f/∂x of one operand.
    fn slope<T: Real>(&self, operand: usize, x: [T; N]) -> T;
}

/// ℓᵢ = f of the i-th elements of operands of equal shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Each<F>(pub(crate) F);

/// w x, and 0 where w is, whatever x is.
#[inline(always)]
pub(crate) fn weigh<T: Real>(w: T, x: T) -> T {
    if w == T::ZERO { T::ZERO } else { w * x }
}

/// a x, and 0 where a is 0 and x infinite: the limit of what grows slower than 1/a.
#[inline(always)]
pub(crate) fn product<T: Real>(a: T, x: T) -> T {
    if a == T::ZERO && !x.is_finite() { T::ZERO } else { a * x }
}

impl<F: Pointwise<N>, const N: usize> Losses<N> for Each<F> {
    const NAME: &'static str = F::NAME;

    fn shape(&self, x: [Shape; N]) -> Result<Shape, Misfit> {
        self.0.valid()?;
        if x.iter().any(|other| *other != x[0]) {
            return Err(Misfit::new("wanted a prediction and a target of equal shapes"));
        }
        Ok(x[0])
    }

    fn forward<T: Real>(&self, x: [View<'_, T>; N], w: &mut [T], _: Side<'_, T>) {
        fit(zip(w, x.map(|x| x.values()), |w, x| *w = weigh(*w, self.0.value(x))));
    }

    fn adjoint<T: Real>(&self, operand: usize, at: Weighed<'_, T, N>, c: T, dx: &mut [T]) {
        let Weighed { x, w, .. } = at;
        fit(zip(w, x.map(|x| x.values()), |w, x| *w = weigh(*w, self.0.slope(operand, x))));
        fit(update(dx, w, |dx, slope| *dx += c * slope));
    }

    fn forward_plain<T: Real>(&self, x: [View<'_, T>; N], w: &mut [T], _: Side<'_, T>) {
        fit(zip(w, x.map(|x| x.values()), |w, x| *w = self.0.value(x)));
    }

    fn adjoint_plain<T: Real>(&self, operand: usize, at: Weighed<'_, T, N>, c: T, dx: &mut [T]) {
        let x = at.x.map(|x| x.values());
        fit(zip(dx, x, |dx, x| *dx += c * self.0.slope(operand, x)));
    }
}
