//! The Euclidean norm of anything that has one.

use elman_kernels::sum_by;
use elman_tensor::Real;

/// The norm as a product `unit · length`: the unit is 1, or, where squares would overflow or
/// vanish, the largest element. NaN gives NaN.
pub(super) fn norm<T: Real>(x: &[T]) -> [T; 2] {
    let length = |unit: T| sum_by(x, |x| (x / unit) * (x / unit)).sqrt();
    let plain = sum_by(x, |x| x * x).sqrt();
    if plain.is_finite() && plain > T::from_f64(1e-15) {
        return [T::ONE, plain];
    }
    let unit = x.iter().fold(T::ZERO, |m, x| if x.abs() > m { x.abs() } else { m });
    if unit > T::ZERO { [unit, length(unit)] } else { [T::ONE, plain] }
}
