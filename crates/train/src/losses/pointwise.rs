//! Losses of single elements.

use super::mean::{Losses, MOST, Weighed, add};
use elman_autograd::{Misfit, Side};
use elman_kernels::{fit, zip};
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
pub(crate) struct Each<F, const N: usize>(pub(crate) F);

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

/// The numbers of the first operands.
fn values<'a, T: Real, const N: usize>(x: [View<'a, T>; MOST]) -> [&'a [T]; N] {
    std::array::from_fn(|i| x[i].values())
}

impl<F: Pointwise<N>, const N: usize> Losses for Each<F, N> {
    const NAME: &'static str = F::NAME;
    const OPERANDS: usize = N;

    fn shape(&self, x: [Shape; MOST]) -> Result<Shape, Misfit> {
        self.0.valid()?;
        if x[..N].iter().any(|other| *other != x[0]) {
            return Err(Misfit::new("wanted a prediction and a target of equal shapes"));
        }
        Ok(x[0])
    }

    fn forward<T: Real>(&self, x: [View<'_, T>; MOST], w: &mut [T], _: Side<'_, T>) {
        fit(zip(w, values(x), |w, x| *w = weigh(*w, self.0.value(x))));
    }

    fn adjoint<T: Real>(&self, operand: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]) {
        let Weighed { x, w, .. } = at;
        fit(zip(w, values(x), |w, x| *w = weigh(*w, self.0.slope(operand, x))));
        add(dx, c, w);
    }

    fn forward_plain<T: Real>(&self, x: [View<'_, T>; MOST], w: &mut [T], _: Side<'_, T>) {
        fit(zip(w, values(x), |w, x| *w = self.0.value(x)));
    }

    fn adjoint_plain<T: Real>(&self, operand: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]) {
        fit(zip(dx, values(at.x), |dx, x| *dx += c * self.0.slope(operand, x)));
    }
}
