//! What is done when a training has ended: the model, the pictures, the sentence.

use super::say;
use crate::args::Cli;
use crate::commands::predict::Outlook;
use crate::failure::Failure;
use crate::folder::{FORECAST, Folder, REPORT, Shown};
use crate::forecast::Forecast;
use crate::inside::inside;
use crate::job::Job;
use crate::output;
use crate::settings::{Settings, Task};
use elman::autograd::Params;
use elman::rnn::Network;
use elman::train::History;
use elman_report::{Forecast as Picture, Report, curves};
use serde_json::{Value, json};

pub(crate) fn finish(
    job: &mut Job,
    mut settings: Settings,
    folder: &Folder,
    network: &Network,
    params: &Params<f32>,
    history: &History,
    cli: &Cli,
) -> Result<(), Failure> {
    let verdict = job.task().judge(network, params)?;
    let name = settings.data.file.display().to_string();
    let mut report = Report::new(name).text(verdict.sentence.clone());
    let mut pictures = Vec::new();
    let mut written = REPORT.to_string();
    if let Job::Forecast(forecast) = job {
        forecast.note_errors(network, params)?;
        settings.task = Task::Forecast(forecast.settings.clone());
        let outlook = Outlook::of(forecast, network, params)?;
        folder.write(FORECAST, outlook.csv()?)?;
        written += &format!(", {FORECAST}");
        let picture = picture(forecast, network, params, &outlook)?;
        pictures.push((Shown::Forecast, picture.picture()));
        report = report.forecast("Forecast", picture);
    }
    if let Job::Classify(classify) = job {
        let confusion = classify.confusion(network, params)?;
        pictures.push((Shown::Confusion, confusion.picture()));
        report = report.confusion("What was taken for what", confusion);
    }
    folder.write_model(&settings, params)?;
    folder.write_settings(&settings)?;
    let (states, gradients) = inside(network, params, &job.task().example(network, params)?)?;
    pictures.push((Shown::Training, curves(history)));
    pictures.push((Shown::Gradients, gradients.picture()));
    pictures.push((Shown::States, states.picture()));
    let mut names = Vec::new();
    for (what, picture) in pictures {
        let forms = picture.and_then(|p| Ok([p.svg().as_bytes().to_vec(), p.png()?]));
        if let Some(forms) = drawn(what.name(), forms) {
            folder.draw(what, forms)?;
            names.push(what.name());
        }
    }
    let report = report
        .curves("Training", history)
        .gradients(
            "How far back an answer looks: the gradient of its error by time step",
            gradients,
        )
        .states("The units of the last layer meanwhile", states)
        .table("Settings", rows(&settings)?);
    if let Some(html) = drawn(REPORT, report.html()) {
        folder.write(REPORT, html)?;
    }
    let path = folder.path().display();
    let sentence = format!(
        "{}\n{path} has {written}, and as pictures (.svg, .png) {}.",
        verdict.sentence,
        names.join(", ")
    );
    let mut numbers = verdict.numbers;
    numbers.insert("run".into(), json!(folder.path()));
    numbers.insert("notes".into(), json!(job.notes()));
    say(cli, &sentence, Value::Object(numbers))
}

/// A picture or the page; one that cannot be drawn is reported and left out: the model is trained.
fn drawn<T>(what: &str, made: Result<T, elman_report::Error>) -> Option<T> {
    if let Err(error) = &made {
        output::note(&format!("{what} is left out: {error}"));
    }
    made.ok()
}

/// The first target: the rows that were held out, what was said of them a horizon before, and what
/// follows.
fn picture(
    forecast: &Forecast,
    network: &Network,
    params: &Params<f32>,
    outlook: &Outlook,
) -> Result<Picture, Failure> {
    let (series, settings) = (&forecast.series, &forecast.settings);
    let (horizon, targets) = (settings.horizon, settings.targets.len());
    let start = forecast.split.test.start;
    let origins = forecast.origins(&forecast.split.test);
    let said = forecast.forecasts(network, params, origins.clone())?;
    let truth = (start..series.rows()).map(|t| series.at(t, 0)).collect();
    // Each row as it was foretold a whole horizon before.
    let mut ahead = vec![f64::NAN; series.rows() - start];
    for (i, t) in origins.enumerate() {
        ahead[t + horizon - start] = said[(i * horizon + horizon - 1) * targets];
    }
    let mut next = vec![f64::NAN; series.rows() - start];
    next.extend(outlook.rows.iter().map(|row| row.values[0].forecast));
    let name = format!("network, {horizon} rows ahead");
    Ok(Picture {
        truth,
        answers: vec![(name, ahead), ("what follows".into(), next)],
        quantity: settings.targets[0].clone(),
        time: "row".into(),
        start: (start + 1) as f64,
        spacing: 1.0,
    })
}

/// The settings as names and values.
fn rows(settings: &Settings) -> Result<Vec<(String, String)>, Failure> {
    let inside = |error: serde_json::Error| Failure::Inside(error.to_string());
    let mut rows = Vec::new();
    flatten("", &serde_json::to_value(settings).map_err(inside)?, &mut rows);
    Ok(rows)
}

fn flatten(path: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, rows);
            }
        }
        Value::Null => {}
        // What the network is scaled by is in the file of the model.
        Value::Array(items) if items.len() > 8 => {
            rows.push((path.into(), format!("{} values", items.len())));
        }
        other => rows.push((path.into(), other.to_string().trim_matches('"').to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::drawn;
    use elman_report::Error;

    #[test]
    fn a_picture_that_cannot_be_drawn_fails_no_run() {
        let error = Error::Drawing { width: 1, height: 1 << 30, what: "too large".into() };
        assert_eq!(drawn::<()>("confusion", Err(error)), None);
        assert_eq!(drawn("confusion", Ok(3)), Some(3));
    }
}
