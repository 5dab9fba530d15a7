//! Whole numbers in axes.

use elman_tensor::Shape;

/// Whole numbers in up to four axes: symbols, lengths, and the sizes that a file computes with.
///
/// ```
/// use elman_io::exchange::onnx::Ints;
///
/// let symbols = Ints::new([2, 1], vec![5, 0]).ok_or("six numbers in two places")?;
/// assert_eq!(symbols.values(), [5, 0]);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ints {
    shape: Shape,
    values: Vec<i64>,
}

impl Ints {
    /// The most there may be: what is more, a file did not mean.
    pub const LIMIT: usize = 1 << 24;

    /// Numbers in row-major order; none if they are not as many as the shape has, or too many.
    pub fn new(shape: impl Into<Shape>, values: Vec<i64>) -> Option<Self> {
        let shape = shape.into();
        (shape.len() == values.len() && values.len() <= Self::LIMIT)
            .then_some(Ints { shape, values })
    }

    /// Numbers made of their row-major index; none if they would be too many.
    pub(crate) fn from_fn(shape: Shape, f: impl FnMut(usize) -> i64) -> Option<Self> {
        (shape.len() <= Self::LIMIT)
            .then(|| Ints { shape, values: (0..shape.len()).map(f).collect() })
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The numbers, row-major.
    pub fn values(&self) -> &[i64] {
        &self.values
    }
}
