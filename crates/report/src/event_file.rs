//! A file that TensorBoard reads.

use crate::error::Error;
use elman_train::History;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

mod histogram;
mod message;
mod record;

use message::Message;

/// A file of TensorBoard's events: scalars, histograms and texts, each with a tag and a step.
///
/// ```
/// use elman_report::EventFile;
///
/// // In a folder: EventFile::create("runs/first")?, and then tensorboard --logdir runs.
/// let mut file = Vec::new();
/// let mut events = EventFile::new(&mut file)?;
/// events.text("settings", 0, "an LSTM of 24")?;
/// for step in 0..100 {
///     events.scalar("loss", step, 1.0 / (step as f64 + 1.0))?;
/// }
/// events.flush()?;
/// drop(events);
/// assert_eq!(file.windows(4).filter(|tag| tag == b"loss").count(), 100);
/// # Ok::<(), elman_report::Error>(())
/// ```
///
/// Each event is a record with its length and checksums (CRC-32C), its content a protocol buffer
/// as TensorFlow's `event.proto` and `summary.proto` define it.
#[derive(Debug)]
pub struct EventFile<W: Write = BufWriter<fs::File>> {
    out: W,
    /// What to call it in errors.
    name: String,
    clock: fn() -> f64,
    /// How many rows of a history were written.
    rows: usize,
    begun: bool,
}

impl EventFile {
    /// A new file in a folder, which is made if there is none: one folder is one run.
    ///
    /// A run that is restored gets a second file in the same folder. What it says about a step
    /// takes the place of what the first file said about this and all later ones.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn create(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(Error::write(folder))?;
        let second = now() as u64;
        // Two runs may begin within one second.
        let mut number = 0u64;
        loop {
            let file = folder.join(format!("events.out.tfevents.{second:010}.elman.{number:03}"));
            match OpenOptions::new().write(true).create_new(true).open(&file) {
                Ok(out) => {
                    let name = file.display().to_string();
                    return EventFile::begin(BufWriter::new(out), name, now);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(Error::write(&file)(error)),
            }
        }
    }
}

impl<W: Write> EventFile<W> {
    /// Writes into anything.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn new(out: W) -> Result<Self, Error> {
        EventFile::begin(out, "the events".into(), now)
    }

    fn begin(out: W, name: String, clock: fn() -> f64) -> Result<Self, Error> {
        let mut file = EventFile { out, name, clock, rows: 0, begun: false };
        file.event(0, |event| event.bytes(3, b"brain.Event:2"))?;
        Ok(file)
    }

    /// A number.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn scalar(&mut self, tag: &str, step: u64, value: f64) -> Result<(), Error> {
        // The format has single precision.
        self.summary(tag, step, |summary| summary.float(2, value as f32))
    }

    /// How many of these numbers lie where; those that are not finite are left out.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn histogram(&mut self, tag: &str, step: u64, values: &[f64]) -> Result<(), Error> {
        self.summary(tag, step, |summary| {
            summary.message(5, |histogram| histogram::write(values, histogram));
        })
    }

    /// A text, as Markdown.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn text(&mut self, tag: &str, step: u64, text: &str) -> Result<(), Error> {
        const STRINGS: u64 = 7;
        self.summary(tag, step, |summary| {
            summary.message(9, |metadata| {
                metadata.message(1, |plugin| plugin.bytes(1, b"text"));
            });
            summary.message(8, |tensor| {
                tensor.int(1, STRINGS);
                tensor.message(2, |shape| shape.message(2, |axis| axis.int(1, 1)));
                tensor.bytes(8, text.as_bytes());
            });
        })
    }

    /// Writes the rows of a history that are new: the loss, the rate, and each metric, under their
    /// names; and lets them be read.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn follow(&mut self, history: &History) -> Result<(), Error> {
        for row in history.rows.iter().skip(self.rows) {
            let known = [("loss", row.loss), ("rate", row.rate)];
            let known = known.into_iter().filter_map(|(tag, value)| Some((tag, value?)));
            let metrics = history.metrics.iter().map(String::as_str);
            for (tag, value) in known.chain(metrics.zip(row.metrics.iter().copied())) {
                self.scalar(tag, row.step, value)?;
            }
        }
        self.rows = history.rows.len();
        self.flush()
    }

    /// Lets everything be read that was written.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(|source| Error::Write { file: self.name.clone(), source })
    }

    /// Writes one value of a summary.
    fn summary(
        &mut self,
        tag: &str,
        step: u64,
        value: impl FnOnce(&mut Message),
    ) -> Result<(), Error> {
        const START: u64 = 1;
        if !self.begun {
            self.begun = true;
            // From this step on, other files of the folder no longer hold.
            self.event(step, |event| event.message(7, |session| session.int(1, START)))?;
        }
        self.event(step, |event| {
            event.message(5, |summary| {
                summary.message(1, |inner| {
                    inner.bytes(1, tag.as_bytes());
                    value(inner);
                });
            });
        })
    }

    /// Writes one event.
    fn event(&mut self, step: u64, what: impl FnOnce(&mut Message)) -> Result<(), Error> {
        let mut event = Message::default();
        event.double(1, (self.clock)());
        event.int(2, step);
        what(&mut event);
        record::write(&mut self.out, event.content())
            .map_err(|source| Error::Write { file: self.name.clone(), source })
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests;
