//! The history of a run as a table.

use crate::error::Error;
use elman_train::{History, Row};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A CSV file that follows the history of a run: a killed run has its rows.
///
/// ```text
/// step,epoch,loss,rate,error,accuracy,seconds
/// 100,1,0.51,0.005,0.48,0.81,2.25
/// ```
///
/// The metrics' columns have their names. What is not known is empty; numbers are as short as they
/// can be without losing a bit. The first call of [`follow`](HistoryFile::follow) writes the whole
/// history, so the file of a run that was restored has the rows up to there, and none of those
/// that came later before.
///
/// ```
/// use elman_report::HistoryFile;
/// use elman_train::Run;
///
/// # let path = std::env::temp_dir().join(format!("elman-{}.csv", std::process::id()));
/// let mut run = Run::<f64>::steps(4).record_every(2);
/// while run.turn()?.is_some() {
///     run.trained(0.5);
/// }
/// HistoryFile::new(&path).follow(run.history())?;
/// let file = std::fs::read_to_string(&path)?;
/// let mut lines = file.lines();
/// assert_eq!(lines.next(), Some("step,epoch,loss,rate,seconds"));
/// assert!(lines.next().is_some_and(|line| line.starts_with("2,0,0.5,,")));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HistoryFile {
    path: PathBuf,
    /// What the file has: the names of the metrics, and so many rows; `None` before the first call.
    written: Option<(Vec<String>, usize)>,
}

impl HistoryFile {
    /// A file of this path, which is not touched yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        HistoryFile { path: path.into(), written: None }
    }

    /// Writes the rows that are new.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn follow(&mut self, history: &History) -> Result<(), Error> {
        let known = match &self.written {
            Some((metrics, rows)) => *metrics == history.metrics && *rows <= history.rows.len(),
            None => false,
        };
        let rows = if known { self.append(history) } else { self.rewrite(history) };
        let rows = rows.map_err(|error| Error::write(&self.path)(error.into()))?;
        self.written = Some((history.metrics.clone(), rows));
        Ok(())
    }

    /// Adds rows at the end.
    fn append(&self, history: &History) -> Result<usize, csv::Error> {
        let written = self.written.as_ref().map_or(0, |(_, rows)| *rows);
        if written < history.rows.len() {
            let mut file = OpenOptions::new().append(true).open(&self.path)?;
            file.write_all(&table(history, None, written)?)?;
        }
        Ok(history.rows.len())
    }

    /// Writes all rows beside the file, and puts them in its place.
    fn rewrite(&self, history: &History) -> Result<usize, csv::Error> {
        let beside = beside(&self.path);
        // One that a killed program has left, or a link, which must not be written through.
        if let Err(error) = fs::remove_file(&beside)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
        File::create_new(&beside)?.write_all(&table(history, Some(names(history)), 0)?)?;
        fs::rename(beside, &self.path)?;
        Ok(history.rows.len())
    }
}

/// Returns the history of a run as CSV, as a [`HistoryFile`] has it: for a writer of its own.
///
/// ```
/// use elman_train::History;
///
/// let table = elman_report::history_csv(&History::default())?;
/// assert_eq!(table, b"step,epoch,loss,rate,seconds\n");
/// # Ok::<(), elman_report::Error>(())
/// ```
///
/// # Errors
/// None that is known: what is written is in memory.
pub fn history_csv(history: &History) -> Result<Vec<u8>, Error> {
    table(history, Some(names(history)), 0)
        .map_err(|error| Error::write("the history".as_ref())(error.into()))
}

/// The names of the columns.
fn names(history: &History) -> Vec<&str> {
    let metrics = history.metrics.iter().map(String::as_str);
    ["step", "epoch", "loss", "rate"].into_iter().chain(metrics).chain(["seconds"]).collect()
}

/// The rows from the `first` on, with a header or without.
fn table(
    history: &History,
    header: Option<Vec<&str>>,
    first: usize,
) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::Writer::from_writer(Vec::new());
    if let Some(names) = header {
        file.write_record(names)?;
    }
    for (i, row) in history.rows.iter().enumerate().skip(first) {
        let seconds = history.seconds.get(i).copied();
        file.write_record(fields(row, history.metrics.len(), seconds))?;
    }
    file.into_inner().map_err(|error| error.into_error().into())
}

/// A row as words.
fn fields(row: &Row, metrics: usize, seconds: Option<f64>) -> impl Iterator<Item = String> {
    let number = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    let counts = [row.step.to_string(), row.epoch.to_string()];
    let numbers = [row.loss, row.rate].map(number);
    let metrics = (0..metrics).map(move |i| number(row.metrics.get(i).copied()));
    counts.into_iter().chain(numbers).chain(metrics).chain([number(seconds)])
}

/// The path of the file that is written first.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}
