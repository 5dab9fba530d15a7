//! Owned tensors.

use crate::{Error, Real, Shape, View, ViewMut};

/// The most bytes one tensor may take, 16 GiB: a larger size is taken for a mistake.
pub const LIMIT: usize = 1 << 34;

/// Makes room for `len` elements in all, without touching those that are there.
///
/// ```
/// use elman_tensor::reserve;
///
/// let mut values = vec![1.0_f32; 3];
/// assert_eq!(reserve(&mut values, 100), Ok(()));
/// assert!(values.len() == 3 && values.capacity() >= 100);
/// assert!(reserve(&mut values, usize::MAX).is_err());
/// ```
///
/// # Errors
/// [`Error::TooLarge`] above [`LIMIT`] bytes, before anything is allocated, or if there is no
/// such memory.
pub fn reserve<T>(values: &mut Vec<T>, len: usize) -> Result<(), Error> {
    let bytes = size_of::<T>();
    let refuse = Error::TooLarge { elements: len, bytes };
    if len.saturating_mul(bytes) > LIMIT {
        return Err(refuse);
    }
    values.try_reserve(len.saturating_sub(values.len())).map_err(|_| refuse)
}

/// A dense tensor: a shape and its elements in one vector, the innermost axis contiguous.
///
/// ```
/// use elman_tensor::Tensor;
///
/// // Three steps of two rows with one feature each: a step is a view, nothing is copied.
/// let xs = Tensor::new([3, 2, 1], vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0])?;
/// assert_eq!(xs.at(1).unwrap().values(), [2.0, 20.0]);
/// assert_eq!(xs.slice(1, 2).unwrap().shape().dims(), [2, 2, 1]);
///
/// // Data with the batch outermost is turned around once, at the edge.
/// assert_eq!(xs.swap_outer()?.values(), [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
/// # Ok::<(), elman_tensor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor<T> {
    shape: Shape,
    values: Vec<T>,
}

impl<T> Default for Tensor<T> {
    /// The tensor with no elements, `[0]`: something to [`resize`](Tensor::resize).
    fn default() -> Self {
        Tensor { shape: Shape::from([0]), values: Vec::new() }
    }
}

impl<T: Real> Tensor<T> {
    /// A tensor from its elements in row-major order.
    ///
    /// # Errors
    /// If `values` does not have exactly the shape's number of elements.
    pub fn new(shape: impl Into<Shape>, values: Vec<T>) -> Result<Self, Error> {
        let shape = shape.into();
        if shape.len() != values.len() {
            return Err(Error::Length { shape, given: values.len() });
        }
        Ok(Tensor { shape, values })
    }

    /// A tensor of zeros.
    ///
    /// # Errors
    /// If it would be larger than [`LIMIT`] bytes or the memory.
    pub fn zeros(shape: impl Into<Shape>) -> Result<Self, Error> {
        Self::from_fn(shape, |_| T::ZERO)
    }

    /// A tensor from a function of the row-major index.
    ///
    /// # Errors
    /// If it would be larger than [`LIMIT`] bytes or the memory.
    pub fn from_fn(
        shape: impl Into<Shape>,
        element: impl FnMut(usize) -> T,
    ) -> Result<Self, Error> {
        let shape = shape.into();
        let mut values = Vec::new();
        reserve(&mut values, shape.len())?;
        values.extend((0..shape.len()).map(element));
        Ok(Tensor { shape, values })
    }

    /// A scalar.
    pub fn scalar(value: T) -> Self {
        Tensor { shape: Shape::SCALAR, values: vec![value] }
    }

