//! The numbers of a series, and its parts in time.

use crate::args::Wishes;
use crate::dates::Dates;
use crate::failure::Failure;
use crate::source;
use elman::data::{Missing, Records};
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
        let names: Vec<&str> = targets.iter().chain(inputs).map(String::as_str).collect();
        let table = records.numbers(&names, source::missing(missing)?)?;
        let names = names.iter().map(ToString::to_string).collect();
        let file = records.file().to_string();
        Ok(Series { file, values: table.values().to_vec(), names })
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

    /// An error if a column never changes.
    pub(crate) fn check_varied(&self, file: &str) -> Result<(), Failure> {
        for (c, name) in self.names.iter().enumerate() {
            let first = self.at(0, c);
            if (0..self.rows()).all(|t| self.at(t, c) == first) {
                return Err(Failure::Data(format!(
                    "{file}: the column `{name}` is {first} in every row; there is nothing to \
                     learn from a constant, so leave it out or choose another --target"
                )));
            }
        }
        Ok(())
    }
}

/// The columns to forecast, and the others to read.
pub(crate) fn columns(
    records: &Records,
    wishes: &Wishes,
) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (targets, names) = (wishes.target.clone(), records.names());
    if targets.is_empty() {
        return Err(Failure::Usage(format!(
            "{}: what is to be learned? Say --target COLUMN to forecast a series, or --label \
             COLUMN to tell classes; the columns are {}",
            records.file(),
            quoted(names)
        )));
    }
    for chosen in targets.iter().chain(&wishes.input) {
        records.column(chosen)?;
    }
    let inputs = match wishes.input.is_empty() {
        false => wishes.input.clone(),
        // All others that are numbers and change.
        true => {
            let numbers = |name: &&String| {
                let filled = records.numbers(&[name.as_str()], Missing::Linear);
                filled.is_ok_and(|t| t.values().iter().any(|x| *x != t.values()[0]))
            };
            names.iter().filter(|name| !targets.contains(name)).filter(numbers).cloned().collect()
        }
    };
    let inputs = inputs.into_iter().filter(|name| !targets.contains(name));
    let dates = Dates::find(records);
    let inputs = inputs.filter(|name| dates.as_ref().is_none_or(|dates| dates.column != *name));
    let inputs = inputs.collect();
    Ok((targets, inputs))
}

/// Names in quotation marks, the first of them.
fn quoted(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(12);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
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
        let held = (rows * 15 / 100).max(horizon);
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
