//! The checkpoints of a run, in a folder.

use crate::Limits;
use crate::bundle::check_version;
use crate::checkpoint::Checkpoint;
use crate::error::Error;
use crate::files::{self, Disk, Files};
use crate::number::Scalar;
use elman_autograd::Params;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the best one.
const BEST: &str = "best.safetensors";

/// A folder with the last checkpoints of a run, and with the best one.
///
/// Each is a file of its own, named by its step. It is there when all of it is; the one before it
/// is removed after that. A program that is killed at any moment goes on from the newest one that
/// is whole:
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::{Checkpoint, Checkpoints};
/// use elman_tensor::Init;
/// use elman_train::{Trainer, adam};
///
/// # let temporary = tempfile::tempdir()?;
/// # let folder = temporary.path();
/// let (w, mut params) = Params::<f32>::init(0, |p| p.weight("w", [], Init::Constant(3.0)))?;
/// let mut trainer = Trainer::new(adam(0.1));
/// let checkpoints = Checkpoints::new(folder).keep(2);
///
/// let latest = checkpoints.latest(&params)?;
/// for (path, error) in &latest.damaged {
///     eprintln!("passed over {}: {error}", path.display());
/// }
/// if let Some((_, checkpoint)) = latest.checkpoint {
///     params = checkpoint.params;
///     trainer.restore(&checkpoint.trainer)?;
/// }
/// while trainer.steps() < 50 {
///     trainer.step(&mut params, |g| g.param(w).square())?;
///     if trainer.steps() % 10 == 0 {
///         let checkpoint = Checkpoint::new(params.clone(), trainer.snapshot());
///         checkpoints.save(trainer.steps(), &checkpoint, false)?;
///     }
/// }
/// assert_eq!(checkpoints.steps()?, [40, 50]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A folder is for one run, and for one program at a time. Other files in it are left alone.
#[derive(Debug, Clone)]
pub struct Checkpoints<F = Disk> {
    files: F,
    folder: PathBuf,
    keep: usize,
    limits: Limits,
}

/// The newest whole checkpoint of a folder.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::{Checkpoint, Checkpoints};
/// use elman_tensor::Init;
/// use elman_train::Snapshot;
///
/// # let temporary = tempfile::tempdir()?;
/// # let folder = temporary.path();
/// let (_, params) = Params::<f32>::init(0, |p| p.weight("w", [2], Init::Zeros))?;
/// let checkpoints = Checkpoints::new(folder);
/// let checkpoint = Checkpoint::new(params.clone(), Snapshot::default());
/// checkpoints.save(10, &checkpoint, false)?;
/// let newest = checkpoints.save(20, &checkpoint, false)?;
/// std::fs::write(&newest, "no checkpoint")?;
///
/// let latest = checkpoints.latest(&params)?;
/// assert_eq!(latest.checkpoint.map(|(step, _)| step), Some(10));
/// assert_eq!(latest.damaged[0].0, newest);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Latest<T> {
    /// Its step, and what it has; `None` if there is none. If there are damaged ones, look into
    /// that before a run begins anew.
    pub checkpoint: Option<(u64, Checkpoint<T>)>,
    /// Those that should have been newer, but cannot be read, and why; the newest first.
    pub damaged: Vec<(PathBuf, Error)>,
}

impl Checkpoints {
    /// The checkpoints in a folder, which is created when the first one is saved. The last three
    /// are kept if nothing else is said.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = files::or_here(&folder.into()).to_owned();
        let limits = Limits::default();
        Checkpoints { files: Disk, folder, keep: 3, limits }
    }
}

impl<F: Files> Checkpoints<F> {
    /// In another store.
    #[must_use]
    pub fn with_files<G: Files>(self, files: G) -> Checkpoints<G> {
        let Checkpoints { folder, keep, limits, .. } = self;
        Checkpoints { files, folder, keep, limits }
    }

    /// Keeps the last so many, at least 1, and the best one.
    #[must_use]
    pub fn keep(self, keep: usize) -> Self {
        Checkpoints { keep, ..self }
    }

