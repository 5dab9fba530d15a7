//! The activations: branch-free polynomials, one definition for a scalar and for every register.

/// What the polynomials ask of a scalar or of a register of them.
pub(crate) trait Wave: Copy {
    type Scalar: Numbers;
    /// The nearest scalar to a constant.
    fn of(x: f64) -> Self;
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// `b − self · a` with one rounding.
    fn mul_sub_from(self, a: Self, b: Self) -> Self;
    fn add(self, b: Self) -> Self;
    fn sub(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    fn div(self, b: Self) -> Self;
    /// −|self|.
    fn minus_abs(self) -> Self;
    /// |self| with the sign of another.
    fn copysign(self, sign: Self) -> Self;
    /// `self`, or a limit where it is less; NaN stays.
    fn at_least(self, limit: f64) -> Self;
    /// `self`, or a limit where it is greater; NaN stays.
    fn at_most(self, limit: f64) -> Self;
    /// `a < b ? yes : no`; NaN is not less.
    fn if_less(a: Self, b: Self, yes: Self, no: Self) -> Self;
    /// `self · 2ⁿ` with one rounding, for an integer `n` whose half is an exponent of the scalar,
    /// and |self| in [0.5, 2].
    fn times_power_of_two(self, n: Self) -> Self;
}

/// What differs between scalars.
pub(crate) trait Numbers: Copy {
    /// ln 2 in two parts, the first with so few bits that its product with every exponent is exact.
    const LN2: [f64; 2];
    /// 1.5 · 2ᵐ for m bits of mantissa: adding it rounds to an integer, which then sits in the low
    /// bits.
    const ROUND: f64;
    /// eˣ is 0 below the first of these, and infinity above the second.
    const EXPONENTS: [f64; 2];

    /// `p` such that eʳ = 1 + r + r² p, for |r| ≤ ln 2 / 2.
    fn rest<W: Wave<Scalar = Self>>(r: W) -> W;
}

impl Numbers for f32 {
    const LN2: [f64; 2] = [0.693_359_375, -0.000_212_194_44];
    const ROUND: f64 = 12_582_912.0;
    const EXPONENTS: [f64; 2] = [-104.0, 89.0];

    /// A minimax fit; the relative error of eʳ − 1 is below 5e-9 before rounding.
    #[inline(always)]
    fn rest<W: Wave<Scalar = f32>>(r: W) -> W {
        // By Estrin's scheme as far as it costs no accuracy: it waits for fewer results than
        // Horner's.
        let low = W::of(0.041_668_393).mul_add(r, W::of(0.166_665_2));
        let high = W::of(0.001_381_446_7).mul_add(r, W::of(0.008_368_781));
        high.mul_add(r.mul(r), low).mul_add(r, W::of(0.499_999_94))
    }
}

impl Numbers for f64 {
    const LN2: [f64; 2] = [f64::from_bits(0x3FE6_2E42_FEE0_0000), 1.908_214_929_270_587_7e-10];
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const EXPONENTS: [f64; 2] = [-746.0, 710.0];

