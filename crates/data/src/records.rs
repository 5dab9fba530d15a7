//! The fields of a file, as text.

use crate::error::want;
use crate::fields::Fields;
use crate::header::{Header, LineNumbers};
use crate::lines::Lines;
use crate::table::Numbers;
use crate::{Error, Missing, Table};
use elman_tensor::reserve;
use std::{fs, path::Path};

/// Rows of fields with a header, as text: for columns that are no numbers, such as dates, labels
/// and names, and for files whose columns are to be looked at before they are chosen.
///
/// ```
/// use elman_data::{Missing, Records};
/// # fn main() -> Result<(), elman_data::Error> {
/// let records = Records::from_bytes("load.csv", b"day,load\nMon,5.5\nTue,6\n")?;
/// assert_eq!(records.names(), ["day", "load"]);
/// assert!(records.column("day")?.iter().eq(["Mon", "Tue"]));
/// assert_eq!(records.numbers(&["load"], Missing::Refuse)?.values(), [5.5, 6.0]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    header: Header,
    /// The fields of each row, `[rows, columns - shared]`.
    fields: Fields,
    lines: LineNumbers,
    /// How many columns, the first ones, have one field for all rows of a group.
    shared: usize,
    /// The fields of each group, `[groups, shared]`.
    group_fields: Fields,
    /// The first row of each group.
    groups: Vec<usize>,
}

impl Records {
    /// Reads a CSV file as [`Table::read`] does, but all of its columns, and as text.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is empty or not UTF-8; a row of another length than the header;
    /// a quotation mark that is never closed, or that other text follows.
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
    /// As [`Records::read`], and for a separator that is a quotation mark, an end of a line, or not
    /// ASCII.
    pub fn separated(name: &str, separator: u8, bytes: &[u8]) -> Result<Self, Error> {
        let (mut lines, mut header) = (Lines::new(name, separator, bytes)?, Fields::default());
        let header = Header::read(name, &mut lines, &mut header)?;
        let mut records = Records::of(header, 0);
        records.reserve(lines.most().1, lines.left())?;
        let mut before = 0;
        while let Some(line) = lines.next(&mut records.fields)? {
            records.header.check_row(line, records.fields.len() - before)?;
            before = records.fields.len();
            records.lines.push(line)?;
        }
        records.shrink_to_fit();
        Ok(records)
    }

    /// No rows yet, below a header in a line: for rows from elsewhere.
    ///
    /// ```
    /// use elman_data::Records;
    /// let mut records = Records::new("a.db", (1, vec!["day".into(), "load".into()]));
    /// records.push(2, ["Mon", "5.5"])?;
    /// assert!(records.column("load")?.iter().eq(["5.5"]));
    /// # Ok::<(), elman_data::Error>(())
    /// ```
    pub fn new(name: &str, (line, names): (u64, Vec<String>)) -> Self {
        Self::of(Header::new(name, line, names), 0)
    }

    /// No rows yet, in groups that share the fields of the first columns, which are stored once for
    /// each group.
    ///
    /// ```
    /// use elman_data::Records;
    /// let names = || vec!["id".to_string(), "x".to_string()];
    /// let mut records = Records::grouped("a.db", (1, names()), 1)?;
    /// records.begin_group(["first"])?;
    /// records.push(2, ["1"])?;
    /// records.push(3, ["2"])?;
    /// assert!(records.column("id")?.iter().eq(["first", "first"]));
    /// assert_eq!(records.groups(), Some(&[0][..]));
    /// # Ok::<(), elman_data::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the header has fewer columns than are to be shared, or none are.
    pub fn grouped(
        name: &str,
        (line, names): (u64, Vec<String>),
        shared: usize,
    ) -> Result<Self, Error> {
        let fits = (1..=names.len()).contains(&shared);
        want(fits, "Records", "shared", shared, "1 to the number of columns")?;
        Ok(Self::of(Header::new(name, line, names), shared))
    }

    fn of(header: Header, shared: usize) -> Self {
        let (fields, group_fields) = (Fields::default(), Fields::default());
        let (lines, groups) = (LineNumbers::default(), Vec::new());
        Records { header, fields, lines, shared, group_fields, groups }
    }

    /// Makes room for a number of fields of further rows, with a number of bytes in all.
    ///
    /// # Errors
    ///
    /// If there is no memory for them, or the bytes are more than 4 GiB.
    pub fn reserve(&mut self, fields: usize, bytes: usize) -> Result<(), Error> {
        self.fields.reserve(fields, bytes)
    }

    /// Gives back the room that was not used.
    pub fn shrink_to_fit(&mut self) {
        self.fields.shrink();
        self.group_fields.shrink();
    }

