//! A run folder, and the model in it.

use crate::failure::Failure;
use crate::settings::{Form, Settings};
use elman::autograd::Params;
use elman::rnn::Network;
use elman_io::{Checkpoints, Weights};
use elman_report::Picture;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of a run.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

const MODEL: &str = "model.safetensors";
const SETTINGS: &str = "settings.toml";
const CHECKPOINTS: &str = "checkpoints";
/// What follows the data, if that was learned.
pub(crate) const FORECAST: &str = "forecast.csv";
const PICTURE_FORMS: [&str; 2] = ["svg", "png"];

/// What there are pictures of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown {
    Forecast,
    Confusion,
    Training,
    Gradients,
    States,
}

impl Shown {
    const ALL: [Shown; 5] =
        [Shown::Forecast, Shown::Confusion, Shown::Training, Shown::Gradients, Shown::States];

    /// The name of its files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Shown::Forecast => "forecast",
            Shown::Confusion => "confusion",
            Shown::Training => "training",
            Shown::Gradients => "gradients",
            Shown::States => "states",
        }
    }

    fn files(self) -> [String; 2] {
        PICTURE_FORMS.map(|form| format!("{}.{form}", self.name()))
    }
}

/// What a run of any task may leave, in the order in which it is removed. Whoever is stopped in
/// between leaves nothing that another run would go on from, and a run as long as there is any of it.
fn names() -> Vec<String> {
    let first = [CHECKPOINTS, MODEL, FORECAST, "report.html", "history.csv"].map(String::from);
    let pictures = Shown::ALL.into_iter().flat_map(Shown::files);
    first.into_iter().chain(pictures).chain([SETTINGS.into()]).collect()
}

impl Folder {
    /// A new one, which may replace another run if that is wished for.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        let folder = Folder(path.to_owned());
        let [settings, checkpoints] = [SETTINGS, CHECKPOINTS].map(|n| folder.file(n).exists());
        if !force && (settings || checkpoints) {
            let resume = if settings { ", or go on with `elman resume`" } else { "" };
            return Err(Failure::Usage(format!(
                "{} already has a run; choose another folder with --out, replace it with \
                 --force{resume}",
                path.display()
            )));
        }
        if settings || checkpoints {
            for old in names() {
                let old = folder.file(&old);
                let removed =
                    if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
                match removed {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(Failure::file("removed", &old, &error));
                    }
                    _ => {}
                }
            }
        }
        fs::create_dir_all(path).map_err(|error| Failure::file("created", path, &error))?;
        Ok(folder)
    }

    /// One that is there.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = Folder(path.to_owned());
        if folder.file(SETTINGS).is_file() {
            return Ok(folder);
        }
        Err(Failure::Model(format!(
            "{} is no run folder: it has no {SETTINGS}; `elman train` makes one",
            path.display()
        )))
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn checkpoints(&self) -> Checkpoints {
        Checkpoints::new(self.file(CHECKPOINTS))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        Ok(elman_io::write(self.file(name), text)?)
    }

    /// Writes a picture, once for pages and once for what cannot show those.
    pub(crate) fn draw(&self, what: Shown, picture: &Picture) -> Result<(), elman_report::Error> {
        what.files().iter().try_for_each(|name| picture.save(self.file(name)))
    }

    pub(crate) fn write_settings(&self, settings: &Settings) -> Result<(), Failure> {
        self.write(SETTINGS, &Form::Toml.write(settings)?)
    }

    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let path = self.file(SETTINGS);
        let text = fs::read_to_string(&path);
        let text = text.map_err(|error| Failure::file("read", &path, &error))?;
        let settings = Form::Toml.read(&text);
        settings.map_err(|wrong| Failure::Model(format!("{}: {wrong}", path.display())))
    }

    pub(crate) fn write_model(
        &self,
        settings: &Settings,
        params: &Params<f32>,
    ) -> Result<(), Failure> {
        Ok(elman_io::save(self.file(MODEL), params, &Form::Json.write(settings)?)?)
    }
}

/// A network with its weights, and what it is for.
pub(crate) struct Model {
    pub(crate) settings: Settings,
    pub(crate) network: Network,
    pub(crate) params: Params<f32>,
}

impl Model {
    /// The model of a run folder, or of a file.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let file = file_of(path)?;
        let weights = Weights::read(&file)?;
        let wrong = |what: &dyn Display| Failure::Model(format!("{}: {what}", file.display()));
        let settings = Form::Json.read(weights.description()).map_err(|error| {
            wrong(&format!(
                "not written by `elman train`, for it does not say what its weights are for \
                 ({error})"
            ))
        })?;
        // A network of more weights than the file has is not worth its memory.
        let count = weights.iter().map(|entry| entry.shape.len()).sum();
        let (network, mut params) = build(&settings, count).map_err(|error| wrong(&error))?;
        weights.load(&mut params).map_err(|flaw| wrong(&flaw))?;
        Ok(Model { settings, network, params })
    }
}

/// The most weights that a network may have that is to be trained: 1 GiB of them.
pub(crate) const WEIGHTS: usize = 1 << 28;

/// The network of some settings, with its first weights, which are so many at most.
pub(crate) fn build(settings: &Settings, most: usize) -> Result<(Network, Params<f32>), Failure> {
    let Settings { training, network, .. } = settings;
    Ok(Params::within(most, training.seed, |p| Network::new(p, network))?)
}

/// The file of a model: in the folder of a run, or itself.
pub(crate) fn file_of(path: &Path) -> Result<PathBuf, Failure> {
    let file = if path.is_dir() { path.join(MODEL) } else { path.to_owned() };
    if file.is_file() {
        return Ok(file);
    }
    let advice = match path.join(SETTINGS).is_file() {
        true => format!("; the run has not ended: `elman resume {}` goes on", path.display()),
        false => "; wanted a run folder or a file of weights".into(),
    };
    Err(Failure::Model(format!("{} is not there{advice}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_on_from_goes_first_and_what_makes_a_run_last() {
        let names = names();
        assert_eq!(names.first().map(String::as_str), Some(CHECKPOINTS));
        assert_eq!(names.last().map(String::as_str), Some(SETTINGS));
        assert!(names.contains(&"states.png".to_string()));
    }
}
