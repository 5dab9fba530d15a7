//! What is there to forecast from, checked in one place for all commands.

use super::{Series, Settings};
use crate::dates::Dates;
use crate::failure::Failure;
use elman::data::{Missing, Records};

/// A series with its dates, and what its user has to know of it.
pub(crate) struct Observed {
    pub(crate) series: Series,
    pub(crate) dates: Option<Dates>,
    pub(crate) notes: Vec<String>,
}

impl Observed {
    /// The series of a file for a model that is there.
    ///
    /// # Errors
    /// What is wrong with the file alone, and rows at another interval or fewer than the model needs.
    pub(crate) fn new(records: &mut Records, settings: &Settings) -> Result<Self, Failure> {
        let Settings { targets, inputs, missing, season, .. } = settings;
        let mut notes = leave_out_future(records, targets)?;
        let dates = dates(records, targets)?;
        notes.extend(Dates::notes(records, targets));
        let series = Series::new(records, targets, inputs, missing)?;
        if missing == "linear" && has_gaps(records, targets.iter().chain(inputs))? {
            notes.push(
                "Missing values lie on the line to the next one: what is reported of them knows \
                 later rows."
                    .into(),
            );
        }
        let (file, rows) = (records.file(), series.rows());
        match (&settings.interval, &dates) {
            (Some(expected), Some(dates)) if *expected != dates.interval() => {
                return Err(Failure::Data(format!(
                    "{file}: the rows are {} apart by `{}`; the model was trained on rows {expected} \
                     apart",
                    dates.interval(),
                    dates.column
                )));
            }
            (Some(expected), None) => notes.push(format!(
                "Rows are counted: the model was trained on rows {expected} apart, and this file \
                 has no dates at equal intervals."
            )),
            _ => {}
        }
        let fewest = (*season).max(1);
        if rows < fewest {
            return Err(Failure::Data(format!(
                "{file}: expected at least {fewest} rows (one season), got {rows}"
            )));
        }
        Ok(Observed { series, dates, notes })
    }
}

/// The dates of rows, which have to go forward.
pub(crate) fn dates(records: &Records, targets: &[String]) -> Result<Option<Dates>, Failure> {
    Dates::check_order(records, targets)?;
    Dates::find(records, targets)
}

/// Leaves out the rows after the last value of a target: they are the future. Returns a note if
/// there are any.
pub(crate) fn leave_out_future(
    records: &mut Records,
    targets: &[String],
) -> Result<Vec<String>, Failure> {
    let mut known = 0;
    for target in targets {
        let column = records.column(target)?;
        let last = column.iter().enumerate().filter(|(_, field)| !Missing::is(field)).last();
        known = known.max(last.map_or(0, |(row, _)| row + 1));
    }
    let rows = records.rows();
    // Of a column without any value the error says more.
    if known == 0 || known == rows {
        return Ok(Vec::new());
    }
    let line = records.line(known).unwrap_or(0);
    records.truncate(known);
    let what = match rows - known {
        1 => "The last row has".to_string(),
        count => format!("The last {count} rows have"),
    };
    Ok(vec![format!("{what} no value to forecast (from line {line} on): left out.")])
}

/// Whether any of some columns has a missing value.
fn has_gaps<'a>(
    records: &Records,
    mut columns: impl Iterator<Item = &'a String>,
) -> Result<bool, Failure> {
    columns.try_fold(false, |gaps, name| Ok(gaps || records.column(name)?.iter().any(Missing::is)))
}
