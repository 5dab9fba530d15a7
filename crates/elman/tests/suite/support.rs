//! What several tests need.

#![allow(dead_code, reason = "no test needs all of it")]

pub(crate) mod reference;

use elman::prelude::*;

/// A tensor of standard normal numbers, a function of its name.
pub(crate) fn normal<T: Real>(shape: impl Into<Shape>, name: &str) -> Tensor<T> {
    let mut random = Random::new(1, name, 0);
    Tensor::from_fn(shape, |_| T::from_f64(random.normal())).expect("a small tensor")
}

/// The bits of some numbers.
pub(crate) fn bits<T: Real>(values: &[T]) -> Vec<[u64; 2]> {
    values.iter().map(|x| x.bits()).collect()
}

/// The largest difference, relative to the largest number.
#[track_caller]
pub(crate) fn deviation(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = a.iter().chain(b).fold(0.0f64, |m, x| m.max(x.abs()));
    let off = a.iter().zip(b).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
    assert!(!a.iter().chain(b).any(|x| x.is_nan()));
    if off == 0.0 { 0.0 } else { off / scale }
}

/// So many cases, and no file of failures: a failing case prints its inputs.
pub(crate) fn cases(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}
