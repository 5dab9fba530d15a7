//! The matrix product, in one order of summation.

use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::lanes::{LaneKernel, Lanes};
use crate::parallel::{self, Apart};
use crate::real::Real;
use crate::tile::{Left, PANEL, Right, Sums, Terms, compute, padded, share};
use std::mem::MaybeUninit;

mod narrow;
mod packed;
mod shallow;

use narrow::Narrow;
pub use packed::PackedMatrix;
use shallow::Shallow;

/// A matrix in a slice: as stored (row-major), or seen transposed.
///
/// ```
/// use elman_kernels::{Fill, Matrix, product};
///
/// let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let a = Matrix::new(&values, 2, 3)?;
/// assert_eq!((a.t().rows(), a.t().columns()), (3, 2));
///
/// // a · aᵀ, of which nothing was copied.
/// let mut c = [0.0; 4];
/// product(a, a.t(), Fill::Overwrite, &mut c)?;
/// assert_eq!(c, [14.0, 32.0, 32.0, 77.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    /// Whether `values` holds the transpose, `[columns, rows]`.
    transposed: bool,
}

impl<'a, T> Matrix<'a, T> {
    /// `values` as a row-major matrix `[rows, columns]`.
    ///
    /// # Errors
    /// If `values` does not have `rows · columns` elements.
    pub fn new(values: &'a [T], rows: usize, columns: usize) -> Result<Self, Error> {
        length("Matrix::new", rows.saturating_mul(columns), values.len())?;
        Ok(Matrix { values, rows, columns, transposed: false })
    }

    /// The transpose: another view of the same elements.
    #[must_use]
    pub fn t(self) -> Self {
        Matrix { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }

    /// Rows, as seen.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns, as seen.
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// What a product does with what its result held before.
///
/// ```
/// use elman_kernels::{Fill, Matrix, product};
///
/// let (a, b) = (Matrix::new(&[2.0], 1, 1)?, Matrix::new(&[3.0], 1, 1)?);
/// let mut c = [100.0];
/// product(a, b, Fill::Add, &mut c)?;
/// assert_eq!(c, [106.0]);
/// product(a, b, Fill::Overwrite, &mut c)?;
/// assert_eq!(c, [6.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Starts every sum at 0.
    Overwrite,
    /// Starts every sum at the element's old value.
    Add,
}

/// `c = a · b`, or `c = c + a · b`, for `a: [m, k]`, `b: [k, n]`, `c: [m, n]` row-major.
///
/// The terms of an element are added one by one in the order of `k`, each by a fused
/// multiply-add, starting from 0 or from the old element. So the bits of a row do not depend on
/// the other rows, and a product over `k` equals, bit for bit, one over the first part of `k`
/// followed by an adding one over the rest.
///
/// ```
/// use elman_kernels::{Fill, Matrix, product};
///
/// // Over the first two of three terms, and then over the rest: the same bits as at once.
/// let (a, b) = ([0.1, 0.2, 0.3], [0.7, 0.8, 0.9]);
/// let (mut whole, mut parts) = ([0.0], [0.0]);
/// product(Matrix::new(&a, 1, 3)?, Matrix::new(&b, 3, 1)?, Fill::Overwrite, &mut whole)?;
/// product(Matrix::new(&a[..2], 1, 2)?, Matrix::new(&b[..2], 2, 1)?, Fill::Overwrite, &mut parts)?;
/// product(Matrix::new(&a[2..], 1, 1)?, Matrix::new(&b[2..], 1, 1)?, Fill::Add, &mut parts)?;
/// assert_eq!(whole, parts);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the sizes do not fit.
pub fn product<T: Real>(
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    fill: Fill,
    c: &mut [T],
) -> Result<(), Error> {
    if a.columns != b.rows {
        return Err(Error::Inner { left: a.columns, right: b.rows });
    }
    length("product", a.rows.saturating_mul(b.columns), c.len())?;
    if !c.is_empty() {
        T::product(Isa::used(), Product { a, b, fill, c });
    }
    Ok(())
}

/// Terms of `k` that are summed before the next rows take their turn: a packed panel of as many
/// rows stays in the L2 cache. Between blocks the sums rest in `c`, which loses nothing.
pub(crate) const BLOCK: usize = 256;

#[derive(Debug)]
pub struct Product<'a, T> {
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    fill: Fill,
    c: &'a mut [T],
}

impl<'a, T: Real> Product<'a, T> {
    /// Has it computed, by several threads where it is worth it.
    pub(crate) fn share(self, isa: Isa) {
        let (a, b) = (&self.a, &self.b);
        if narrow::is(a, b) {
            let operations = narrow::operations(a, b);
            self.share_rows(isa, operations, narrow::LANES, Narrow);
        } else if shallow::is(a, b) {
            let operations = shallow::operations(a, b);
            self.share_rows(isa, operations, 1, Shallow);
        } else {
            let operations = a.rows * b.columns * a.columns;
            self.share_rows(isa, operations, 1, Usual);
        }
    }

