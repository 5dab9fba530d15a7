use crate::error::want;
use crate::fields::Fields;
use crate::header::{Header, LineNumbers};
use crate::lines::Lines;
use crate::{Error, Missing};
use elman_tensor::reserve;
use std::{fs::File, io::Read, ops::Range, path::Path};

/// Columns of numbers, in time order: `[rows, columns]`, row-major.
///
/// Read from a CSV file with a header line: fields separated by commas, quoted
/// with `"` where they contain one (a quotation mark that is never closed is an error, as is text
/// between a closing one and the separator); spaces around a field do not count, and the
/// mark that some programs put at the beginning of a file (BOM) is skipped. A
/// blank line at the end is ignored; one between rows is a row with one empty
/// field, for a gap must not shift time. Numbers are read as Rust reads an `f64`.
///
/// ```
/// use elman_data::{Missing, Table};
/// # fn main() -> Result<(), elman_data::Error> {
/// let text = "day,load,wind\n1,5.5,3\n2,,4\n3,6.5,5\n";
/// let table = Table::from_reader("load.csv", text.as_bytes(), &["load", "wind"], Missing::Linear)?;
/// assert_eq!(table.column("load")?, [5.5, 6.0, 6.5]);
///
/// let refused = Table::from_reader("load.csv", text.as_bytes(), &["load"], Missing::Refuse);
/// assert!(refused.unwrap_err().to_string().starts_with("load.csv, line 3, column `load`: missing value"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The columns that were asked for, with file and line of the header for errors.
    header: Header,
    values: Vec<f64>,
}

impl Table {
    /// Reads the named columns, in the order of `columns`, from a file.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened or read, is empty or not UTF-8; a column that
    /// is not there, or twice; a row of another length than the header; a field
    /// that is no finite number; a missing value that is refused or cannot be
    /// filled. Each names the file, and the line and column where there is one.
    pub fn read(path: impl AsRef<Path>, columns: &[&str], missing: Missing) -> Result<Self, Error> {
        let file = path.as_ref().display().to_string();
        match File::open(path) {
            Ok(reader) => Self::from_reader(&file, reader, columns, missing),
            Err(source) => Err(Error::Open { file, source }),
        }
    }

    /// Reads the named columns from any reader; `name` stands for the file in errors.
    ///
    /// The reader is read to its end first, and needs no buffer of its own.
    ///
    /// # Errors
    ///
    /// As [`Table::read`].
    pub fn from_reader(
        name: &str,
        mut reader: impl Read,
        columns: &[&str],
        missing: Missing,
    ) -> Result<Self, Error> {
        let file = || name.to_string();
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|source| Error::Read { file: file(), source })?;

        let (mut lines, mut fields) = (Lines::new(name, b',', &bytes)?, Fields::default());
        let header = Header::read(name, &mut lines, &mut fields)?;
        let mut numbers = Numbers::new(&header, columns, missing, lines.most().0)?;
        loop {
            fields.clear();
            let Some(line) = lines.next(&mut fields)? else { return numbers.finish() };
            header.check_row(line, fields.len())?;
            numbers.push(line, |place| fields.get(place))?;
        }
    }

    /// The number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.values.len() / self.header.width()
    }

    /// The names of the columns, in the order in which they were asked for.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// All values, `[rows, columns]`, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All values, as [`Table::values`].
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// The values of some rows, `[rows.len(), columns]`: one part of a split.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`] if the range ends behind the last row, and
    /// [`Error::Parameter`] if it ends before it begins.
    pub fn part(&self, rows: Range<usize>) -> Result<&[f64], Error> {
        let (what, width) = ("Table::part", self.header.width());
        want(rows.start <= rows.end, what, "rows", &rows, "a start before its end")?;
        if rows.end > self.rows() {
            return Err(Error::TooShort { what, found: self.rows(), wanted: rows.end });
        }
        Ok(&self.values[rows.start * width..rows.end * width])
    }

    /// One column, `[rows]`.
    ///
    /// # Errors
    ///
    /// [`Error::NoColumn`] if no column that was read has this name.
    pub fn column(&self, name: &str) -> Result<Vec<f64>, Error> {
        let (c, width) = (self.header.place(name)?, self.header.width());
        Ok(self.values.iter().skip(c).step_by(width).copied().collect())
    }
}

/// Reads one column of a CSV file: `[rows]`.
///
/// ```
/// use elman_data::{Missing, read_column};
///
/// # let path = std::env::temp_dir().join(format!("elman-{}.csv", std::process::id()));
/// std::fs::write(&path, "year,sunspots\n1749,80.9\n1750,83.4\n")?;
/// assert_eq!(read_column(&path, "sunspots", Missing::Refuse)?, [80.9, 83.4]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`Table::read`].
pub fn read_column(
    path: impl AsRef<Path>,
    column: &str,
    missing: Missing,
) -> Result<Vec<f64>, Error> {
    Ok(Table::read(path, &[column], missing)?.values)
}

