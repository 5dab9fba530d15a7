//! The weights of a model in a file.

use crate::bundle::{Bundle, Entry};
use crate::error::{Error, Flaw};
use crate::files::{self, Disk, Files};
use crate::number::Scalar;
use crate::{Doubt, Limits};
use elman_autograd::Params;
use std::path::Path;

mod import;

pub(crate) use import::convert;
pub use import::import;

pub(crate) const KIND: &str = "weights";
const DESCRIPTION: &str = "description";

/// The weights of a model as a file has them: paths, shapes, numbers, and a text that describes
/// the model.
///
/// [`save`] and [`load`] are enough for a model that is there. This is for looking at a file, and
/// for bytes that are not in one:
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::{Limits, Weights};
/// use elman_tensor::Init;
///
/// let (_, mut params) = Params::<f32>::init(7, |p| p.weight("w", [2, 3], Init::Glorot))?;
/// let bytes = Weights::of(&params, "two in, three out")?.to_bytes()?;
///
/// let weights = Weights::from_bytes(bytes, &Limits::default())?;
/// assert_eq!(weights.description(), "two in, three out");
/// for entry in weights.iter() {
///     println!("{} {} {} {}", entry.name, entry.dtype, entry.shape, entry.sha256);
/// }
/// weights.load(&mut params)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Weights {
    bundle: Bundle,
    /// Where they come from, if not from Elman.
    doubt: Option<Doubt>,
}

/// Saves weights to a file, with a text that describes the model: any text, such as the settings
/// it is made from. A file of this name is replaced when all is written, or stays as it was; the
/// new one has permissions of its own. Of two that write it at a time, one may get an error.
///
/// # Errors
/// What the operating system says; a weight of the path `__metadata__`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.safetensors");
/// let (_, params) = Params::<f32>::init(7, |p| p.weight("w", [2, 3], Init::Glorot))?;
/// elman_io::save(&path, &params, "two in, three out")?;
///
/// // In another program: the same model, with other numbers.
/// let (_, mut other) = Params::<f32>::init(8, |p| p.weight("w", [2, 3], Init::Glorot))?;
/// elman_io::load(&path, &mut other)?;
/// assert_eq!(other, params);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save<T: Scalar>(
    path: impl AsRef<Path>,
    params: &Params<T>,
    description: &str,
) -> Result<(), Error> {
    let path = path.as_ref();
    Weights::of(params, description).map_err(Error::in_file(path))?.write(&Disk, path)
}

/// Loads weights that [`save`] has written into a model that has the same paths and shapes, and
/// the same scalar: all of them, or, with an error, none. The bits are those that were saved.
///
/// Files of other programs, and of the other scalar, are [imported](import).
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.safetensors");
/// let (_, params) = Params::<f32>::init(7, |p| p.weight("w", [2, 3], Init::Glorot))?;
/// elman_io::save(&path, &params, "")?;
///
/// // A model with a weight of another name gets nothing, and is told why.
/// let (_, mut other) = Params::<f32>::init(8, |p| p.weight("u", [2, 3], Init::Zeros))?;
/// let refused = elman_io::load(&path, &mut other).unwrap_err();
/// assert!(refused.to_string().ends_with(r#"there is no "u" [2, 3] in it"#));
/// assert_eq!(other.values(), [0.0; 6]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What the operating system says; a [`Flaw`], which says what is damaged, or what does not fit.
pub fn load<T: Scalar>(path: impl AsRef<Path>, params: &mut Params<T>) -> Result<(), Error> {
    let path = path.as_ref();
    Weights::read(path)?.load(params).map_err(Error::in_file(path))
}

impl Weights {
    /// The weights of a model, with a text that describes it.
    ///
    /// # Errors
    /// A weight of the path `__metadata__`, which the format needs for itself.
    pub fn of<T: Scalar>(params: &Params<T>, description: &str) -> Result<Self, Flaw> {
        let mut bundle = Bundle::new(KIND);
        bundle.put_text(DESCRIPTION, description)?;
        bundle.put_params("", params)?;
        Ok(Weights { bundle, doubt: None })
    }

    /// Reads a file that Elman wrote, within the [usual limits](Limits).
    ///
    /// # Errors
    /// As for [`load`]; nothing is said about a model.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        Weights::read_from(&Disk, path.as_ref(), &Limits::default())
    }

    /// Reads a file that Elman wrote, from another store or within other limits.
    ///
    /// # Errors
    /// As for [`read`](Weights::read).
    pub fn read_from<F: Files>(files: &F, path: &Path, limits: &Limits) -> Result<Self, Error> {
        let bytes = files::load(files, path, limits)?;
        Weights::from_bytes(bytes, limits).map_err(Error::in_file(path))
    }

    /// From the bytes of a file that Elman wrote: exactly those, checksums and all.
    ///
    /// # Errors
    /// What is damaged, or beyond the limits.
    pub fn from_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<Self, Flaw> {
        Ok(Weights { bundle: Bundle::read(KIND, bytes, limits)?, doubt: None })
    }

    /// The bytes of the file: a function of the contents.
    ///
    /// # Errors
    /// None that is known: names were checked when the weights came in.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Flaw> {
        self.bundle.to_bytes()
    }

    /// Writes a file, as [`save`] does.
    ///
    /// # Errors
    /// As for [`save`].
    pub fn write<F: Files>(&self, files: &F, path: &Path) -> Result<(), Error> {
        let bytes = self.to_bytes().map_err(Error::in_file(path))?;
        files::save(files, path, &bytes)
    }

    /// The text that was saved with the weights; empty where there is none.
    pub fn description(&self) -> &str {
        self.bundle.texts().get(DESCRIPTION).map_or("", String::as_str)
    }

    /// All texts of the file, its description among them, sorted by key.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bundle.texts().iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// The weights, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.bundle.iter()
    }

    /// Loads the weights into a model, as [`load`] does.
    ///
    /// # Errors
    /// A [misfit](Flaw::is_misfit). The model is then as before.
    pub fn load<T: Scalar>(&self, params: &mut Params<T>) -> Result<(), Flaw> {
        self.bundle.load_params("", params)
    }
}
