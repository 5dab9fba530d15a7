//! The fields of a file, as text.

use crate::error::want;
use crate::table::{Numbers, place, whole};
use crate::{Error, Missing, Table, lines::Lines};
use std::{fs, path::Path};

/// Rows of fields with a header, as text: for columns that are no numbers, such as dates, labels
/// and names, and for files whose columns are to be looked at before they are chosen.
///
/// ```
/// use elman_data::{Missing, Records};
/// # fn main() -> Result<(), elman_data::Error> {
/// let records = Records::from_bytes("load.csv", b"day,load\nMon,5.5\nTue,6\n")?;
/// assert_eq!(records.names(), ["day", "load"]);
/// assert_eq!(records.column("day")?, ["Mon", "Tue"]);
/// assert_eq!(records.numbers(&["load"], Missing::Refuse)?.values(), [5.5, 6.0]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    file: String,
    /// The line of the header.
    line: u64,
    names: Vec<String>,
    /// The line on which each row begins, and its fields.
    rows: Vec<(u64, Vec<String>)>,
}

impl Records {
    /// Reads a CSV file as [`Table::read`] does, but all of its columns, and as text.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is empty or not UTF-8; a row of another length than the header.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = path.as_ref().display().to_string();
        match fs::read(path) {
            Ok(bytes) => Self::from_bytes(&file, &bytes),
            Err(source) => Err(Error::Open { file, source }),
        }
    }

    /// Reads CSV from memory; `name` stands for the file in errors.
    ///
    /// # Errors
    ///
    /// As [`Records::read`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        Self::separated(name, b',', bytes)
    }

    /// Reads a table whose fields lie between other separators than commas, such as `\t` or `;`.
    ///
    /// ```
    /// use elman_data::Records;
    /// let records = Records::separated("load.tsv", b'\t', b"day\tload, kW\nMon\t5.5\n")?;
    /// assert_eq!(records.names(), ["day", "load, kW"]);
    /// # Ok::<(), elman_data::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Records::read`].
    pub fn separated(name: &str, separator: u8, bytes: &[u8]) -> Result<Self, Error> {
        let mut lines = Lines::new(name, separator, bytes)?;
        let none = || Error::EmptyFile { file: name.to_string() };
        let (line, header) = lines.next()?.ok_or_else(none)?;
        let text = |row: &csv::StringRecord| row.iter().map(str::to_string).collect();
        let (names, mut rows) = (text(header), Vec::new());
        while let Some((line, row)) = lines.next()? {
            rows.push((line, text(row)));
        }
        Self::new(name, (line, names), rows)
    }

    /// Rows from elsewhere: the header with its line, and each row with its own.
    ///
    /// # Errors
    ///
    /// If a row is of another length than the header.
    pub fn new(
        name: &str,
        (line, names): (u64, Vec<String>),
        rows: Vec<(u64, Vec<String>)>,
    ) -> Result<Self, Error> {
        rows.iter().try_for_each(|(line, row)| whole(name, *line, row.len(), names.len()))?;
        Ok(Records { file: name.to_string(), line, names, rows })
    }

    /// The file, as it is named in errors.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of rows; there may be none.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The line on which a row begins, counted from 1; `None` behind the last one.
    pub fn line(&self, row: usize) -> Option<u64> {
        self.rows.get(row).map(|(line, _)| *line)
    }

    /// The fields of one column, in their order.
    ///
    /// # Errors
    ///
    /// If no column has this name, or more than one.
    pub fn column(&self, name: &str) -> Result<Vec<&str>, Error> {
        let place = place(&self.file, self.line, &self.names, name)?;
        Ok(self.rows.iter().map(|(_, row)| row[place].as_str()).collect())
    }

    /// Columns of numbers.
    ///
    /// # Errors
    ///
    /// As [`Table::read`] for what is in the columns, and if there are no rows.
    pub fn numbers(&self, columns: &[&str], missing: Missing) -> Result<Table, Error> {
        self.unfilled(columns, missing)?.finish()
    }

    /// Columns of numbers of sequences that lie one after the other, each so many rows long. The
    /// gaps of a sequence are filled from its own values only; one at an end of it becomes the
    /// value next to it.
    ///
    /// ```
    /// use elman_data::{Missing, Records};
    /// let records = Records::from_bytes("a.csv", b"id,x\nfirst,1\nfirst,\nsecond,\nsecond,5\n")?;
    /// let table = records.sequences(&["x"], Missing::Last, &[2, 2])?;
    /// assert_eq!(table.values(), [1.0, 1.0, 5.0, 5.0]);
    /// # Ok::<(), elman_data::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Records::numbers`]; [`Error::NoValue`] for a sequence that has no value in a column;
    /// [`Error::Parameter`] if the lengths are not those of all rows.
    pub fn sequences(
        &self,
        columns: &[&str],
        missing: Missing,
        lengths: &[usize],
    ) -> Result<Table, Error> {
        let all = lengths.iter().try_fold(0usize, |all, &length| all.checked_add(length));
        let whole = all == Some(self.rows());
        want(whole, "Records", "lengths", lengths, "numbers of rows, as many in all as there are")?;
        self.unfilled(columns, missing)?.finish_each(lengths)
    }

    fn unfilled<'a>(
        &'a self,
        columns: &'a [&'a str],
        missing: Missing,
    ) -> Result<Numbers<'a>, Error> {
        let header = (self.line, self.names.as_slice());
        let mut numbers = Numbers::new(&self.file, header, columns, missing)?;
        for (line, row) in &self.rows {
            numbers.push(*line, row.len(), |place| &row[place])?;
        }
        Ok(numbers)
    }
}
