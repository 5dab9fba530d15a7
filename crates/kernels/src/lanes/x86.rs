//! The registers of AVX2 with FMA, and of AVX-512.

mod dual;
mod wave;

pub(crate) use dual::Dual64x4;

use super::Lanes;
use super::activation;
use crate::real::Real;
use std::arch::x86_64::*;

/// Eight `f32` of AVX2.
#[derive(Clone, Copy)]
pub(crate) struct F32x8(__m256);
/// Sixteen `f32` of AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct F32x16(__m512);
/// Four `f64` of AVX2.
#[derive(Clone, Copy)]
pub(crate) struct F64x4(__m256d);
/// Eight `f64` of AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct F64x8(__m512d);

// SAFETY, of every `unsafe` below that is not about an address: the intrinsics need AVX2 and FMA
// or AVX-512F, and by the contract of `Lanes` these types are named only where the processor was
// checked for them.

#[target_feature(enable = "avx2,fma")]
#[inline(never)]
fn apart_avx2(f: impl FnOnce()) {
    f();
}

#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
fn apart_avx512(f: impl FnOnce()) {
    f();
}

/// What all registers have in common, from the names of the intrinsics.
macro_rules! arithmetic {
    ($scalar:ty, $width:literal, $rows:literal; $apart:ident $set:ident $load:ident $store:ident
     $stream:ident $fma:ident $add:ident $sub:ident $mul:ident) => {
        type Scalar = $scalar;
        const WIDTH: usize = $width;
        const ROWS: usize = $rows;
        const TOGETHER: usize = 4;

        #[inline(always)]
        fn apart(f: impl FnOnce()) {
            unsafe { $apart(f) }
        }
        #[inline(always)]
        fn splat(x: $scalar) -> Self {
            unsafe { Self($set(x)) }
        }
        #[inline(always)]
        unsafe fn load(from: *const $scalar) -> Self {
            // SAFETY: the caller promises as many readable scalars, aligned or not.
            unsafe { Self($load(from)) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut $scalar) {
            // SAFETY: the caller promises room for as many scalars, aligned or not.
            unsafe { $store(to, self.0) }
        }
        #[inline(always)]
        unsafe fn stream(self, to: *mut $scalar) {
            // SAFETY: the caller promises room for as many scalars, aligned.
            unsafe { $stream(to, self.0) }
        }
        #[inline(always)]
        fn prefetch(at: *const u8) {
            unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
        }
        #[inline(always)]
        fn streamed() {
            unsafe { _mm_sfence() }
        }
        #[inline(always)]
        fn mul_add(self, a: Self, b: Self) -> Self {
            unsafe { Self($fma(self.0, a.0, b.0)) }
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            unsafe { Self($add(self.0, b.0)) }
        }
        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            unsafe { Self($sub(self.0, b.0)) }
        }
        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            unsafe { Self($mul(self.0, b.0)) }
        }
    };
}

/// The activations, in the register.
macro_rules! activations {
    () => {
        #[inline(always)]
        fn sigmoid(self) -> Self {
            activation::sigmoid(self)
        }
        #[inline(always)]
        fn tanh(self) -> Self {
            activation::tanh(self)
        }
    };
}

impl Lanes for F32x8 {
    arithmetic!(f32, 8, 3; apart_avx2 _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps
        _mm256_stream_ps _mm256_fmadd_ps
        _mm256_add_ps _mm256_sub_ps _mm256_mul_ps);
    activations!();

    #[inline(always)]
    fn flush_to_zero(self) -> Self {
        unsafe {
            let magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0);
            let limit = Self::splat(f32::FLUSH_BELOW).0;
            let kept = _mm256_cmp_ps::<_CMP_NLT_UQ>(magnitude, limit);
            Self(_mm256_and_ps(kept, self.0))
        }
    }
    #[inline(always)]
    fn unless_negative(self, yes: Self, no: Self) -> Self {
        unsafe {
            let negative = _mm256_cmp_ps::<_CMP_LE_OQ>(self.0, _mm256_setzero_ps());
            Self(_mm256_blendv_ps(yes.0, no.0, negative))
        }
    }
}

impl Lanes for F32x16 {
    arithmetic!(f32, 16, 6; apart_avx512 _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps
        _mm512_stream_ps _mm512_fmadd_ps
        _mm512_add_ps _mm512_sub_ps _mm512_mul_ps);
    activations!();

