//! One source, two instruction sets: the choice is made at run time.

/// A computation over slices that wants to be compiled for the machine it runs on.
///
/// `run` and everything it calls in its inner loops must be `#[inline(always)]` or closures, or
/// they are compiled for the baseline only.
pub trait Kernel {
    /// What the computation returns.
    type Output;
    /// Runs it.
    fn run(self) -> Self::Output;
}

/// Runs a kernel as compiled for the baseline of the target: the twin that
/// [`Real::dispatch`](crate::Real::dispatch) must equal bit for bit.
///
/// On baseline x86-64 a fused multiply-add is a call into the C library, some thirty times
/// slower than a multiplication and an addition: correct, and for testing only.
#[inline(never)]
pub fn portable<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// Runs a kernel on the widest instruction set that this machine has.
#[inline]
pub(crate) fn widest<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: `avx2` is safe code that asks for AVX2 and FMA, and both were detected.
        return unsafe { avx2(kernel) };
    }
    portable(kernel)
}
