//! Lanes in an array: the portable twin of every register.

use super::Lanes;
use crate::real::Real;

/// `N` scalars side by side.
#[derive(Clone, Copy)]
pub(crate) struct Plain<T, const N: usize>([T; N]);

impl<T: Real, const N: usize> Plain<T, N> {
    #[inline(always)]
    fn zip(mut self, b: Self, f: impl Fn(T, T) -> T) -> Self {
        for i in 0..N {
            self.0[i] = f(self.0[i], b.0[i]);
        }
        self
    }
}

impl<T: Real, const N: usize> Lanes for Plain<T, N> {
    type Scalar = T;
    const WIDTH: usize = N;
    const ROWS: usize = if N < 8 { 1 } else { 3 };

    const TOGETHER: usize = if N == 1 { 1 } else { 4 };

    #[inline(never)]
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
        if const { N == 1 } {
            return Plain([mul_add(self.0[0], a.0[0], b.0[0]); N]);
        }
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
        if const { N == 1 } {
            return Plain([sigmoid(self.0[0]); N]);
        }
        Plain(self.0.map(T::sigmoid))
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        if const { N == 1 } {
            return Plain([tanh(self.0[0]); N]);
        }
        Plain(self.0.map(T::tanh))
    }
    #[inline(always)]
    fn flush_to_zero(self) -> Self {
        Plain(self.0.map(T::flush_to_zero))
    }
    #[inline(always)]
    fn unless_negative(self, yes: Self, no: Self) -> Self {
        Plain(std::array::from_fn(
            #[inline(always)]
            |i| if self.0[i] <= T::ZERO { no.0[i] } else { yes.0[i] },
        ))
    }
}

// A single lane is there to be tested against: what is more than an instruction is a function of
// its own, compiled once for each scalar.

#[inline(never)]
fn mul_add<T: Real>(x: T, a: T, b: T) -> T {
    x.mul_add(a, b)
}

#[inline(never)]
fn sigmoid<T: Real>(x: T) -> T {
    x.sigmoid()
}

#[inline(never)]
fn tanh<T: Real>(x: T) -> T {
    x.tanh()
}
