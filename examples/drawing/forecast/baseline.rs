//! What needs no network: the present month, and a linear function of the last ones.

use crate::{AHEAD, Series};
use elman::prelude::*;
use elman::tensor::nalgebra::{DMatrix, DVector};

/// Numbers of months that the autoregression may look at: two years, three, five, one solar cycle,
/// and a little more than one.
pub(crate) const ORDERS: [usize; 5] = [24, 36, 60, 132, 160];

/// As many as now.
pub(crate) fn persistence(series: &Series) -> Vec<f64> {
    let unknown = [f64::NAN; AHEAD];
    unknown.iter().chain(&series.sunspots).copied().collect()
}

/// Least-squares weights of the last `order` months, the newest first, and a constant at the end.
pub(crate) fn fit(roots: &[f64], order: usize) -> Result<DVector<f64>, Error> {
    let first = order + AHEAD - 1;
    let rows = roots.len() - first;
    let x = DMatrix::from_fn(rows, order + 1, |i, k| lagged(roots, first + i - AHEAD, order, k));
    let y = DVector::from_fn(rows, |i, _| roots[first + i]);
    let qr = x.qr();
    Ok(qr.r().solve_upper_triangular(&qr.q().tr_mul(&y)).expect("months that differ"))
}

/// The forecast for every month there is, and NaN where too little came before.
pub(crate) fn forecast(series: &Series, weights: &DVector<f64>) -> Vec<f64> {
    let order = weights.len() - 1;
    let of = |t: usize| {
        let now = t.checked_sub(AHEAD).filter(|now| now + 1 >= order)?;
        let terms = (0..=order).map(|k| weights[k] * lagged(&series.roots, now, order, k));
        Some(series.number(terms.sum()))
    };
    (0..series.roots.len()).map(|t| of(t).unwrap_or(f64::NAN)).collect()
}

/// The `k`-th regressor in month `now`.
fn lagged(roots: &[f64], now: usize, order: usize, k: usize) -> f64 {
    if k == order { 1.0 } else { roots[now - k] }
}