    /// Cuts the rows of the result into shares of whole blocks for several threads.
    fn share_rows<K: LaneKernel<T>>(
        self,
        isa: Isa,
        operations: usize,
        block: usize,
        kernel: fn(Rows<'a, T>) -> K,
    ) {
        let Product { a, b, fill, c } = self;
        let blocks = a.rows.div_ceil(block);
        let parts = parallel::parts(operations, blocks);
        let c = Apart(c.as_mut_ptr());
        parallel::run(parts, &|i| {
            let (first, until) = share(blocks, parts, i);
            let rows = (first * block, a.rows.min(until * block));
            T::in_lanes(isa, kernel(Rows { a, b, fill, c: *c.get(), rows }));
        });
    }
}

/// Some rows of a product.
struct Rows<'a, T> {
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    fill: Fill,
    /// The whole result, of which only these rows are touched.
    c: *mut T,
    rows: (usize, usize),
}

/// Rows of a product of no particular shape.
struct Usual<'a, T>(Rows<'a, T>);

impl<T: Real> LaneKernel<T> for Usual<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        let Rows { a, b, fill, c, rows: (first, until) } = self.0;
        let (depth, n) = (a.columns, b.columns);
        if depth == 0 && fill == Fill::Overwrite {
            for i in first * n..until * n {
                // SAFETY: the rows are rows of the result.
                unsafe { c.add(i).write(T::ZERO) }
            }
        }
        // Few rows are not worth the packing.
        let direct = !b.transposed && until - first <= 2 * L::ROWS;
        let mut packed = OnStack::new();
        // What is this wide fits the buffer in every precision.
        let panel = PANEL * 4 / size_of::<T>();
        let (row, step) = if a.transposed { (1, a.rows) } else { (depth, 1) };
        for k in (0..depth).step_by(BLOCK) {
            let block = BLOCK.min(depth - k);
            let left = a.values[first * row + k * step..].as_ptr();
            for j in (0..n).step_by(panel) {
                let count = panel.min(n - j);
                let right = if direct && count.is_multiple_of(L::WIDTH) {
                    Right::stored(b.values[k * n + j..].as_ptr(), n)
                } else {
                    let width = padded(count);
                    pack(b, k, (j, count), width, packed.room(block * width));
                    Right::packed(packed.at(), block)
                };
                let to = c.wrapping_add(first * n + j);
                let add = k > 0 || fill == Fill::Add;
                let from = if add { to.cast_const() } else { std::ptr::null() };
                let terms = [Terms::new(Left { at: left, row, step }, right, block)];
                // SAFETY: these rows and terms are in `a`, the same terms of whole registers in
                // `right`, and the columns that count in `c`.
                unsafe {
                    compute::<L>(&Sums::new([until - first, count], &terms, (from, n), (to, n)));
                }
            }
        }
    }
}

/// `to[κ] = b[k + κ, j..j + count]` in rows of `width`, the columns beyond `count` 0.
fn pack<T: Real>(
    b: Matrix<'_, T>,
    k: usize,
    (j, count): (usize, usize),
    width: usize,
    to: &mut [MaybeUninit<T>],
) {
    for (i, to) in to.chunks_exact_mut(width).enumerate() {
        let row = k + i;
        let (to, beyond) = to.split_at_mut(count);
        if b.transposed {
            let column = b.values[j * b.rows + row..].iter().step_by(b.rows);
            to.iter_mut().zip(column).for_each(|(to, &x)| _ = to.write(x));
        } else {
            let from = &b.values[row * b.columns + j..][..count];
            to.iter_mut().zip(from).for_each(|(to, &x)| _ = to.write(x));
        }
        beyond.iter_mut().for_each(|to| _ = to.write(T::ZERO));
    }
}

/// A panel on the stack, aligned to cache lines.
#[repr(align(64))]
pub(crate) struct OnStack(MaybeUninit<[u8; OnStack::BYTES]>);

impl OnStack {
    const BYTES: usize = BLOCK * PANEL * 4;

    #[inline(always)]
    pub(crate) fn new() -> Self {
        OnStack(MaybeUninit::uninit())
    }

    /// Room for the first `len` numbers.
    #[inline(always)]
    pub(crate) fn room<T: Real>(&mut self, len: usize) -> &mut [MaybeUninit<T>] {
        assert!(len * size_of::<T>() <= Self::BYTES);
        // SAFETY: the bytes are there and aligned for every scalar, and may be uninitialised.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), len) }
    }

    #[inline(always)]
    pub(crate) fn at<T>(&self) -> *const T {
        self.0.as_ptr().cast()
    }
}

#[cfg(test)]
mod tests;
