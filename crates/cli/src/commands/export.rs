//! `elman export`.

use super::say;
use crate::args::Cli;
use crate::failure::Failure;
use crate::file;
use crate::folder::Model;
use crate::forecast;
use crate::settings::Task;
use elman_io::exchange::Error;
use elman_io::exchange::onnx::{Export, Past};
use serde_json::json;
use std::path::Path;

/// A file, and what its user has to know.
struct Described {
    export: Export,
    /// The columns of `x`, and what the features of `y` are.
    columns: Vec<String>,
    outputs: Vec<String>,
    /// One sentence, behind the name of the file.
    usage: String,
}

/// `elman export`.
pub(crate) fn export(model: &Path, onnx: &Path, cli: &Cli) -> Result<(), Failure> {
    let Model { settings, network, params } = Model::open(model)?;
    let export = Export::network(&network).map_err(|error| Failure::Model(error.to_string()))?;
    let Described { export, columns, outputs, usage } = described(export, &settings.task);
    let [names, answers] = [&columns, &outputs].map(|names| json!(names).to_string());
    let export = export.note("columns", &names).note("outputs", &answers).note("usage", &usage);
    let bytes = export.to_bytes(&params).map_err(|error| refused(error, &columns))?;
    file::write(onnx, &bytes)?;
    let sentence = format!("{} {usage}", onnx.display());
    let numbers = json!({
        "file": onnx, "bytes": bytes.len(), "columns": columns, "outputs": outputs, "usage": usage,
    });
    say(cli, &sentence, numbers)
}

/// The network with all that stands between it and the numbers of a file of data.
fn described(export: Export, task: &Task) -> Described {
    match task {
        Task::Forecast(task) => forecast(export, task),
        Task::Classify(task) => Described {
            export: export.inputs(&task.mean, &task.scale).softmax().last(),
            columns: task.inputs.clone(),
            outputs: task.classes.clone(),
            usage: format!(
                "reads x [time, batch, column], the rows of sequences of one length with the \
                 columns {} as they are in the data, and gives y [batch, class], the probabilities \
                 of {}.",
                task.inputs.join(", "),
                task.classes.join(", ")
            ),
        },
        Task::Text(task) => Described {
            export,
            columns: vec!["symbol".into()],
            outputs: task.alphabet.iter().map(|byte| byte.to_string()).collect(),
            usage:
                "reads x [time, batch], each byte of a text as its place among the `outputs` in \
                    the metadata, and gives y [time, batch, place], the logits of the byte that \
                    follows: what becomes of the bytes is up to the caller."
                    .into(),
        },
    }
}

/// Why a model is not exported. The numbers of a file are `f32`, which cannot hold every column.
fn refused(error: Error, columns: &[String]) -> Failure {
    let Error::Digits { column, around, change, .. } = error else {
        return Failure::Model(error.to_string());
    };
    let name = columns.get(column).map_or("?", String::as_str);
    Failure::Model(format!(
        "an ONNX file counts in numbers of seven digits, too few for `{name}`, which is around \
         {around:e} and goes in steps of {change:e}; train on it less a constant, or use `elman \
         predict`"
    ))
}

fn forecast(export: Export, task: &forecast::Settings) -> Described {
    let (targets, outputs) = (task.targets.len(), task.changes.len());
    let ahead = |o: usize| (1 + o / targets, o % targets);
    let past = (0..outputs).map(|o| {
        let (ahead, column) = ahead(o);
        Past { column, back: task.anchor.back(task.season, ahead) }
    });
    let export = export.inputs(&task.mean, &task.scale).steps(&task.steps);
    let columns = [&task.targets[..], &task.inputs].concat();
    let usage = format!(
        "reads x [time, batch, column], the rows from the first on with the columns {} as they are \
         in the data (missing values filled), and gives y [time, batch, forecast] in the same \
         units: after each row the next {} of {}.",
        columns.join(", "),
        task.horizon,
        task.targets.join(", ")
    );
    let name = |o: usize| {
        let (ahead, column) = ahead(o);
        format!("{} +{ahead}", task.targets[column])
    };
    Described {
        export: export.outputs(&vec![0.0; outputs], &task.changes).past(past),
        columns,
        outputs: (0..outputs).map(name).collect(),
        usage,
    }
}
