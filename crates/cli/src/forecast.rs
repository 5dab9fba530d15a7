//! Forecasts of a series: the next rows, all at once, at every row.
//!
//! What the network is to learn is not the values themselves but how they differ from what is known
//! without it: from the last value, or from the value a season before, whichever does better on the
//! part that is chosen by. Its readout starts at zero, so a training begins with that forecast and
//! can only be worse where it overfits, which the validation notices.

mod baseline;
mod errors;
mod observed;
mod plan;
mod series;
mod settings;
mod task;
mod verdict;

pub(crate) use baseline::Anchor;
pub(crate) use observed::Observed;
pub(crate) use series::{Series, Split, moments, readable};
pub(crate) use settings::Settings;

use crate::dates::Dates;
use crate::failure::Failure;
use crate::inputs;
use elman::autograd::Params;
use elman::data::{Batch, Records};
use elman::rnn::Network;
use std::ops::Range;

/// A forecast to learn.
pub(crate) struct Forecast {
    pub(crate) settings: Settings,
    pub(crate) series: Series,
    pub(crate) split: Split,
    pub(crate) dates: Option<Dates>,
    /// What its user has to know of the data.
    pub(crate) notes: Vec<String>,
    /// What the network reads of each row.
    features: Vec<f32>,
    batch: Batch<f32>,
    sizes: Sizes,
}

/// Sizes of a training batch.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    window: usize,
    batch: usize,
    seed: u64,
}

impl Sizes {
    /// Which rows of a window count for the loss: not the first, at which the state knows little.
    fn counted(self) -> Range<usize> {
        self.window / 4..self.window
    }
}

impl Forecast {
    /// The task of some settings.
    pub(crate) fn new(
        mut records: Records,
        settings: Settings,
        [window, batch]: [usize; 2],
        seed: u64,
    ) -> Result<Self, Failure> {
        let observed = Observed::new(&mut records, &settings)?;
        let split = Split::new(records.file(), records.rows(), settings.horizon)?;
        let most = split.train.len() - settings.horizon;
        if window > most {
            return Err(Failure::Usage(format!(
                "--window is {window}; wanted at most {most}, which is what the part that is \
                 learned from has before the last {} rows",
                settings.horizon
            )));
        }
        let sizes = Sizes { window, batch, seed };
        Forecast::of(records, settings, observed, split, sizes)
    }

    /// Another file of the same columns, all of which is to be reported, but for the rows that are
    /// read first.
    pub(crate) fn whole(
        mut records: Records,
        settings: Settings,
        window: usize,
    ) -> Result<Self, Failure> {
        let observed = Observed::new(&mut records, &settings)?;
        let sizes = Sizes { window, batch: 0, seed: 0 };
        // As long as the state knows little, or there was no season yet.
        let first = sizes.counted().start.max(settings.season).max(1);
        let split = Split::whole(records.file(), records.rows(), first, settings.horizon)?;
        Forecast::of(records, settings, observed, split, sizes)
    }

    fn of(
        records: Records,
        settings: Settings,
        observed: Observed,
        split: Split,
        sizes: Sizes,
    ) -> Result<Self, Failure> {
        let Settings { targets, inputs, .. } = &settings;
        let Observed { series, dates, notes: of_data } = observed;
        let roles: Vec<&str> = targets.iter().map(String::as_str).collect();
        let calendar = dates.as_ref().map(|dates| &*dates.column);
        let rows = if split.train.is_empty() { records.rows() } else { split.train.len() };
        let mut notes = vec![inputs::note(&records, rows, inputs, &roles, calendar)];
        notes.extend(of_data);
        // Their memory is of use for the features.
        drop(records);
        let features = settings.read(&series)?;
        let batch = Batch::new();
        Ok(Forecast { settings, series, split, dates, notes, features, batch, sizes })
    }

    /// Forecasts made at some rows, `[rows, horizon, targets]`, after reading all rows before.
    pub(crate) fn forecasts(
        &self,
        network: &Network,
        params: &Params<f32>,
        rows: Range<usize>,
    ) -> Result<Vec<f64>, Failure> {
        self.settings.forecasts(network, params, &self.series, &self.features, rows)
    }

    /// Rows at which forecasts of nothing but a part can be made.
    pub(crate) fn origins(&self, part: &Range<usize>) -> Range<usize> {
        part.start - 1..part.end - self.settings.horizon
    }
}
