//! What the polynomials of the activations ask of the registers.

use super::{F32x8, F32x16, F64x4, F64x8};
use crate::lanes::Lanes;
use crate::lanes::activation::Wave;
use std::arch::x86_64::*;

// SAFETY, of every `unsafe` below: as in the module above.

/// What both instruction sets have, from the names of the intrinsics.
macro_rules! arithmetic {
    ($scalar:ident: $max:ident $min:ident $div:ident $fnmadd:ident) => {
        type Scalar = $scalar;
        #[inline(always)]
        fn of(x: f64) -> Self {
            Self::splat(x as $scalar)
        }
        #[inline(always)]
        fn mul_add(self, a: Self, b: Self) -> Self {
            Lanes::mul_add(self, a, b)
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            Lanes::add(self, b)
        }
        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            Lanes::sub(self, b)
        }
        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            Lanes::mul(self, b)
        }
        #[inline(always)]
        fn div(self, b: Self) -> Self {
            unsafe { Self($div(self.0, b.0)) }
        }
        #[inline(always)]
        fn mul_sub_from(self, a: Self, b: Self) -> Self {
            unsafe { Self($fnmadd(self.0, a.0, b.0)) }
        }
        // The second operand is the result where one is NaN.
        #[inline(always)]
        fn at_least(self, limit: f64) -> Self {
            unsafe { Self($max(Self::of(limit).0, self.0)) }
        }
        #[inline(always)]
        fn at_most(self, limit: f64) -> Self {
            unsafe { Self($min(Self::of(limit).0, self.0)) }
        }
    };
}

macro_rules! avx2 {
    ($register:ident, $scalar:ident, $power:ident: $max:ident $min:ident $div:ident $fnmadd:ident
     $and:ident $andnot:ident $or:ident $blend:ident $cmp:ident) => {
        impl Wave for $register {
            arithmetic!($scalar: $max $min $div $fnmadd);

            #[inline(always)]
            fn minus_abs(self) -> Self {
                unsafe { Self($or(Self::of(-0.0).0, self.0)) }
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                let mask = Self::of(-0.0).0;
                unsafe { Self($or($andnot(mask, self.0), $and(mask, sign.0))) }
            }
            #[inline(always)]
            fn if_less(a: Self, b: Self, yes: Self, no: Self) -> Self {
                unsafe { Self($blend(no.0, yes.0, $cmp::<_CMP_LT_OQ>(a.0, b.0))) }
            }
            #[inline(always)]
            fn times_power_of_two(self, n: Self) -> Self {
                // As the scalar does: 2ⁿ as two factors.
                let [half, rest] = $power(n);
                Lanes::mul(Lanes::mul(self, half), rest)
            }
        }
    };
}
avx2!(F32x8, f32, powers_of_f32: _mm256_max_ps _mm256_min_ps _mm256_div_ps _mm256_fnmadd_ps
    _mm256_and_ps _mm256_andnot_ps _mm256_or_ps _mm256_blendv_ps _mm256_cmp_ps);
avx2!(F64x4, f64, powers_of_f64: _mm256_max_pd _mm256_min_pd _mm256_div_pd _mm256_fnmadd_pd
    _mm256_and_pd _mm256_andnot_pd _mm256_or_pd _mm256_blendv_pd _mm256_cmp_pd);

/// Two factors of 2ⁿ, of which neither leaves the range of exponents.
#[inline(always)]
fn powers_of_f32(n: F32x8) -> [F32x8; 2] {
    unsafe {
        let n = _mm256_cvtps_epi32(n.0);
        let half = _mm256_srai_epi32::<1>(n);
        [half, _mm256_sub_epi32(n, half)].map(|n| {
            let biased = _mm256_add_epi32(n, _mm256_set1_epi32(127));
            F32x8(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased)))
        })
    }
}

/// As of `f32`.
#[inline(always)]
fn powers_of_f64(n: F64x4) -> [F64x4; 2] {
    unsafe {
        let n = _mm256_cvtpd_epi32(n.0);
        let half = _mm_srai_epi32::<1>(n);
        [half, _mm_sub_epi32(n, half)].map(|n| {
            let biased = _mm256_cvtepi32_epi64(_mm_add_epi32(n, _mm_set1_epi32(1023)));
            F64x4(_mm256_castsi256_pd(_mm256_slli_epi64::<52>(biased)))
        })
    }
}

macro_rules! avx512 {
    ($register:ident, $scalar:ident: $max:ident $min:ident $div:ident $fnmadd:ident
     $bits:ident $of_bits:ident $blend:ident $cmp:ident $scale:ident) => {
        impl Wave for $register {
            arithmetic!($scalar: $max $min $div $fnmadd);

            #[inline(always)]
            fn minus_abs(self) -> Self {
                unsafe {
                    let sign = $bits(Self::of(-0.0).0);
                    Self($of_bits(_mm512_or_si512($bits(self.0), sign)))
                }
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                unsafe {
                    // Bit by bit: of `sign` where the mask is set, else of `self`.
                    let mask = $bits(Self::of(-0.0).0);
                    let (x, sign) = ($bits(self.0), $bits(sign.0));
                    Self($of_bits(_mm512_ternarylogic_epi64::<0xCA>(mask, sign, x)))
                }
            }
            #[inline(always)]
            fn if_less(a: Self, b: Self, yes: Self, no: Self) -> Self {
                unsafe { Self($blend($cmp::<_CMP_LT_OQ>(a.0, b.0), no.0, yes.0)) }
            }
            #[inline(always)]
            fn times_power_of_two(self, n: Self) -> Self {
                unsafe { Self($scale(self.0, n.0)) }
            }
        }
    };
}
avx512!(F32x16, f32: _mm512_max_ps _mm512_min_ps _mm512_div_ps _mm512_fnmadd_ps
    _mm512_castps_si512 _mm512_castsi512_ps _mm512_mask_blend_ps _mm512_cmp_ps_mask
    _mm512_scalef_ps);
avx512!(F64x8, f64: _mm512_max_pd _mm512_min_pd _mm512_div_pd _mm512_fnmadd_pd
    _mm512_castpd_si512 _mm512_castsi512_pd _mm512_mask_blend_pd _mm512_cmp_pd_mask
    _mm512_scalef_pd);
