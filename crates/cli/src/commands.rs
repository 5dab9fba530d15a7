//! What each command does.

mod export;
mod finish;
mod predict;

pub(crate) use export::export;
pub(crate) use predict::{answer, outlook_header, predict};

use crate::args::{Cli, Form, Generate, Train, Wishes};
use crate::failure::Failure;
use crate::file;
use crate::folder::{Folder, Model, WEIGHTS, build, file_of, weights};
use crate::job::{self, Job};
use crate::learn::learn;
use crate::output;
use crate::settings::{Settings, Task};
use crate::source;
use elman::autograd::Params;
use elman::rnn::Network;
use elman::tensor::excerpt;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// `elman train`.
pub(crate) fn train(train: &Train, cli: &Cli) -> Result<(), Failure> {
    let wishes = match &train.settings {
        Some(path) => train.wishes.clone().or(wishes(path, &file::settings(path)?)?),
        None => train.wishes.clone(),
    };
    let file = &train.data;
    let bytes = file::data(file)?;
    let settings = job::plan(file, &bytes, &wishes)?;
    let training = Training::new(settings, bytes)?;
    let stem = file.file_stem().unwrap_or(file.as_os_str());
    let out = train.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(stem));
    let folder = Folder::create(&out, train.force)?;
    folder.write_settings(&training.settings)?;
    if !cli.quiet && !cli.json {
        // Not the result: if it cannot be written, the training runs all the same.
        let plan = plan(&training.settings, training.params.len()) + "\n";
        _ = output::result(output::lines(&plan).as_bytes());
    }
    training.run(&folder, cli)
}

/// The bytes of the data that the user has named, or else of those of the run folder. The file of a
/// model alone has none: it may come from anybody, and must not choose which file is read.
fn data_or_own(data: Option<&Path>, model: &Path, settings: &Settings) -> Result<Vec<u8>, Failure> {
    match data {
        Some(data) => file::data(data),
        None if model.is_dir() => file::data_of_run(&settings.data, "name the file after the run"),
        None => Err(Failure::Usage(format!(
            "{0} is the file of a model, which has no data of its own; name them after it, or name \
             the run folder instead of {0}",
            model.display()
        ))),
    }
}

/// `elman resume`.
pub(crate) fn resume(run: &Path, cli: &Cli) -> Result<(), Failure> {
    let folder = Folder::open(run)?;
    let settings = folder.settings()?;
    let advice = "begin a new run with `elman train`";
    let bytes = file::data_of_run(&settings.data, advice)?;
    Training::new(settings, bytes)?.run(&folder, cli)
}

/// A network before its training, with what it learns from.
struct Training {
    settings: Settings,
    network: Network,
    params: Params<f32>,
    job: Job,
}

impl Training {
    fn new(settings: Settings, bytes: Vec<u8>) -> Result<Self, Failure> {
        let (network, mut params) = build(&settings, WEIGHTS)?;
        let job = Job::new(&settings, &network, &settings.data.file, &bytes)?;
        job.start(&network, &mut params);
        Ok(Training { settings, network, params, job })
    }

    /// Trains from the last checkpoint on, if there is one, to the end.
    fn run(self, folder: &Folder, cli: &Cli) -> Result<(), Failure> {
        let Training { settings, network, mut params, mut job } = self;
        note(job.notes(), cli);
        let quiet = cli.quiet || cli.json;
        let history = learn(job.task(), &settings, folder, &network, &mut params, quiet)?;
        finish::finish(&mut job, settings, folder, &network, &params, &history, cli)
    }
}

/// `elman generate`.
pub(crate) fn generate(wishes: &Generate, cli: &Cli) -> Result<(), Failure> {
    let Model { settings, network, params } = Model::open(&wishes.model)?;
    let Task::Text(task) = &settings.task else {
        return Err(Failure::Model(format!(
            "{} was not trained on text; `elman predict` is for tables",
            wishes.model.display()
        )));
    };
    let mut text = task.generate(&network, &params, wishes)?;
    if cli.json {
        return say(cli, "", json!({ "text": String::from_utf8_lossy(&text) }));
    }
    text.push(b'\n');
    output::result(&text)
}

