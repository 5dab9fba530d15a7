//! Forecasts of a series: the next rows, all at once, at every row.
//!
//! What the network is to learn is not the values themselves but how they differ from what is known
//! without it: from the last value, or from the value a season before, whichever does better on the
//! part that is chosen by. Its readout starts at zero, so a training begins with that forecast and
//! can only be worse where it overfits, which the validation notices.

mod baseline;
mod series;

pub(crate) use baseline::Anchor;
pub(crate) use series::{Series, Split, moments, readable};

use crate::args::Wishes;
use crate::dates::Dates;
use crate::failure::Failure;
use crate::settings::Usual;
use crate::task::{Example, Task, Verdict, Wanted, short};
use elman::autograd::{Graph, Params, Var};
use elman::data::{Batch, Layout, Records, Target};
use elman::rnn::{Architecture, Input, Kind, Layer, Network, Stream};
use elman::tensor::{Random, Tensor};
use elman::train::mse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
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

/// A forecast to learn.
pub(crate) struct Forecast {
    pub(crate) settings: Settings,
    pub(crate) series: Series,
    pub(crate) split: Split,
    pub(crate) dates: Option<Dates>,
    /// What the network reads of each row.
    features: Vec<f64>,
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

/// How the forecasts of some rows do: root mean squares.
#[derive(Debug, Clone)]
pub(crate) struct Errors {
    /// Of each target, in its own units.
    pub(crate) of_targets: Vec<f64>,
    /// Of all targets, each divided by its standard deviation where there are several.
    pub(crate) all: f64,
}

impl Forecast {
    /// The settings that a series and some wishes lead to, with the network for them.
    pub(crate) fn plan(
        records: &Records,
        wishes: &Wishes,
    ) -> Result<(Settings, Usual, Architecture), Failure> {
        let missing = wishes.missing.clone().unwrap_or_else(|| "last".into());
        let (targets, inputs) = series::columns(records, wishes)?;
        let series = Series::new(records, &targets, &inputs, &missing)?;
        series.check_varied(records.file())?;
        let calendar = Dates::find(records).and_then(|dates| dates.season());
        let season = baseline::season(&series, targets.len(), wishes.season, calendar)?;
        let usual_horizon = if (2..=series.rows() / 8).contains(&season) { season } else { 12 };
        let most = series::longest_horizon(series.rows());
        let horizon = wishes.horizon.unwrap_or(usual_horizon.min(most.max(1)));
        let split = Split::new(records.file(), series.rows(), horizon)?;

        let learned = split.train.clone();
        let moments = |values: &mut dyn Iterator<Item = f64>| series::moments(values);
        let columns = targets.len() + inputs.len();
        let of_column = |c: usize| moments(&mut learned.clone().map(|t| series.at(t, c)));
        let (mean, scale): (Vec<f64>, Vec<f64>) = (0..columns).map(of_column).unzip();
        let steps = (0..targets.len()).map(|c| {
            let mut steps = learned.clone().skip(1).map(|t| series.at(t, c) - series.at(t - 1, c));
            moments(&mut steps).1
        });
        let anchor =
            baseline::choose(&series, &scale[..targets.len()], season, horizon, &split.validation);
        let changes = (0..horizon * targets.len()).map(|i| {
            let (ahead, c) = (1 + i / targets.len(), i % targets.len());
            let rows = learned.start..learned.end - ahead;
            let mut changes =
                rows.map(|t| series.at(t + ahead, c) - anchor.of(&series, season, t, ahead, c));
            moments(&mut changes).1
        });
        let settings = Settings {
            steps: steps.collect(),
            changes: changes.collect(),
            targets,
            inputs,
            horizon,
            season,
            missing,
            anchor,
            mean,
            scale,
            errors: Vec::new(),
        };
        let usual = Usual {
            cell: Kind::Gru,
            hidden: match split.train.len() {
                0..400 => 16,
                400..4000 => 32,
                _ => 64,
            },
            steps: 1500,
            batch: 16,
            window: (2 * season).clamp(64, 256).min(split.train.len() - horizon),
            validate_every: 50,
        };
        let input = Input::Features(settings.features());
        let network = usual.network(wishes, input, horizon * settings.targets.len())?;
        Ok((settings, usual, network))
    }

    /// The task of some settings.
    pub(crate) fn new(
        records: &Records,
        settings: Settings,
        [window, batch]: [usize; 2],
        seed: u64,
    ) -> Result<Self, Failure> {
        let (targets, inputs) = (&settings.targets, &settings.inputs);
        let series = Series::new(records, targets, inputs, &settings.missing)?;
        let split = Split::new(records.file(), series.rows(), settings.horizon)?;
        let most = split.train.len() - settings.horizon;
        if window > most {
            return Err(Failure::Usage(format!(
                "--window is {window}; wanted at most {most}, which is what the part that is \
                 learned from has before the last {} rows",
                settings.horizon
            )));
        }
        let sizes = Sizes { window, batch, seed };
        Forecast::of(records, settings, series, split, sizes)
    }

