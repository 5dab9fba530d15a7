//! What can go wrong with a file.

use crate::Dtype;
use elman_tensor::{Excerpt, Shape, excerpt};
use std::io;
use std::path::{Path, PathBuf};

/// A file could not be written, or not be read. Weights are then as they were before.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::Error;
///
/// let ((), mut params) = Params::<f32>::init(0, |_| Ok(())).unwrap();
/// let refused = elman_io::load("no/such/file", &mut params).unwrap_err();
/// assert!(refused.to_string().starts_with("no/such/file: cannot"));
/// assert!(matches!(refused, Error::System { .. }));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    System {
        /// What was to be done.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file was read, and is not what it should be.
    #[error("{}: {flaw}", file.display())]
    Flaw {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        flaw: Box<Flaw>,
    },
    /// A setting that makes no sense.
    #[error("{what} must be {wanted}, got {given}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// What it may be.
        wanted: &'static str,
        /// What it was.
        given: String,
    },
}

impl Error {
    /// For `map_err`: what was to be done, and with what.
    pub(crate) fn system(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::System { action, path, source }
    }

    /// For `map_err`: in which file it was found.
    pub(crate) fn in_file(file: &Path) -> impl FnOnce(Flaw) -> Self {
        let file = file.to_owned();
        move |flaw| Error::Flaw { file, flaw: Box::new(flaw) }
    }
}

/// The most characters of a reason in a message.
pub(crate) const REASON: usize = 1000;

/// What is wrong with the contents of a file: with its bytes, or with the model they are for.
///
/// A damaged file gives one of the first; a whole file of another model a
/// [misfit](Flaw::is_misfit).
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::{Flaw, Limits, Weights};
/// use elman_tensor::Init;
///
/// let (_, params) = Params::<f32>::init(7, |p| p.weight("w", [2, 3], Init::Zeros))?;
/// let (_, mut other) = Params::<f32>::init(7, |p| p.weight("w", [3, 2], Init::Zeros))?;
/// let weights = Weights::of(&params, "")?;
/// let flaw = weights.load(&mut other).unwrap_err();
/// assert!(flaw.is_misfit());
/// assert_eq!(flaw.to_string(), r#""w" is [2, 3], wanted [3, 2]"#);
///
/// // One bit of a whole file.
/// let mut bytes = weights.to_bytes()?;
/// *bytes.last_mut().ok_or("no bytes")? ^= 1;
/// let flaw = Weights::from_bytes(bytes, &Limits::default()).unwrap_err();
/// assert!(matches!(flaw, Flaw::Checksum { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// More than the [limit](crate::Limits), or than the memory; nothing was allocated.
    #[error("{what}: {given} is beyond the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        given: u64,
        /// The limit.
        limit: u64,
    },
    /// The file has another length than its beginning says.
    #[error("{what} of {wanted} bytes, but there are {given}")]
    Length {
        /// The part.
        what: &'static str,
        /// How long it should be.
        wanted: u64,
        /// How many bytes there are.
        given: u64,
    },
    /// The header cannot be read: no UTF-8, no JSON, a key twice, a field of another kind.
    #[error("the header cannot be read: {}", Excerpt::new(reason, REASON))]
    Header {
        /// Why not.
        reason: String,
    },
    /// A tensor of numbers that are not known here.
    #[error(
        "tensor {:?} has numbers of type {}, which cannot be read",
        excerpt(tensor),
        excerpt(given)
    )]
    UnknownType {
        /// Its name.
        tensor: String,
        /// The type.
        given: String,
    },
    /// The bytes of a tensor do not begin where those before it end, or are not as many as its
    /// shape needs.
    #[error(
        "tensor {:?} {shape} wants the bytes {wanted:?}, its offsets are {given:?}",
        excerpt(tensor)
    )]
    Offsets {
        /// Its name.
        tensor: String,
        /// Its shape.
        shape: Shape,
        /// Where it should begin and end (`u64::MAX` if that overflows).
        wanted: [u64; 2],
        /// What the header says.
        given: [u64; 2],
    },
    /// A file of a later format, which this program cannot judge.
    #[error(
        "format version {found}, and this program reads versions up to {supported}; use the \
         version of Elman that wrote it, or a later one"
    )]
    Version {
        /// What the file says.
        found: u32,
        /// The last one that is read.
        supported: u32,
    },
    /// A text of the header that should be there, or should be another.
    #[error("{:?} is {}, wanted {:?}", excerpt(key), given.as_ref().map_or("missing".into(), |given| format!("{:?}", excerpt(given))), excerpt(wanted))]
    Text {
        /// Its key.
        key: String,
        /// What it should be.
        wanted: String,
        /// What it is.
        given: Option<String>,
    },
    /// Other bytes than those whose SHA-256 was written down.
    #[error(
        "damaged: the checksum of {} is {given}, the file says {}",
        excerpt(what),
        excerpt(wanted)
    )]
    Checksum {
        /// The header, or the tensor of this name.
        what: String,
        /// What was written down.
        wanted: String,
        /// What the bytes have.
        given: String,
    },
    /// Not the bytes that would be written for these contents.
    #[error("byte {at} is not what Elman writes; files of others are imported")]
    NotCanonical {
        /// The first byte that is another, from the beginning of the file.
        at: u64,
    },
    /// A name that a tensor or a text cannot have.
    #[error(
        "{:?} cannot be saved: the format needs this name for itself, or has it already",
        excerpt(name)
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The model has a weight, or a run a buffer, that the file has not.
    #[error("there is no {:?} {shape} in it", excerpt(tensor))]
    Missing {
        /// Its name.
        tensor: String,
        /// The shape it should have.
        shape: Shape,
    },
    /// The file has a tensor, or a text, that nobody asked for.
    #[error("there is a {:?}, for which there is no place", excerpt(name))]
    Extra {
        /// Its name.
        name: String,
    },
    /// A tensor of another shape than the weight it is for.
    #[error("{:?} is {given}, wanted {wanted}", excerpt(tensor))]
    Shape {
        /// Its name.
        tensor: String,
        /// The weight's shape.
        wanted: Shape,
        /// Its shape.
        given: Shape,
    },
    /// A tensor of another type than what it is for.
    #[error("{:?} is {given}, wanted {wanted}; files of weights can be imported", excerpt(tensor))]
    Type {
        /// Its name.
        tensor: String,
        /// The type asked for.
        wanted: Dtype,
        /// Its type.
        given: Dtype,
    },
    /// A number that the wanted type would make infinite.
    #[error("{:?} has {value} at index {index}, which is infinite as {wanted}", excerpt(tensor))]
    Range {
        /// The tensor's name.
        tensor: String,
        /// Where, row-major.
        index: usize,
        /// The number.
        value: f64,
        /// The type asked for.
        wanted: Dtype,
    },
}

impl Flaw {
    /// Whether the file is not damaged, but of another model, of another scalar, or of a later
    /// format.
    pub fn is_misfit(&self) -> bool {
        matches!(
            self,
            Flaw::Missing { .. }
                | Flaw::Extra { .. }
                | Flaw::Shape { .. }
                | Flaw::Type { .. }
                | Flaw::Range { .. }
                | Flaw::Version { .. }
        )
    }

    /// What a file of another kind, or of another version, is told.
    pub(crate) fn text(key: &str, wanted: &str, given: Option<&str>) -> Self {
        let (key, wanted, given) = (key.into(), wanted.into(), given.map(Into::into));
        Flaw::Text { key, wanted, given }
    }
}