    /// Taylor's series up to r¹³ of eʳ, whose remainder is below 1.3e-17 of eʳ − 1.
    #[inline(always)]
    fn rest<W: Wave<Scalar = f64>>(r: W) -> W {
        let pair = |high: f64, low: f64| W::of(1.0 / high).mul_add(r, W::of(1.0 / low));
        let square = r.mul(r);
        let pairs = [
            pair(6_227_020_800.0, 479_001_600.0),
            pair(39_916_800.0, 3_628_800.0),
            pair(362_880.0, 40_320.0),
            pair(5_040.0, 720.0),
            pair(120.0, 24.0),
            pair(6.0, 2.0),
        ];
        let [first, others @ ..] = pairs;
        let mut sum = first;
        for pair in others {
            sum = sum.mul_add(square, pair);
        }
        sum
    }
}

/// eˣ to 1.02 ulp, gradual underflow and overflow to infinity included.
#[inline(always)]
pub(crate) fn exp<W: Wave>(x: W) -> W {
    let [least, most] = W::Scalar::EXPONENTS;
    let (n, q) = reduced(x.at_most(most).at_least(least));
    q.add(W::of(1.0)).times_power_of_two(n)
}

/// `n` and `q` such that eˣ = 2ⁿ (1 + q): an integer, and a number between √½ − 1 and √2 − 1 that
/// is as exact near 0 as x is.
#[inline(always)]
fn reduced<W: Wave>(x: W) -> (W, W) {
    // x = n ln 2 + r with |r| ≤ ln 2 / 2.
    let [high, low] = W::Scalar::LN2;
    let n = doublings(x);
    (n, less_one(n.mul_add(W::of(-low), n.mul_add(W::of(-high), x))))
}

/// How often 1 has to be doubled to come near eˣ.
#[inline(always)]
fn doublings<W: Wave>(x: W) -> W {
    let round = W::of(W::Scalar::ROUND);
    x.mul_add(W::of(std::f64::consts::LOG2_E), round).sub(round)
}

/// eʳ − 1 for |r| ≤ ln 2 / 2.
#[inline(always)]
fn less_one<W: Wave>(r: W) -> W {
    W::Scalar::rest(r).mul_add(r.mul(r), r)
}

/// tanh x to 2 ulp, 2.1 in `f64`; exact at 0, odd.
#[inline(always)]
pub(crate) fn tanh<W: Wave>(x: W) -> W {
    let (half, one) = (W::of(0.5), W::of(1.0));
    // tanh |x| = g / (1 − g) for g = (1 − e^(−2|x|)) / 2, which loses nothing near 0; beyond the
    // limit it is 1.
    let minus = x.minus_abs();
    let minus = minus.add(minus).at_least(-60.0);
    let n = doublings(minus);
    // With ln 2 as one number: n times what it lacks, multiplied by 2ⁿ, is nothing beside 1.
    let q = less_one(n.mul_add(W::of(-std::f64::consts::LN_2), minus));
    let power = half.times_power_of_two(n);
    let g = power.mul_sub_from(q, half.sub(power));
    let d = one.sub(g);
    // What the difference has lost.
    let lost = one.sub(d).sub(g);
    let y = g.div(d);
    // What the quotient has lost, too; and 1 / (1 − g) is 1 + tanh |x|.
    let rest = y.mul_sub_from(lost, y.mul_sub_from(d, g));
    rest.mul_add(one.add(y), y).copysign(x)
}

/// 1 / (1 + e⁻ˣ) to 2 ulp, without overflow on either side.
#[inline(always)]
pub(crate) fn sigmoid<W: Wave>(x: W) -> W {
    let (zero, one) = (W::of(0.0), W::of(1.0));
    let (n, q) = reduced(x.minus_abs().at_least(W::Scalar::EXPONENTS[0]));
    let e = q.add(one).times_power_of_two(n);
    let d = e.add(one);
    let y = W::if_less(x, zero, e, one).div(d);
    // What the sum has lost matters most where it is small: y (1 − lost) instead of y (1 − lost/d).
    y.mul_sub_from(e.sub(d.sub(one)), y)
}

/// A scalar is a register of one.
macro_rules! scalar {
    ($scalar:ident, $signed:ident, $unsigned:ident, $mantissa:literal, $bias:literal) => {
        impl Wave for $scalar {
            type Scalar = $scalar;
            #[inline(always)]
            fn of(x: f64) -> Self {
                x as $scalar
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $scalar::mul_add(self, a, b)
            }
            #[inline(always)]
            fn mul_sub_from(self, a: Self, b: Self) -> Self {
                $scalar::mul_add(-self, a, b)
            }
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                self + b
            }
            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                self - b
            }
            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                self * b
            }
            #[inline(always)]
            fn div(self, b: Self) -> Self {
                self / b
            }
            #[inline(always)]
            fn minus_abs(self) -> Self {
                -$scalar::abs(self)
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $scalar::copysign(self, sign)
            }
            #[inline(always)]
            fn at_least(self, limit: f64) -> Self {
                let limit = Self::of(limit);
                if limit > self { limit } else { self }
            }
            #[inline(always)]
            fn at_most(self, limit: f64) -> Self {
                let limit = Self::of(limit);
                if limit < self { limit } else { self }
            }
            #[inline(always)]
            fn if_less(a: Self, b: Self, yes: Self, no: Self) -> Self {
                if a < b { yes } else { no }
            }
            #[inline(always)]
            fn times_power_of_two(self, n: Self) -> Self {
                // 2ⁿ as two factors: neither leaves the range of exponents, their product may.
                let round = Self::of($scalar::ROUND);
                let n = (n + round).to_bits().wrapping_sub(round.to_bits()) as $signed;
                let power = |n: $signed| {
                    $scalar::from_bits((n.wrapping_add($bias) as $unsigned) << $mantissa)
                };
                let half = n >> 1;
                self * power(half) * power(n.wrapping_sub(half))
            }
        }
    };
}
scalar!(f32, i32, u32, 23, 127);
scalar!(f64, i64, u64, 52, 1023);

#[cfg(test)]
mod tests;
