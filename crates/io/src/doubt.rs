//! What an import cannot vouch for.

use crate::Dtype;
use elman_tensor::excerpt;
use std::fmt;

/// What an [import](crate::import()) cannot vouch for.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::Weights;
/// use elman_tensor::Init;
///
/// // A tenth has no end in binary digits, and fewer of them in 32 bits.
/// let (_, wide) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Constant(0.1)))?;
/// let doubts = Weights::of(&wide, "")?.import(&mut wide.cast::<f32>())?;
/// assert_eq!(doubts[0].to_string(), r#"2 numbers of "w" were rounded from F64 to F32"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// The file is of another program, and has no checksums: damaged numbers would not be noticed.
    Unchecked {
        /// What it calls its format, if it does.
        format: Option<String>,
    },
    /// Numbers were rounded to the model's scalar.
    Rounded {
        /// The tensor's name.
        tensor: String,
        /// How many of its numbers are others than in the file.
        count: usize,
        /// Their type in the file.
        from: Dtype,
        /// The model's.
        to: Dtype,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Unchecked { format: Some(format) } => {
                let format = excerpt(format);
                write!(f, "no checksums: a file of another program, of format {format:?}")
            }
            Doubt::Unchecked { format: None } => {
                f.write_str("no checksums: a file of another program")
            }
            Doubt::Rounded { tensor, count, from, to } => {
                let tensor = excerpt(tensor);
                write!(f, "{count} numbers of {tensor:?} were rounded from {from} to {to}")
            }
        }
    }
}