/// `elman evaluate`.
pub(crate) fn evaluate(
    model: &Path,
    data: Option<&Path>,
    form: &Form,
    cli: &Cli,
) -> Result<(), Failure> {
    let Model { mut settings, network, params } = Model::open(model)?;
    settings.data.separator = form.or(&settings)?;
    let file = data.unwrap_or(&settings.data.file);
    let bytes = data_or_own(data, model, &settings)?;
    // Of what was learned from only the part that was held out tells something.
    let mut job = if job::sum(&bytes) == settings.data.sha256 {
        Job::new(&settings, &network, file, &bytes)?
    } else {
        Job::whole(&settings, &network, file, &bytes)?
    };
    let mut verdict = job.task().judge(&network, &params)?;
    note(job.notes(), cli);
    verdict.numbers.insert("notes".into(), json!(job.notes()));
    say(cli, &verdict.sentence, Value::Object(verdict.numbers))
}

/// `elman inspect`.
pub(crate) fn inspect(path: &Path, cli: &Cli) -> Result<(), Failure> {
    let file = file_of(path)?;
    let weights = weights(&file)?;
    let mut count = 0;
    let mut lines = vec![format!("{}: whole; every checksum is right.", file.display())];
    let mut tensors = Vec::new();
    for entry in weights.iter() {
        count += entry.shape.len();
        let (name, dtype, shape) = (entry.name, entry.dtype.to_string(), entry.shape.to_string());
        lines.push(format!("  {:32} {dtype:4} {shape}", excerpt(name).to_string()));
        tensors.push(json!({ "name": name, "type": dtype, "shape": shape }));
    }
    lines.push(format!("{count} numbers in all."));
    let about: Value = serde_json::from_str(weights.description()).unwrap_or(Value::Null);
    if let Ok(settings) = serde_json::from_str::<Settings>(weights.description()) {
        let text = toml::to_string(&settings).unwrap_or_default();
        lines.push(format!("\nIts settings:\n\n{}", text.trim_end()));
    }
    say(cli, &lines.join("\n"), json!({ "tensors": tensors, "numbers": count, "about": about }))
}

impl Form {
    /// The separator that is said, or was in the training.
    fn or(&self, settings: &Settings) -> Result<Option<char>, Failure> {
        let said = self.separator.as_deref().map(source::separator).transpose()?;
        Ok(said.or(settings.data.separator))
    }
}

/// Prints notes about the data, each on a line: beside the result where that is to be alone. In an
/// object for programs they are part of it.
fn note(notes: &[String], cli: &Cli) {
    for note in notes {
        match (cli.json, cli.quiet) {
            (true, _) => {}
            (false, true) => output::note(note),
            // Not the result: one that cannot be written is dropped.
            (false, false) => _ = output::result(format!("{}\n", output::lines(note)).as_bytes()),
        }
    }
}

/// A sentence, or numbers.
fn say(cli: &Cli, sentence: &str, numbers: Value) -> Result<(), Failure> {
    let said = if cli.json { output::json(&numbers) } else { output::lines(sentence) + "\n" };
    output::result(said.as_bytes())
}

/// Wishes from the text of a file.
pub(crate) fn wishes(path: &Path, text: &str) -> Result<Wishes, Failure> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
        let line = line.map_or(String::new(), |line| format!(", line {line}"));
        Failure::Model(format!("{}{line}: {}", path.display(), error.message().trim()))
    })
}

/// What is going to be learned, in one line.
fn plan(settings: &Settings, weights: usize) -> String {
    let layers: Vec<_> = settings
        .network
        .layers
        .iter()
        .map(|layer| format!("{} of {}", layer.cell, layer.hidden))
        .collect();
    let what = match &settings.task {
        Task::Forecast(task) => {
            let season = match task.season {
                0 => "no season".into(),
                season => format!("a season of {season}"),
            };
            let targets = task.targets.join(", ");
            format!("{}, {} rows ahead, {season}", excerpt(&targets), task.horizon)
        }
        Task::Classify(task) => format!("{} among {}", excerpt(&task.label), task.classes.len()),
        Task::Text(task) => format!("the next of {} bytes", task.alphabet.len()),
    };
    format!("Learning {what}: {}, {weights} weights.", layers.join(", "))
}
