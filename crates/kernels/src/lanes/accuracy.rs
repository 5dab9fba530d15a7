//! How exact a function is: against `f64` for `f32`, and for `f64` against some 105 bits.

/// Every 97th of all finite positive and negative floats of magnitude at most `limit`, and all near
/// one of them.
fn floats(limit: f32, near: f32) -> impl Iterator<Item = f32> {
    let near = near.to_bits() - 100_000..near.to_bits() + 100_000;
    let bits = (0..=limit.to_bits()).step_by(97).chain(near);
    bits.map(f32::from_bits).flat_map(|x| [x, -x])
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

/// The largest error, and where. `near` is where it is, up to its sign, as going through all floats
/// has found.
pub(super) fn worst(
    (limit, near): (f32, f32),
    f: fn(f32) -> f32,
    exact: fn(f64) -> f64,
) -> (f64, f32) {
    let mut worst = (0.0, 0.0);
    for x in floats(limit, near) {
        let error = ulps(f(x), exact(f64::from(x)));
        if error.is_nan() || error > worst.0 {
            worst = (error, x);
        }
    }
    worst
}

/// A number as the sum of two floats, the second of which is less than the last place of the first:
/// some 105 bits.
#[derive(Clone, Copy)]
pub(super) struct Double(pub(super) f64, pub(super) f64);

impl Double {
    /// The exact sum, for |a| ≥ |b|.
    pub(super) fn of(a: f64, b: f64) -> Self {
        let sum = a + b;
        Double(sum, b - (sum - a))
    }

    pub(super) fn plus(self, b: Self) -> Self {
        let sum = self.0 + b.0;
        let of_b = sum - self.0;
        let lost = (self.0 - (sum - of_b)) + (b.0 - of_b);
        Self::of(sum, lost + self.1 + b.1)
    }

    pub(super) fn times(self, b: Self) -> Self {
        let product = self.0 * b.0;
        let lost = f64::mul_add(self.0, b.0, -product);
        Self::of(product, lost + (self.0 * b.1 + self.1 * b.0))
    }

    pub(super) fn scaled(self, by: f64) -> Self {
        Double(self.0 * by, self.1 * by)
    }
}

/// `n` and `eʳ − 1`, for x = n ln 2 + r.
pub(super) fn reference(x: f64) -> (i32, Double) {
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
pub(super) fn last_places(y: f64, error: f64) -> f64 {
    error.abs() / (f64::from_bits(y.abs().to_bits() + 1) - y.abs())
}

/// Keeps the larger error, and NaN, which `f64::max` would lose.
pub(super) fn keep(worst: &mut f64, error: f64) {
    if error.is_nan() || error > *worst {
        *worst = error;
    }
}

/// Numbers of magnitudes from 2⁻⁶⁰ to 700, most of them near 1, of either sign.
pub(super) fn numbers() -> impl Iterator<Item = f64> {
    let mut state = 1u64;
    let draw = move |i| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let exponent = if i % 4 == 0 { (state >> 32) as i32 % 70 - 60 } else { i % 12 - 4 };
        let mantissa = 1.0 + (state >> 12) as f64 / (1u64 << 52) as f64;
        let x = mantissa * 2f64.powi(exponent);
        if state & 1 == 0 { x } else { -x }
    };
    (0..200_000).map(draw).filter(|x| x.abs() <= 700.0)
}
