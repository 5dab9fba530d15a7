//! Borrowed tensors.

use crate::{Real, Shape, Tensor};
use elman_kernels::{Error as KernelError, Matrix};

/// A tensor lent for reading: a shape, and as many values as it has elements.
///
/// ```
/// use elman_tensor::View;
///
/// let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let view = View::new([2, 3], &values).unwrap();
/// assert_eq!((view.shape().rows(), view.shape().last()), (2, 3));
/// assert!(View::new([2, 2], &values).is_none()); // another number of values
/// ```
#[derive(Debug, Clone, Copy)]
pub struct View<'a, T> {
    pub(crate) shape: Shape,
    pub(crate) values: &'a [T],
}

/// A tensor lent for writing.
///
/// ```
/// use elman_tensor::ViewMut;
///
/// let mut values = [0.0; 6];
/// let mut view = ViewMut::new([2, 3], &mut values).unwrap();
/// let width = view.shape().last();
/// view.values_mut().chunks_mut(width).for_each(|row| row[0] = 1.0);
/// assert_eq!(values, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
/// ```
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    pub(crate) shape: Shape,
    pub(crate) values: &'a mut [T],
}

impl<'a, T> View<'a, T> {
    /// `values` seen in `shape`; `None` if their number is another.
    pub fn new(shape: impl Into<Shape>, values: &'a [T]) -> Option<Self> {
        let shape = shape.into();
        (shape.len() == values.len()).then_some(View { shape, values })
    }

    /// The tensor of no elements, `[0]`.
    pub fn empty() -> Self {
        View { shape: Shape::from([0]), values: &[] }
    }

    /// The shape.
    #[inline]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The values, row-major.
    #[inline]
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// The values as one matrix: all leading axes as rows, the innermost as columns.
    ///
    /// # Errors
    /// Never for a view of a tensor: the sizes agree by construction.
    #[inline]
    pub fn matrix(&self) -> Result<Matrix<'a, T>, KernelError> {
        Matrix::new(self.values, self.shape.rows(), self.shape.last())
    }
}

impl<'a, T: Real> From<&'a Tensor<T>> for View<'a, T> {
    fn from(tensor: &'a Tensor<T>) -> Self {
        tensor.view()
    }
}

impl<'a, T> ViewMut<'a, T> {
    /// `values` seen in `shape`; `None` if their number is another.
    pub fn new(shape: impl Into<Shape>, values: &'a mut [T]) -> Option<Self> {
        let shape = shape.into();
        (shape.len() == values.len()).then_some(ViewMut { shape, values })
    }

    /// The shape.
    #[inline]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The values, for reading.
    #[inline]
    pub fn values(&self) -> &[T] {
        self.values
    }

    /// The values, for writing.
    #[inline]
    pub fn values_mut(&mut self) -> &mut [T] {
        self.values
    }

    /// The values, for writing, for as long as they were lent.
    #[inline]
    pub fn into_values(self) -> &'a mut [T] {
        self.values
    }
}
