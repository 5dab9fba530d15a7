//! A run folder, and the model in it.

use crate::failure::Failure;
use crate::file;
use crate::settings::{Form, Settings};
use elman::autograd::Params;
use elman::rnn::Network;
use elman::train::History;
use elman_io::{Checkpoints, Disk, Limits, Weights};
use elman_report::history_csv;
use std::fmt::Display;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The folder of a run, locked: what trains there is alone.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Locked until it is closed, which the system does however the process ends.
    _lock: File,
}

const MODEL: &str = "model.safetensors";
const SETTINGS: &str = "settings.toml";
const CHECKPOINTS: &str = "checkpoints";
const HISTORY: &str = "history.csv";
/// Says which process has the folder, as long as it is locked. It stays: another process may wait
/// to open it.
const LOCK: &str = "lock";
/// What follows the data, if that was learned.
pub(crate) const FORECAST: &str = "forecast.csv";
/// The page about the training.
pub(crate) const REPORT: &str = "report.html";
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
    let first = [CHECKPOINTS, MODEL, FORECAST, REPORT, HISTORY].map(String::from);
    let pictures = Shown::ALL.into_iter().flat_map(Shown::files);
    first.into_iter().chain(pictures).chain([SETTINGS.into()]).collect()
}

impl Folder {
    /// A new one, which may replace another run if that is wished for.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        fs::create_dir_all(path).map_err(|error| Failure::file("created", path, &error))?;
        let folder = Folder::lock(path)?;
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
        folder.check()?;
        Ok(folder)
    }

    /// One that is there.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if !path.join(SETTINGS).is_file() {
            return Err(Failure::Model(format!(
                "{} is no run folder: it has no {SETTINGS}; `elman train` makes one",
                path.display()
            )));
        }
        let folder = Folder::lock(path)?;
        folder.check()?;
        Ok(folder)
    }

    /// Locks a folder, which is there, against other processes.
    fn lock(path: &Path) -> Result<Self, Failure> {
        let name = path.join(LOCK);
        plain(&name, false)?;
        let failed = |error: &io::Error| Failure::file("locked", &name, error);
        let mut options = File::options();
        let lock = options.read(true).write(true).create(true).truncate(false).open(&name);
        let mut lock = lock.map_err(|error| failed(&error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                _ = lock.take(16).read_to_string(&mut owner);
                let owner = match owner.parse::<u32>() {
                    Ok(process) => format!("process {process}"),
                    Err(_) => "another process".into(),
                };
                return Err(Failure::Model(format!(
                    "{} is in use by {owner}, which trains there; wait until it ends, or train in \
                     another folder (--out)",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let process = std::process::id().to_string();
        let written = lock.set_len(0).and_then(|()| lock.write_all(process.as_bytes()));
        written.map_err(|error| failed(&error))?;
        Ok(Folder { path: path.to_owned(), _lock: lock })
    }

    /// An error, before anything is computed, if a file could not be written later.
    fn check(&self) -> Result<(), Failure> {
        names().iter().try_for_each(|name| plain(&self.file(name), name == CHECKPOINTS))
    }

    /// A file in it.
    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn checkpoints(&self) -> Checkpoints {
        Checkpoints::new(self.file(CHECKPOINTS))
    }

    /// Writes a file of it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        file::write(&self.file(name), bytes)
    }

    pub(crate) fn write_history(&self, history: &History) -> Result<(), Failure> {
        self.write(HISTORY, history_csv(history)?)
    }

    /// Writes a picture, as SVG for pages and as PNG for what cannot show those.
    pub(crate) fn draw(&self, what: Shown, forms: [Vec<u8>; 2]) -> Result<(), Failure> {
        what.files().iter().zip(forms).try_for_each(|(name, bytes)| self.write(name, bytes))
    }

    pub(crate) fn write_settings(&self, settings: &Settings) -> Result<(), Failure> {
        self.write(SETTINGS, Form::Toml.write(settings)?)
    }

    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let path = self.file(SETTINGS);
        let settings = Form::Toml.read(&file::settings(&path)?);
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

/// An error unless a path is free, or that of a regular file (of a folder): links would be written
/// through, and what else there is would be lost.
fn plain(path: &Path, folder: bool) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(found) if folder && !found.is_dir() || !folder && !found.is_file() => {
            let wanted = if folder { "a folder" } else { "a regular file" };
            Err(Failure::File(format!(
                "{} is in the way: expected {wanted}, or nothing, not even a link; remove it, or \
                 choose another folder",
                path.display()
            )))
        }
        _ => Ok(()),
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
        let weights = weights(&file)?;
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

/// Reads a file of weights, of at most as many bytes as the largest network has.
pub(crate) fn weights(file: &Path) -> Result<Weights, Failure> {
    let limits = Limits::default();
    let most = (WEIGHTS * size_of::<f32>()) as u64 + limits.header;
    Ok(Weights::read_from(&Disk, file, &Limits { file: most, ..limits })?)
}

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
    let found = if file.exists() { "is not a regular file" } else { "is not there" };
    Err(Failure::Model(format!("{} {found}{advice}", file.display())))
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
