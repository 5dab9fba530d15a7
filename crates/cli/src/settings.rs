//! All that a run follows from: written to `settings.toml`, and into the file of the model.

mod check;
mod form;

pub use form::Form;

use crate::args::Wishes;
use crate::classify;
use crate::failure::Failure;
use crate::forecast;
use crate::text;
use elman::rnn::{Architecture, Input, Kind, LayerSettings};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// All that a run follows from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) data: Data,
    pub(crate) training: Training,
    pub(crate) task: Task,
    pub(crate) network: Architecture,
}

/// The file that was learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub(crate) file: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub(crate) sha256: String,
    /// What lies between two fields, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) separator: Option<char>,
}

/// What is learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    Forecast(forecast::Settings),
    Classify(classify::Settings),
    Text(text::Settings),
}

/// How it is learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Training {
    pub(crate) seed: u64,
    pub(crate) steps: u64,
    pub(crate) batch: usize,
    /// Rows, or symbols, that a step looks at.
    pub(crate) window: usize,
    pub(crate) rate: f64,
    pub(crate) validate_every: u64,
    pub(crate) patience: u64,
}

/// What a task chooses where nobody has said anything.
pub(crate) struct Usual {
    pub(crate) cell: Kind,
    pub(crate) hidden: usize,
    pub(crate) steps: u64,
    pub(crate) batch: usize,
    pub(crate) window: usize,
    pub(crate) validate_every: u64,
}

impl Usual {
    /// The training that is wished for.
    pub(crate) fn training(&self, wishes: &Wishes) -> Result<Training, Failure> {
        let steps = wishes.steps.unwrap_or(self.steps);
        let training = Training {
            seed: wishes.seed.unwrap_or(1),
            steps,
            batch: wishes.batch.unwrap_or(self.batch),
            window: wishes.window.unwrap_or(self.window),
            rate: wishes.rate.unwrap_or(3e-3),
            validate_every: self.validate_every.min(steps.max(1)),
            patience: wishes.patience.unwrap_or(10),
        };
        training.check().map_err(Failure::Usage)?;
        Ok(training)
    }

    /// The network that is wished for.
    pub(crate) fn network(
        &self,
        wishes: &Wishes,
        input: Input,
        outputs: usize,
    ) -> Result<Architecture, Failure> {
        let cell = match &wishes.cell {
            None => self.cell,
            Some(name) => name.parse().map_err(|_| {
                let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                Failure::Usage(format!("--cell is `{name}`; wanted one of {}", names.join(", ")))
            })?,
        };
        let hidden = wishes.hidden.unwrap_or(self.hidden);
        let layers = wishes.layers.unwrap_or(1);
        check::depth(layers).map_err(Failure::Usage)?;
        let dropout = wishes.dropout.unwrap_or(0.0);
        let layer = LayerSettings { dropout, ..LayerSettings::new(cell, hidden) };
        check::layer(&layer).map_err(Failure::Usage)?;
        Ok(Architecture { input, layers: vec![layer; layers], outputs: Some(outputs) })
    }
}
