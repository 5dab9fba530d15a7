//! Functions of one element: value and derivative side by side.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{fit, map, map3};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// A function of one element, applied to all; a [`Rule`] of one operand, with an output of the
/// operand's shape.
///
/// ```
/// use elman_autograd::{laws, rules::Elementwise};
/// use elman_tensor::Real;
///
/// /// y = x / (1 + |x|) (Bergstra et al. 2009).
/// struct Softsign;
///
/// impl Elementwise for Softsign {
///     const NAME: &'static str = "softsign";
///     fn value<T: Real>(&self, x: T) -> T {
///         x / (T::ONE + x.abs())
///     }
///     fn slope<T: Real>(&self, x: T, _y: T) -> T {
///         let d = T::ONE + x.abs();
///         T::ONE / (d * d)
///     }
/// }
///
/// laws::rule(Softsign, [[2, 3]])?; // proven; applied by `g.apply(Softsign, [x])`
/// # Ok::<(), laws::Violation>(())
/// ```
pub trait Elementwise: Send + Sync + 'static {
    /// The name, for errors.
    const NAME: &'static str;
    /// y = f(x).
    fn value<T: Real>(&self, x: T) -> T;
    /// f′(x), where `y = f(x)` is at hand.
    fn slope<T: Real>(&self, x: T, y: T) -> T;
}

impl<T: Real, E: Elementwise> Rule<T, 1> for E {
    const NAME: &'static str = <E as Elementwise>::NAME;

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        Ok(x)
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        fit(map(
            x.values(),
            y.values_mut(),
            #[inline(always)]
            |x| self.value(x),
        ));
    }

    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        if let Some(mut dx) = d.of(0) {
            let ([x], y) = (at.x, at.y);
            fit(map3(
                x.values(),
                y.values(),
                dy.values(),
                dx.values_mut(),
                #[inline(always)]
                |x, y, dy| dy * self.slope(x, y),
            ));
        }
    }
}

/// Each line: documentation, type (with its constant), name, y = f(x), y′, the interval from which
/// the laws draw x, and a point for the documentation: x (and the constant), y, y′.
macro_rules! elementwise {
    ($($(#[$doc:meta])* $name:ident $(($constant:ident))? $label:literal
        [$x:ident] $value:expr, [$x2:ident, $y:ident] $slope:expr, $low:literal..$high:literal,
        $at:literal $(with $c:literal)? => $f:literal, $df:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use elman_autograd::rules::{Elementwise, ", stringify!($name), "};")]
        ///
        #[doc = concat!("let rule = ", stringify!($name $(($c))?), ";")]
        #[doc = concat!("let y = rule.value(", $at, ");")]
        #[doc = concat!("assert_eq!((y, rule.slope(", $at, ", y)), (", $f, ", ", $df, "));")]
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name $((
            /// The constant.
            pub elementwise!(@f64 $constant),
        ))?;

        impl Elementwise for $name {
            const NAME: &'static str = $label;
            #[inline(always)]
            fn value<T: Real>(&self, $x: T) -> T {
                $(let $constant = T::from_f64(self.0);)?
                $value
            }
            #[inline(always)]
            fn slope<T: Real>(&self, $x2: T, $y: T) -> T {
                $(let $constant = T::from_f64(self.0);)?
                $slope
            }
        }

        impl Sample for $name {
            fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
                let x = draw.uniform(&[draw.size(0), draw.size(1)], $low, $high);
                ($name $((elementwise!(@draw draw $constant)))?, vec![x])
            }
        }
    )*};
    (@f64 $constant:ident) => { f64 };
    (@draw $draw:ident $constant:ident) => { $draw.number(0.5, 2.0) };
}

elementwise! {
    /// y = tanh x.
    Tanh "tanh" [x] x.tanh(), [_x, y] (T::ONE - y) * (T::ONE + y), -3.0..3.0, 0.0 => 0.0, 1.0;
    /// y = σ(x) = 1 / (1 + e⁻ˣ).
    Sigmoid "sigmoid" [x] x.sigmoid(), [_x, y] y * (T::ONE - y), -4.0..4.0, 0.0 => 0.5, 0.25;
    /// y = max(x, 0); at the kink the slope is 0, NaN stays NaN.
    Relu "relu" [x] if x <= T::ZERO { T::ZERO } else { x },
        [x, _y] if x > T::ZERO { T::ONE } else { T::ZERO }, -2.0..2.0, 0.0 => 0.0, 0.0;
    /// y = ln(1 + eˣ).
    Softplus "softplus" [x] x.softplus(), [x, _y] x.sigmoid(), -4.0..4.0, 1000.0 => 1000.0, 1.0;
    /// y = eˣ.
    Exp "exp" [x] x.exp(), [_x, y] y, -2.0..2.0, 0.0 => 1.0, 1.0;
    /// y = ln x.
    Ln "ln" [x] x.ln(), [x, _y] T::ONE / x, 0.2..3.0, 1.0 => 0.0, 1.0;
    /// y = sin x.
    Sin "sin" [x] x.sin(), [x, _y] x.cos(), -4.0..4.0, 0.0 => 0.0, 1.0;
    /// y = cos x.
    Cos "cos" [x] x.cos(), [x, _y] -x.sin(), -4.0..4.0, 0.0 => 1.0, 0.0;
    /// y = √x.
    Sqrt "sqrt" [x] x.sqrt(), [_x, y] T::from_f64(0.5) / y, 0.2..3.0, 4.0 => 2.0, 0.25;
    /// y = x².
    Square "square" [x] x * x, [x, _y] x + x, -2.0..2.0, 3.0 => 9.0, 6.0;
    /// y = |x|; at the kink the slope is 0.
    Abs "abs" [x] x.abs(),
        [x, _y] if x > T::ZERO { T::ONE } else if x < T::ZERO { -T::ONE } else { T::ZERO },
        -2.0..2.0, -3.0 => 3.0, -1.0;
    /// y = −x.
    Neg "neg" [x] -x, [_x, _y] -T::ONE, -2.0..2.0, 3.0 => -3.0, -1.0;
    /// y = c x.
    Scale(c) "scale" [x] c * x, [_x, _y] c, -2.0..2.0, 3.0 with 2.0 => 6.0, 2.0;
    /// y = x + c.
    Shift(c) "shift" [x] x + c, [_x, _y] { let _ = c; T::ONE }, -2.0..2.0, 3.0 with 2.0 => 5.0, 1.0;
    /// y = c − x.
    Complement(c) "sub" [x] c - x, [_x, _y] { let _ = c; -T::ONE },
        -2.0..2.0, 3.0 with 2.0 => -1.0, -1.0;
    /// y = x / c.
    Ratio(c) "divide" [x] x / c, [_x, _y] T::ONE / c, -2.0..2.0, 3.0 with 2.0 => 1.5, 0.5;
    /// y = c / x.
    Over(c) "divide" [x] c / x, [x, y] { let _ = c; -y / x }, 0.3..2.0, 2.0 with 4.0 => 2.0, -1.0;
}
