//! Dual numbers: a value and its derivative in one direction.

use crate::real::Real;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// `value + tangent · ε` with `ε² = 0` (Clifford 1873).
///
/// Forward code at `Dual` computes its value and, exactly, its derivative in the direction of the
/// tangents of its inputs. The value takes the same operations in the same order as the plain
/// scalar would, so it has the same bits.
///
/// ```
/// use elman_kernels::{Dual, Real};
///
/// fn cube<T: Real>(x: T) -> T {
///     x * x * x
/// }
///
/// // x³ at 2, and its slope there, 3 · 2².
/// let y = cube(Dual::new(2.0, 1.0));
/// assert_eq!((y.value, y.tangent), (8.0, 12.0));
/// ```
// Kernels load several at a time: the tangent has to follow the value.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Dual<T> {
    /// The value.
    pub value: T,
    /// The derivative in the chosen direction.
    pub tangent: T,
}

impl<T> Dual<T> {
    /// `value + tangent · ε`.
    #[inline(always)]
    pub const fn new(value: T, tangent: T) -> Self {
        Dual { value, tangent }
    }
}

impl Dual<f64> {
    /// A function with value `y` and derivative `slope` at this point.
    #[inline(always)]
    fn chain(self, y: f64, slope: f64) -> Self {
        Dual::new(y, slope * self.tangent)
    }
}

impl<T: fmt::Display> fmt::Display for Dual<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)?;
        write!(f, " + ")?;
        self.tangent.fmt(f)?;
        write!(f, "ε")
    }
}

impl PartialEq for Dual<f64> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialOrd for Dual<f64> {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl Add for Dual<f64> {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Dual::new(self.value + b.value, self.tangent + b.tangent)
    }
}

impl Sub for Dual<f64> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Dual::new(self.value - b.value, self.tangent - b.tangent)
    }
}

impl Mul for Dual<f64> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Dual::new(self.value * b.value, self.value * b.tangent + self.tangent * b.value)
    }
}

impl Div for Dual<f64> {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        let y = self.value / b.value;
        Dual::new(y, (self.tangent - y * b.tangent) / b.value)
    }
}

impl Neg for Dual<f64> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Dual::new(-self.value, -self.tangent)
    }
}

macro_rules! assign {
    ($($trait:ident $name:ident $op:tt),*) => {$(
        impl $trait for Dual<f64> {
            #[inline(always)]
            fn $name(&mut self, b: Self) {
                *self = *self $op b;
            }
        }
    )*};
}
assign!(AddAssign add_assign +, SubAssign sub_assign -, MulAssign mul_assign *, DivAssign div_assign /);

impl Real for Dual<f64> {
    const ZERO: Self = Dual::new(0.0, 0.0);
    const ONE: Self = Dual::new(1.0, 0.0);
    const NAN: Self = Dual::new(f64::NAN, f64::NAN);
    const EPSILON: f64 = f64::EPSILON;
    const FLUSH_BELOW: Self = Dual::new(f64::FLUSH_BELOW, 0.0);

    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        Dual::new(x, 0.0)
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.value
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        let tangent = self.value.mul_add(a.tangent, self.tangent.mul_add(a.value, b.tangent));
        Dual::new(self.value.mul_add(a.value, b.value), tangent)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        let y = Real::exp(self.value);
        self.chain(y, y)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        self.chain(Real::ln(self.value), self.value.recip())
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        let y = self.value.sqrt();
        self.chain(y, 0.5 / y)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        let y = Real::tanh(self.value);
        self.chain(y, (1.0 - y) * (1.0 + y))
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let y = Real::sigmoid(self.value);
        self.chain(y, y * (1.0 - y))
    }
    #[inline(always)]
    fn softplus(self) -> Self {
        self.chain(self.value.softplus(), self.value.sigmoid())
    }
    fn sin(self) -> Self {
        self.chain(Real::sin(self.value), Real::cos(self.value))
    }
    fn cos(self) -> Self {
        self.chain(Real::cos(self.value), -Real::sin(self.value))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        // At the kink the derivative is 0, as in the rule of the tape.
        let slope = if self.value == 0.0 { 0.0 } else { 1.0f64.copysign(self.value) };
        self.chain(self.value.abs(), slope)
    }
    #[inline(always)]
    fn flush_to_zero(self) -> Self {
        Dual::new(self.value.flush_to_zero(), self.tangent.flush_to_zero())
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        self.value.is_finite() && self.tangent.is_finite()
    }
    #[inline(always)]
    fn bits(self) -> [u64; 2] {
        [self.value.to_bits(), self.tangent.to_bits()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each function: the tangent is the derivative (by a central difference) times the seed, and
    /// the value has the bits of the plain function.
    #[test]
    fn tangents_are_derivatives() {
        type Pair = (&'static str, fn(f64) -> f64, fn(Dual<f64>) -> Dual<f64>);
        let functions: [Pair; 7] = [
            ("exp", Real::exp, Real::exp),
            ("ln", Real::ln, Real::ln),
            ("sqrt", Real::sqrt, Real::sqrt),
            ("tanh", Real::tanh, Real::tanh),
            ("sigmoid", Real::sigmoid, Real::sigmoid),
            ("softplus", Real::softplus, Real::softplus),
            ("abs", Real::abs, Real::abs),
        ];
        for (name, plain, dual) in functions {
            for x in [0.3, 0.9, 2.5] {
                let y = dual(Dual::new(x, 2.0));
                let h = 1e-5;
                let slope = (plain(x + h) - plain(x - h)) / (2.0 * h);
                assert_eq!(y.value.to_bits(), plain(x).to_bits(), "{name}");
                assert!((y.tangent - 2.0 * slope).abs() < 1e-8, "{name}'({x}): {}", y.tangent);
            }
        }
    }

    #[test]
    fn arithmetic_follows_the_product_and_quotient_rules() {
        let (a, b) = (Dual::new(3.0, 5.0), Dual::new(2.0, 7.0));
        assert_eq!((a * b).tangent, 3.0 * 7.0 + 5.0 * 2.0);
        assert_eq!((a / b).tangent, (5.0 * 2.0 - 3.0 * 7.0) / 4.0);
        assert_eq!((a - b).tangent, -2.0);
        assert_eq!(a.mul_add(b, Dual::new(1.0, 1.0)).tangent, 32.0);
        assert_eq!((-a).abs().tangent, 5.0);
        assert_eq!(Dual::new(-0.0, 5.0).abs().tangent, 0.0);
    }
}