    /// Another file of the same columns, all of which is to be reported, but for the rows that are
    /// read first.
    pub(crate) fn whole(
        records: &Records,
        settings: Settings,
        window: usize,
    ) -> Result<Self, Failure> {
        let (targets, inputs) = (&settings.targets, &settings.inputs);
        let series = Series::new(records, targets, inputs, &settings.missing)?;
        let sizes = Sizes { window, batch: 0, seed: 0 };
        // As long as the state knows little, or there was no season yet.
        let first = sizes.counted().start.max(settings.season).max(1);
        let split = Split::whole(records.file(), series.rows(), first, settings.horizon)?;
        Forecast::of(records, settings, series, split, sizes)
    }

    fn of(
        records: &Records,
        settings: Settings,
        series: Series,
        split: Split,
        sizes: Sizes,
    ) -> Result<Self, Failure> {
        let (features, dates) = (settings.read(&series)?, Dates::find(records));
        Ok(Forecast { settings, series, split, dates, features, batch: Batch::new(), sizes })
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

    /// The errors of forecasts made at `rows`.
    fn errors(&self, rows: Range<usize>, forecasts: &[f64]) -> Errors {
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

    /// Rows at which forecasts of nothing but a part can be made.
    pub(crate) fn origins(&self, part: &Range<usize>) -> Range<usize> {
        part.start - 1..part.end - self.settings.horizon
    }

    /// Notes between which errors 8 of 10 lie on the part that was chosen by.
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
            [0.1, 0.9].map(|p| errors[((errors.len() - 1) as f64 * p).round() as usize])
        });
        self.settings.errors = quantiles.collect();
        Ok(())
    }
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
                let parts = all.iter().zip(&settings.scale).map(|(e, s)| (e / s).powi(2));
                (parts.sum::<f64>() / all.len() as f64).sqrt()
            }
        };
        Errors { of_targets, all }
    }
}

impl Settings {
    /// How many numbers the network reads of a row: each column, and the step of each target.
    pub(crate) fn features(&self) -> usize {
        self.mean.len() + self.targets.len()
    }

    /// What the network reads of all rows, scaled.
    pub(crate) fn read(&self, series: &Series) -> Result<Vec<f64>, Failure> {
        let mut features = Vec::with_capacity(series.rows() * self.features());
        for t in 0..series.rows() {
            for (c, (mean, scale)) in self.mean.iter().zip(&self.scale).enumerate() {
                features.push((series.at(t, c) - mean) / scale);
            }
            let before = t.saturating_sub(1);
            for (c, scale) in self.steps.iter().enumerate() {
                features.push((series.at(t, c) - series.at(before, c)) / scale);
            }
        }
        match features.iter().position(|&x| !readable(x)) {
            None => Ok(features),
            Some(i) => Err(series.beyond(i / self.features())),
        }
    }