    /// Reads files within other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Checkpoints { limits, ..self }
    }

    /// Saves the checkpoint of a step, and once more as the best one if it `is_best`; then removes
    /// those that are older than the ones to keep. Returns where it is.
    ///
    /// One of the same step is replaced. Those of later steps, which a run that began again has
    /// left, stay: [`latest`](Checkpoints::latest) prefers them.
    ///
    /// # Errors
    /// What the operating system says: what was there before is then still there, and whole. If
    /// none are to be kept. If it would replace one of a [later format](crate::Flaw::Version).
    pub fn save<T: Scalar>(
        &self,
        step: u64,
        checkpoint: &Checkpoint<T>,
        is_best: bool,
    ) -> Result<PathBuf, Error> {
        if self.keep == 0 {
            let (what, wanted, given) = ("keep", "at least 1", "0".into());
            return Err(Error::Setting { what, wanted, given });
        }
        let [path, best] = [name(step), BEST.into()].map(|name| self.folder.join(name));
        let bytes = checkpoint.to_bytes().map_err(Error::in_file(&path))?;
        self.make()?;
        for path in [&path].into_iter().chain(is_best.then_some(&best)) {
            // What cannot be opened or read is not of a later format for all that is known.
            if let Ok((file, _)) = self.files.open(path) {
                check_version(file, &self.limits).map_err(Error::in_file(path))?;
            }
        }
        files::clean(&self.files, &self.folder, |name| name == BEST || step_of(name).is_some());
        // The best one first: whoever is stopped in between does this step again.
        if is_best {
            files::replace(&self.files, &best, &bytes)?;
        }
        files::replace(&self.files, &path, &bytes)?;
        let old = self.steps().unwrap_or_default().into_iter().rev().filter(|&old| old <= step);
        for old in old.skip(self.keep) {
            // If it cannot be removed now, it is when the next one is saved.
            _ = self.files.remove(&self.folder.join(name(old)));
        }
        Ok(path)
    }

    /// The newest checkpoint that is whole, and those that were newer and are not. The model's
    /// parameters say which weights there have to be; their values do not matter.
    ///
    /// # Errors
    /// A folder that cannot be listed; a checkpoint that is not damaged, but of
    /// [another model or a later format](crate::Flaw::is_misfit): to resume from one before it
    /// would lose what it has.
    pub fn latest<T: Scalar>(&self, model: &Params<T>) -> Result<Latest<T>, Error> {
        let mut damaged = Vec::new();
        for step in self.steps()?.into_iter().rev() {
            let path = self.folder.join(name(step));
            match self.read(&path, model) {
                Ok(checkpoint) => {
                    return Ok(Latest { checkpoint: Some((step, checkpoint)), damaged });
                }
                Err(Error::Flaw { file, flaw }) if flaw.is_misfit() => {
                    return Err(Error::Flaw { file, flaw });
                }
                Err(error) => damaged.push((path, error)),
            }
        }
        Ok(Latest { checkpoint: None, damaged })
    }

    /// The checkpoint that was saved as the best one; `None` if none was.
    ///
    /// # Errors
    /// What the operating system says; a [`Flaw`](crate::Flaw).
    pub fn best<T: Scalar>(&self, model: &Params<T>) -> Result<Option<Checkpoint<T>>, Error> {
        match self.read(&self.folder.join(BEST), model) {
            Err(Error::System { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// The steps of which there are checkpoints, whole or not, in ascending order; none if there
    /// is no folder.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn steps(&self) -> Result<Vec<u64>, Error> {
        match self.files.list(&self.folder) {
            Ok(names) => {
                let steps = names.iter().filter_map(|name| step_of(name.to_str()?));
                let mut steps: Vec<u64> = steps.collect();
                steps.sort_unstable();
                Ok(steps)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Error::system("list", &self.folder)(error)),
        }
    }

    fn read<T: Scalar>(&self, path: &Path, model: &Params<T>) -> Result<Checkpoint<T>, Error> {
        Checkpoint::read_from(&self.files, path, model, &self.limits)
    }

    /// Creates the folder, and those it lies in, so that they outlast a crash. Done until the
    /// first checkpoint is there: that a folder is, does not say that it would outlast one.
    fn make(&self) -> Result<(), Error> {
        let folder = self.folder.as_path();
        if !self.steps()?.is_empty() {
            return Ok(());
        }
        self.files.create_dir(folder).map_err(Error::system("create", folder))?;
        for parent in folder.ancestors().skip(1).map(files::or_here) {
            match self.files.sync_dir(parent) {
                // Not ours, so it was there before.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                synced => synced.map_err(Error::system("sync", parent))?,
            }
        }
        Ok(())
    }
}

/// The name of the checkpoint of a step: names are in the order of steps.
fn name(step: u64) -> String {
    format!("checkpoint-{step:020}.safetensors")
}

/// The step whose checkpoint has this name.
fn step_of(file: &str) -> Option<u64> {
    let digits = file.strip_prefix("checkpoint-")?.strip_suffix(".safetensors")?;
    digits.parse().ok().filter(|&step| name(step) == file)
}
