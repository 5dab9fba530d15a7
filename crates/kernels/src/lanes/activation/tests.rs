use super::*;
use crate::lanes::accuracy::{Double, keep, last_places, numbers, reference, worst};

#[test]
fn errors_of_f32_stay_within_their_stated_bounds() {
    let sigmoid64 = |x: f64| {
        if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
    };
    for (name, limit, (error, at)) in [
        ("exp", 1.02, worst((88.0, 27.377_993), exp::<f32>, f64::exp)),
        ("tanh", 2.0, worst((f32::MAX, 0.519_323_4), tanh::<f32>, f64::tanh)),
        ("sigmoid", 2.0, worst((88.0, 6.237_699), sigmoid::<f32>, sigmoid64)),
    ] {
        assert!(error <= limit, "{name}({at}) is {error} ulp off");
    }
}

#[test]
fn errors_of_f64_stay_within_their_stated_bounds() {
    let one = Double(1.0, 0.0);
    let mut worst = [0.0f64; 3];
    for x in numbers() {
        let (n, q) = reference(x);
        let (y, exact) = (exp(x), one.plus(q));
        // Near the smallest numbers powers of two are rounded, too.
        let y = y * 2f64.powi(-n / 2) * 2f64.powi(-n - -n / 2);
        keep(&mut worst[0], last_places(y, exact.plus(Double(-y, 0.0)).0));

        let (n, q) = reference(-x.abs());
        let e = one.plus(q).scaled(2f64.powi(n));
        let y = Double(sigmoid(x), 0.0);
        let numerator = if x < 0.0 { e } else { one };
        let rest = numerator.plus(y.times(one.plus(e)).scaled(-1.0));
        keep(&mut worst[1], last_places(y.0, rest.0 / (1.0 + e.0)));

        let (n, q) = reference(-2.0 * x.abs());
        let power = 2f64.powi(n.max(-200));
        let m = Double(power - 1.0, 0.0).plus(q.scaled(power));
        let m = if n == 0 { q } else { m };
        let y = Double(tanh(x).abs(), 0.0);
        let rest = y.times(m.plus(Double(2.0, 0.0))).plus(m).scaled(-1.0);
        keep(&mut worst[2], last_places(y.0, rest.0 / (2.0 + m.0)));
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
    for f in [exp::<f32>, tanh, sigmoid] {
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
    for f in [exp::<f64>, tanh, sigmoid] {
        assert!(f(f64::NAN).is_nan());
    }
}
