//! Sums in a fixed order.

use crate::dispatch::Kernel;
use crate::error::{Error, length};
use crate::real::Real;

/// The number of interleaved partial sums of a reduction: element `i` goes to sum `i % LANES`.
///
/// Part of the definition of every sum, not of the machine: vector widths up to sixteen give the
/// same bits.
pub const LANES: usize = 16;

struct Sum<'a, T, F> {
    a: &'a [T],
    b: &'a [T],
    f: F,
}

impl<T: Real, F: Fn(T, T, T) -> T> Kernel for Sum<'_, T, F> {
    type Output = T;
    #[inline(always)]
    fn run(self) -> T {
        let mut lanes = [T::ZERO; LANES];
        let (a, a_rest) = self.a.as_chunks::<LANES>();
        let (b, b_rest) = self.b.as_chunks::<LANES>();
        for (a, b) in a.iter().zip(b) {
            for i in 0..LANES {
                lanes[i] = (self.f)(lanes[i], a[i], b[i]);
            }
        }
        for (i, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
            lanes[i] = (self.f)(lanes[i], a, b);
        }
        let mut width = LANES / 2;
        while width > 0 {
            for i in 0..width {
                let other = lanes[i + width];
                lanes[i] += other;
            }
            width /= 2;
        }
        lanes[0]
    }
}

/// Σ x\[i\].
///
/// ```
/// use elman_kernels::sum;
///
/// // Sixteen partial sums, which are then added in pairs: 1 is not lost beside 10¹⁶, and −10¹⁶.
/// let mut x = [0.0; 17];
/// (x[0], x[1], x[16]) = (1e16, 1.0, -1e16);
/// assert_eq!(sum(&x), 1.0);
/// ```
pub fn sum<T: Real>(x: &[T]) -> T {
    sum_by(x, |x| x)
}

/// Σ f(x\[i\]).
///
/// ```
/// use elman_kernels::sum_by;
///
/// assert_eq!(sum_by(&[1.0, 2.0, 3.0], |x| x * x), 14.0);
/// assert_eq!(sum_by(&[], |x: f64| x * x), 0.0);
/// ```
pub fn sum_by<T: Real>(x: &[T], f: impl Fn(T) -> T) -> T {
    T::dispatch(Sum { a: x, b: x, f: |lane, a, _| lane + f(a) })
}

/// The index of the largest element, the first of equals; `None` of no elements. NaN never wins.
///
/// ```
/// use elman_kernels::argmax;
///
/// assert_eq!(argmax(&[1.0, f64::NAN, 3.0, 3.0]), Some(2));
/// assert_eq!(argmax::<f64>(&[]), None);
/// ```
pub fn argmax<T: Real>(x: &[T]) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (i, &value) in x.iter().enumerate() {
        if !value.to_f64().is_nan() && best.is_none_or(|b| value > x[b]) {
            best = Some(i);
        }
    }
    best
}

/// Σ a\[i\] b\[i\], each product fused with its addition.
///
/// ```
/// use elman_kernels::dot;
///
/// assert_eq!(dot(&[1.0, 2.0, 3.0], &[10.0, 10.0, 1.0])?, 33.0);
/// assert!(dot(&[1.0, 2.0], &[1.0]).is_err());
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn dot<T: Real>(a: &[T], b: &[T]) -> Result<T, Error> {
    length("dot", a.len(), b.len())?;
    Ok(T::dispatch(Sum { a, b, f: |lane, a: T, b| a.mul_add(b, lane) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::portable;

    #[test]
    fn sums_follow_the_documented_order() {
        let x: Vec<f32> = (0..37).map(|i| 1.0 / (i as f32 + 0.7)).collect();
        let mut lanes = [0.0f32; LANES];
        for (i, &x) in x.iter().enumerate() {
            lanes[i % LANES] += x;
        }
        let pair = |l: &[f32]| -> Vec<f32> {
            let (a, b) = l.split_at(l.len() / 2);
            a.iter().zip(b).map(|(a, b)| a + b).collect()
        };
        let by_hand = pair(&pair(&pair(&pair(&lanes))))[0];
        assert_eq!(sum(&x).to_bits(), by_hand.to_bits());
        assert_eq!(sum::<f32>(&[]), 0.0);
        assert_eq!(sum_by(&x[..2], |x| x * x), x[0] * x[0] + x[1] * x[1]);
    }

    #[test]
    fn the_largest_wins_and_nan_does_not() {
        assert_eq!(argmax(&[1.0f32, 3.0, 3.0, 2.0]), Some(1));
        assert_eq!(argmax(&[f64::NAN, f64::NEG_INFINITY, f64::NAN]), Some(1));
        assert_eq!(argmax(&[f64::NAN]), None);
        assert_eq!(argmax::<f64>(&[]), None);
    }

    #[test]
    fn both_compilations_give_the_same_bits() {
        let x: Vec<f32> = (0..1001).map(|i| (i as f32 * 0.37).sin()).collect();
        let fast = dot(&x, &x).unwrap();
        let slow = portable(Sum { a: &x, b: &x, f: |l, a: f32, b| Real::mul_add(a, b, l) });
        assert_eq!(fast.to_bits(), slow.to_bits());
        assert!(dot(&x, &x[1..]).is_err());
    }
}
