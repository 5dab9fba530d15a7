//! The sequences of a file: where each begins and ends, its name and its class.

use super::Settings;
use crate::failure::Failure;
use crate::source;
use elman::data::{Column, Error, Records};
use elman::tensor::reserve;
use std::collections::{BTreeMap, BTreeSet};

/// Sequences, with their classes if these are known.
pub(crate) struct Sequences {
    /// A row for each: the line on which it begins, and its name if it has one.
    names: Records,
    /// The rows of all sequences, `[steps, columns]`.
    values: Vec<f64>,
    columns: usize,
    /// The step before which each ends.
    ends: Vec<usize>,
    classes: Option<Vec<u32>>,
}

impl Sequences {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The name of a sequence: its own, or the line on which it begins.
    pub(crate) fn name(&self, i: usize) -> String {
        match self.names.columns().next().and_then(|names| names.get(i)) {
            Some(name) => name.into(),
            None => self.names.line(i).unwrap_or(0).to_string(),
        }
    }

    /// `[steps, columns]`.
    pub(super) fn values(&self, i: usize) -> &[f64] {
        let start = i.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.values[start * self.columns..self.ends[i] * self.columns]
    }

    pub(super) fn steps(&self, i: usize) -> usize {
        self.values(i).len() / self.columns
    }

    pub(super) fn class(&self, i: usize) -> Option<u32> {
        self.classes.as_ref().map(|classes| classes[i])
    }
}

impl Settings {
    /// The sequences of some records, with their classes if these are to be there.
    pub(crate) fn sequences(
        &self,
        records: &Records,
        labelled: bool,
    ) -> Result<Sequences, Failure> {
        let file = records.file();
        let columns: Vec<&str> = self.inputs.iter().map(String::as_str).collect();
        let labels = labelled.then(|| labels(records, &self.label)).transpose()?;
        let line = |t: usize| records.line(t).unwrap_or(0);
        let header = self.sequence.iter().cloned().collect();
        let mut names = Records::new(file, (1, header));
        let mut lengths: Vec<usize> = Vec::new();
        match &self.sequence {
            None => {
                (0..records.rows()).try_for_each(|t| names.push(line(t), []))?;
                reserve(&mut lengths, records.rows())?;
                lengths.resize(records.rows(), 1);
            }
            Some(column) => {
                let marks = records.column(column)?;
                let (mut seen, mut before) = (BTreeSet::new(), None);
                for (t, mark) in marks.iter().enumerate() {
                    if before.replace(mark) == Some(mark)
                        && let Some(length) = lengths.last_mut()
                    {
                        *length += 1;
                        continue;
                    }
                    if !seen.insert(mark) {
                        return Err(Failure::Data(format!(
                            "{file}, line {}: the sequence `{mark}` goes on after another one; \
                             sort the rows by `{column}`",
                            line(t)
                        )));
                    }
                    names.push(line(t), [mark])?;
                    lengths.push(1);
                }
            }
        }
        let table = records.sequences(&columns, source::missing(&self.missing)?, &lengths);
        let mut ends = lengths;
        let mut end = 0;
        ends.iter_mut().for_each(|length| {
            end += *length;
            *length = end;
        });
        let columns = columns.len();
        let mut sequences = Sequences { names, values: Vec::new(), columns, ends, classes: None };
        match table {
            Ok(table) => sequences.values = table.into_values(),
            Err(Error::NoValue { line: begins, column, .. }) => {
                let i = (0..sequences.len()).find(|&i| sequences.names.line(i) == Some(begins));
                return Err(Failure::Data(format!(
                    "{file}, line {begins}, column `{column}`: the sequence `{}` has no value; \
                     fill one in, leave the sequence out, or choose other columns with --input",
                    i.map_or(String::new(), |i| sequences.name(i))
                )));
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(labels) = labels {
            sequences.classes = Some(self.classes_of(records, labels, &sequences)?);
        }
        Ok(sequences)
    }

    /// The class of each sequence.
    fn classes_of(
        &self,
        records: &Records,
        labels: Column<'_>,
        sequences: &Sequences,
    ) -> Result<Vec<u32>, Failure> {
        let file = records.file();
        let line = |t: usize| records.line(t).unwrap_or(0);
        let known: BTreeMap<&str, u32> = self.classes.iter().map(String::as_str).zip(0..).collect();
        let (mut classes, mut start) = (Vec::new(), 0);
        reserve(&mut classes, sequences.len())?;
        for (i, &end) in sequences.ends.iter().enumerate() {
            let label = labels.get(start).unwrap_or("");
            if let Some(t) = (start..end).find(|&t| labels.get(t) != Some(label)) {
                return Err(Failure::Data(format!(
                    "{file}, line {}: the sequence `{}` has another `{}` than in the row before; \
                     wanted one class for each sequence",
                    line(t),
                    sequences.name(i),
                    self.label
                )));
            }
            let class = known.get(label).ok_or_else(|| {
                Failure::Data(format!(
                    "{file}, line {}: the class `{label}` was not among those learned: {}",
                    line(start),
                    source::quoted(&self.classes)
                ))
            })?;
            classes.push(*class);
            start = end;
        }
        Ok(classes)
    }
}

/// The class of each row.
pub(super) fn labels<'a>(records: &'a Records, label: &str) -> Result<Column<'a>, Failure> {
    let labels = records.column(label)?;
    let mut fields = labels.iter();
    match fields.position(|class| class.trim().is_empty()) {
        None => Ok(labels),
        Some(row) => Err(Failure::Data(format!(
            "{}, line {}: no class in the column `{label}`; fill it in, or leave the row out \
             (`elman predict` tells the classes of sequences without any)",
            records.file(),
            records.line(row).unwrap_or(0)
        ))),
    }
}
