//! A task of one of the kinds, with its data.

use crate::args::Wishes;
use crate::classify::Classify;
use crate::failure::Failure;
use crate::forecast::Forecast;
use crate::settings::{Data, Settings, Task as Kind};
use crate::source::{self, Kind as Form};
use crate::task::Task;
use crate::text::Text;
use elman::autograd::Params;
use elman::rnn::Network;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;

/// A task of one of the kinds, with its data.
pub(crate) enum Job {
    Forecast(Box<Forecast>),
    Classify(Box<Classify>),
    Text(Box<Text>),
}

/// The settings that a file with such bytes and some wishes lead to.
pub(crate) fn plan(file: &Path, bytes: &[u8], wishes: &Wishes) -> Result<Settings, Failure> {
    if file.to_str().is_none() {
        let name = file.display();
        return Err(Failure::Usage(format!("{name} is no UTF-8; give the file another name")));
    }
    let separator = wishes.separator.as_deref().map(source::separator).transpose()?;
    let data = Data { file: file.to_owned(), sha256: sum(bytes), separator };
    let records = || source::records(file, bytes, separator);
    let (task, usual, network) = match (Form::of(file, separator), &wishes.label) {
        (Form::Text, _) => {
            if let Some(what) = source::no_text(file, bytes) {
                return Err(Failure::Data(format!("{} is {what}", file.display())));
            }
            if let Some(column) = wishes.targets().first().or(wishes.label.as_ref()) {
                return Err(Failure::Usage(format!(
                    "{} is read as text, which has no column `{column}`; a table has the ending \
                     .csv, .tsv or .jsonl, or is told its --separator",
                    file.display()
                )));
            }
            For::Text.suits(wishes)?;
            let name = file.display().to_string();
            let (task, usual, network) = Text::plan(&name, bytes, wishes)?;
            (Kind::Text(task), usual, network)
        }
        (_, Some(label)) => {
            if let Some(target) = wishes.targets().first() {
                return Err(Failure::Usage(format!(
                    "--label {label} and --target {target}: either classes or a forecast"
                )));
            }
            For::Classes.suits(wishes)?;
            let (task, usual, network) = Classify::plan(&records()?, wishes, label)?;
            (Kind::Classify(task), usual, network)
        }
        (_, None) => {
            For::Forecast.suits(wishes)?;
            let (task, usual, network) = Forecast::plan(records()?, wishes)?;
            (Kind::Forecast(task), usual, network)
        }
    };
    let settings = Settings { data, training: usual.training(wishes)?, task, network };
    settings.check().map_err(|wrong| {
        let name = file.display();
        Failure::Data(format!("{name}: its numbers cannot be scaled: {wrong}"))
    })?;
    Ok(settings)
}

/// What an option may be for.
#[derive(Clone, Copy, PartialEq)]
enum For {
    Forecast,
    Classes,
    Text,
}

impl For {
    /// An error for a wish that means nothing to this task: better than to be passed over.
    fn suits(self, wishes: &Wishes) -> Result<(), Failure> {
        let options: [(&str, bool, &[For]); 6] = [
            ("--input", !wishes.inputs().is_empty(), &[For::Forecast, For::Classes]),
            ("--missing", wishes.missing.is_some(), &[For::Forecast, For::Classes]),
            ("--sequence", wishes.sequence.is_some(), &[For::Classes]),
            ("--horizon", wishes.horizon.is_some(), &[For::Forecast]),
            ("--season", wishes.season.is_some(), &[For::Forecast]),
            ("--window", wishes.window.is_some(), &[For::Forecast, For::Text]),
        ];
        let stray = options.iter().find(|(_, said, known)| *said && !known.contains(&self));
        let Some((option, _, known)) = stray else { return Ok(()) };
        let known: Vec<&str> = known.iter().map(|task| task.name()).collect();
        Err(Failure::Usage(format!(
            "{option} is for {}, and this is for {}; leave it out",
            known.join(" and "),
            self.name()
        )))
    }

    fn name(self) -> &'static str {
        match self {
            For::Forecast => "a forecast (--target)",
            For::Classes => "classes of sequences (--label)",
            For::Text => "text",
        }
    }
}

impl Job {
    /// The task of some settings, with the data that are learned from.
    pub(crate) fn new(
        settings: &Settings,
        network: &Network,
        file: &Path,
        bytes: &[u8],
    ) -> Result<Self, Failure> {
        let Settings { training, data, .. } = settings;
        let sizes = [training.window, training.batch];
        Ok(match &settings.task {
            Kind::Forecast(task) => {
                let records = source::records(file, bytes, data.separator)?;
                let task = Forecast::new(records, task.clone(), sizes, training.seed)?;
                Job::Forecast(Box::new(task))
            }
            Kind::Classify(task) => {
                let records = source::records(file, bytes, data.separator)?;
                let size = training.batch;
                let task = Classify::new(&records, task.clone(), size, training.seed)?;
                Job::Classify(Box::new(task))
            }
            Kind::Text(task) => Job::Text(Box::new(Text::new(bytes, task, sizes, network)?)),
        })
    }

    /// The task of some settings, with another file, all of which is to be judged.
    pub(crate) fn whole(
        settings: &Settings,
        network: &Network,
        file: &Path,
        bytes: &[u8],
    ) -> Result<Self, Failure> {
        let Settings { training, data, .. } = settings;
        let records = || source::records(file, bytes, data.separator);
        Ok(match &settings.task {
            Kind::Forecast(task) => {
                let task = Forecast::whole(records()?, task.clone(), training.window)?;
                Job::Forecast(Box::new(task))
            }
            Kind::Classify(task) => {
                Job::Classify(Box::new(Classify::whole(&records()?, task.clone())?))
            }
            Kind::Text(task) => {
                let name = file.display().to_string();
                Job::Text(Box::new(Text::whole(&name, bytes, task, network)?))
            }
        })
    }

    pub(crate) fn task(&mut self) -> &mut dyn Task {
        match self {
            Job::Forecast(task) => &mut **task,
            Job::Classify(task) => &mut **task,
            Job::Text(task) => &mut **task,
        }
    }

    /// What its user has to know of the data.
    pub(crate) fn notes(&self) -> &[String] {
        match self {
            Job::Forecast(task) => &task.notes,
            Job::Classify(task) => &task.notes,
            Job::Text(_) => &[],
        }
    }

    /// What the first weights have to be, besides drawn.
    pub(crate) fn start(&self, network: &Network, params: &mut Params<f32>) {
        // A forecast begins with what is known without a network.
        if let (Job::Forecast(_), Some(head)) = (self, network.head()) {
            let (w, b) = head.params();
            for weight in [Some(w), b].into_iter().flatten() {
                if let Some(values) = params.get_mut(weight) {
                    values.fill(0.0);
                }
            }
        }
    }
}

/// The SHA-256 of some bytes.
pub(crate) fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_name_that_settings_cannot_hold_is_refused() {
        let failure =
            plan(Path::new(OsStr::from_bytes(b"\xff.csv")), b"x\n1\n", &Wishes::default());
        assert_eq!(failure.unwrap_err().code(), 2);
    }
}