    #[inline(always)]
    fn flush_to_zero(self) -> Self {
        unsafe {
            let limit = Self::splat(f32::FLUSH_BELOW).0;
            let kept = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(_mm512_abs_ps(self.0), limit);
            Self(_mm512_maskz_mov_ps(kept, self.0))
        }
    }
    #[inline(always)]
    fn unless_negative(self, yes: Self, no: Self) -> Self {
        unsafe {
            let negative = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(self.0, _mm512_setzero_ps());
            Self(_mm512_mask_blend_ps(negative, yes.0, no.0))
        }
    }
    #[inline(always)]
    unsafe fn transpose(from: (*const f32, usize), to: (*mut f32, usize)) {
        // SAFETY: the caller's promise.
        unsafe { transpose_16(from, to) }
    }
    // Unlike those under a mask, whole stores can be loaded from before they are in the cache.
    #[inline(always)]
    unsafe fn load_part(from: *const f32, n: usize) -> Self {
        // SAFETY: lanes beyond `n` are not read.
        unsafe {
            match n {
                16 => Self::load(from),
                8 => Self(_mm512_zextps256_ps512(_mm256_loadu_ps(from))),
                _ => Self(_mm512_maskz_loadu_ps(first(n), from)),
            }
        }
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, n: usize) {
        // SAFETY: lanes beyond `n` are not written.
        unsafe {
            match n {
                16 => self.store(to),
                8 => _mm256_storeu_ps(to, _mm512_castps512_ps256(self.0)),
                _ => _mm512_mask_storeu_ps(to, first(n), self.0),
            }
        }
    }
}

/// See [`Lanes::transpose`]: pairs, then fours, then quarters of registers change places.
///
/// # Safety
/// As of [`Lanes::transpose`]; AVX-512F.
#[inline(always)]
unsafe fn transpose_16(from: (*const f32, usize), to: (*mut f32, usize)) {
    // SAFETY: the caller's promises.
    unsafe {
        let mut x = [_mm512_setzero_ps(); 16];
        for r in 0..16 {
            x[r] = _mm512_loadu_ps(from.0.add(r * from.1));
        }
        let mut y = x;
        for r in (0..16).step_by(2) {
            y[r] = _mm512_unpacklo_ps(x[r], x[r + 1]);
            y[r + 1] = _mm512_unpackhi_ps(x[r], x[r + 1]);
        }
        for r in (0..16).step_by(4) {
            let d = |i: usize| _mm512_castps_pd(y[r + i]);
            let (low, high) = (_mm512_unpacklo_pd(d(0), d(2)), _mm512_unpackhi_pd(d(0), d(2)));
            x[r] = _mm512_castpd_ps(low);
            x[r + 1] = _mm512_castpd_ps(high);
            let (low, high) = (_mm512_unpacklo_pd(d(1), d(3)), _mm512_unpackhi_pd(d(1), d(3)));
            x[r + 2] = _mm512_castpd_ps(low);
            x[r + 3] = _mm512_castpd_ps(high);
        }
        // Now quarter q of x[4 g + i] has rows 4 g .. 4 g + 4 of column 4 q + i.
        for i in 0..4 {
            let (a, b, c, d) = (x[i], x[4 + i], x[8 + i], x[12 + i]);
            let (ab, cd) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(c, d));
            y[i] = _mm512_shuffle_f32x4::<0x88>(ab, cd);
            y[8 + i] = _mm512_shuffle_f32x4::<0xDD>(ab, cd);
            let (ab, cd) = (_mm512_shuffle_f32x4::<0xDD>(a, b), _mm512_shuffle_f32x4::<0xDD>(c, d));
            y[4 + i] = _mm512_shuffle_f32x4::<0x88>(ab, cd);
            y[12 + i] = _mm512_shuffle_f32x4::<0xDD>(ab, cd);
        }
        for (c, column) in y.into_iter().enumerate() {
            _mm512_storeu_ps(to.0.add(c * to.1), column);
        }
    }
}

/// The mask of the first `n ≤ 16` lanes.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    ((1u32 << n) - 1) as __mmask16
}

impl Lanes for F64x4 {
    arithmetic!(f64, 4, 3; apart_avx2 _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd
        _mm256_stream_pd _mm256_fmadd_pd
        _mm256_add_pd _mm256_sub_pd _mm256_mul_pd);
    activations!();

    #[inline(always)]
    fn flush_to_zero(self) -> Self {
        unsafe {
            let magnitude = _mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0);
            let limit = Self::splat(f64::FLUSH_BELOW).0;
            let kept = _mm256_cmp_pd::<_CMP_NLT_UQ>(magnitude, limit);
            Self(_mm256_and_pd(kept, self.0))
        }
    }
    #[inline(always)]
    fn unless_negative(self, yes: Self, no: Self) -> Self {
        unsafe {
            let negative = _mm256_cmp_pd::<_CMP_LE_OQ>(self.0, _mm256_setzero_pd());
            Self(_mm256_blendv_pd(yes.0, no.0, negative))
        }
    }
}

impl Lanes for F64x8 {
    arithmetic!(f64, 8, 3; apart_avx512 _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd
        _mm512_stream_pd _mm512_fmadd_pd
        _mm512_add_pd _mm512_sub_pd _mm512_mul_pd);
    activations!();

    #[inline(always)]
    fn flush_to_zero(self) -> Self {
        unsafe {
            let limit = Self::splat(f64::FLUSH_BELOW).0;
            let kept = _mm512_cmp_pd_mask::<_CMP_NLT_UQ>(_mm512_abs_pd(self.0), limit);
            Self(_mm512_maskz_mov_pd(kept, self.0))
        }
    }
    #[inline(always)]
    fn unless_negative(self, yes: Self, no: Self) -> Self {
        unsafe {
            let negative = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, _mm512_setzero_pd());
            Self(_mm512_mask_blend_pd(negative, yes.0, no.0))
        }
    }
}
