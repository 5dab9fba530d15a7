//! Lanes in an array: the portable twin of every register, and the only one of dual numbers.

use super::Lanes;
use crate::real::Real;

/// `N` scalars side by side.
#[derive(Clone, Copy)]
pub(crate) struct Plain<T, const N: usize>([T; N]);

impl<T: Real, const N: usize> Plain<T, N> {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(T, T) -> T) -> Self {
        Plain(std::array::from_fn(
            #[inline(always)]
            |i| f(self.0[i], b.0[i]),
        ))
    }
}

impl<T: Real, const N: usize> Lanes for Plain<T, N> {
    type Scalar = T;
    const WIDTH: usize = N;
    const ROWS: usize = if N < 8 { 1 } else { 3 };

    #[inline(always)]
    fn apart(f: impl FnOnce()) {
        f();
    }
    #[inline(always)]
    fn splat(x: T) -> Self {
        Plain([x; N])
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller promises `N` readable scalars; an array is aligned as they are.
        Plain(unsafe { from.cast::<[T; N]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller promises room for `N` scalars.
        unsafe { to.cast::<[T; N]>().write(self.0) }
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Plain(std::array::from_fn(
            #[inline(always)]
            |i| self.0[i].mul_add(a.0[i], b.0[i]),
        ))
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        self.zip(b, |a, b| a * b)
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Plain(self.0.map(T::sigmoid))
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        Plain(self.0.map(T::tanh))
    }
    #[inline(always)]
    fn unless_negative(self, yes: Self, no: Self) -> Self {
        Plain(std::array::from_fn(
            #[inline(always)]
            |i| if self.0[i] <= T::ZERO { no.0[i] } else { yes.0[i] },
        ))
    }
}
