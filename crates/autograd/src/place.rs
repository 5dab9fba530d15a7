//! Where the value of a `Var` lies.

use elman_tensor::Shape;

/// The two buffers that values live in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// The arena of the recording.
    Arena,
    /// The flat vector of parameters; the gradient goes straight into the flat gradient.
    Params,
}

/// A run of elements in one of the buffers. Views share their parent's place, so their gradients
/// land in the parent by aliasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) shape: Shape,
    pub(crate) home: Home,
    /// Whether anybody wants the gradient with respect to it.
    pub(crate) wanted: bool,
}

impl Place {
    /// The place of an operand that is not there: no elements, no gradient.
    pub(crate) fn absent() -> Self {
        Place { start: 0, shape: Shape::from([0]), home: Home::Arena, wanted: false }
    }

    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.shape.len()
    }
}
