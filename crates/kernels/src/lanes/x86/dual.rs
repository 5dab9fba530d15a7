//! Four dual numbers of AVX2: a register of values and one of tangents.

use super::{F64x4, apart_avx2};
use crate::dual::Dual;
use crate::lanes::Lanes;
use std::arch::x86_64::*;

/// Four `Dual<f64>` of AVX2. Each operation rounds as that of [`Dual`] does.
#[derive(Clone, Copy)]
pub(crate) struct Dual64x4 {
    value: F64x4,
    tangent: F64x4,
}

impl Dual64x4 {
    /// Functions with values `y` and derivatives `slope` at these points.
    #[inline(always)]
    fn chain(self, y: F64x4, slope: F64x4) -> Self {
        Dual64x4 { value: y, tangent: slope.mul(self.tangent) }
    }

    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(F64x4, F64x4) -> F64x4) -> Self {
        Dual64x4 { value: f(self.value, b.value), tangent: f(self.tangent, b.tangent) }
    }
}

// SAFETY, of every `unsafe` below that is not about an address: as in the module above.

impl Lanes for Dual64x4 {
    type Scalar = Dual<f64>;
    const WIDTH: usize = 4;
    const ROWS: usize = 1;
    const TOGETHER: usize = 2;

    #[inline(always)]
    fn apart(f: impl FnOnce()) {
        unsafe { apart_avx2(f) }
    }
    #[inline(always)]
    fn splat(x: Dual<f64>) -> Self {
        Dual64x4 { value: F64x4::splat(x.value), tangent: F64x4::splat(x.tangent) }
    }
    #[inline(always)]
    unsafe fn load(from: *const Dual<f64>) -> Self {
        // SAFETY: the caller promises four dual numbers, each a value and then a tangent.
        let (low, high) = unsafe {
            (_mm256_loadu_pd(from.cast()), _mm256_loadu_pd(from.cast::<f64>().wrapping_add(4)))
        };
        // Lanes are in the order 0, 2, 1, 3 first.
        let ordered = |x| F64x4(unsafe { _mm256_permute4x64_pd::<0b11_01_10_00>(x) });
        let (value, tangent) =
            unsafe { (_mm256_unpacklo_pd(low, high), _mm256_unpackhi_pd(low, high)) };
        Dual64x4 { value: ordered(value), tangent: ordered(tangent) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut Dual<f64>) {
        let shuffled = |x: F64x4| unsafe { _mm256_permute4x64_pd::<0b11_01_10_00>(x.0) };
        let (value, tangent) = (shuffled(self.value), shuffled(self.tangent));
        // SAFETY: the caller promises room for four dual numbers.
        unsafe {
            _mm256_storeu_pd(to.cast(), _mm256_unpacklo_pd(value, tangent));
            let to = to.cast::<f64>().wrapping_add(4);
            _mm256_storeu_pd(to, _mm256_unpackhi_pd(value, tangent));
        }
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        let tangent = self.tangent.mul_add(a.value, b.tangent);
        Dual64x4 {
            value: self.value.mul_add(a.value, b.value),
            tangent: self.value.mul_add(a.tangent, tangent),
        }
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.zip(b, F64x4::add)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.zip(b, F64x4::sub)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Dual64x4 {
            value: self.value.mul(b.value),
            tangent: self.value.mul(b.tangent).add(self.tangent.mul(b.value)),
        }
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let y = self.value.sigmoid();
        self.chain(y, y.mul(F64x4::splat(1.0).sub(y)))
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        let (y, one) = (self.value.tanh(), F64x4::splat(1.0));
        self.chain(y, one.sub(y).mul(one.add(y)))
    }
    #[inline(always)]
    fn flush_to_zero(self) -> Self {
        Dual64x4 { value: self.value.flush_to_zero(), tangent: self.tangent.flush_to_zero() }
    }
    #[inline(always)]
    fn unless_negative(self, yes: Self, no: Self) -> Self {
        yes.zip(no, |yes, no| self.value.unless_negative(yes, no))
    }
}
