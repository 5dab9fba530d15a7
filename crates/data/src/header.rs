use crate::{Error, fields::Fields, lines::Lines};

/// The names of the columns of a file, each found in a logarithmic number of steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    /// The file, as it is named in errors.
    pub(crate) file: String,
    /// The line of the header.
    pub(crate) line: u64,
    pub(crate) names: Vec<String>,
    /// The columns, sorted by name.
    sorted: Vec<usize>,
}

impl Header {
    pub(crate) fn new(file: &str, line: u64, names: Vec<String>) -> Self {
        let mut sorted: Vec<usize> = (0..names.len()).collect();
        sorted.sort_unstable_by(|&a, &b| names[a].cmp(&names[b]));
        Header { file: file.to_string(), line, names, sorted }
    }

    /// Reads the first record of a CSV text.
    pub(crate) fn read(
        file: &str,
        lines: &mut Lines<'_>,
        fields: &mut Fields,
    ) -> Result<Self, Error> {
        let none = || Error::EmptyFile { file: file.to_string() };
        let line = lines.next(fields)?.ok_or_else(none)?;
        let names = (0..fields.len()).map(|place| fields.get(place).to_string()).collect();
        Ok(Header::new(file, line, names))
    }

    /// The number of columns.
    pub(crate) fn width(&self) -> usize {
        self.names.len()
    }

    /// The column with the given name, which has to occur exactly once.
    pub(crate) fn place(&self, wanted: &str) -> Result<usize, Error> {
        let first = self.sorted.partition_point(|&c| *self.names[c] < *wanted);
        let count = self.sorted[first..].partition_point(|&c| self.names[c] == wanted);
        if count == 1 {
            return Ok(self.sorted[first]);
        }
        let (file, line, column) = (self.file.clone(), self.line, wanted.to_string());
        Err(match count {
            0 => Error::NoColumn { file, line, column, columns: list(&self.names) },
            _ => Error::AmbiguousColumn { file, line, column, count },
        })
    }

    /// A name that occurs more than once.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let pair = self.sorted.windows(2).find(|pair| self.names[pair[0]] == self.names[pair[1]]);
        pair.map(|pair| &*self.names[pair[0]])
    }

    /// An error unless a row has one field for each column.
    pub(crate) fn check_row(&self, line: u64, found: usize) -> Result<(), Error> {
        if found == self.width() {
            return Ok(());
        }
        Err(Error::RaggedRow { file: self.file.clone(), line, found, wanted: self.width() })
    }
}

/// `a`, `b`, `c`, cut after 20: a file of another kind can have a header of any length.
fn list(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(20).map(|n| format!("`{n}`")).collect();
    let rest = names.len().saturating_sub(20);
    if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
}

/// The line of each row. Rows on the same line, or on lines that follow each other, take no memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LineNumbers {
    rows: usize,
    runs: Vec<Run>,
}

/// Rows that lie a number of lines apart: 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    first: usize,
    line: u64,
    step: u64,
}

impl Run {
    fn line(&self, row: usize) -> u64 {
        self.line.saturating_add(self.step * (row - self.first) as u64)
    }
}

impl LineNumbers {
    pub(crate) fn push(&mut self, line: u64) -> Result<(), Error> {
        let (row, runs) = (self.rows, self.runs.len());
        match self.runs.last_mut() {
            Some(run) if run.line(row) == line => {}
            // The second row of a run decides about its step.
            Some(run) if run.first + 1 == row && run.line == line => run.step = 0,
            _ => {
                elman_tensor::reserve(&mut self.runs, runs + 1)?;
                self.runs.push(Run { first: row, line, step: 1 });
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Keeps the first rows only.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        self.runs.truncate(self.runs.partition_point(|run| run.first < rows));
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The line of a row; `None` after the last one.
    pub(crate) fn get(&self, row: usize) -> Option<u64> {
        let run = self.runs.partition_point(|run| run.first <= row).checked_sub(1)?;
        (row < self.rows).then(|| self.runs[run].line(row))
    }
}
