//! What a forecast follows from, and what that makes of rows.

use super::{Anchor, Series, readable};
use crate::failure::Failure;
use elman::autograd::Params;
use elman::rnn::{Network, Stream};
use elman::tensor::reserve;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What a forecast follows from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The columns to forecast.
    pub(crate) targets: Vec<String>,
    /// Further columns that are read.
    pub(crate) inputs: Vec<String>,
    /// How many rows ahead.
    pub(crate) horizon: usize,
    /// After how many rows the series repeats itself, roughly; 0 for never.
    pub(crate) season: usize,
    /// What becomes of missing values.
    pub(crate) missing: String,
    /// The interval between two rows by their dates, such as `1 month`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<String>,
    /// What the network corrects.
    pub(crate) anchor: Anchor,
    /// Mean and standard deviation of each column in the part that was learned from.
    pub(crate) mean: Vec<f64>,
    pub(crate) scale: Vec<f64>,
    /// The standard deviation of each target's step from row to row.
    pub(crate) steps: Vec<f64>,
    /// The standard deviation of each target from its anchor, row by row ahead.
    pub(crate) changes: Vec<f64>,
    /// Between which errors 8 of 10 lay on the part that was chosen by, of each target row by row
    /// ahead; empty before there was a training.
    #[serde(default)]
    pub(crate) errors: Vec<[f64; 2]>,
}

impl Settings {
    /// How many numbers the network reads of a row: each column, and the step of each target.
    pub(crate) fn features(&self) -> usize {
        self.mean.len() + self.targets.len()
    }

    /// What the network reads of all rows, scaled.
    pub(crate) fn read(&self, series: &Series) -> Result<Vec<f32>, Failure> {
        let mut features = Vec::new();
        reserve(&mut features, series.rows().saturating_mul(self.features()))?;
        let mut push = |t: usize, x: f64| {
            features.push(x as f32);
            if readable(x) { Ok(()) } else { Err(series.beyond(t)) }
        };
        for t in 0..series.rows() {
            for (c, (mean, scale)) in self.mean.iter().zip(&self.scale).enumerate() {
                push(t, (series.at(t, c) - mean) / scale)?;
            }
            let before = t.saturating_sub(1);
            for (c, scale) in self.steps.iter().enumerate() {
                push(t, (series.at(t, c) - series.at(before, c)) / scale)?;
            }
        }
        Ok(features)
    }

    /// What output `o` is to be at row `t`: the difference from the anchor, scaled.
    pub(super) fn wanted(&self, series: &Series, t: usize, o: usize) -> f64 {
        let (ahead, c) = (1 + o / self.targets.len(), o % self.targets.len());
        let anchor = self.anchor.of(series, self.season, t, ahead, c);
        (series.at(t + ahead, c) - anchor) / self.changes[o]
    }

    /// Forecasts made at some rows, `[rows, horizon, targets]`, after reading all rows before.
    pub(crate) fn forecasts(
        &self,
        network: &Network,
        params: &Params<f32>,
        series: &Series,
        features: &[f32],
        rows: Range<usize>,
    ) -> Result<Vec<f64>, Failure> {
        let (mut stream, targets) = (Stream::new(params, network.online()?), self.targets.len());
        let mut forecasts = Vec::new();
        reserve(&mut forecasts, rows.len().saturating_mul(self.changes.len()))?;
        for (t, features) in features.chunks(self.features()).enumerate().take(rows.end) {
            let y = stream.push(features)?;
            if rows.contains(&t) {
                forecasts.extend(y.iter().enumerate().map(|(i, &y)| {
                    let (ahead, c) = (1 + i / targets, i % targets);
                    let anchor = self.anchor.of(series, self.season, t, ahead, c);
                    anchor + f64::from(y) * self.changes[i]
                }));
            }
        }
        Ok(forecasts)
    }
}
