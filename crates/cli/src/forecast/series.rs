//! The numbers of a series, and its parts in time.

use crate::args::Wishes;
use crate::dates::Dates;
use crate::failure::Failure;
use crate::{inputs, source};
use elman::data::Records;
use std::ops::Range;

/// The columns of a series: those to forecast, then the others.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    file: String,
    values: Vec<f64>,
    names: Vec<String>,
}

impl Series {
    pub(crate) fn new(
        records: &Records,
        targets: &[String],
        inputs: &[String],
        missing: &str,
    ) -> Result<Self, Failure> {
        if let Some([_, second, ..]) = records.groups() {
            return Err(Failure::Data(format!(
                "{}, line {}: a second object with `values`; expected one series, in one object \
                 (--label classifies the sequences of several)",
                records.file(),
                records.line(*second).unwrap_or(0)
            )));
        }
        let names: Vec<&str> = targets.iter().chain(inputs).map(String::as_str).collect();
        let table = records.numbers(&names, source::missing(missing)?)?;
        let names = names.iter().map(ToString::to_string).collect();
        Ok(Series { file: records.file().to_string(), values: table.into_values(), names })
    }

    pub(crate) fn rows(&self) -> usize {
        self.values.len() / self.names.len()
    }

    /// The value of a column at a row.
    pub(crate) fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.names.len() + column]
    }

    /// The error for a row that no network can read, its numbers being too far from those that
    /// were learned from.
    pub(crate) fn beyond(&self, row: usize) -> Failure {
        let width = self.names.len();
        let numbers = &self.values[row * width..(row + 1) * width];
        let numbers = self.names.iter().zip(numbers).map(|(name, x)| format!("`{name}` {x:e}"));
        Failure::Data(format!(
            "{}: row {} is too far from what was learned from: {}; correct it, or leave its \
             fields empty",
            self.file,
            row + 1,
            numbers.collect::<Vec<_>>().join(", ")
        ))
    }

    /// An error if a column never changes in the rows that are learned from.
    pub(crate) fn check_varied(&self, learned: &Range<usize>) -> Result<(), Failure> {
        for (c, name) in self.names.iter().enumerate() {
            let first = self.at(learned.start, c);
            if learned.clone().all(|t| self.at(t, c) == first) {
                return Err(Failure::Data(format!(
                    "{}: the column `{name}` is {first} in rows 1 to {}, which are learned from; \
                     there is nothing to learn from a constant, so leave it out or choose another \
                     --target",
                    self.file, learned.end
                )));
            }
        }
        Ok(())
    }
}

/// The columns to forecast.
pub(crate) fn targets(records: &Records, wishes: &Wishes) -> Result<Vec<String>, Failure> {
    let targets = wishes.targets();
    if targets.is_empty() {
        return Err(Failure::Usage(format!(
            "{}: what is to be learned? Say --target COLUMN to forecast a series, or --label \
             COLUMN to tell classes; the columns are {}",
            records.file(),
            source::quoted(records.names())
        )));
    }
    for chosen in targets.iter().chain(&wishes.inputs()) {
        records.column(chosen)?;
    }
    inputs::distinct("--target", &targets, &[])?;
    Ok(targets)
}

/// The other columns to read, chosen by the first `rows`.
pub(crate) fn inputs(
    records: &Records,
    rows: usize,
    wishes: &Wishes,
    targets: &[String],
    dates: Option<&Dates>,
) -> Result<Vec<String>, Failure> {
    let asked = wishes.inputs();
    let roles: Vec<_> = targets.iter().map(|target| ("--target", target.as_str())).collect();
    inputs::distinct("--input", &asked, &roles)?;
    let others = targets.iter().map(String::as_str).chain(dates.map(|dates| &*dates.column));
    Ok(inputs::choose(records, rows, &asked, &others.collect::<Vec<_>>()))
}

/// A series cut in time: to learn from, to choose by, to report.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Split {
    pub(crate) train: Range<usize>,
    pub(crate) validation: Range<usize>,
    pub(crate) test: Range<usize>,
}

/// The rows that a horizon takes.
fn fewest(horizon: usize) -> usize {
    horizon.saturating_mul(4).saturating_add(16)
}

/// The longest horizon that so many rows allow; 0 if none.
pub(crate) fn longest_horizon(rows: usize) -> usize {
    rows.saturating_sub(16) / 4
}

/// How many rows are chosen by, and how many are reported.
fn held(rows: usize, horizon: usize) -> usize {
    (rows * 15 / 100).max(horizon)
}

/// How many rows, the first ones, are learned from whatever the usual horizon turns out to be: what
/// is chosen by these does not depend on the others.
pub(crate) fn surely_learned(rows: usize, horizon: Option<usize>) -> usize {
    let horizon = horizon.unwrap_or(USUAL_HORIZON.min(longest_horizon(rows)));
    rows.saturating_sub(held(rows, horizon).saturating_mul(2))
}

/// The horizon of a series without a season.
pub(crate) const USUAL_HORIZON: usize = 12;

impl Split {
    /// 15 of 100 rows each to choose by and to report, but not less than a horizon.
    pub(crate) fn new(file: &str, rows: usize, horizon: usize) -> Result<Self, Failure> {
        if horizon == 0 {
            return Err(Failure::Usage("--horizon is 0; wanted 1 row at least".into()));
        }
        if rows < fewest(horizon) {
            let advice = match longest_horizon(rows) {
                0 => String::new(),
                most => format!(", or choose a --horizon of at most {most}"),
            };
            return Err(Failure::Data(format!(
                "{file}: {rows} rows are too few to forecast {horizon} rows and to tell how well; \
                 wanted at least {}{advice}",
                fewest(horizon)
            )));
        }
        let held = held(rows, horizon);
        let (first, second) = (rows - 2 * held, rows - held);
        Ok(Split { train: 0..first, validation: first..second, test: second..rows })
    }

    /// All rows to report but the first, which are only read.
    pub(crate) fn whole(
        file: &str,
        rows: usize,
        first: usize,
        horizon: usize,
    ) -> Result<Self, Failure> {
        if rows < first.saturating_add(horizon) {
            return Err(Failure::Data(format!(
                "{file}: {rows} rows are too few to tell how well they are forecast; wanted at \
                 least {first} that are read first and {horizon} that follow"
            )));
        }
        Ok(Split { train: 0..0, validation: 0..0, test: first..rows })
    }
}

/// Whether a network can read a number: its square, and the sum of many, are finite.
pub(crate) fn readable(x: f64) -> bool {
    x.abs() < 1e15
}

/// Mean and standard deviation; where that is nothing but rounding, the size of the mean, or 1 if
/// that is 0, too.
pub(crate) fn moments(values: &mut dyn Iterator<Item = f64>) -> (f64, f64) {
    // Welford 1962: no difference of large squares.
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for x in values {
        count += 1.0;
        let away = x - mean;
        mean += away / count;
        squares += away * (x - mean);
    }
    let deviation = (squares / f64::max(count, 1.0)).sqrt();
    let scale = match mean.abs() {
        size if deviation > size * 1e-12 || deviation.is_nan() => deviation,
        0.0 => 1.0,
        size => size,
    };
    (mean, scale)
}