    /// The shape.
    #[inline]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The elements, row-major.
    #[inline]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The elements, row-major, for writing.
    #[inline]
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The elements, without the shape.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// The tensor lent for reading.
    #[inline]
    pub fn view(&self) -> View<'_, T> {
        View { shape: self.shape, values: &self.values }
    }

    /// The tensor lent for writing.
    #[inline]
    pub fn view_mut(&mut self) -> ViewMut<'_, T> {
        ViewMut { shape: self.shape, values: &mut self.values }
    }

    /// One item along the outermost axis, `None` past its end (and of a scalar).
    pub fn at(&self, index: usize) -> Option<View<'_, T>> {
        if index >= self.shape.get(0)? {
            return None;
        }
        let (shape, len) = (self.shape.tail(), self.shape.tail().len());
        View::new(shape, &self.values[index * len..(index + 1) * len])
    }

    /// `len` items along the outermost axis from `start`; `None` past its end (and of a scalar).
    pub fn slice(&self, start: usize, len: usize) -> Option<View<'_, T>> {
        let (items, item) = (self.shape.get(0)?, self.shape.tail().len());
        if start.checked_add(len)? > items {
            return None;
        }
        let range = start.saturating_mul(item)..(start + len).saturating_mul(item);
        View::new(self.shape.with(0, len), self.values.get(range).unwrap_or_default())
    }

    /// The same elements in another shape.
    ///
    /// # Errors
    /// If the number of elements differs.
    pub fn reshape(self, shape: impl Into<Shape>) -> Result<Self, Error> {
        Self::new(shape, self.values)
    }

    /// Gives the tensor a new shape and zeros, keeping its memory where that is large enough.
    ///
    /// # Errors
    /// If it would be larger than [`LIMIT`] bytes or the memory; the tensor is unchanged then.
    pub fn resize(&mut self, shape: impl Into<Shape>) -> Result<(), Error> {
        let shape = shape.into();
        reserve(&mut self.values, shape.len())?;
        self.values.clear();
        self.values.resize(shape.len(), T::ZERO);
        self.shape = shape;
        Ok(())
    }

    /// The same tensor at another scalar; into dual numbers, with tangent 0.
    pub fn cast<U: Real>(&self) -> Tensor<U> {
        let values = self.values.iter().map(|x| U::from_f64(x.to_f64())).collect();
        Tensor { shape: self.shape, values }
    }

    /// `[batch, time, …]` to `[time, batch, …]`, or back: the two outermost axes exchanged.
    ///
    /// # Errors
    /// If there are fewer than two axes.
    pub fn swap_outer(&self) -> Result<Self, Error> {
        let &[a, b, ..] = self.shape.dims() else {
            let wanted = "two or more axes";
            return Err(Error::Shape { operation: "swap_outer", wanted, given: self.shape });
        };
        let item = self.shape.tail().tail().len();
        let mut values = Vec::with_capacity(self.values.len());
        // An empty tensor may have axes too long to walk along.
        if !self.values.is_empty() {
            for j in 0..b {
                for i in 0..a {
                    let start = (i * b + j) * item;
                    values.extend_from_slice(&self.values[start..start + item]);
                }
            }
        }
        Self::new(self.shape.with(0, b).with(1, a), values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dual;

    #[test]
    fn sizes_that_cannot_be_meant_are_errors_before_any_allocation() {
        for shape in [Shape::from([LIMIT]), Shape::from([usize::MAX, 2]), Shape::from([1 << 20; 4])]
        {
            assert!(matches!(Tensor::<f64>::zeros(shape), Err(Error::TooLarge { .. })));
            let mut x = Tensor::<f32>::zeros([2]).unwrap();
            assert!(x.resize(shape).is_err());
            assert_eq!(x.shape(), Shape::from([2]));
        }
        let huge_and_empty = Tensor::<f32>::zeros([0, usize::MAX]).unwrap();
        assert_eq!(huge_and_empty.at(0).map(|v| v.values().len()), None);
        assert!(Tensor::<f32>::zeros([usize::MAX, 0]).unwrap().at(7).is_some());
    }

    #[test]
    fn values_must_fill_the_shape() {
        let error = Tensor::new([2, 2], vec![1.0f32; 3]).unwrap_err();
        assert_eq!(error.to_string(), "a tensor of shape [2, 2] has 4 elements, 3 were given");
    }

    #[test]
    fn items_and_exchanged_axes() {
        let x = Tensor::from_fn([2, 3, 2], |i| i as f64).unwrap();
        assert_eq!(x.at(1).unwrap().values(), [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
        assert!(x.at(2).is_none());
        let tail = x.slice(1, 1).unwrap();
        assert_eq!(
            (tail.shape(), tail.values()),
            (Shape::from([1, 3, 2]), x.at(1).unwrap().values())
        );
        assert!(x.slice(2, 0).is_some() && x.slice(1, 2).is_none() && x.slice(3, 0).is_none());
        assert!(x.slice(usize::MAX, 2).is_none());
        let y = x.swap_outer().unwrap();
        assert_eq!(y.shape(), Shape::from([3, 2, 2]));
        assert_eq!(y.at(1).unwrap().values(), [2.0, 3.0, 8.0, 9.0]);
        assert_eq!(y.swap_outer().unwrap(), x);
        assert!(Tensor::<f32>::zeros([3]).unwrap().swap_outer().is_err());
        for empty in
            [[0, 3, 1], [usize::MAX, 0, 2], [0, usize::MAX, 2], [usize::MAX, usize::MAX, 0]]
        {
            let swapped = Tensor::<f32>::zeros(empty).unwrap().swap_outer().unwrap();
            assert_eq!(swapped.shape(), Shape::from([empty[1], empty[0], empty[2]]));
        }
    }

    #[test]
    fn casting_rounds_and_lifts() {
        let x = Tensor::new([1], vec![0.1f64]).unwrap();
        assert_eq!(x.cast::<f32>().values(), [0.1f32]);
        let lifted = x.cast::<Dual<f64>>();
        assert_eq!((lifted.values()[0].value, lifted.values()[0].tangent), (0.1, 0.0));
    }
}
