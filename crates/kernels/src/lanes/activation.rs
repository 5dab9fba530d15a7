//! The activations of `f32`: branch-free polynomials, one definition for a scalar and for every
//! register.
//!
//! Coefficients are minimax fits on the reduced ranges (relative error below 5e-9 before
//! rounding); what rounding adds is bounded by the tests below.

/// What the polynomials ask of a scalar or of a register of them.
pub(crate) trait Wave: Copy {
    fn of(x: f32) -> Self;
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// `b − self · a` with one rounding.
    fn mul_sub_from(self, a: Self, b: Self) -> Self;
    fn add(self, b: Self) -> Self;
    fn sub(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    fn div(self, b: Self) -> Self;
    fn abs(self) -> Self;
    /// −|self|.
    fn minus_abs(self) -> Self;
    /// |self| with the sign of another.
    fn copysign(self, sign: Self) -> Self;
    /// `self`, or a limit where it is less; NaN stays.
    fn at_least(self, limit: f32) -> Self;
    /// `self`, or a limit where it is greater; NaN stays.
    fn at_most(self, limit: f32) -> Self;
    /// `a < b ? yes : no`; NaN is not less.
    fn if_less(a: Self, b: Self, yes: Self, no: Self) -> Self;
    /// `self · 2ⁿ` with one rounding, for an integer `n` with |n| ≤ 252 and |self| in [0.5, 2].
    fn times_power_of_two(self, n: Self) -> Self;
}

/// log₂ e.
const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 = HI + LO; HI has so few bits that `n · HI` is exact for every exponent `n`.
const LN2_HI: f32 = 0.693_359_4;
const LN2_LO: f32 = -0.000_212_194_44;
/// 1.5 · 2²³: adding it rounds to an integer, which then sits in the low bits.
const ROUND: f32 = 12_582_912.0;

/// eˣ to 1 ulp, gradual underflow and overflow to infinity included.
#[inline(always)]
pub(crate) fn exp<W: Wave>(x: W) -> W {
    // Beyond these limits the result is 0 or infinity.
    let (n, q) = reduced(x.at_most(89.0).at_least(-104.0));
    q.add(W::of(1.0)).times_power_of_two(n)
}

/// `n` and `q` such that eˣ = 2ⁿ (1 + q): an integer, and a number between √½ − 1 and √2 − 1 that
/// is as exact near 0 as x is.
#[inline(always)]
fn reduced<W: Wave>(x: W) -> (W, W) {
    // x = n ln 2 + r with |r| ≤ ln 2 / 2.
    let n = x.mul_add(W::of(LOG2_E), W::of(ROUND)).sub(W::of(ROUND));
    let r = n.mul_add(W::of(-LN2_LO), n.mul_add(W::of(-LN2_HI), x));
    // By Estrin's scheme as far as it costs no accuracy: it waits for fewer results than Horner's.
    let rr = r.mul(r);
    let low = W::of(0.041_668_393).mul_add(r, W::of(0.166_665_2));
    let high = W::of(0.001_381_446_7).mul_add(r, W::of(0.008_368_781));
    let p = high.mul_add(rr, low).mul_add(r, W::of(0.499_999_94));
    (n, p.mul_add(rr, r))
}

/// n / (2 + e) for e in [−1, 0], to 0.7 ulp: while one divides, other registers cannot, but this
/// they can.
#[inline(always)]
fn quotient<W: Wave>(n: W, e: W) -> W {
    let d = e.add(W::of(2.0));
    // What the sum has lost.
    let lost = e.sub(d.sub(W::of(2.0)));
    // The quadratic polynomial nearest to 1/d, to 1/99 of it, and one step of Newton's to 1/9801.
    let r = W::of(32.0 / 99.0).mul_add(d, W::of(-144.0 / 99.0)).mul_add(d, W::of(210.0 / 99.0));
    let r = r.mul(r.mul_sub_from(d, W::of(2.0)));
    let q = n.mul(r);
    let rest = q.mul_sub_from(lost, q.mul_sub_from(d, n));
    rest.mul_add(r, q)
}

/// tanh x to 2 ulp; exact at 0, odd.
#[inline(always)]
pub(crate) fn tanh<W: Wave>(x: W) -> W {
    let magnitude = x.abs();
    // tanh |x| = −e / (2 + e) for e = e^(−2|x|) − 1, which loses nothing near 0; beyond the limit
    // it is 1.
    let (n, q) = reduced(magnitude.mul(W::of(-2.0)).at_least(-30.0));
    let power = W::of(1.0).times_power_of_two(n);
    let e = power.mul_add(q, power.sub(W::of(1.0)));
    let y = quotient(e, e);
    // So small that the quotient's rest would underflow, and so small that tanh x is x.
    W::if_less(magnitude, W::of(1e-5), magnitude, y).copysign(x)
}

/// 1 / (1 + e⁻ˣ) to 2 ulp, without overflow on either side.
#[inline(always)]
pub(crate) fn sigmoid<W: Wave>(x: W) -> W {
    let (zero, one) = (W::of(0.0), W::of(1.0));
    let (n, q) = reduced(x.minus_abs().at_least(-104.0));
    let e = q.add(one).times_power_of_two(n);
    let d = e.add(one);
    let y = W::if_less(x, zero, e, one).div(d);
    // What the sum has lost matters most where it is small: y (1 − lost) instead of y (1 − lost/d).
    y.mul_sub_from(e.sub(d.sub(one)), y)
}

/// ln(1 + eˣ).
#[inline(always)]
pub(crate) fn softplus(x: f32) -> f32 {
    let tail = exp(-x.abs()).ln_1p();
    (if x < 0.0 { 0.0 } else { x }) + tail
}

/// 2ⁿ for |n| ≤ 126.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

impl Wave for f32 {
    #[inline(always)]
    fn of(x: f32) -> f32 {
        x
    }
    #[inline(always)]
    fn mul_add(self, a: f32, b: f32) -> f32 {
        f32::mul_add(self, a, b)
    }
    #[inline(always)]
    fn add(self, b: f32) -> f32 {
        self + b
    }
    #[inline(always)]
    fn sub(self, b: f32) -> f32 {
        self - b
    }
    #[inline(always)]
    fn mul(self, b: f32) -> f32 {
        self * b
    }
    #[inline(always)]
    fn div(self, b: f32) -> f32 {
        self / b
    }
    #[inline(always)]
    fn mul_sub_from(self, a: f32, b: f32) -> f32 {
        f32::mul_add(-self, a, b)
    }
    #[inline(always)]
    fn abs(self) -> f32 {
        f32::abs(self)
    }
    #[inline(always)]
    fn minus_abs(self) -> f32 {
        -f32::abs(self)
    }
    #[inline(always)]
    fn copysign(self, sign: f32) -> f32 {
        f32::copysign(self, sign)
    }
    #[inline(always)]
    fn at_least(self, limit: f32) -> f32 {
        if limit > self { limit } else { self }
    }
    #[inline(always)]
    fn at_most(self, limit: f32) -> f32 {
        if limit < self { limit } else { self }
    }
    #[inline(always)]
    fn if_less(a: f32, b: f32, yes: f32, no: f32) -> f32 {
        if a < b { yes } else { no }
    }
    #[inline(always)]
    fn times_power_of_two(self, n: f32) -> f32 {
        // 2ⁿ as two factors: neither leaves the range of exponents, their product may.
        let n = (n + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i32;
        let half = n >> 1;
        self * power_of_two(half) * power_of_two(n.wrapping_sub(half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 97th of all finite positive and negative floats of magnitude at most `limit`.
    fn floats(limit: f32) -> impl Iterator<Item = f32> {
        (0..=limit.to_bits()).step_by(97).map(f32::from_bits).flat_map(|x| [x, -x])
    }

    /// The error of `y` in units of the last place of `exact` rounded to f32.
    fn ulps(y: f32, exact: f64) -> f64 {
        let rounded = exact as f32;
        if y == rounded {
            return 0.0;
        }
        let next = f32::from_bits(rounded.abs().to_bits() + 1);
        let ulp = f64::from(next) - f64::from(rounded.abs());
        (f64::from(y) - exact).abs() / ulp
    }

    fn worst(limit: f32, f: fn(f32) -> f32, exact: fn(f64) -> f64) -> (f64, f32) {
        let mut worst = (0.0, 0.0);
        for x in floats(limit) {
            let error = ulps(f(x), exact(f64::from(x)));
            if error.is_nan() || error > worst.0 {
                worst = (error, x);
            }
        }
        worst
    }

    #[test]
    fn errors_stay_within_their_stated_bounds() {
        let sigmoid64 = |x: f64| {
            if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
        };
        let softplus64 = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        for (name, limit, (error, at)) in [
            ("exp", 1.0, worst(88.0, exp::<f32>, f64::exp)),
            ("tanh", 2.0, worst(f32::MAX, tanh::<f32>, f64::tanh)),
            ("sigmoid", 2.0, worst(88.0, sigmoid::<f32>, sigmoid64)),
            ("softplus", 2.0, worst(88.0, softplus, softplus64)),
        ] {
            assert!(error <= limit, "{name}({at}) is {error} ulp off");
        }
    }

    #[test]
    fn the_edges_are_those_of_the_standard_library() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(88.73), f32::INFINITY);
        assert!(exp(-103.0) > 0.0 && exp(-104.0) == 0.0);
        assert_eq!(tanh(f32::INFINITY), 1.0);
        assert_eq!(tanh(f32::NEG_INFINITY), -1.0);
        assert_eq!(tanh(-0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(sigmoid(0.0), 0.5);
        assert_eq!(sigmoid(f32::INFINITY), 1.0);
        assert_eq!(sigmoid(f32::NEG_INFINITY), 0.0);
        assert_eq!(softplus(f32::INFINITY), f32::INFINITY);
        assert_eq!(softplus(f32::NEG_INFINITY), 0.0);
        for f in [exp::<f32>, tanh::<f32>, sigmoid::<f32>, softplus] {
            assert!(f(f32::NAN).is_nan());
        }
    }
}
