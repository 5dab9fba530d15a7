use crate::{Error, Missing, lines::Lines};
use std::{fs::File, io::Read, ops::Range, path::Path};

/// Columns of numbers, in time order: `[rows, columns]`, row-major.
///
/// Read from a CSV file with a header line: fields separated by commas, quoted
/// with `"` where they contain one; spaces around a field do not count, and the
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
    file: String,
    /// The line of the header, for errors.
    line: u64,
    names: Vec<String>,
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

        let mut lines = Lines::new(name, b',', &bytes)?;
        let (line, header) = lines.next()?.ok_or_else(|| Error::EmptyFile { file: file() })?;
        let header: Vec<String> = header.iter().map(str::to_string).collect();
        let mut numbers = Numbers::new(name, (line, &header), columns, missing)?;
        while let Some((line, row)) = lines.next()? {
            numbers.push(line, row.len(), |place| &row[place])?;
        }
        numbers.finish()
    }

    /// The number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.values.len() / self.names.len()
    }

    /// The names of the columns, in the order in which they were asked for.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// All values, `[rows, columns]`, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values of some rows, `[rows.len(), columns]`: one part of a split.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`] if the range ends behind the last row, and
    /// [`Error::Parameter`] if it ends before it begins.
    pub fn part(&self, rows: Range<usize>) -> Result<&[f64], Error> {
        let (what, width) = ("Table::part", self.names.len());
        crate::error::want(rows.start <= rows.end, what, "rows", &rows, "a start before its end")?;
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
        let c = self.names.iter().position(|n| n == name).ok_or_else(|| Error::NoColumn {
            file: self.file.clone(),
            line: self.line,
            column: name.to_string(),
            columns: list(&self.names),
        })?;
        Ok(self.values.iter().skip(c).step_by(self.names.len()).copied().collect())
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
    name: &'a str,
    /// The line of the header, and how many columns it names.
    header: (u64, usize),
    columns: &'a [&'a str],
    /// Where the columns are.
    places: Vec<usize>,
    missing: Missing,
    values: Vec<f64>,
    /// The line of each row.
    begins: Vec<u64>,
}

impl<'a> Numbers<'a> {
    /// No rows yet, below a header in a line.
    pub(crate) fn new(
        name: &'a str,
        (line, header): (u64, &[String]),
        columns: &'a [&'a str],
        missing: Missing,
    ) -> Result<Self, Error> {
        crate::error::want(!columns.is_empty(), "Table", "columns", columns, "at least one name")?;
        let places = columns.iter().map(|column| place(name, line, header, column));
        let places = places.collect::<Result<_, _>>()?;
        let (values, begins, header) = (Vec::new(), Vec::new(), (line, header.len()));
        Ok(Numbers { name, header, columns, places, missing, values, begins })
    }

    /// One row of so many fields.
    pub(crate) fn push<'r>(
        &mut self,
        line: u64,
        fields: usize,
        field: impl Fn(usize) -> &'r str,
    ) -> Result<(), Error> {
        whole(self.name, line, fields, self.header.1)?;
        for (&place, &column) in self.places.iter().zip(self.columns) {
            self.values.push(number(self.name, line, column, field(place), self.missing)?);
        }
        self.begins.push(line);
        Ok(())
    }

    /// The table, its gaps filled.
    pub(crate) fn finish(mut self) -> Result<Table, Error> {
        self.fill(0..self.begins.len())?;
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
                let (file, column) = (self.name.to_string(), self.columns[c].to_string());
                return Err(Error::NoValue { file, line: self.begins[rows.start], column });
            }
            self.fill(rows)?;
        }
        self.table()
    }

    /// Fills the gaps of some rows from nothing but their values.
    fn fill(&mut self, rows: Range<usize>) -> Result<(), Error> {
        let width = self.columns.len();
        let own = &mut self.values[rows.start * width..rows.end * width];
        for (c, &column) in self.columns.iter().enumerate() {
            self.missing.fill(own, width, c).map_err(|(row, side)| Error::OpenGap {
                file: self.name.to_string(),
                line: self.begins[rows.start + row],
                column: column.to_string(),
                side,
            })?;
        }
        Ok(())
    }

    fn table(self) -> Result<Table, Error> {
        let file = self.name.to_string();
        if self.begins.is_empty() {
            return Err(Error::NoRows { file });
        }
        let names = self.columns.iter().map(|c| c.to_string()).collect();
        Ok(Table { file, line: self.header.0, names, values: self.values })
    }
}

/// An error unless a row has as many fields as the header.
pub(crate) fn whole(name: &str, line: u64, found: usize, wanted: usize) -> Result<(), Error> {
    if found == wanted {
        return Ok(());
    }
    Err(Error::RaggedRow { file: name.to_string(), line, found, wanted })
}

/// Where the header has the wanted name, exactly once.
pub(crate) fn place(
    name: &str,
    line: u64,
    header: &[String],
    wanted: &str,
) -> Result<usize, Error> {
    let mut places = (0..header.len()).filter(|&i| header[i] == wanted);
    let (file, column) = (name.to_string(), wanted.to_string());
    match (places.next(), places.count()) {
        (Some(place), 0) => Ok(place),
        (Some(_), more) => Err(Error::AmbiguousColumn { file, line, column, count: more + 1 }),
        (None, _) => Err(Error::NoColumn { file, line, column, columns: list(header) }),
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

/// `a`, `b`, `c`, cut after 20: a file of another kind can have a header of any length.
fn list(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(20).map(|n| format!("`{n}`")).collect();
    let rest = names.len().saturating_sub(20);
    if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
}
