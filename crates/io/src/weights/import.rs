//! Weights of other programs, and of the other scalar.

use super::{KIND, Weights};
use crate::bundle::{Bundle, Entry};
use crate::error::{Error, Flaw};
use crate::files::{self, Disk};
use crate::number::{Scalar, numbers};
use crate::{Doubt, Limits};
use elman_autograd::Params;
use std::path::Path;

/// Loads weights from any safetensors file whose tensors have the names and shapes of the model's
/// weights: all of them, or, with an error, none. Floats of 16, 32 and 64 bits become the model's
/// scalar. Returns what it cannot vouch for; nothing, if Elman wrote the file with this scalar.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::Doubt;
/// use elman_tensor::Init;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.safetensors");
/// let (_, wide) = Params::<f64>::init(7, |p| p.weight("w", [2, 3], Init::Glorot))?;
/// elman_io::save(&path, &wide, "")?;
///
/// let mut narrow = wide.cast::<f32>();
/// assert!(elman_io::load(&path, &mut narrow).is_err());
/// let doubts = elman_io::import(&path, &mut narrow)?;
/// assert!(matches!(&doubts[..], [Doubt::Rounded { count: 6, .. }]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What the operating system says; a [`Flaw`]. A file that says it is Elman's own has to be whole.
pub fn import<T: Scalar>(
    path: impl AsRef<Path>,
    params: &mut Params<T>,
) -> Result<Vec<Doubt>, Error> {
    let (path, limits) = (path.as_ref(), Limits::default());
    let weights = Weights::import_bytes(files::load(&Disk, path, &limits)?, &limits);
    weights.and_then(|weights| weights.import(params)).map_err(Error::in_file(path))
}

impl Weights {
    /// From the bytes of any safetensors file. Its texts are kept, but for those that have keys of
    /// Elman's own.
    ///
    /// # Errors
    /// Bytes that are no such file, or beyond the limits; a file that says it is Elman's own, and
    /// is damaged.
    pub fn import_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<Self, Flaw> {
        let (bundle, doubt) = Bundle::import(KIND, bytes, limits)?;
        Ok(Weights { bundle, doubt })
    }

    /// What cannot be vouched for before the numbers are looked at: where they come from.
    pub fn doubt(&self) -> Option<&Doubt> {
        self.doubt.as_ref()
    }

    /// Loads the weights into a model, as [`import`](import()) does.
    ///
    /// # Errors
    /// A [misfit](Flaw::is_misfit). The model is then as before.
    pub fn import<T: Scalar>(&self, params: &mut Params<T>) -> Result<Vec<Doubt>, Flaw> {
        let mut doubts: Vec<Doubt> = self.doubt.iter().cloned().collect();
        self.bundle.fill("", params, |entry, values| {
            let count = convert(entry, values)?;
            if count > 0 {
                let (tensor, from, to) = (entry.name.into(), entry.dtype, T::DTYPE);
                doubts.push(Doubt::Rounded { tensor, count, from, to });
            }
            Ok(())
        })?;
        Ok(doubts)
    }
}

/// Appends the numbers of a tensor; returns how many had to be rounded.
pub(crate) fn convert<T: Scalar>(entry: Entry<'_>, values: &mut Vec<T>) -> Result<usize, Flaw> {
    let Entry { name, dtype, bytes, .. } = entry;
    if dtype == T::DTYPE {
        // To the bit, also of numbers that are none.
        values.extend(numbers::<T>(bytes));
        return Ok(0);
    }
    let (tensor, wanted) = (name.into(), T::DTYPE);
    let Some(floats) = dtype.floats(bytes) else {
        return Err(Flaw::Type { tensor, wanted, given: dtype });
    };
    let mut rounded = 0;
    for (index, value) in floats.enumerate() {
        let near = T::from_f64(value);
        if value.is_finite() && !near.is_finite() {
            return Err(Flaw::Range { tensor, index, value, wanted });
        }
        rounded += usize::from(near.to_f64() != value && !value.is_nan());
        values.push(near);
    }
    Ok(rounded)
}
