//! Products with few columns: lanes are rows of the result.

use super::{BLOCK, Fill, Matrix, OnStack, Rows};
use crate::lanes::{LaneKernel, Lanes};
use crate::real::Real;
use crate::tile::{Left, Right, Sums, Terms, compute};
use crate::transpose::transpose;

/// The most columns of a narrow product: with more, lanes that are columns are used well enough.
const MOST: usize = 8;
/// The most columns where the left operand has to be transposed for it.
const MOST_TRANSPOSED: usize = 4;
/// Rows that are computed together.
const TOGETHER: usize = 64;
/// Rows that threads do not cut: the lanes of the widest register.
pub(super) const LANES: usize = 16;
/// Products of an element that take as long as transposing it.
const TRANSPOSED: usize = 4;

/// Whether a product is computed as a narrow one: the factors change places, which may not change
/// a bit.
pub(super) fn is<T: Real>(a: &Matrix<'_, T>, b: &Matrix<'_, T>) -> bool {
    let most = if a.transposed { MOST } else { MOST_TRANSPOSED };
    T::COMMUTES && b.columns <= most && a.rows >= 16
}

/// The operations that it is worth.
pub(super) fn operations<T>(a: &Matrix<'_, T>, b: &Matrix<'_, T>) -> usize {
    // Where the left operand is transposed first, that takes as long as several products.
    let columns = if a.transposed { b.columns } else { b.columns + TRANSPOSED };
    a.rows * a.columns * columns
}

/// Some rows of a product of few columns.
pub(super) struct Narrow<'a, T>(pub(super) Rows<'a, T>);

impl<T: Real> LaneKernel<T> for Narrow<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        let Rows { a, b, fill, c, rows: (from, until) } = self.0;
        let (depth, n) = (a.columns, b.columns);
        // The element b[k, j] lies at j · row + k · step.
        let (row, step) = if b.transposed { (b.rows, 1) } else { (1, n) };
        let mut packed = OnStack::new();
        // What is this wide fits the buffer in every precision.
        let width = TOGETHER * 4 / size_of::<T>();
        for first in (from..until).step_by(width) {
            let count = width.min(until - first);
            // The transpose of a part of the result.
            let mut sums = [T::ZERO; MOST * TOGETHER];
            let result = |r: usize, j: usize| c.wrapping_add((first + r) * n + j);
            if fill == Fill::Add {
                for (j, sums) in sums.chunks_exact_mut(TOGETHER).enumerate().take(n) {
                    for (r, sum) in sums.iter_mut().enumerate().take(count) {
                        // SAFETY: these are rows and columns of the result.
                        *sum = unsafe { *result(r, j) };
                    }
                }
            }
            for k in (0..depth).step_by(BLOCK) {
                let block = BLOCK.min(depth - k);
                let whole = count.is_multiple_of(L::WIDTH);
                let right = if a.transposed && whole {
                    Right::stored(a.values[k * a.rows + first..].as_ptr(), a.rows)
                } else {
                    let to = packed.room::<T>(block * width).as_mut_ptr().cast();
                    let (row, step) = if a.transposed { (1, a.rows) } else { (depth, 1) };
                    let at = a.values.as_ptr().wrapping_add(first * row + k * step);
                    // SAFETY: these are elements of the matrix, and there is room for whole
                    // registers of each row.
                    unsafe { transpose::<L>((at, row, step), [count, block], (to, width)) }
                    Right::stored(packed.at(), width)
                };
                let at = b.values[k * step..].as_ptr();
                let terms = [Terms::new(Left { at, row, step }, right, block)];
                let sums = sums.as_mut_ptr();
                let sums = Sums::new([n, count], &terms, (sums, TOGETHER), (sums, TOGETHER));
                // SAFETY: these rows and terms are in `b`, the same terms of whole registers in
                // `right`, and the columns that count in the sums.
                unsafe { compute::<L>(&sums) }
            }
            for (j, sums) in sums.chunks_exact(TOGETHER).enumerate().take(n) {
                for (r, &sum) in sums.iter().enumerate().take(count) {
                    // SAFETY: these are rows and columns of the result.
                    unsafe { *result(r, j) = sum }
                }
            }
        }
    }
}
