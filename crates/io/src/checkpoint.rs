//! All that a run needs to go on.

use crate::Limits;
use crate::error::Error;
use crate::files::{self, Disk, Files};
use crate::number::Scalar;
use elman_autograd::Params;
use elman_train::Snapshot;
use std::collections::BTreeMap;
use std::path::Path;

mod bytes;
mod rest;
mod vector;

pub use vector::Vector;

/// All that a run needs to go on with the same bits, as plain data: weights, what the trainer
/// remembers, the best weights so far, and what the caller adds.
///
/// Settings are not in it, unless the caller adds them as a text: a run that goes on is made by
/// the same program. [`Checkpoints`](crate::Checkpoints) keeps the last ones in a folder.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::{Checkpoint, Disk};
/// use elman_tensor::Init;
/// use elman_train::{Trainer, momentum};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("checkpoint.safetensors");
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(momentum(0.5));
/// trainer.step(&mut params, |g| g.param(w))?;
///
/// let mut checkpoint = Checkpoint::new(params.clone(), trainer.snapshot());
/// checkpoint.texts.insert("settings".into(), "momentum 0.5".into());
/// checkpoint.write(&Disk, &path)?;
/// assert_eq!(Checkpoint::read(&path, &params)?, checkpoint);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Checkpoint<T> {
    /// The weights.
    pub params: Params<T>,
    /// What the trainer remembers.
    pub trainer: Snapshot<T>,
    /// The best weights so far.
    pub best: Option<Best<T>>,
    /// Texts by name: settings, a history.
    pub texts: BTreeMap<String, String>,
    /// Numbers by name: carried states, the position in the data, the keys of random streams.
    pub vectors: BTreeMap<String, Vector>,
}

/// The best weights so far.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::{Best, Checkpoint, Disk};
/// use elman_tensor::Init;
/// use elman_train::Snapshot;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("checkpoint.safetensors");
/// let (_, params) = Params::<f32>::init(0, |p| p.weight("w", [2], Init::Zeros))?;
/// let mut checkpoint = Checkpoint::new(params.clone(), Snapshot::default());
/// checkpoint.best = Some(Best { step: 300, metric: 0.25, params: params.clone() });
/// checkpoint.write(&Disk, &path)?;
/// let best = Checkpoint::read(&path, &params)?.best.ok_or("no best weights")?;
/// assert_eq!((best.step, best.metric), (300, 0.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Best<T> {
    /// The step at which they were measured.
    pub step: u64,
    /// What was measured.
    pub metric: f64,
    /// The weights.
    pub params: Params<T>,
}

impl<T: Scalar> Checkpoint<T> {
    /// A checkpoint of weights and of what their trainer remembers; the rest is added.
    pub fn new(params: Params<T>, trainer: Snapshot<T>) -> Self {
        let (texts, vectors) = (BTreeMap::new(), BTreeMap::new());
        Checkpoint { params, trainer, best: None, texts, vectors }
    }

    /// Reads a file, within the [usual limits](Limits). The model's parameters say which weights
    /// there have to be; their values do not matter.
    ///
    /// # Errors
    /// What the operating system says; a [`Flaw`](crate::Flaw).
    pub fn read(path: impl AsRef<Path>, model: &Params<T>) -> Result<Self, Error> {
        Checkpoint::read_from(&Disk, path.as_ref(), model, &Limits::default())
    }

    /// Reads a file from another store or within other limits.
    ///
    /// # Errors
    /// As for [`read`](Checkpoint::read).
    pub fn read_from<F: Files>(
        files: &F,
        path: &Path,
        model: &Params<T>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let bytes = files::load(files, path, limits)?;
        Checkpoint::from_bytes(bytes, model, limits).map_err(Error::in_file(path))
    }

    /// Writes a file. One of this name is replaced when all is written, or stays as it was.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write<F: Files>(&self, files: &F, path: &Path) -> Result<(), Error> {
        files::save(files, path, &self.to_bytes().map_err(Error::in_file(path))?)
    }
}
