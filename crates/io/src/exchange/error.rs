//! What can go wrong on the way between programs.

use crate::Flaw;
use crate::error::REASON;
use elman_tensor::{Excerpt, Shape, excerpt};

/// A model could not go to another program, or come from it.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::exchange::pytorch::StateDict;
/// use elman_rnn::PeepholeLstm;
///
/// let (cell, _) = Params::<f32>::init(7, |p| PeepholeLstm::new(p.scope("cell"), 3, 8))?;
/// let refused = StateDict::new().recurrent("rnn", &[cell.into()]).unwrap_err();
/// assert!(refused.to_string().starts_with("PyTorch has no"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array that the model needs is not there.
    #[error("there is no array {:?}; wanted one of shape {wanted}", excerpt(name))]
    Missing {
        /// The other program's name of it.
        name: String,
        /// Its shape.
        wanted: Shape,
    },
    /// An array that the model has no place for.
    #[error("the model has no place for the array {:?}", excerpt(name))]
    Extra {
        /// The other program's name of it.
        name: String,
    },
    /// Two arrays would have the same name.
    #[error("there are two arrays {:?}", excerpt(name))]
    Duplicate {
        /// The name.
        name: String,
    },
    /// An array of another shape than that of the model.
    #[error("the array {:?} has the shape {given}; wanted {wanted}", excerpt(name))]
    Shape {
        /// The other program's name of it.
        name: String,
        /// The shape that fits.
        wanted: Shape,
        /// The shape it has.
        given: Shape,
    },
    /// A weight's handle belongs to other parameters.
    #[error("the weight in the array {:?} belongs to other parameters", excerpt(name))]
    Foreign {
        /// The other program's name of the array.
        name: String,
    },
    /// The other program has no such cell, or cannot put it there.
    #[error("{program} has no {cell}")]
    Cell {
        /// The other program.
        program: &'static str,
        /// What it lacks.
        cell: String,
    },
    /// A cell that none of the other programs has.
    #[error("the cell {cell} is ours alone: no operator or layer of another program computes it")]
    Ours {
        /// Its name in settings.
        cell: String,
    },
    /// Levels that one module of the other program cannot have together.
    #[error(
        "level {level} of {module:?} differs from level 0 in {what}: one module has one for all"
    )]
    Uneven {
        /// The other program's name of the module.
        module: String,
        /// The level.
        level: usize,
        /// In what it differs.
        what: &'static str,
    },
    /// A layer that does not read what the one before it gives.
    #[error("{layer} reads {wanted} features, and is given {given}")]
    Features {
        /// The layer.
        layer: String,
        /// How many features it reads.
        wanted: usize,
        /// How many there are.
        given: usize,
    },
    /// The bytes are no file of this format.
    #[error("no {format} file: {}", Excerpt::new(reason, REASON))]
    Malformed {
        /// The format.
        format: &'static str,
        /// What was found, and what was wanted.
        reason: String,
    },
    /// The file is larger than the limit, or deeper.
    #[error("the file has {given} {what}; the limit is {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        given: usize,
        /// The most there may be.
        limit: usize,
    },
    /// The file says something that is not understood; leaving it out would change its meaning.
    #[error("{}: {}", Excerpt::new(place, REASON), Excerpt::new(reason, REASON))]
    Unsupported {
        /// The node, or the part of the file.
        place: String,
        /// What it says, and what is understood.
        reason: String,
    },
    /// A column whose numbers are so large that the file's type rounds their changes away.
    #[error(
        "{what}: column {column} is around {around:e} and changes by {change:e}, which is less \
         than the numbers of the file can hold: subtract a constant from it"
    )]
    Digits {
        /// The part of the file.
        what: &'static str,
        /// The column, counted from 0.
        column: usize,
        /// How large its numbers are.
        around: f64,
        /// How far they usually are from their mean, or from the number before.
        change: f64,
    },
    /// The safetensors file is damaged, or has something else than arrays of floats.
    #[error(transparent)]
    File(Box<Flaw>),
    /// There is nothing in the model.
    #[error("the model has no layers")]
    Empty,
    /// The model could not be built.
    #[error(transparent)]
    Autograd(#[from] elman_autograd::Error),
    /// A tensor could not be made.
    #[error(transparent)]
    Tensor(#[from] elman_tensor::Error),
}

impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Self {
        Error::File(Box::new(flaw))
    }
}

impl Error {
    /// Something in a file that is not understood.
    pub(crate) fn unsupported(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Unsupported { place: place.into(), reason: reason.into() }
    }
}
