use crate::{Error, error::want};
use std::ops::Range;

/// A series cut in time: the past to learn from, then a part to choose by, then a
/// part to report.
///
/// Never at random: neighbours in time resemble each other, so a random test value
/// lies between two that were learned, and the error measured there is not that of a
/// forecast.
///
/// ```
/// use elman_data::Split;
/// # fn main() -> Result<(), elman_data::Error> {
/// let split = Split::fractions(100, 0.7, 0.15)?;
/// assert_eq!((split.train, split.validation, split.test), (0..70, 70..85, 85..100));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to fit weights, statistics and closed forms on.
    pub train: Range<usize>,
    /// Rows to choose settings by.
    pub validation: Range<usize>,
    /// Rows for the number that is reported.
    pub test: Range<usize>,
}

impl Split {
    /// The first `train` and the next `validation` of the rows, as fractions of all;
    /// the rest is the test part. Cuts are rounded to the nearest row, and a part may
    /// be empty.
    ///
    /// # Errors
    ///
    /// If a fraction is not in [0, 1], or if together they are more than 1.
    pub fn fractions(rows: usize, train: f64, validation: f64) -> Result<Self, Error> {
        let wanted = "a fraction between 0 and 1";
        want((0.0..=1.0).contains(&train), "Split", "train", train, wanted)?;
        want((0.0..=1.0).contains(&validation), "Split", "validation", validation, wanted)?;
        let both = train + validation;
        // 0.7 + 0.3 may be more than 1 by rounding.
        want(both <= 1.0 + 1e-12, "Split", "train + validation", both, "at most 1")?;
        let cut = |fraction: f64| ((rows as f64 * fraction).round() as usize).min(rows);
        Self::at(rows, cut(train), cut(both))
    }

    /// Rows below `validation`, then those below `test`, then the rest.
    ///
    /// # Errors
    ///
    /// Unless `validation ≤ test ≤ rows`.
    pub fn at(rows: usize, validation: usize, test: usize) -> Result<Self, Error> {
        want(test <= rows, "Split", "test", test, "at most the number of rows")?;
        want(
            validation <= test,
            "Split",
            "validation",
            validation,
            "at most the start of the test part",
        )?;
        Ok(Split { train: 0..validation, validation: validation..test, test: test..rows })
    }
}
