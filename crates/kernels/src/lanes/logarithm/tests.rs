use super::*;
use crate::lanes::accuracy::{Double, keep, last_places, numbers, reference, worst};

#[test]
fn errors_of_f32_stay_within_their_stated_bounds() {
    let softplus64 = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    let of_magnitude = |x: f32| ln(x.abs());
    for (name, limit, (error, at)) in [
        ("ln", 1.0, worst((f32::MAX, 0.703_852_36), of_magnitude, |x| x.abs().ln())),
        ("softplus", 2.0, worst((88.0, 2.030_31), softplus, softplus64)),
    ] {
        assert!(error <= limit, "{name}({at}) is {error} ulp off");
    }
}

#[test]
fn errors_of_f64_stay_within_their_stated_bounds() {
    let mut worst = [0.0f64; 2];
    for x in numbers() {
        // One step of Newton's is exact: ln x = y + (x e⁻ʸ − 1).
        let after = |exact_power: Double, y: f64| {
            let (n, q) = reference(-y);
            let power = Double(1.0, 0.0).plus(q).scaled(2f64.powi(n));
            exact_power.times(power).plus(Double(-1.0, 0.0)).0
        };
        let (a, y) = (x.abs(), ln(x.abs()));
        keep(&mut worst[0], last_places(y, after(Double(a, 0.0), y)));

        // The part that is not linear, ln(1 + e), is that of −|x|; of a small e it is a series.
        let (n, q) = reference(-a);
        let e = Double(1.0, 0.0).plus(q).scaled(2f64.powi(n));
        let y = softplus(-a);
        let tail = if e.0 > 1e-8 {
            Double(y, 0.0).plus(Double(after(Double(1.0, 0.0).plus(e), y), 0.0))
        } else {
            e.plus(e.times(e).scaled(-0.5))
        };
        let exact = Double(if x > 0.0 { x } else { 0.0 }, 0.0).plus(tail);
        let y = softplus(x);
        keep(&mut worst[1], last_places(y, exact.plus(Double(-y, 0.0)).0));
    }
    for (name, limit, error) in [("ln", 1.0, worst[0]), ("softplus", 2.0, worst[1])] {
        assert!(error <= limit, "{name} is {error} ulp off");
    }
}

#[test]
fn the_edges_are_those_of_the_standard_library() {
    fn edges<T: Binary + PartialEq + std::fmt::Debug>(smallest: f64) {
        let [zero, infinity] = [0.0, f64::INFINITY].map(T::of);
        assert_eq!(ln(zero), T::of(f64::NEG_INFINITY));
        assert_eq!(ln(T::of(-0.0)), T::of(f64::NEG_INFINITY));
        assert_eq!(ln(T::of(1.0)), zero);
        assert_eq!(ln(infinity), infinity);
        assert_eq!(ln(T::SMALLEST), T::of(smallest));
        assert_eq!(softplus(infinity), infinity);
        assert_eq!(softplus(T::of(f64::NEG_INFINITY)), zero);
        for nan in [ln(T::of(-1.0)), ln(T::of(f64::NAN)), softplus(T::of(f64::NAN))] {
            assert_ne!(nan, nan);
        }
    }
    edges::<f32>(f64::from(f32::from_bits(1).ln()));
    edges::<f64>(f64::from_bits(1).ln());
}
