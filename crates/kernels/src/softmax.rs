//! Softmax and its relatives along rows, safe for logits of any size.

use crate::error::{Error, length};
use crate::map::{map, update};
use crate::real::Real;
use crate::reduce::sum_by;

/// The largest element of a row, negative infinity for an empty one; NaN does not win.
fn max<T: Real>(x: &[T]) -> T {
    let start = T::from_f64(f64::NEG_INFINITY);
    x.iter().fold(start, |m, &x| if x > m { x } else { m })
}

/// ln Σ eˣ over a slice; negative infinity for an empty one.
///
/// ```
/// use elman_kernels::log_sum_exp;
///
/// // ln(e¹⁰⁰⁰ + e¹⁰⁰⁰), without computing e¹⁰⁰⁰.
/// assert!((log_sum_exp(&[1000.0, 1000.0]) - (1000.0 + 2.0_f64.ln())).abs() < 1e-12);
/// assert_eq!(log_sum_exp::<f64>(&[]), f64::NEG_INFINITY);
/// ```
pub fn log_sum_exp<T: Real>(x: &[T]) -> T {
    let m = max(x);
    // All −∞ (or empty): m − m would be NaN. Any +∞: the sum is +∞.
    if !m.to_f64().is_finite() {
        return if x.iter().any(|x| x.to_f64().is_nan()) { T::NAN } else { m };
    }
    m + sum_by(x, |x| (x - m).exp()).ln()
}

/// `y[r, ·] = softmax(x[r, ·])` over rows of `width` elements.
///
/// ```
/// use elman_kernels::softmax_rows;
///
/// let mut y = [0.0; 4];
/// softmax_rows(&[0.0, 0.0, 1000.0, 1000.0 + 3.0_f64.ln()], 2, &mut y)?;
/// assert_eq!(y[..2], [0.5, 0.5]);
/// assert!((y[3] - 0.75).abs() < 1e-9); // 3 / (1 + 3)
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ, or are no multiple of `width`.
pub fn softmax_rows<T: Real>(x: &[T], width: usize, y: &mut [T]) -> Result<(), Error> {
    rows("softmax", x, width, y, |x, y| {
        let m = max(x);
        map(x, y, |x| (x - m).exp())?;
        let scale = T::ONE / sum_by(y, |y| y);
        update(y, x, |y, _| *y *= scale)
    })
}

/// `y[r, ·] = x[r, ·] − log_sum_exp(x[r, ·])` over rows of `width` elements.
///
/// ```
/// use elman_kernels::log_softmax_rows;
///
/// // What has the probability e⁻¹⁰⁰⁰ still has a logarithm.
/// let mut y = [0.0; 2];
/// log_softmax_rows(&[0.0, -1000.0], 2, &mut y)?;
/// assert_eq!(y, [0.0, -1000.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ, or are no multiple of `width`.
pub fn log_softmax_rows<T: Real>(x: &[T], width: usize, y: &mut [T]) -> Result<(), Error> {
    rows("log_softmax", x, width, y, |x, y| {
        // Subtracting the maximum first keeps the small differences of huge logits.
        let m = max(x);
        let rest = sum_by(x, |x| (x - m).exp()).ln();
        map(x, y, |x| (x - m) - rest)
    })
}

fn rows<T: Real>(
    kernel: &'static str,
    x: &[T],
    width: usize,
    y: &mut [T],
    row: impl Fn(&[T], &mut [T]) -> Result<(), Error>,
) -> Result<(), Error> {
    length(kernel, x.len(), y.len())?;
    let rest = x.len().checked_rem(width).unwrap_or(x.len());
    length(kernel, x.len() - rest, x.len())?;
    let width = width.max(1);
    x.chunks_exact(width).zip(y.chunks_exact_mut(width)).try_for_each(|(x, y)| row(x, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_logits_neither_overflow_nor_lose_their_differences() {
        let x = [1000.0f64, 1001.0, -1000.0, 3.0, 3.0, 3.0];
        let (mut p, mut l) = ([0.0; 6], [0.0; 6]);
        softmax_rows(&x, 3, &mut p).unwrap();
        log_softmax_rows(&x, 3, &mut l).unwrap();
        let e = 1.0f64.exp();
        assert!((p[0] - 1.0 / (1.0 + e)).abs() < 1e-15 && p[2] == 0.0);
        assert!((p[3] - 1.0 / 3.0).abs() < 1e-15);
        assert!((l[1] + (1.0 + 1.0 / e).ln()).abs() < 1e-15);
        assert!((l[2] + 2001.0).abs() < 1.0 && l[2].is_finite());
        assert!((log_sum_exp(&x[..3]) - 1001.0 - (1.0 + 1.0 / e).ln()).abs() < 1e-12);
    }

    #[test]
    fn infinities_and_empty_rows_have_their_limits() {
        let inf = f64::INFINITY;
        assert_eq!(log_sum_exp::<f64>(&[]), -inf);
        assert_eq!(log_sum_exp(&[-inf, -inf]), -inf);
        assert_eq!(log_sum_exp(&[inf, 1.0]), inf);
        assert_eq!(log_sum_exp(&[-inf, 2.0]), 2.0);
        assert!(log_sum_exp(&[f64::NAN, -inf]).is_nan());
        let mut y = [0.0; 2];
        softmax_rows(&[-inf, 5.0], 2, &mut y).unwrap();
        assert_eq!(y, [0.0, 1.0]);
        softmax_rows::<f64>(&[], 0, &mut []).unwrap();
        assert!(softmax_rows(&[1.0, 2.0], 0, &mut y).is_err());
        assert!(softmax_rows(&[1.0, 2.0, 3.0], 2, &mut [0.0; 3]).is_err());
    }
}