    /// What output `o` is to be at row `t`: the difference from the anchor, scaled.
    fn wanted(&self, series: &Series, t: usize, o: usize) -> f64 {
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
        features: &[f64],
        rows: Range<usize>,
    ) -> Result<Vec<f64>, Failure> {
        let (mut stream, targets) = (Stream::new(params, network.online()?), self.targets.len());
        let mut forecasts = Vec::with_capacity(rows.len() * self.changes.len());
        let mut x = Vec::new();
        for (t, features) in features.chunks(self.features()).enumerate().take(rows.end) {
            x.clear();
            x.extend(features.iter().map(|&x| x as f32));
            let y = stream.push(&x)?;
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

impl Task for Forecast {
    fn prepare(&mut self, step: u64) -> Result<(), Failure> {
        let Sizes { window, batch, seed } = self.sizes;
        let (features, outputs) = (self.settings.features(), self.settings.changes.len());
        let counted = self.sizes.counted();
        let layout = Layout {
            time: window,
            batch,
            features,
            target: Target::Steps(counted.len(), outputs),
            classes: false,
        };
        let starts = self.split.train.len() - self.settings.horizon - window + 1;
        let mut random = Random::new(seed, "windows", step);
        let Forecast { settings, series, features: all, batch: filled, .. } = self;
        filled.fill(layout, |_, row, _| {
            let start = random.below(starts);
            for t in 0..window {
                let read = &all[(start + t) * features..][..features];
                read.iter().enumerate().for_each(|(f, &x)| row.x(t, f, x));
            }
            for (i, t) in counted.clone().enumerate() {
                for o in 0..outputs {
                    row.y(i, o, settings.wanted(series, start + t, o));
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    fn loss<'g>(&mut self, g: &'g Graph<'g, f32>, network: &Network) -> Var<'g, f32> {
        let counted = self.sizes.counted();
        let outputs = network.forward(g.input(&self.batch.x)).values();
        mse(outputs.slice(counted.start, counted.len()), g.input(&self.batch.y))
    }

    fn validate(
        &mut self,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Vec<(&'static str, f64)>, Failure> {
        let rows = self.origins(&self.split.validation);
        let forecasts = self.forecasts(network, params, rows.clone())?;
        Ok(vec![("error", self.errors(rows, &forecasts).all)])
    }

    /// The last window of the part that is chosen by.
    fn example(&self, _: &Network, _: &Params<f32>) -> Result<Example, Failure> {
        let (window, width) = (self.sizes.window, self.settings.features());
        let end = self.split.validation.end - self.settings.horizon;
        let read = &self.features[(end - window) * width..end * width];
        let wanted = |o: usize| self.settings.wanted(&self.series, end - 1, o) as f32;
        Ok(Example {
            x: Tensor::from_fn([window, 1, width], |i| read[i] as f32)?,
            wanted: Wanted::Numbers(Tensor::from_fn([1, self.settings.changes.len()], wanted)?),
        })
    }

    fn judge(&mut self, network: &Network, params: &Params<f32>) -> Result<Verdict, Failure> {
        let rows = self.origins(&self.split.test);
        let forecasts = self.forecasts(network, params, rows.clone())?;
        let ours = self.errors(rows.clone(), &forecasts);
        let persistence = self.errors_without(&rows, Anchor::Last);
        let Settings { season, horizon, ref targets, .. } = self.settings;
        let seasonal = (season > 0).then(|| self.errors_without(&rows, Anchor::Season));
        let mut numbers = Map::new();
        numbers.insert("error".into(), json!(ours.all));
        numbers.insert("persistence".into(), json!(persistence.all));
        numbers.insert("seasonal_naive".into(), json!(seasonal.as_ref().map(|e| e.all)));
        let named: Map<String, Value> =
            targets.iter().cloned().zip(ours.of_targets.iter().map(|&e| json!(e))).collect();
        numbers.insert("errors".into(), Value::Object(named));
        numbers.insert("horizon".into(), json!(horizon));
        let (first, last) = (self.split.test.start + 1, self.split.test.end);
        let held_out = !self.split.train.is_empty();
        numbers.insert("rows".into(), json!([first, last]));
        numbers.insert("held_out".into(), json!(held_out));
        let why = match held_out {
            true => "held out".into(),
            false => format!("all but the {} that are read first", first - 1),
        };
        let others = match &seasonal {
            Some(seasonal) => format!(
                "persistence {}, seasonal naive (season {season}) {}",
                short(persistence.all),
                short(seasonal.all)
            ),
            None => format!("persistence {}; no season was found", short(persistence.all)),
        };
        let best = seasonal.map_or(persistence.all, |s| s.all.min(persistence.all));
        let compared = compared(ours.all, best);
        let units = if targets.len() > 1 { ", in standard deviations" } else { "" };
        Ok(Verdict {
            sentence: format!(
                "Error on rows {first} to {last} ({why}), 1 to {horizon} rows ahead (root mean \
                 square{units}): network {}, {others}: {compared}.",
                short(ours.all)
            ),
            numbers,
        })
    }
}

/// An error beside the best of those that need no network.
fn compared(ours: f64, best: f64) -> String {
    let change = 100.0 * (ours / best - 1.0);
    match change {
        _ if best == 0.0 => "the best of these is exact".into(),
        ..=0.0 => format!("{:.0} % better than the best of these", change.abs()),
        _ if change < 1e4 => format!("{change:.0} % worse than the best of these"),
        _ => "far worse than the best of these".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::compared;

    #[test]
    fn what_is_exact_is_not_divided_by() {
        let all =
            [(1.0, 2.0), (3.0, 2.0), (2.0, 2.0), (0.0, 2.0), (1.0, 1e-300), (1.0, 0.0), (0.0, 0.0)];
        assert_eq!(
            all.map(|(ours, best)| compared(ours, best)),
            [
                "50 % better than the best of these",
                "50 % worse than the best of these",
                "0 % better than the best of these",
                "100 % better than the best of these",
                "far worse than the best of these",
                "the best of these is exact",
                "the best of these is exact",
            ]
        );
    }
}