    /// Begins a group of rows, with the fields that they share.
    ///
    /// # Errors
    ///
    /// If these are not as many as [`Records::grouped`] announced; if there is no memory for them.
    pub fn begin_group<'f>(
        &mut self,
        fields: impl IntoIterator<Item = &'f str>,
    ) -> Result<(), Error> {
        want(self.shared > 0, "Records", "shared", 0, "a header with shared columns")?;
        let groups = self.groups.len() + 1;
        reserve(&mut self.groups, groups)?;
        let found = self.group_fields.extend(fields, self.shared)?.err();
        want(found.is_none(), "Records", "fields", found, "one field for each shared column")?;
        self.groups.push(self.rows());
        Ok(())
    }

    /// Appends a row that begins on a line: its fields, but for those that its group shares.
    ///
    /// # Errors
    ///
    /// If the row is of another length than the header, or in no group though there are groups; if
    /// there is no memory for it.
    pub fn push<'f>(
        &mut self,
        line: u64,
        fields: impl IntoIterator<Item = &'f str>,
    ) -> Result<(), Error> {
        let grouped = self.shared == 0 || !self.groups.is_empty();
        want(grouped, "Records", "groups", 0, "a group before the first row")?;
        let own = self.header.width() - self.shared;
        if let Err(found) = self.fields.extend(fields, own)? {
            return self.header.check_row(line, found + self.shared);
        }
        self.lines.push(line)
    }

    /// The file, as it is named in errors.
    pub fn file(&self) -> &str {
        &self.header.file
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// A name that more than one column has.
    pub fn repeated_name(&self) -> Option<&str> {
        self.header.repeated()
    }

    /// The number of rows; there may be none.
    pub fn rows(&self) -> usize {
        self.lines.rows()
    }

    /// Keeps the first rows only.
    ///
    /// ```
    /// use elman_data::Records;
    /// let mut records = Records::from_bytes("load.csv", b"load\n5\n6\n\"\"\n")?;
    /// records.truncate(2);
    /// assert!(records.column("load")?.iter().eq(["5", "6"]));
    /// # Ok::<(), elman_data::Error>(())
    /// ```
    pub fn truncate(&mut self, rows: usize) {
        let rows = rows.min(self.rows());
        self.lines.truncate(rows);
        self.fields.truncate(rows * (self.header.width() - self.shared));
        self.groups.truncate(self.groups.partition_point(|&first| first < rows));
        self.group_fields.truncate(self.groups.len() * self.shared);
    }

    /// The line on which a row begins, counted from 1; `None` after the last one.
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row)
    }

    /// The first row of each group; `None` if rows have no groups.
    pub fn groups(&self) -> Option<&[usize]> {
        (self.shared > 0).then_some(&self.groups)
    }

    /// The fields of one column.
    ///
    /// # Errors
    ///
    /// If no column has this name, or more than one.
    pub fn column(&self, name: &str) -> Result<Column<'_>, Error> {
        Ok(Column { records: self, place: self.header.place(name)? })
    }

    /// The fields of each column, in their order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        (0..self.header.width()).map(|place| Column { records: self, place })
    }

    /// A field of a row that is there.
    fn field(&self, row: usize, place: usize) -> &str {
        match place.checked_sub(self.shared) {
            Some(own) => self.fields.get(row * (self.header.width() - self.shared) + own),
            None => {
                let group = self.groups.partition_point(|&first| first <= row) - 1;
                self.group_fields.get(group * self.shared + place)
            }
        }
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
        let mut numbers = Numbers::new(&self.header, columns, missing, self.rows())?;
        for row in 0..self.rows() {
            numbers.push(self.lines.get(row).unwrap_or(0), |place| self.field(row, place))?;
        }
        Ok(numbers)
    }
}

/// The fields of one column of [`Records`], as [`Records::column`] gives them.
///
/// ```
/// use elman_data::Records;
/// let records = Records::from_bytes("load.csv", b"day,load\nMon,5.5\nTue,6\n")?;
/// let load = records.column("load")?;
/// assert_eq!((load.place(), load.name()), (1, "load"));
/// assert_eq!((load.get(1), load.get(2)), (Some("6"), None));
/// assert!(load.iter().eq(["5.5", "6"]));
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    records: &'a Records,
    place: usize,
}

impl<'a> Column<'a> {
    /// The name of the column.
    pub fn name(self) -> &'a str {
        &self.records.header.names[self.place]
    }

    /// The place of the column in the header, counted from 0.
    pub fn place(self) -> usize {
        self.place
    }

    /// The field of a row; `None` after the last one.
    pub fn get(self, row: usize) -> Option<&'a str> {
        (row < self.records.rows()).then(|| self.records.field(row, self.place))
    }

    /// The fields of all rows.
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'a str> + Clone {
        (0..self.records.rows()).map(move |row| self.records.field(row, self.place))
    }
}
