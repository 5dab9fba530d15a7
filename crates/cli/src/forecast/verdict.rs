//! The errors of a network, beside those of what needs none.

use super::{Anchor, Forecast, Settings};
use crate::failure::Failure;
use crate::task::{Verdict, short};
use elman::autograd::Params;
use elman::rnn::Network;
use serde_json::{Map, Value, json};

impl Forecast {
    /// How well the network does on the part that was held out.
    pub(super) fn verdict(
        &self,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Verdict, Failure> {
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
