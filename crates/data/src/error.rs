use std::io;

/// What can go wrong with data: each variant says what was found and what was wanted.
///
/// ```
/// use elman_data::{Adding, Missing, Table};
///
/// let refused = Adding::new(7, 1, 4).unwrap_err();
/// let sentence = "Adding: time is 1; wanted at least 2, for a marker in each half";
/// assert_eq!(refused.to_string(), sentence);
///
/// // A fault of a file is told by its line and column.
/// let csv = &b"day,load\nMon,5.5\nTue,six\n"[..];
/// let refused = Table::from_reader("load.csv", csv, &["load"], Missing::Refuse).unwrap_err();
/// assert_eq!(refused.to_string(), "load.csv, line 3, column `load`: `six` is not a number");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened: it is not there, or may not be read.
    #[error("{file}: cannot be opened: {source}")]
    Open {
        /// The path as it was given.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Reading stopped before the end, .
    #[error("{file}: cannot be read to the end: {source}")]
    Read {
        /// The name of the file or reader.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A byte that is not UTF-8.
    #[error("{file}, line {line}: not UTF-8 (byte {byte:#04x})")]
    NotUtf8 {
        /// The name of the file or reader.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The first byte that does not fit.
        byte: u8,
    },
    /// A quotation mark that begins a field and is never closed.
    #[error(
        "{file}, line {line}: a quotation mark opens here; expected a closing one, got the end of \
         the file"
    )]
    OpenQuote {
        /// The name of the file or reader.
        file: String,
        /// The line of the quotation mark.
        line: u64,
    },
    /// Text between a closing quotation mark and the next separator.
    #[error(
        "{file}, line {line}: expected a separator or the end of the line after a closing quotation \
         mark, got `{found}`; the field opens on line {opened}"
    )]
    AfterQuote {
        /// The name of the file or reader.
        file: String,
        /// The line of the closing quotation mark.
        line: u64,
        /// The line of the opening quotation mark.
        opened: u64,
        /// The beginning of the text.
        found: String,
    },
    /// Not even a header: the file is empty or has blank lines only.
    #[error("{file}: empty; wanted a header line with the names of the columns")]
    EmptyFile {
        /// The name of the file or reader.
        file: String,
    },
    /// A header, and nothing below it.
    #[error("{file}: a header, but no rows below it")]
    NoRows {
        /// The name of the file or reader.
        file: String,
    },
    /// No column has the wanted name.
    #[error("{file}, line {line}: no column `{column}`; the columns are {columns}")]
    NoColumn {
        /// The name of the file or reader.
        file: String,
        /// The line of the header.
        line: u64,
        /// The name that was asked for.
        column: String,
        /// The names that are there.
        columns: String,
    },
    /// More than one column has the wanted name.
    #[error("{file}, line {line}: {count} columns are named `{column}`; wanted exactly one")]
    AmbiguousColumn {
        /// The name of the file or reader.
        file: String,
        /// The line of the header.
        line: u64,
        /// The name that was asked for.
        column: String,
        /// How many columns have it.
        count: usize,
    },
    /// A row with more or fewer fields than the header.
    #[error("{file}, line {line}: {found} fields; the header has {wanted}")]
    RaggedRow {
        /// The name of the file or reader.
        file: String,
        /// The line on which the row begins.
        line: u64,
        /// Fields in this row.
        found: usize,
        /// Fields in the header.
        wanted: usize,
    },
    /// A field that is not a number.
    #[error("{file}, line {line}, column `{column}`: `{found}` is not a number")]
    NotANumber {
        /// The name of the file or reader.
        file: String,
        /// The line on which the row begins.
        line: u64,
        /// The column's name.
        column: String,
        /// The text of the field.
        found: String,
    },
    /// An infinity, or a number too large for 64 bits of floating point.
    #[error("{file}, line {line}, column `{column}`: `{found}` is not finite")]
    NotFinite {
        /// The name of the file or reader.
        file: String,
        /// The line on which the row begins.
        line: u64,
        /// The column's name.
        column: String,
        /// The text of the field.
        found: String,
    },
    /// A missing value where none may be ([`Missing::Refuse`](crate::Missing::Refuse)).
    #[error(
        "{file}, line {line}, column `{column}`: missing value (`{found}`); \
         wanted a number, or another choice for missing values"
    )]
    MissingValue {
        /// The name of the file or reader.
        file: String,
        /// The line on which the row begins.
        line: u64,
        /// The column's name.
        column: String,
        /// The text of the field, often empty.
        found: String,
    },
    /// A missing value with nothing beside it to fill it from.
    #[error(
        "{file}, line {line}, column `{column}`: missing value with no value {side} it to fill it from"
    )]
    OpenGap {
        /// The name of the file or reader.
        file: String,
        /// The line on which the row begins.
        line: u64,
        /// The column's name.
        column: String,
        /// The side on which a value is wanted: `before` or `after`.
        side: &'static str,
    },
    /// A sequence with nothing but missing values in a column.
    #[error("{file}, line {line}, column `{column}`: no value in the sequence that begins here")]
    NoValue {
        /// The name of the file or reader.
        file: String,
        /// The line on which the sequence begins.
        line: u64,
        /// The column's name.
        column: String,
    },
    /// A parameter outside of what it may be.
    #[error("{what}: {name} is {found}; wanted {wanted}")]
    Parameter {
        /// The task, type or function.
        what: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// A size above [`LIMIT`](crate::LIMIT), refused before anything is allocated.
    #[error("{what}: {found} is more than the limit of {limit} values")]
    TooLarge {
        /// What would have that size.
        what: &'static str,
        /// The size as a product, or as a number.
        found: String,
        /// The limit.
        limit: usize,
    },
    /// Too few rows for what is asked of them.
    #[error("{what}: {found} rows; wanted at least {wanted}")]
    TooShort {
        /// What needs the rows.
        what: &'static str,
        /// The rows that are there.
        found: usize,
        /// The rows it takes.
        wanted: usize,
    },
    /// Values that do not make whole rows.
    #[error("{what}: {found} values are not whole rows of {columns} columns")]
    PartialRow {
        /// What takes the values.
        what: &'static str,
        /// How many values there are.
        found: usize,
        /// The width of a row.
        columns: usize,
    },
    /// A value that is not finite, where a statistic or a window would spread it.
    #[error("{what}: the value in row {row}, column {column} is {found}; wanted a finite number")]
    NotFiniteValue {
        /// What takes the values.
        what: &'static str,
        /// The row, counted from 0.
        row: usize,
        /// The column, counted from 0.
        column: usize,
        /// The value.
        found: f64,
    },
    /// A generated sequence that left every bound.
    #[error("{what}: series {series} diverges; {hint}")]
    Diverged {
        /// The generator.
        what: &'static str,
        /// The number of the series, or of the batch row.
        series: u64,
        /// What helps.
        hint: &'static str,
    },
    /// A task wrote outside of the batch that its own layout describes.
    #[error("a task wrote {place}, outside of its layout {layout}")]
    OutsideLayout {
        /// Where it wrote: `x[t, feature]`, `y[t, k]`, `ids[t, 0]` or a length.
        place: String,
        /// The sizes it had announced.
        layout: String,
    },
    /// A task wrote past the end that it gave the row.
    #[error("a task wrote step {step} of a row of {length} steps")]
    PastEnd {
        /// The last step that it wrote.
        step: usize,
        /// The length it had announced.
        length: usize,
    },
    /// A tensor refused.
    #[error(transparent)]
    Tensor(#[from] elman_tensor::Error),
}

/// `Err` with [`Error::Parameter`] unless `holds`.
pub(crate) fn want(
    holds: bool,
    what: &'static str,
    name: &'static str,
    found: impl std::fmt::Debug,
    wanted: &'static str,
) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::Parameter { what, name, found: format!("{found:?}"), wanted })
    }
}
