//! One source, several instruction sets: the choice is made at run time.

use crate::dual::Dual;
use crate::lanes::{LaneKernel, Lanes, Plain};
use crate::real::Real;
use std::sync::atomic::{AtomicU8, Ordering};

/// A computation over slices that wants to be compiled for the machine it runs on.
///
/// `run` and everything it calls in its inner loops must be `#[inline(always)]` or closures, or
/// they are compiled for the baseline only.
///
/// ```
/// use elman_kernels::{Kernel, Real, portable};
///
/// /// Σ x², term after term.
/// #[derive(Clone, Copy)]
/// struct Squares<'a>(&'a [f64]);
///
/// impl Kernel for Squares<'_> {
///     type Output = f64;
///     #[inline(always)]
///     fn run(self) -> f64 {
///         self.0.iter().fold(0.0, |sum, &x| Real::mul_add(x, x, sum))
///     }
/// }
///
/// let squares = Squares(&[0.1, 0.2, 0.3]);
/// assert_eq!(f64::dispatch(squares).to_bits(), portable(squares).to_bits());
/// ```
pub trait Kernel {
    /// What the computation returns.
    type Output;
    /// Runs it.
    fn run(self) -> Self::Output;
}

/// The instruction sets that there are compilations for, the narrowest first.
///
/// ```
/// use elman_kernels::Isa;
///
/// assert!(Isa::used() <= Isa::widest()); // never one that the machine lacks
/// assert!(Isa::Portable < Isa::Avx2 && Isa::Avx2 < Isa::Avx512);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Isa {
    /// The baseline of the target. On baseline x86-64 a fused multiply-add is a call into the C
    /// library, some thirty times slower than a multiplication and an addition: correct, and for
    /// testing only.
    Portable = 1,
    /// AVX2 with FMA.
    Avx2 = 2,
    /// AVX-512F.
    Avx512 = 3,
}

impl Isa {
    /// All of them.
    pub const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];

    /// The widest instruction set that this machine has.
    pub fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") {
                return if has!("avx512f") { Isa::Avx512 } else { Isa::Avx2 };
            }
        }
        Isa::Portable
    }

    /// Itself, or the widest one that this machine has.
    #[inline]
    fn there(self) -> Self {
        // What is used is there; only for more the processor has to be asked.
        if self <= Isa::used() { self } else { self.min(Isa::widest()) }
    }

    /// What kernels use: the widest, or what the environment variable `ELMAN_ISA` asks for
    /// (`portable`, `avx2` or `avx512`) where that is narrower. It is read once.
    ///
    /// Results have the same bits on all of them.
    #[inline]
    pub fn used() -> Self {
        match USED.load(Ordering::Relaxed) {
            1 => Isa::Portable,
            2 => Isa::Avx2,
            3 => Isa::Avx512,
            _ => choose(),
        }
    }
}

/// 0 until the first question.
static USED: AtomicU8 = AtomicU8::new(0);

#[cold]
fn choose() -> Isa {
    let asked = match std::env::var("ELMAN_ISA").as_deref() {
        Ok("portable") => Isa::Portable,
        Ok("avx2") => Isa::Avx2,
        _ => Isa::Avx512,
    };
    let isa = asked.min(Isa::widest());
    USED.store(isa as u8, Ordering::Relaxed);
    isa
}

/// Runs a kernel as compiled for the baseline of the target: the twin that
/// [`Real::dispatch`](crate::Real::dispatch) must equal bit for bit.
///
/// ```
/// use elman_kernels::{Kernel, portable};
///
/// struct Answer;
///
/// impl Kernel for Answer {
///     type Output = u32;
///     fn run(self) -> u32 {
///         42
///     }
/// }
///
/// assert_eq!(portable(Answer), 42);
/// ```
#[inline(never)]
pub fn portable<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// Runs a kernel on the instruction set in use.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if Isa::used() >= Isa::Avx2 {
        // SAFETY: `avx2` is safe code that asks for AVX2 and FMA, which were detected.
        return unsafe { x86::avx2(kernel) };
    }
    portable(kernel)
}

/// Runs a kernel in the registers of an instruction set, one that this machine has.
macro_rules! in_lanes {
    ($name:ident, $scalar:ty, $avx2:ident, $avx512:ident) => {
        #[inline]
        pub(crate) fn $name<K: LaneKernel<$scalar>>(isa: Isa, kernel: K) -> K::Output {
            #[cfg(target_arch = "x86_64")]
            match isa.there() {
                Isa::Portable => {}
                // SAFETY: the processor was asked for AVX2 and FMA.
                Isa::Avx2 => return unsafe { x86::run_avx2::<_, crate::lanes::$avx2, _>(kernel) },
                // SAFETY: the processor was asked for AVX-512F, AVX2 and FMA.
                Isa::Avx512 => {
                    return unsafe { x86::run_avx512::<_, crate::lanes::$avx512, _>(kernel) }
                }
            }
            run_portable(kernel)
        }
    };
}
in_lanes!(in_f32_lanes, f32, F32x8, F32x16);
in_lanes!(in_f64_lanes, f64, F64x4, F64x8);

/// Runs a kernel over the registers of dual numbers; the widest are those of AVX2.
#[inline]
pub(crate) fn in_dual_lanes<K: LaneKernel<Dual<f64>>>(isa: Isa, kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if isa.there() >= Isa::Avx2 {
        // SAFETY: the processor was asked for AVX2 and FMA.
        return unsafe { x86::run_avx2::<_, crate::lanes::Dual64x4, _>(kernel) };
    }
    run_portable(kernel)
}

/// Lanes of the portable compilation. On x86-64 it is there to be tested against, and each
/// multiply-add is a call; elsewhere it is what is used, and the compiler makes registers of it.
const WIDTH: usize = if cfg!(target_arch = "x86_64") { 1 } else { 8 };

/// Runs a kernel in arrays, compiled for the baseline.
#[inline(never)]
fn run_portable<T: Real, K: LaneKernel<T>>(kernel: K) -> K::Output {
    kernel.run::<Plain<T, WIDTH>>()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Kernel, LaneKernel, Lanes, Real};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2<K: Kernel>(kernel: K) -> K::Output {
        kernel.run()
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn run_avx2<T: Real, L: Lanes<Scalar = T>, K: LaneKernel<T>>(
        kernel: K,
    ) -> K::Output {
        kernel.run::<L>()
    }

    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) fn run_avx512<T: Real, L: Lanes<Scalar = T>, K: LaneKernel<T>>(
        kernel: K,
    ) -> K::Output {
        kernel.run::<L>()
    }
}
