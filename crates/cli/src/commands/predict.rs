//! `elman predict`.

use super::{data_or_own, say};
use crate::args::{Cli, Form};
use crate::dates::Dates;
use crate::failure::Failure;
use crate::file;
use crate::folder::Model;
use crate::forecast::{Forecast, Observed, Series, Settings};
use crate::output;
use crate::settings::Task;
use crate::task::exact;
use crate::{inputs, source};
use elman::autograd::Params;
use elman::rnn::Network;
use serde_json::{Value, json};
use std::path::Path;

/// What follows the last row.
pub(crate) struct Outlook {
    /// The names of the columns.
    header: Vec<String>,
    targets: Vec<String>,
    pub(crate) rows: Vec<OutlookRow>,
}

/// A row to come.
pub(crate) struct OutlookRow {
    /// Its date, or its number.
    when: String,
    /// Of each target.
    pub(crate) values: Vec<Expected>,
}

/// A value to come.
pub(crate) struct Expected {
    pub(crate) forecast: f64,
    /// Between which 8 of 10 lay, measured by errors on the part that was chosen by.
    range: [f64; 2],
}

impl Outlook {
    /// After the last row of the data that were learned from.
    pub(crate) fn of(
        forecast: &Forecast,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Self, Failure> {
        let dates = forecast.dates.as_ref();
        Outlook::after(&forecast.settings, &forecast.series, dates, network, params)
    }

    /// After the last row of a series.
    fn after(
        settings: &Settings,
        series: &Series,
        dates: Option<&Dates>,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Self, Failure> {
        let (horizon, count) = (settings.horizon, settings.targets.len());
        let features = settings.read(series)?;
        let last = series.rows() - 1..series.rows();
        let forecasts = settings.forecasts(network, params, series, &features, last)?;
        let mut whens = dates.map(|dates| dates.after(horizon)).unwrap_or_default();
        let (header, number) = (outlook_header(dates, &settings.targets)?, whens.len());
        whens.extend((number..horizon).map(|h| (series.rows() + h + 1).to_string()));
        let expected = |i: usize| {
            let forecast = forecasts[i];
            let [low, high] = settings.errors.get(i).copied().unwrap_or([f64::NAN; 2]);
            Expected { forecast, range: [forecast + low, forecast + high] }
        };
        let row = |(h, when): (usize, String)| OutlookRow {
            when,
            values: (0..count).map(|c| expected(h * count + c)).collect(),
        };
        Ok(Outlook {
            header,
            targets: settings.targets.clone(),
            rows: whens.into_iter().enumerate().map(row).collect(),
        })
    }

    /// The table as CSV.
    pub(crate) fn csv(&self) -> Result<Vec<u8>, Failure> {
        table(self.header.clone(), self.records())
    }

    fn records(&self) -> Vec<Vec<String>> {
        let row = |row: &OutlookRow| {
            let values =
                row.values.iter().flat_map(|v| [v.forecast, v.range[0], v.range[1]].map(exact));
            std::iter::once(row.when.clone()).chain(values).collect()
        };
        self.rows.iter().map(row).collect()
    }

    fn json(&self) -> Value {
        let row = |row: &OutlookRow| {
            let mut object = serde_json::Map::new();
            object.insert(self.header[0].clone(), json!(row.when));
            for (target, value) in self.targets.iter().zip(&row.values) {
                let [low, high] = value.range;
                let value = json!({ "forecast": value.forecast, "low": low, "high": high });
                object.insert(target.clone(), value);
            }
            Value::Object(object)
        };
        rows(self.rows.iter().map(row))
    }
}

/// The names of the columns of a forecast: the date or the number of a row, and for each target its
/// value and its range.
pub(crate) fn outlook_header(
    dates: Option<&Dates>,
    targets: &[String],
) -> Result<Vec<String>, Failure> {
    let time = dates.map_or("row", |dates| &dates.column).to_string();
    let values = targets
        .iter()
        .flat_map(|target| ["", "_low", "_high"].map(|ending| format!("{target}{ending}")));
    inputs::unique_header(std::iter::once(time).chain(values).collect())
}

/// One object for all rows.
fn rows(rows: impl Iterator<Item = Value>) -> Value {
    json!({ "rows": rows.collect::<Vec<_>>() })
}

/// A table as CSV.
fn table(header: Vec<String>, rows: Vec<Vec<String>>) -> Result<Vec<u8>, Failure> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let written = std::iter::once(header).chain(rows).try_for_each(|row| csv.write_record(row));
    written.map_err(|error| Failure::Inside(error.to_string()))?;
    csv.into_inner().map_err(|error| Failure::Inside(error.to_string()))
}

/// `elman predict`.
pub(crate) fn predict(
    model: &Path,
    data: Option<&Path>,
    out: Option<&Path>,
    form: &Form,
    cli: &Cli,
) -> Result<(), Failure> {
    let mut opened = Model::open(model)?;
    opened.settings.data.separator = form.or(&opened.settings)?;
    let name = data.unwrap_or(&opened.settings.data.file);
    let bytes = data_or_own(data, model, &opened.settings)?;
    let Answer { header, rows, mut json, notes } = answer(&opened, name, &bytes)?;
    json["notes"] = json!(notes);
    if !cli.json {
        notes.iter().for_each(|note| output::note(note));
    }
    match out {
        Some(path) => file::write(path, table(header, rows)?)?,
        None if cli.json => {}
        None => output::result(&table(header, rows)?)?,
    }
    if cli.json { say(cli, "", json) } else { Ok(()) }
}

/// What a model says of some data, as a table and as JSON.
pub(crate) struct Answer {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) json: Value,
    /// What its user has to know of the data.
    pub(crate) notes: Vec<String>,
}

/// What a model says of a file with such bytes.
pub(crate) fn answer(model: &Model, file: &Path, bytes: &[u8]) -> Result<Answer, Failure> {
    let Model { settings, network, params } = model;
    match &settings.task {
        Task::Forecast(task) => {
            let mut records = source::records(file, bytes, settings.data.separator)?;
            let Observed { series, dates, notes } = Observed::new(&mut records, task)?;
            let outlook = Outlook::after(task, &series, dates.as_ref(), network, params)?;
            let (json, rows) = (outlook.json(), outlook.records());
            Ok(Answer { header: outlook.header, rows, json, notes })
        }
        Task::Classify(task) => {
            let sequences =
                task.sequences(&source::records(file, bytes, settings.data.separator)?, false)?;
            let all: Vec<usize> = (0..sequences.len()).collect();
            let answers = task.answers(network, params, &sequences, &all)?;
            let count = task.classes.len();
            let (mut table, mut objects) = (Vec::new(), Vec::new());
            for k in all {
                let class = answers.classes[k];
                let (class, probability) =
                    (&task.classes[class], answers.probabilities[k * count + class]);
                let name = sequences.name(k);
                objects
                    .push(json!({ "sequence": name, "class": class, "probability": probability }));
                table.push(vec![name, class.clone(), exact(probability)]);
            }
            let (header, json) = (task.answer_header()?, rows(objects.into_iter()));
            Ok(Answer { header, rows: table, json, notes: Vec::new() })
        }
        Task::Text(_) => Err(Failure::Model(
            "the network was trained on text; `elman generate` writes some".into(),
        )),
    }
}
