//! Two registers as one: while one waits for a result, the other has one.

use super::Lanes;
use super::activation::Wave;

/// Two registers side by side.
#[derive(Clone, Copy)]
pub struct Twice<L>(pub(super) L, pub(super) L);

impl<L: Lanes> Lanes for Twice<L> {
    type Scalar = L::Scalar;
    const WIDTH: usize = 2 * L::WIDTH;
    const ROWS: usize = L::ROWS;

    #[inline(always)]
    fn apart(f: impl FnOnce()) {
        L::apart(f);
    }
    #[inline(always)]
    fn prefetch(at: *const u8) {
        L::prefetch(at);
    }
    #[inline(always)]
    fn splat(x: L::Scalar) -> Self {
        Twice(L::splat(x), L::splat(x))
    }
    #[inline(always)]
    unsafe fn load(from: *const L::Scalar) -> Self {
        // SAFETY: as the caller promises.
        unsafe { Twice(L::load(from), L::load(from.add(L::WIDTH))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut L::Scalar) {
        // SAFETY: as the caller promises.
        unsafe {
            self.0.store(to);
            self.1.store(to.add(L::WIDTH));
        }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut L::Scalar) {
        // SAFETY: as the caller promises; registers are as long as the alignment, or half.
        unsafe {
            self.0.stream(to);
            self.1.stream(to.add(L::WIDTH));
        }
    }
    #[inline(always)]
    fn streamed() {
        L::streamed();
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Twice(self.0.mul_add(a.0, b.0), self.1.mul_add(a.1, b.1))
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Twice(self.0.add(b.0), self.1.add(b.1))
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Twice(self.0.sub(b.0), self.1.sub(b.1))
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Twice(self.0.mul(b.0), self.1.mul(b.1))
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        L::sigmoid_of_two(self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        L::tanh_of_two(self)
    }
    #[inline(always)]
    fn unless_negative(self, yes: Self, no: Self) -> Self {
        Twice(self.0.unless_negative(yes.0, no.0), self.1.unless_negative(yes.1, no.1))
    }
    #[inline(always)]
    unsafe fn load_part(from: *const L::Scalar, n: usize) -> Self {
        let second = n.saturating_sub(L::WIDTH);
        // SAFETY: as the caller promises; of a register of no lanes nothing is read.
        unsafe {
            Twice(L::load_part(from, n - second), L::load_part(from.wrapping_add(L::WIDTH), second))
        }
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut L::Scalar, n: usize) {
        let second = n.saturating_sub(L::WIDTH);
        // SAFETY: as the caller promises; of a register of no lanes nothing is written.
        unsafe {
            self.0.store_part(to, n - second);
            self.1.store_part(to.wrapping_add(L::WIDTH), second);
        }
    }
}

/// Each step of an activation for one register, then for the other.
impl<W: Wave> Wave for Twice<W> {
    #[inline(always)]
    fn of(x: f32) -> Self {
        Twice(W::of(x), W::of(x))
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Twice(self.0.mul_add(a.0, b.0), self.1.mul_add(a.1, b.1))
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Twice(self.0.add(b.0), self.1.add(b.1))
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Twice(self.0.sub(b.0), self.1.sub(b.1))
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Twice(self.0.mul(b.0), self.1.mul(b.1))
    }
    #[inline(always)]
    fn mul_sub_from(self, a: Self, b: Self) -> Self {
        Twice(self.0.mul_sub_from(a.0, b.0), self.1.mul_sub_from(a.1, b.1))
    }
    #[inline(always)]
    fn minus_abs(self) -> Self {
        Twice(self.0.minus_abs(), self.1.minus_abs())
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Twice(self.0.abs(), self.1.abs())
    }
    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        Twice(self.0.copysign(sign.0), self.1.copysign(sign.1))
    }
    #[inline(always)]
    fn at_least(self, limit: f32) -> Self {
        Twice(self.0.at_least(limit), self.1.at_least(limit))
    }
    #[inline(always)]
    fn at_most(self, limit: f32) -> Self {
        Twice(self.0.at_most(limit), self.1.at_most(limit))
    }
    #[inline(always)]
    fn if_less(a: Self, b: Self, yes: Self, no: Self) -> Self {
        Twice(W::if_less(a.0, b.0, yes.0, no.0), W::if_less(a.1, b.1, yes.1, no.1))
    }
    #[inline(always)]
    fn times_power_of_two(self, n: Self) -> Self {
        Twice(self.0.times_power_of_two(n.0), self.1.times_power_of_two(n.1))
    }
}
