//! What a forecast follows from where little is said.

use super::{Forecast, Series, Settings, Split, baseline, observed, series};
use crate::args::Wishes;
use crate::commands::outlook_header;
use crate::dates::Dates;
use crate::failure::Failure;
use crate::settings::Usual;
use elman::data::Records;
use elman::rnn::{Architecture, Input, Kind};

impl Forecast {
    /// The settings that a series and some wishes lead to, with the network for them.
    pub(crate) fn plan(
        mut records: Records,
        wishes: &Wishes,
    ) -> Result<(Settings, Usual, Architecture), Failure> {
        let missing = wishes.missing.clone().unwrap_or_else(|| "last".into());
        let targets = series::targets(&records, wishes)?;
        // The notes are those of the training.
        observed::leave_out_future(&mut records, &targets)?;
        let dates = observed::dates(&records, &targets)?;
        // For its error, before anything is computed.
        outlook_header(dates.as_ref(), &targets)?;
        let rows = records.rows();
        let most = series::longest_horizon(rows);
        // Whatever is chosen is chosen by these rows.
        let sure = series::surely_learned(rows, wishes.horizon);
        let inputs = series::inputs(&records, sure, wishes, &targets, dates.as_ref())?;
        let series = Series::new(&records, &targets, &inputs, &missing)?;
        let calendar = dates.as_ref().and_then(Dates::season);
        let season = baseline::season(&series, 0..sure, targets.len(), wishes.season, calendar)?;
        let usual_horizon =
            if (2..=rows / 8).contains(&season) { season } else { series::USUAL_HORIZON };
        let horizon = wishes.horizon.unwrap_or(usual_horizon.min(most.max(1)));
        let split = Split::new(records.file(), rows, horizon)?;
        series.check_varied(&split.train)?;

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
            interval: dates.as_ref().map(Dates::interval),
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
}
