//! Registers of scalars: what the packed kernels are written over.

#[cfg(test)]
mod accuracy;
mod activation;
mod logarithm;
mod plain;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use activation::{exp, sigmoid, tanh};
pub(crate) use logarithm::{ln, softplus};
pub(crate) use plain::Plain;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Dual64x4, F32x8, F32x16, F64x4, F64x8};

use crate::real::Real;

/// A register of `WIDTH` scalars; lanes never mix.
///
/// Every operation rounds each lane as the scalar operation would, so a kernel gives the same bits
/// over any implementation.
///
/// # Safety
/// Implementations wider than the baseline may only be named by [`run`](LaneKernel::run) on behalf
/// of `dispatch`, which has checked the processor and compiles its callees for it. Everything
/// between there and an operation must be `#[inline(always)]`.
pub trait Lanes: Copy + 'static {
    /// What a lane holds.
    type Scalar: Real;
    /// The number of lanes, a divisor of 16.
    const WIDTH: usize;
    /// The most rows of a tile, 1, 3 or 6: so many rows of four registers of sums fit beside their
    /// operands. With 1 row, tiles are one register wide, too.
    const ROWS: usize;
    /// The most registers of units that a step of a single row computes together, 1, 2 or 4.
    const TOGETHER: usize;

    /// Calls a closure as a function of its own, compiled for the same instructions: pieces that
    /// are large but not called often are compiled faster so.
    fn apart(f: impl FnOnce());

    /// The same scalar in all lanes.
    fn splat(x: Self::Scalar) -> Self;

    /// The `WIDTH` scalars at an address.
    ///
    /// # Safety
    /// They must be there.
    unsafe fn load(from: *const Self::Scalar) -> Self;

    /// Writes `WIDTH` scalars to an address.
    ///
    /// # Safety
    /// There must be room.
    unsafe fn store(self, to: *mut Self::Scalar);

    /// Brings the cache line of an address, which need not be there, into the L2 cache.
    #[inline(always)]
    fn prefetch(_at: *const u8) {}

    /// Writes `WIDTH` scalars past the caches: to memory that is not read again soon. Such writes
    /// are seen by other threads after [`streamed`](Lanes::streamed).
    ///
    /// # Safety
    /// There must be room, and the address must be a multiple of 64.
    #[inline(always)]
    unsafe fn stream(self, to: *mut Self::Scalar) {
        // SAFETY: the caller's promise.
        unsafe { self.store(to) }
    }

    /// Ends a run of [`stream`](Lanes::stream)s.
    #[inline(always)]
    fn streamed() {}

    /// `to[c, r] = from[r, c]` for as many rows and columns as there are lanes; both are given with
    /// the distance of their rows.
    ///
    /// # Safety
    /// They must be there.
    #[inline(always)]
    unsafe fn transpose(from: (*const Self::Scalar, usize), to: (*mut Self::Scalar, usize)) {
        for r in 0..Self::WIDTH {
            for c in 0..Self::WIDTH {
                // SAFETY: the caller's promise.
                unsafe { to.0.add(c * to.1 + r).write(*from.0.add(r * from.1 + c)) }
            }
        }
    }

    /// `self · a + b` with one rounding.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// The sum.
    fn add(self, b: Self) -> Self;
    /// The difference.
    fn sub(self, b: Self) -> Self;
    /// The product.
    fn mul(self, b: Self) -> Self;
    /// The logistic function.
    fn sigmoid(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Sets lanes to 0 as [`Real::flush_to_zero`] does.
    fn flush_to_zero(self) -> Self;
    /// `no` where `self ≤ 0`, else (NaN too) `yes`.
    fn unless_negative(self, yes: Self, no: Self) -> Self;

    /// The first `n` scalars, 1 ≤ `n` ≤ WIDTH, at an address, and zeros behind them.
    ///
    /// # Safety
    /// The `n` scalars must be there.
    #[inline(always)]
    unsafe fn load_part(from: *const Self::Scalar, n: usize) -> Self {
        // SAFETY: the caller promises `n` readable scalars, and 16 ≥ WIDTH ≥ n ≥ 1.
        unsafe {
            if const { Self::WIDTH == 1 } || n == Self::WIDTH {
                return Self::load(from);
            }
            Self::load(first(from, n).as_ptr())
        }
    }

    /// Writes the first `n` lanes, 1 ≤ `n` ≤ WIDTH, to an address.
    ///
    /// # Safety
    /// There must be room for `n` scalars.
    #[inline(always)]
    unsafe fn store_part(self, to: *mut Self::Scalar, n: usize) {
        // SAFETY: the caller promises room for `n` scalars, and 16 ≥ WIDTH ≥ n ≥ 1.
        unsafe {
            if const { Self::WIDTH == 1 } || n == Self::WIDTH {
                return self.store(to);
            }
            let mut whole = [Self::Scalar::ZERO; 16];
            self.store(whole.as_mut_ptr());
            std::ptr::copy_nonoverlapping(whole.as_ptr(), to, n);
        }
    }
}

/// The first `n` scalars at an address, and zeros behind them.
///
/// # Safety
/// The `n ≤ 16` scalars must be there.
#[inline(never)]
unsafe fn first<T: Real>(from: *const T, n: usize) -> [T; 16] {
    let mut whole = [T::ZERO; 16];
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(from, whole.as_mut_ptr(), n) }
    whole
}

/// A computation written over [`Lanes`].
pub trait LaneKernel<T: Real> {
    /// What it returns.
    type Output;
    /// Runs it in registers of one kind. It and all that it calls must be `#[inline(always)]`.
    fn run<L: Lanes<Scalar = T>>(self) -> Self::Output;
}
