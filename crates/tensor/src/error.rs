//! What can go wrong with a tensor.

use crate::Shape;

/// An operation on tensors was asked for something it cannot do.
///
/// ```
/// use elman_tensor::Tensor;
///
/// let refused = Tensor::new([2, 3], vec![1.0]).unwrap_err();
/// assert_eq!(refused.to_string(), "a tensor of shape [2, 3] has 6 elements, 1 were given");
///
/// // A size that cannot be meant is refused before anything is allocated.
/// let refused = Tensor::<f32>::zeros([1 << 40]).unwrap_err();
/// assert_eq!(refused.to_string(), "1099511627776 elements of 4 bytes are more than can be held");
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The values do not fill the shape, or overfill it.
    #[error("a tensor of shape {shape} has {} elements, {given} were given", shape.len())]
    Length {
        /// The shape asked for.
        shape: Shape,
        /// How many values there were.
        given: usize,
    },
    /// More than four axes.
    #[error("a tensor has at most 4 axes, {given} were given")]
    Rank {
        /// How many axes were asked for.
        given: usize,
    },
    /// The operation works on tensors of another rank or size.
    #[error("{operation} wants {wanted}, got {given}")]
    Shape {
        /// The operation.
        operation: &'static str,
        /// The shapes it works on, in words.
        wanted: &'static str,
        /// What it got.
        given: Shape,
    },
    /// The tensor would be larger than [`LIMIT`](crate::LIMIT) bytes, or than the memory.
    #[error("{elements} elements of {bytes} bytes are more than can be held")]
    TooLarge {
        /// How many elements were asked for (`usize::MAX` if their number overflows).
        elements: usize,
        /// The size of one.
        bytes: usize,
    },
    /// A parameter of an initial distribution makes no sense.
    #[error("{what} must be finite and not negative, got {given}")]
    Scale {
        /// The parameter.
        what: &'static str,
        /// Its value.
        given: f64,
    },
    /// A matrix was drawn that no factor gives another spectral radius.
    #[error("the eigenvalues of a drawn {size} × {size} matrix are all 0, or were not found")]
    Spectrum {
        /// Its rows.
        size: usize,
    },
}
