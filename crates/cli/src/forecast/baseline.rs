//! Forecasts that need no network.

use super::series::Series;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A forecast that needs no network, which the network corrects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Anchor {
    /// Persistence: the last value.
    Last,
    /// Seasonal naive: the last value at the same place of a season.
    Season,
}

impl Anchor {
    /// The forecast for so many rows after row `t`.
    pub(crate) fn of(
        self,
        series: &Series,
        season: usize,
        t: usize,
        ahead: usize,
        column: usize,
    ) -> f64 {
        // At the very beginning there was no season yet.
        series.at(t.checked_sub(self.back(season, ahead)).unwrap_or(t), column)
    }

    /// How many rows back the value lies that is the forecast for so many rows ahead.
    pub(crate) fn back(self, season: usize, ahead: usize) -> usize {
        match self {
            Anchor::Season if season > 0 => ahead.div_ceil(season) * season - ahead,
            _ => 0,
        }
    }
}

/// The forecast with the smaller error on some rows.
pub(super) fn choose(
    series: &Series,
    season: usize,
    horizon: usize,
    rows: &Range<usize>,
) -> Anchor {
    let error = |anchor: Anchor| {
        let origins = rows.start - 1..rows.end - horizon;
        let errors = origins.flat_map(|t| {
            (1..=horizon).map(move |ahead| {
                (anchor.of(series, season, t, ahead, 0) - series.at(t + ahead, 0)).powi(2)
            })
        });
        errors.sum::<f64>()
    };
    let better = season > 0 && error(Anchor::Season) < error(Anchor::Last);
    if better { Anchor::Season } else { Anchor::Last }
}

/// The season that was wished for, or the lag at which the target resembles itself most, or that of
/// the calendar; 0 if there is none.
pub(super) fn season(
    series: &Series,
    wished: Option<usize>,
    calendar: Option<usize>,
) -> Result<usize, Failure> {
    let rows = series.rows();
    match wished {
        Some(season) if season >= rows => {
            Err(Failure::Usage(format!("--season is {season}; wanted less than the {rows} rows")))
        }
        Some(season) => Ok(season),
        None => {
            let found = found(&(0..rows).map(|t| series.at(t, 0)).collect::<Vec<_>>());
            let calendar = calendar.filter(|&season| found == 0 && season < rows / 3);
            Ok(calendar.unwrap_or(found))
        }
    }
}

/// The lag of the highest peak of the autocorrelation behind its first low; 0 below 0.3.
fn found(values: &[f64]) -> usize {
    // Steps, so that a trend does not resemble itself at every lag; recent rows are enough.
    let recent = &values[values.len().saturating_sub(20_000)..];
    let smooth = trendless(recent);
    let longest = (smooth.len() / 3).min(1000);
    let power: f64 = smooth.iter().map(|x| x * x).sum();
    if power <= 0.0 || longest < 3 {
        return 0;
    }
    let correlation = |lag: usize| {
        let sum: f64 = smooth.iter().zip(&smooth[lag..]).map(|(a, b)| a * b).sum();
        sum / power * smooth.len() as f64 / (smooth.len() - lag) as f64
    };
    let correlations: Vec<f64> = (0..=longest).map(correlation).collect();
    let Some(low) = correlations.iter().position(|&c| c < 0.0) else {
        return 0;
    };
    let behind = low..=longest;
    let best = behind.max_by(|&a, &b| correlations[a].total_cmp(&correlations[b])).unwrap_or(0);
    if best > 1 && best < longest && correlations[best] > 0.3 { best } else { 0 }
}

/// What is left of a series when its straight line is taken away.
fn trendless(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let places = || (0..values.len()).map(|t| t as f64 - middle);
    let slope = places().zip(values).map(|(t, x)| t * (x - mean)).sum::<f64>()
        / places().map(|t| t * t).sum::<f64>().max(f64::MIN_POSITIVE);
    places().zip(values).map(|(t, x)| x - mean - slope * t).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_is_found_under_a_trend_and_none_in_noise() {
        let wave = |t: usize| (t as f64 * std::f64::consts::TAU / 12.0).sin();
        let trend: Vec<f64> = (0..200).map(|t| 3.0 * wave(t) + 0.1 * t as f64).collect();
        assert_eq!(found(&trend), 12);
        let mut random = elman::tensor::Random::new(1, "noise", 0);
        let noise: Vec<f64> = (0..500).map(|_| random.normal()).collect();
        assert_eq!(found(&noise), 0);
        assert_eq!(found(&[1.0; 50]), 0);
        assert_eq!(found(&[]), 0);
    }
}
