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
#[derive(Debug, Clone, Copy)]
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

/// A run of integers in the pooled buffer of a recording: what a rule carries of its class ids,
/// indices, lengths or resets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRange {
    pub(crate) start: usize,
    pub(crate) len: usize,
    /// One more than the largest id; 0 if there are none.
    pub(crate) bound: usize,
}

impl IdRange {
    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more than the largest id, 0 if there are none: what a table of rows must have.
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// The ids, out of the buffer they were put into.
    pub fn of<'a>(&self, ids: &'a [u32]) -> &'a [u32] {
        ids.get(self.start..self.start + self.len).unwrap_or_default()
    }

    /// Appends ids to a buffer.
    pub(crate) fn append(ids: impl IntoIterator<Item = u32>, buffer: &mut Vec<u32>) -> Self {
        let start = buffer.len();
        buffer.extend(ids);
        Self::since(start, buffer)
    }

    /// What was appended to a buffer since it had `start` ids.
    pub(crate) fn since(start: usize, buffer: &[u32]) -> Self {
        let bound = buffer[start..].iter().max().map_or(0, |&id| id as usize + 1);
        IdRange { start, len: buffer.len() - start, bound }
    }
}
