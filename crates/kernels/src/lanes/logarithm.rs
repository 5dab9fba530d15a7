//! The natural logarithm, and softplus: branch-free, so that the compiler makes registers of loops
//! over them.

use super::activation::{Wave, exp};

/// What the logarithm asks of a scalar.
pub(crate) trait Binary: Wave<Scalar = Self> + super::activation::Numbers {
    /// The smallest number above 0.
    const SMALLEST: Self;
    /// `m` and `k` such that x = 2ᵏ m, with m in [√½, √2), for finite x > 0.
    fn split(self) -> (Self, Self);
    /// 2/3 + 2/5 z + 2/7 z² …, for z below .03.
    fn series(z: Self) -> Self;
}

/// ln x to 1 ulp; −∞ at 0, NaN below.
#[inline(always)]
pub(crate) fn ln<T: Binary>(x: T) -> T {
    let (m, k) = x.split();
    let f = m.sub(T::of(1.0));
    // ln m = 2 artanh s, for s = f / (2 + f), in which f, which is exact, is kept apart:
    // f − (f²/2 − s (f²/2 + s² (2/3 + …))).
    let s = f.div(f.add(T::of(2.0)));
    let z = s.mul(s);
    let half = f.mul(T::of(0.5)).mul(f);
    let [high, low] = T::LN2;
    let rest = s.mul_add(T::series(z).mul_add(z, half), k.mul(T::of(low)));
    let y = k.mul_add(T::of(high), f.sub(half.sub(rest)));
    // Infinity and NaN are their own logarithms.
    let y = T::if_less(x, T::of(f64::INFINITY), y, x);
    let y = T::if_less(x, T::SMALLEST, T::of(f64::NEG_INFINITY), y);
    T::if_less(x, T::of(0.0), T::of(f64::NAN), y)
}

/// ln(1 + eˣ) to 2 ulp.
#[inline(always)]
pub(crate) fn softplus<T: Binary>(x: T) -> T {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    let e = exp(x.minus_abs());
    let sum = e.add(one);
    // What the sum has lost.
    let lost = e.sub(sum.sub(one));
    let tail = ln(sum).add(lost.div(sum));
    T::if_less(x, zero, zero, x).add(tail)
}

macro_rules! binary {
    ($float:ident, $signed:ident, $unsigned:ident, $mantissa:literal, $root:expr, $terms:literal) => {
        impl Binary for $float {
            const SMALLEST: $float = $float::from_bits(1);

            #[inline(always)]
            fn split(self) -> ($float, $float) {
                // Subnormal numbers are scaled first.
                let scale = $mantissa + 2;
                let small = self < $float::MIN_POSITIVE;
                let x = if small { self * (1u64 << scale) as $float } else { self };
                let bits = x.to_bits();
                let above = bits.wrapping_sub($root.to_bits()) as $signed;
                let k = above >> $mantissa;
                let m = $float::from_bits(bits.wrapping_sub((k << $mantissa) as $unsigned));
                let k = k as $float;
                (m, if small { k - scale as $float } else { k })
            }

            #[inline(always)]
            fn series(z: $float) -> $float {
                let mut sum = 0.0;
                for i in (0..$terms).rev() {
                    sum = $float::mul_add(sum, z, 2.0 / (2 * i + 3) as $float);
                }
                sum
            }
        }
    };
}
binary!(f32, i32, u32, 23, std::f32::consts::FRAC_1_SQRT_2, 4);
binary!(f64, i64, u64, 52, std::f64::consts::FRAC_1_SQRT_2, 10);

#[cfg(test)]
mod tests;
