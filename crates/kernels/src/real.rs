//! The scalars of the framework.

use crate::dispatch::{self, Isa, Kernel};
use crate::lanes::{self, LaneKernel};
use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

mod sealed {
    use super::{Isa, LaneKernel, Real, dispatch};
    use crate::error::Error;
    use crate::fused::{Backward, Cell, Forward, Gradients, Sizes, Step, with_recurrence};
    use crate::fused::{backward::backward, forward::forward, step::step};
    use crate::product::Product;

    /// Nobody else implements [`Real`]: kernels may rely on its laws.
    ///
    /// The large kernels are methods, so that they are compiled here, once, and not in every crate
    /// that calls them.
    pub trait Sealed: Sized {
        /// Whether a · b + c and b · a + c have the same bits. Of dual numbers they have not: of
        /// the two terms of the tangent, one is rounded first.
        const COMMUTES: bool;

        /// Runs a kernel in registers of this scalar.
        fn in_lanes<K: LaneKernel<Self>>(isa: Isa, kernel: K) -> K::Output
        where
            Self: Real;

        fn product(isa: Isa, product: Product<'_, Self>);

        fn fused_forward(
            isa: Isa,
            cell: Cell,
            sizes: Sizes,
            with: Forward<'_, Self>,
        ) -> Result<(), Error>;

        fn fused_backward(
            isa: Isa,
            cell: Cell,
            sizes: Sizes,
            with: Backward<'_, Self>,
            into: &mut dyn Gradients<Self>,
        ) -> Result<(), Error>;

        fn fused_step(
            isa: Isa,
            with: &mut Step<Self>,
            x: &[Self],
            h: &mut [Self],
            c: &mut [Self],
            y: &mut [Self],
        ) -> Result<(), Error>;
    }

    macro_rules! sealed {
        ($scalar:ty, $run:expr, $commutes:literal) => {
            impl Sealed for $scalar {
                const COMMUTES: bool = $commutes;

                #[inline]
                fn in_lanes<K: LaneKernel<$scalar>>(isa: Isa, kernel: K) -> K::Output {
                    $run(isa, kernel)
                }

                fn product(isa: Isa, product: Product<'_, $scalar>) {
                    product.share(isa);
                }

                fn fused_forward(
                    isa: Isa,
                    cell: Cell,
                    sizes: Sizes,
                    with: Forward<'_, $scalar>,
                ) -> Result<(), Error> {
                    with_recurrence!(cell, cell => forward(isa, cell, sizes, with))
                }

                fn fused_backward(
                    isa: Isa,
                    cell: Cell,
                    sizes: Sizes,
                    with: Backward<'_, $scalar>,
                    into: &mut dyn Gradients<$scalar>,
                ) -> Result<(), Error> {
                    with_recurrence!(cell, cell => backward(isa, cell, sizes, with, into))
                }

                fn fused_step(
                    isa: Isa,
                    with: &mut Step<$scalar>,
                    x: &[$scalar],
                    h: &mut [$scalar],
                    c: &mut [$scalar],
                    y: &mut [$scalar],
                ) -> Result<(), Error> {
                    with_recurrence!(with.cell(), cell => step(isa, cell, with, x, [h, c, y]))
                }
            }
        };
    }
    sealed!(f32, dispatch::in_f32_lanes, true);
    sealed!(f64, dispatch::in_f64_lanes, true);
    sealed!(crate::Dual<f64>, dispatch::in_dual_lanes, false);
}

/// A scalar: `f32`, `f64`, or [`Dual<f64>`](crate::Dual) for exact directional derivatives.
///
/// Comparison looks at the value only, so that forward code takes the same branch at a dual
/// number as at its value.
///
/// ```
/// use elman_kernels::{Dual, Real};
///
/// /// √(Σ x²), at any scalar.
/// fn length<T: Real>(x: &[T]) -> T {
///     x.iter().fold(T::ZERO, |sum, &x| x.mul_add(x, sum)).sqrt()
/// }
///
/// assert_eq!(length(&[3.0_f32, 4.0]), 5.0);
/// assert_eq!(length(&[3.0_f64, 4.0]), 5.0);
/// // How it changes when the second number does: by 4/5.
/// assert_eq!(length(&[Dual::new(3.0, 0.0), Dual::new(4.0, 1.0)]).tangent, 0.8);
/// ```
pub trait Real:
    sealed::Sealed
    + Copy
    + Default
    + Debug
    + Display
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Not a number.
    const NAN: Self;
    /// The largest relative rounding error of one operation on the value.
    const EPSILON: f64;
    /// The magnitude below which states and cotangents are set to 0: 2⁻¹⁰⁰ for `f32`, 2⁻⁹⁰⁰ for
    /// `f64`. Subnormal numbers, a few orders of magnitude below, are up to a hundred times slower.
    const FLUSH_BELOW: Self;

    /// The nearest scalar to a constant.
    fn from_f64(x: f64) -> Self;
    /// The value (of a dual number: without its tangent).
    fn to_f64(self) -> f64;
    /// `self · a + b` with one rounding.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// eˣ.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// √x.
    fn sqrt(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The logistic function 1 / (1 + e⁻ˣ).
    fn sigmoid(self) -> Self;
    /// ln(1 + eˣ), without overflow.
    fn softplus(self) -> Self;
    /// The sine, of radians.
    fn sin(self) -> Self;
    /// The cosine, of radians.
    fn cos(self) -> Self;
    /// |x|.
    fn abs(self) -> Self;
    /// Returns 0 for a magnitude below [`FLUSH_BELOW`](Real::FLUSH_BELOW), else the number, NaN
    /// too. Of a dual number value and tangent are flushed separately.
    fn flush_to_zero(self) -> Self;
    /// Whether the value (and the tangent) is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The bits of the value (and of the tangent), for tests of equality to the bit.
    fn bits(self) -> [u64; 2];

    /// Runs a kernel in the widest compilation that this machine can run.
    #[inline]
    fn dispatch<K: Kernel>(kernel: K) -> K::Output {
        dispatch::dispatch(kernel)
    }
}

/// The two floats differ in nothing but their names.
macro_rules! float {
    ($float:ident, $flush_below:literal, $sin:path, $cos:path) => {
        impl Real for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAN: Self = $float::NAN;
            const EPSILON: f64 = $float::EPSILON as f64;
            const FLUSH_BELOW: Self = $float::from_bits($flush_below);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $float::mul_add(self, a, b)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                lanes::exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                lanes::ln(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                lanes::tanh(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                lanes::sigmoid(self)
            }
            #[inline(always)]
            fn softplus(self) -> Self {
                lanes::softplus(self)
            }
            // Not the standard library's, whose bits are those of the machine's C library.
            fn sin(self) -> Self {
                $sin(self)
            }
            fn cos(self) -> Self {
                $cos(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            #[inline(always)]
            fn flush_to_zero(self) -> Self {
                if $float::abs(self) < Self::FLUSH_BELOW { 0.0 } else { self }
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $float::is_finite(self)
            }
            #[inline(always)]
            fn bits(self) -> [u64; 2] {
                [u64::from(self.to_bits()), 0]
            }
        }
    };
}
// Exponents of −100 and −900, with their bias.
float!(f32, 0x0D80_0000, libm::sinf, libm::cosf);
float!(f64, 0x07B0_0000_0000_0000, libm::sin, libm::cos);
