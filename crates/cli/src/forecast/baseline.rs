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

/// The forecast with the smaller error on some rows: the squares of all targets, each divided by its
/// standard deviation.
pub(super) fn choose(
    series: &Series,
    scale: &[f64],
    season: usize,
    horizon: usize,
    rows: &Range<usize>,
) -> Anchor {
    let error = |anchor: Anchor| {
        let origins = rows.start - 1..rows.end - horizon;
        let errors = origins.flat_map(|t| {
            (1..=horizon).flat_map(move |ahead| {
                scale.iter().enumerate().map(move |(c, scale)| {
                    let forecast = anchor.of(series, season, t, ahead, c);
                    let error = (forecast - series.at(t + ahead, c)) / scale;
                    error * error
                })
            })
        });
        errors.sum::<f64>()
    };
    let better = season > 0 && error(Anchor::Season) < error(Anchor::Last);
    if better { Anchor::Season } else { Anchor::Last }
}

/// The season that was wished for, or the lag at which the targets resemble themselves most in the
/// rows that are learned from, or that of the calendar; 0 if there is none.
pub(super) fn season(
    series: &Series,
    learned: Range<usize>,
    targets: usize,
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
            let recent = learned.end.saturating_sub(RECENT).max(learned.start)..learned.end;
            let target = |c: usize| recent.clone().map(|t| series.at(t, c)).collect();
            let found = found(&(0..targets).map(target).collect::<Vec<Vec<f64>>>());
            let calendar = calendar.filter(|&season| found == 0 && season <= learned.len() / 3);
            Ok(calendar.unwrap_or(found))
        }
    }
}

/// The lag of the first peak behind the first low of the autocorrelation, the mean of those of all
/// columns, that is nearly as high as the highest: noise may lift a multiple of the season above the
/// season itself. 0 where none is above 0.3.
fn found(columns: &[Vec<f64>]) -> usize {
    let all: Vec<Vec<f64>> = columns.iter().filter_map(|values| autocorrelation(values)).collect();
    let Some(longest) = all.first().map(|first| first.len() - 1) else {
        return 0;
    };
    let mean = |lag: usize| all.iter().map(|one| one[lag]).sum::<f64>() / all.len() as f64;
    let correlations: Vec<f64> = (0..=longest).map(mean).collect();
    let Some(low) = correlations.iter().position(|&c| c < 0.0) else {
        return 0;
    };
    let peak = |&lag: &usize| {
        let now = correlations[lag];
        now >= correlations[lag - 1] && now > correlations[lag + 1]
    };
    let peaks = || (low.max(1)..longest).filter(peak);
    let highest = peaks().map(|lag| correlations[lag]).fold(0.0, f64::max);
    let nearly = peaks().find(|&lag| correlations[lag] >= NEARLY * highest);
    nearly.filter(|_| highest > 0.3).unwrap_or(0)
}

/// The most rows, the last ones, of which a season is looked for.
const RECENT: usize = 20_000;

/// How high a peak is beside the highest, to be the season instead of it.
const NEARLY: f64 = 0.8;

/// How much values resemble those of each lag before, up to a third of them, without their trend;
/// `None` of too few, or of a straight line.
fn autocorrelation(values: &[f64]) -> Option<Vec<f64>> {
    // A trend would resemble itself at every lag.
    let smooth = trendless(values);
    let longest = (smooth.len() / 3).min(1000);
    let power: f64 = smooth.iter().map(|x| x * x).sum();
    let correlation = |lag: usize| {
        let sum: f64 = smooth.iter().zip(&smooth[lag..]).map(|(a, b)| a * b).sum();
        sum / power * smooth.len() as f64 / (smooth.len() - lag) as f64
    };
    (power > 0.0 && longest >= 3).then(|| (0..=longest).map(correlation).collect())
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
        assert_eq!(found(&[trend]), 12);
        let mut random = elman::tensor::Random::new(1, "noise", 0);
        let noise: Vec<f64> = (0..500).map(|_| random.normal()).collect();
        assert_eq!(found(&[noise]), 0);
        assert_eq!(found(&[vec![1.0; 50]]), 0);
        assert_eq!((found(&[vec![]]), found(&[])), (0, 0));
    }

    /// Ten years of months, half a year of days: the season, not a multiple of it.
    #[test]
    fn noise_does_not_make_a_season_longer() {
        for (season, rows) in [(12, 120), (7, 200), (24, 1000), (4, 60)] {
            for seed in 0..20 {
                let mut random = elman::tensor::Random::new(seed, "season", 0);
                let wave = |t: usize| (t as f64 * std::f64::consts::TAU / season as f64).sin();
                let sales = |t| 500.0 + t as f64 + 60.0 * wave(t) + 15.0 * random.normal();
                assert_eq!(found(&[(0..rows).map(sales).collect()]), season, "seed {seed}");
            }
        }
    }

    /// In whatever order they are named, and in whatever units.
    #[test]
    fn all_targets_have_a_say() {
        let wave = |t: usize| 1e-3 * (t as f64 * std::f64::consts::TAU / 12.0).sin();
        let mut random = elman::tensor::Random::new(1, "walk", 0);
        let mut place = 0.0;
        let mut walk = || {
            place += 100.0 * random.normal();
            place
        };
        let rows: Vec<[f64; 2]> = (0..240).map(|t| [walk(), wave(t)]).collect();
        for order in [["walk", "wave"], ["wave", "walk"]] {
            let row = |row: &[f64; 2]| match order[0] {
                "walk" => row.map(|x| x.to_string()).to_vec(),
                _ => vec![row[1].to_string(), row[0].to_string()],
            };
            let names = order.map(String::from).to_vec();
            let mut records = elman::data::Records::new("a.csv", (1, names.clone()));
            for (values, line) in rows.iter().zip(2..) {
                records.push(line, row(values).iter().map(String::as_str)).unwrap();
            }
            let series = Series::new(&records, &names, &[], "last").unwrap();
            let scale: Vec<f64> = (0..2)
                .map(|c| super::super::moments(&mut (0..240).map(|t| series.at(t, c))).1)
                .collect();
            assert_eq!(season(&series, 0..240, 2, None, None).unwrap(), 12, "{order:?}");
            // The walk goes on best from where it is, and by less than the wave does not.
            let chosen = choose(&series, &scale, 12, 6, &(168..204));
            assert_eq!(chosen, Anchor::Season, "{order:?}");
        }
    }
}
