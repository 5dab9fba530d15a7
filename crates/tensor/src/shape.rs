//! Shapes: up to four sizes, outermost first.

use crate::Error;
use std::fmt;

/// The sizes of a tensor's axes, outermost first; at most four. A scalar has none.
///
/// ```
/// use elman_tensor::Shape;
/// let s = Shape::from([5, 2, 3]);
/// assert_eq!((s.rank(), s.len(), s.last(), s.rows()), (3, 30, 3, 10));
/// assert_eq!(s.tail(), Shape::from([2, 3]));
/// assert_eq!(s.to_string(), "[5, 2, 3]");
/// ```
#[derive(Clone, Copy, Eq, Hash)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "the length follows from the sizes")]
pub struct Shape {
    /// Sizes; those beyond `rank` are 0, so that equality may compare them all.
    sizes: [usize; 4],
    /// The number of elements (saturating), known beforehand because it is asked for all the time.
    len: usize,
    rank: u8,
}

impl Default for Shape {
    /// The shape of a single number.
    fn default() -> Self {
        Shape::SCALAR
    }
}

impl PartialEq for Shape {
    /// Without a call, unlike the derived one.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let [a, b, c, d] = self.sizes;
        let [e, f, g, h] = other.sizes;
        self.rank == other.rank && a == e && b == f && c == g && d == h
    }
}

/// The product of sizes, `usize::MAX` if it overflows; 0 wins.
#[inline]
fn product(sizes: &[usize]) -> usize {
    let (n, zero) =
        sizes.iter().fold((1usize, false), |(n, zero), &d| (n.saturating_mul(d), zero || d == 0));
    if zero { 0 } else { n }
}

impl Shape {
    /// The shape of a single number: no axes, one element.
    pub const SCALAR: Shape = Shape { sizes: [0; 4], len: 1, rank: 0 };

    /// The shape of the first `rank` sizes; the others must be 0.
    #[inline]
    fn of(sizes: [usize; 4], rank: u8) -> Self {
        Shape { sizes, len: product(&sizes[..usize::from(rank)]), rank }
    }

    /// A shape from a slice of sizes.
    ///
    /// # Errors
    /// If there are more than four.
    pub fn new(dims: &[usize]) -> Result<Self, Error> {
        let mut sizes = [0; 4];
        sizes.get_mut(..dims.len()).ok_or(Error::Rank { given: dims.len() })?.copy_from_slice(dims);
        Ok(Shape::of(sizes, dims.len() as u8))
    }

    /// The sizes, outermost first.
    #[inline]
    pub fn dims(&self) -> &[usize] {
        &self.sizes[..self.rank()]
    }

    /// The number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        usize::from(self.rank)
    }

    /// The number of elements; `usize::MAX` if that overflows, which no tensor can have.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The size of the innermost axis; 1 for a scalar.
    #[inline]
    pub fn last(&self) -> usize {
        self.dims().last().copied().unwrap_or(1)
    }

    /// The number of rows: the product of all sizes but the last (saturating); 1 for a scalar.
    #[inline]
    pub fn rows(&self) -> usize {
        product(&self.dims()[..self.rank().saturating_sub(1)])
    }

    /// The number of elements of one item along an axis: the product of the sizes after it
    /// (saturating).
    #[inline]
    pub fn after(&self, axis: usize) -> usize {
        product(self.dims().get(axis.saturating_add(1)..).unwrap_or_default())
    }

    /// The size of an axis, `None` beyond the last.
    #[inline]
    pub fn get(&self, axis: usize) -> Option<usize> {
        self.dims().get(axis).copied()
    }

    /// The shape of one item along the outermost axis: without it. A scalar stays one.
    #[inline]
    #[must_use]
    pub fn tail(&self) -> Self {
        self.without(0)
    }

    /// The same shape without one axis; unchanged if there is no such axis.
    #[must_use]
    pub fn without(&self, axis: usize) -> Self {
        let rank = self.rank();
        if axis >= rank {
            return *self;
        }
        let mut sizes = [0; 4];
        sizes[..axis].copy_from_slice(&self.sizes[..axis]);
        sizes[axis..rank - 1].copy_from_slice(&self.sizes[axis + 1..rank]);
        Shape::of(sizes, self.rank - 1)
    }

    /// The same shape with another size for one axis; unchanged if there is no such axis.
    #[must_use]
    pub fn with(self, axis: usize, size: usize) -> Self {
        let mut sizes = self.sizes;
        if axis < self.rank() {
            sizes[axis] = size;
        }
        Shape::of(sizes, self.rank)
    }

    /// The same shape with another innermost size; a scalar becomes `[size]`.
    #[must_use]
    pub fn with_last(self, size: usize) -> Self {
        if self.rank == 0 { Shape::from([size]) } else { self.with(self.rank() - 1, size) }
    }

    /// This shape repeated along a new outermost axis.
    ///
    /// # Errors
    /// If there are four axes already.
    pub fn stacked(&self, count: usize) -> Result<Self, Error> {
        if self.rank() == 4 {
            return Err(Error::Rank { given: 5 });
        }
        let mut sizes = [count, 0, 0, 0];
        sizes[1..=self.rank()].copy_from_slice(self.dims());
        Ok(Shape::of(sizes, self.rank + 1))
    }

    /// Whether `row` repeats over this shape's leading axes: its sizes are this shape's last ones.
    #[inline]
    pub fn ends_with(&self, row: &Shape) -> bool {
        self == row || self.dims().ends_with(row.dims())
    }
}

macro_rules! from_array {
    ($($n:literal)*) => {$(
        impl From<[usize; $n]> for Shape {
            #[inline]
            fn from(dims: [usize; $n]) -> Self {
                let mut sizes = [0; 4];
                sizes[..$n].copy_from_slice(&dims);
                Shape::of(sizes, $n)
            }
        }
    )*};
}
from_array!(0 1 2 3 4);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn five_axes_are_an_error() {
        assert_eq!(Shape::new(&[1; 5]), Err(Error::Rank { given: 5 }));
        assert_eq!(Shape::from([1; 4]).stacked(2), Err(Error::Rank { given: 5 }));
    }

    proptest! {
        #[test]
        fn sizes_never_overflow(dims in proptest::collection::vec(
            prop_oneof![Just(0usize), Just(1), 2usize..9, Just(usize::MAX)], 0..5)) {
            let shape = Shape::new(&dims).unwrap();
            let exact = dims.iter().try_fold(1u128, |n, &d| n.checked_mul(d as u128));
            let exact = if dims.contains(&0) { Some(0) } else { exact };
            let wanted = exact.map_or(usize::MAX, |n| n.min(usize::MAX as u128) as usize);
            prop_assert_eq!(shape.len(), wanted);
            prop_assert_eq!(shape.is_empty(), wanted == 0);
            if let Ok(stacked) = shape.stacked(3) {
                prop_assert_eq!(stacked.tail(), shape);
                prop_assert!(stacked.ends_with(&shape));
            }
            for axis in 0..dims.len() {
                prop_assert_eq!(shape.with(axis, 5).get(axis), Some(5));
                prop_assert_eq!(shape.without(axis).rank(), dims.len() - 1);
            }
        }
    }
}
