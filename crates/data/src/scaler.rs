use crate::{Error, error::want, moments::Moments};
use elman_tensor::Real;

/// Puts columns on a common scale: `z = (x - mean) / scale`, and back.
///
/// Fit it on the training part only. Statistics that have seen the test part tell the
/// model about the future, by its level at least.
///
/// ```
/// use elman_data::{Scaler, Split};
/// # fn main() -> Result<(), elman_data::Error> {
/// let mut series = [1.0, 2.0, 3.0, 10.0];
/// let split = Split::at(series.len(), 3, 3)?;
/// let scaler = Scaler::standard(&series[split.train], 1)?;
/// scaler.transform(&mut series)?;
/// assert_eq!(series[1], 0.0);
/// scaler.inverse(&mut series)?;
/// assert!((series[3] - 10.0).abs() < 1e-12);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl Scaler {
    /// Mean 0 and variance 1 (over n, not n - 1) in every column of `values`,
    /// `[rows, columns]` row-major.
    ///
    /// A column that is constant keeps its scale: it becomes 0, not a division by 0.
    ///
    /// # Errors
    ///
    /// If there is no column or no row, if the last row is not whole, if a value is
    /// not finite, or so large that its square is not.
    pub fn standard(values: &[f64], columns: usize) -> Result<Self, Error> {
        let what = "Scaler::standard";
        Self::fit(what, values, columns, |column| {
            let mut moments = Moments::default();
            column.iter().for_each(|&x| moments.add(x));
            (moments.mean(), moments.variance().sqrt())
        })
    }

    /// The range of every column of `values` put to [-1, 1]: the mean is the middle of
    /// the range, the scale half its width. A constant column becomes 0.
    ///
    /// # Errors
    ///
    /// As [`Scaler::standard`].
    pub fn range(values: &[f64], columns: usize) -> Result<Self, Error> {
        let what = "Scaler::range";
        Self::fit(what, values, columns, |column| {
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low + 0.5 * (high - low), 0.5 * (high - low))
        })
    }

    fn fit(
        what: &'static str,
        values: &[f64],
        columns: usize,
        statistics: impl Fn(&[f64]) -> (f64, f64),
    ) -> Result<Self, Error> {
        rows(what, values, columns)?;
        if values.is_empty() {
            return Err(Error::TooShort { what, found: 0, wanted: 1 });
        }
        let mut scaler = Scaler { mean: Vec::new(), scale: Vec::new() };
        for c in 0..columns {
            let column: Vec<f64> = values[c..].iter().step_by(columns).copied().collect();
            let (mean, scale) = statistics(&column);
            want(mean.is_finite() && scale.is_finite(), what, "scale", scale, "a finite number")?;
            scaler.mean.push(mean);
            // 0 for a constant, whose mean is exact, and where squares are too small for f64.
            scaler.scale.push(if scale > 0.0 { scale } else { 1.0 });
        }
        Ok(scaler)
    }

    /// What is subtracted, one number per column.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What is divided by, one number per column; never 0. An error in scaled units
    /// times this is an error in the units of the series.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// Scales `values`, `[rows, columns]`, in place.
    ///
    /// # Errors
    ///
    /// If the last row is not whole; the values are untouched then.
    pub fn transform<T: Real>(&self, values: &mut [T]) -> Result<(), Error> {
        self.each("Scaler::transform", values, |x, mean, scale| (x - mean) / scale)
    }

    /// Undoes [`Scaler::transform`] up to rounding.
    ///
    /// # Errors
    ///
    /// As [`Scaler::transform`].
    pub fn inverse<T: Real>(&self, values: &mut [T]) -> Result<(), Error> {
        self.each("Scaler::inverse", values, |z, mean, scale| z * scale + mean)
    }

    fn each<T: Real>(
        &self,
        what: &'static str,
        values: &mut [T],
        f: impl Fn(f64, f64, f64) -> f64,
    ) -> Result<(), Error> {
        let columns = self.mean.len();
        if !values.len().is_multiple_of(columns) {
            return Err(Error::PartialRow { what, found: values.len(), columns });
        }
        for row in values.chunks_exact_mut(columns) {
            for ((x, &mean), &scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *x = T::from_f64(f(x.to_f64(), mean, scale));
            }
        }
        Ok(())
    }
}

/// The rows in `values`, all of them whole and finite.
pub(crate) fn rows(what: &'static str, values: &[f64], columns: usize) -> Result<usize, Error> {
    want(columns > 0, what, "columns", columns, "at least 1")?;
    if !values.len().is_multiple_of(columns) {
        return Err(Error::PartialRow { what, found: values.len(), columns });
    }
    match values.iter().position(|x| !x.is_finite()) {
        Some(i) => {
            let (row, column) = (i / columns, i % columns);
            Err(Error::NotFiniteValue { what, row, column, found: values[i] })
        }
        None => Ok(values.len() / columns),
    }
}