/// Columns of numbers, as they are read.
pub(crate) struct Numbers<'a> {
    /// Of all columns of the file.
    header: &'a Header,
    columns: &'a [&'a str],
    /// Where the columns are.
    places: Vec<usize>,
    missing: Missing,
    values: Vec<f64>,
    lines: LineNumbers,
}

impl<'a> Numbers<'a> {
    /// No rows yet, and room for a number of them.
    pub(crate) fn new(
        header: &'a Header,
        columns: &'a [&'a str],
        missing: Missing,
        rows: usize,
    ) -> Result<Self, Error> {
        want(!columns.is_empty(), "Table", "columns", columns, "at least one name")?;
        let places: Vec<_> =
            columns.iter().map(|column| header.place(column)).collect::<Result<_, _>>()?;
        let mut sorted = places.clone();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find(|pair| pair[0] == pair[1]);
        let twice = twice.map(|pair| &header.names[pair[0]]);
        want(twice.is_none(), "Table", "a column that is named twice", twice, "each name once")?;
        let (mut values, lines) = (Vec::new(), LineNumbers::default());
        reserve(&mut values, rows.saturating_mul(columns.len()))?;
        Ok(Numbers { header, columns, places, missing, values, lines })
    }

    /// One row.
    pub(crate) fn push<'r>(
        &mut self,
        line: u64,
        field: impl Fn(usize) -> &'r str,
    ) -> Result<(), Error> {
        for (&place, &column) in self.places.iter().zip(self.columns) {
            let x = number(&self.header.file, line, column, field(place), self.missing)?;
            self.values.push(x);
        }
        self.lines.push(line)
    }

    /// The table, its gaps filled.
    pub(crate) fn finish(mut self) -> Result<Table, Error> {
        self.fill(0..self.lines.rows())?;
        self.table()
    }

    /// The table, the gaps of each of some sequences filled from nothing but its own values.
    pub(crate) fn finish_each(mut self, lengths: &[usize]) -> Result<Table, Error> {
        let width = self.columns.len();
        let mut end = 0;
        for &length in lengths {
            let rows = end..end + length;
            end = rows.end;
            let own = &mut self.values[rows.start * width..rows.end * width];
            if let Some(c) = (0..width).find(|&c| !Missing::close(own, width, c)) {
                let line = self.lines.get(rows.start).unwrap_or(0);
                let column = self.columns[c].to_string();
                return Err(Error::NoValue { file: self.header.file.clone(), line, column });
            }
            self.fill(rows)?;
        }
        self.table()
    }

    /// Fills the gaps of some rows from nothing but their values.
    fn fill(&mut self, rows: Range<usize>) -> Result<(), Error> {
        let width = self.columns.len();
        let own = &mut self.values[rows.start * width..rows.end * width];
        let line = |row: usize| self.lines.get(row).unwrap_or(0);
        for (c, &column) in self.columns.iter().enumerate() {
            self.missing.fill(own, width, c).map_err(|(row, side)| Error::OpenGap {
                file: self.header.file.clone(),
                line: line(rows.start + row),
                column: column.to_string(),
                side,
            })?;
        }
        Ok(())
    }

    fn table(self) -> Result<Table, Error> {
        let Header { file, line, .. } = self.header;
        if self.lines.rows() == 0 {
            return Err(Error::NoRows { file: file.clone() });
        }
        let names = self.columns.iter().map(|c| c.to_string()).collect();
        Ok(Table { header: Header::new(file, *line, names), values: self.values })
    }
}

/// The number in a field; NaN stands for a missing value until it is filled.
fn number(name: &str, line: u64, column: &str, text: &str, missing: Missing) -> Result<f64, Error> {
    let (file, column, found) = (|| name.to_string(), || column.to_string(), || text.to_string());
    if Missing::is(text) {
        return match missing {
            Missing::Refuse => {
                Err(Error::MissingValue { file: file(), line, column: column(), found: found() })
            }
            Missing::Last | Missing::Linear => Ok(f64::NAN),
        };
    }
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        Ok(x) if x.is_infinite() => {
            Err(Error::NotFinite { file: file(), line, column: column(), found: found() })
        }
        // `+nan` and `-nan` parse, but are neither numbers nor a usual mark of a gap.
        _ => Err(Error::NotANumber { file: file(), line, column: column(), found: found() }),
    }
}
