//! Products with the same right operand.

use super::{Fill, Matrix, pack};
use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::lanes::{LaneKernel, Lanes};
use crate::memory::Lined;
use crate::real::Real;
use crate::tile::{Left, NEAR, PANEL, Right, Sums, Terms, compute, padded};
use std::mem::MaybeUninit;

/// A right operand that is laid out once for many products.
///
/// ```
/// use elman_kernels::{Fill, Matrix, PackedMatrix};
///
/// // y = b + x · W for one x after the other, W laid out once.
/// let w = PackedMatrix::new(Matrix::new(&[1.0, 2.0, 3.0, 4.0], 2, 2)?);
/// for (x, wanted) in [([1.0, 0.0], [11.0, 12.0]), ([1.0, 1.0], [14.0, 16.0])] {
///     let mut y = [10.0, 10.0];
///     w.product(Matrix::new(&x, 1, 2)?, Fill::Add, &mut y)?;
///     assert_eq!(y, wanted);
/// }
/// # Ok::<(), elman_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PackedMatrix<T> {
    packed: Lined<T>,
    rows: usize,
    columns: usize,
}

impl<T: Real> PackedMatrix<T> {
    /// Lays a matrix out.
    pub fn new(b: Matrix<'_, T>) -> Self {
        let (rows, columns) = (b.rows, b.columns);
        if b.values.is_empty() {
            // The other size may be one that cannot be counted with.
            return PackedMatrix { packed: Lined::zeros(0), rows, columns };
        }
        let mut packed = Lined::zeros(rows * padded(columns));
        for j in (0..columns).step_by(PANEL) {
            let count = PANEL.min(columns - j);
            let width = padded(count);
            pack(b, 0, (j, count), width, uninit(&mut packed[rows * j..][..rows * width]));
        }
        PackedMatrix { packed, rows, columns }
    }

    /// Its rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Its columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// `c = a · b`, or `c = c + a · b`, for this `b`: see [`product`](crate::product()). By one
    /// thread.
    ///
    /// # Errors
    /// If the sizes do not fit.
    pub fn product(&self, a: Matrix<'_, T>, fill: Fill, c: &mut [T]) -> Result<(), Error> {
        if a.columns != self.rows {
            return Err(Error::Inner { left: a.columns, right: self.rows });
        }
        length("product", a.rows.saturating_mul(self.columns), c.len())?;
        if c.is_empty() {
            return Ok(());
        }
        let (row, step) = if a.transposed { (1, a.rows) } else { (a.columns, 1) };
        let left = Left { at: a.values.as_ptr(), row, step };
        let right = Right::packed(self.packed.as_ptr(), self.rows);
        let terms = [Terms::new(left, right, self.rows)];
        let to = c.as_mut_ptr();
        let from = if fill == Fill::Add { to.cast_const() } else { std::ptr::null() };
        let sizes = [a.rows, self.columns];
        let sums = Sums::new(sizes, &terms, (from, self.columns), (to, self.columns));
        let from_far = self.rows * self.columns * size_of::<T>() > NEAR;
        T::in_lanes(Isa::used(), Whole(&Sums { from_far, ..sums }));
        Ok(())
    }
}

/// A product of packed operands: by reference, because a copy would wait for what was just written.
struct Whole<'a, T>(&'a Sums<'a, T>);

impl<T: Real> LaneKernel<T> for Whole<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        // SAFETY: the sizes were checked by whoever made it.
        unsafe { compute::<L>(self.0) }
    }
}

/// The same memory, as somewhere to write to.
fn uninit<T: Real>(memory: &mut [T]) -> &mut [MaybeUninit<T>] {
    // SAFETY: the layout is the same, and whoever gets it writes numbers only.
    unsafe { &mut *(std::ptr::from_mut(memory) as *mut [MaybeUninit<T>]) }
}
