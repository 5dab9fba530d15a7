use super::*;
use crate::real::Real;

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
fn errors_of_f32_stay_within_their_stated_bounds() {
    let sigmoid64 = |x: f64| {
        if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
    };
    let softplus64 = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    for (name, limit, (error, at)) in [
        ("exp", 1.0, worst(88.0, exp::<f32>, f64::exp)),
        ("tanh", 2.0, worst(f32::MAX, tanh::<f32>, f64::tanh)),
        ("sigmoid", 2.0, worst(88.0, sigmoid::<f32>, sigmoid64)),
        ("softplus", 2.0, worst(88.0, Real::softplus, softplus64)),
    ] {
        assert!(error <= limit, "{name}({at}) is {error} ulp off");
    }
}

/// A number as the sum of two floats, the second of which is less than the last place of the first:
/// some 105 bits.
#[derive(Clone, Copy)]
struct Double(f64, f64);

impl Double {
    /// The exact sum, for |a| ≥ |b|.
    fn of(a: f64, b: f64) -> Self {
        let sum = a + b;
        Double(sum, b - (sum - a))
    }

    fn plus(self, b: Self) -> Self {
        let sum = self.0 + b.0;
        let of_b = sum - self.0;
        let lost = (self.0 - (sum - of_b)) + (b.0 - of_b);
        Self::of(sum, lost + self.1 + b.1)
    }

    fn times(self, b: Self) -> Self {
        let product = self.0 * b.0;
        let lost = f64::mul_add(self.0, b.0, -product);
        Self::of(product, lost + (self.0 * b.1 + self.1 * b.0))
    }

    fn scaled(self, by: f64) -> Self {
        Double(self.0 * by, self.1 * by)
    }
}

/// `n` and `eʳ − 1`, for x = n ln 2 + r.
fn reference(x: f64) -> (i32, Double) {
    // ln 2 to 107 bits.
    let ln2 = Double(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);
    let n = (x / ln2.0).round();
    let r = Double(x, 0.0).plus(ln2.times(Double(-n, 0.0)));
    let (mut sum, mut term) = (r, r);
    for k in 2..30 {
        // 1/k in two parts.
        let k = f64::from(k);
        let inverse = Double(1.0 / k, f64::mul_add(-k, 1.0 / k, 1.0) / k);
        term = term.times(r).times(inverse);
        sum = sum.plus(term);
    }
    (n as i32, sum)
}

/// The error of `y` in units of its last place, where `y + error` is exact.
fn last_places(y: f64, error: f64) -> f64 {
    error.abs() / (f64::from_bits(y.abs().to_bits() + 1) - y.abs())
}

#[test]
fn errors_of_f64_stay_within_their_stated_bounds() {
    let one = Double(1.0, 0.0);
    let mut worst = [0.0f64; 3];
    let mut state = 1u64;
    for i in 0..200_000 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Magnitudes from 2⁻⁶⁰ to 700, most of them near 1.
        let exponent = if i % 4 == 0 { (state >> 32) as i32 % 70 - 60 } else { i % 12 - 4 };
        let mantissa = 1.0 + (state >> 12) as f64 / (1u64 << 52) as f64;
        let x = mantissa * 2f64.powi(exponent);
        if x > 700.0 {
            continue;
        }
        let x = if state & 1 == 0 { x } else { -x };

        let (n, q) = reference(x);
        let (y, exact) = (exp(x), one.plus(q));
        // Near the smallest numbers powers of two are rounded, too.
        let y = y * 2f64.powi(-n / 2) * 2f64.powi(-n - -n / 2);
        worst[0] = worst[0].max(last_places(y, exact.plus(Double(-y, 0.0)).0));

        let (n, q) = reference(-x.abs());
        let e = one.plus(q).scaled(2f64.powi(n));
        let y = Double(sigmoid(x), 0.0);
        let numerator = if x < 0.0 { e } else { one };
        let rest = numerator.plus(y.times(one.plus(e)).scaled(-1.0));
        worst[1] = worst[1].max(last_places(y.0, rest.0 / (1.0 + e.0)));

        let (n, q) = reference(-2.0 * x.abs());
        let power = 2f64.powi(n.max(-200));
        let m = Double(power - 1.0, 0.0).plus(q.scaled(power));
        let m = if n == 0 { q } else { m };
        let y = Double(tanh(x).abs(), 0.0);
        let rest = y.times(m.plus(Double(2.0, 0.0))).plus(m).scaled(-1.0);
        worst[2] = worst[2].max(last_places(y.0, rest.0 / (2.0 + m.0)));
    }
    for (name, limit, error) in
        [("exp", 1.0, worst[0]), ("sigmoid", 2.0, worst[1]), ("tanh", 2.1, worst[2])]
    {
        assert!(error <= limit, "{name} is {error} ulp off");
    }
}

#[test]
fn the_edges_of_f32_are_those_of_the_standard_library() {
    assert_eq!(exp(0.0f32), 1.0);
    assert_eq!(exp(f32::INFINITY), f32::INFINITY);
    assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    assert_eq!(exp(88.73f32), f32::INFINITY);
    assert!(exp(-103.0f32) > 0.0 && exp(-104.0f32) == 0.0);
    assert_eq!(tanh(f32::INFINITY), 1.0);
    assert_eq!(tanh(f32::NEG_INFINITY), -1.0);
    assert_eq!(tanh(-0.0f32).to_bits(), (-0.0f32).to_bits());
    assert_eq!(sigmoid(0.0f32), 0.5);
    assert_eq!(sigmoid(f32::INFINITY), 1.0);
    assert_eq!(sigmoid(f32::NEG_INFINITY), 0.0);
    assert_eq!(f32::INFINITY.softplus(), f32::INFINITY);
    assert_eq!(f32::NEG_INFINITY.softplus(), 0.0);
    for f in [exp::<f32>, tanh::<f32>, sigmoid::<f32>, Real::softplus] {
        assert!(f(f32::NAN).is_nan());
    }
}

#[test]
fn the_edges_of_f64_are_those_of_the_standard_library() {
    assert_eq!(exp(0.0f64), 1.0);
    assert_eq!(exp(f64::INFINITY), f64::INFINITY);
    assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    assert_eq!(exp(709.8f64), f64::INFINITY);
    assert!(exp(709.7f64).is_finite());
    assert!(exp(-745.0f64) > 0.0 && exp(-746.0f64) == 0.0);
    assert_eq!(tanh(f64::INFINITY), 1.0);
    assert_eq!(tanh(f64::NEG_INFINITY), -1.0);
    assert_eq!(tanh(-0.0f64).to_bits(), (-0.0f64).to_bits());
    assert_eq!(tanh(5e-324f64), 5e-324);
    assert_eq!(sigmoid(0.0f64), 0.5);
    assert_eq!(sigmoid(f64::INFINITY), 1.0);
    assert_eq!(sigmoid(f64::NEG_INFINITY), 0.0);
    assert!(sigmoid(-745.0f64) > 0.0);
    for f in [exp::<f64>, tanh::<f64>, sigmoid::<f64>, Real::softplus] {
        assert!(f(f64::NAN).is_nan());
    }
}
