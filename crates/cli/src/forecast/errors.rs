//! How far forecasts are from what came.

use super::{Anchor, Forecast, Settings};
use crate::failure::Failure;
use elman::autograd::Params;
use elman::rnn::Network;
use std::ops::Range;

/// How the forecasts of some rows do: root mean squares.
#[derive(Debug, Clone)]
pub(crate) struct Errors {
    /// Of each target, in its own units.
    pub(crate) of_targets: Vec<f64>,
    /// Of all targets, each divided by its standard deviation where there are several.
    pub(crate) all: f64,
}

impl Errors {
    fn of<'a>(
        settings: &Settings,
        errors: impl Fn(usize) -> Box<dyn Iterator<Item = f64> + 'a>,
    ) -> Self {
        let root = |c: usize| {
            let (sum, count) = errors(c).fold((0.0, 0usize), |(sum, n), e| (sum + e * e, n + 1));
            (sum / count.max(1) as f64).sqrt()
        };
        let of_targets: Vec<f64> = (0..settings.targets.len()).map(root).collect();
        let all = match &of_targets[..] {
            &[one] => one,
            all => {
                let parts = all.iter().zip(&settings.scale).map(|(e, s)| (e / s) * (e / s));
                (parts.sum::<f64>() / all.len() as f64).sqrt()
            }
        };
        Errors { of_targets, all }
    }
}

impl Forecast {
    /// The errors of forecasts made at `rows`.
    pub(super) fn errors(&self, rows: Range<usize>, forecasts: &[f64]) -> Errors {
        let (horizon, targets) = (self.settings.horizon, self.settings.targets.len());
        let origins = rows.clone();
        Errors::of(&self.settings, |c| {
            Box::new(origins.clone().enumerate().flat_map(move |(i, t)| {
                (0..horizon).map(move |h| {
                    let forecast = forecasts[(i * horizon + h) * targets + c];
                    forecast - self.series.at(t + 1 + h, c)
                })
            }))
        })
    }

    /// The errors of a forecast that needs no network.
    pub(crate) fn errors_without(&self, rows: &Range<usize>, anchor: Anchor) -> Errors {
        let Settings { horizon, season, .. } = self.settings;
        Errors::of(&self.settings, |c| {
            Box::new(rows.clone().flat_map(move |t| {
                (1..=horizon).map(move |ahead| {
                    anchor.of(&self.series, season, t, ahead, c) - self.series.at(t + ahead, c)
                })
            }))
        })
    }

    /// Notes between which errors 8 of 10 lie on the part that was chosen by, and 0: of few rows, and
    /// of forecasts that were all too low, the forecast itself would lie outside.
    pub(crate) fn note_errors(
        &mut self,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<(), Failure> {
        let rows = self.origins(&self.split.validation);
        let forecasts = self.forecasts(network, params, rows.clone())?;
        let (horizon, targets) = (self.settings.horizon, self.settings.targets.len());
        let quantiles = (0..horizon * targets).map(|k| {
            let errors = rows.clone().enumerate().map(|(i, t)| {
                let truth = self.series.at(t + 1 + k / targets, k % targets);
                truth - forecasts[i * horizon * targets + k]
            });
            let mut errors: Vec<f64> = errors.collect();
            errors.sort_by(f64::total_cmp);
            let at = |p: f64| errors[((errors.len() - 1) as f64 * p).round() as usize];
            [at(0.1).min(0.0), at(0.9).max(0.0)]
        });
        self.settings.errors = quantiles.collect();
        Ok(())
    }
}
