//! Products with few terms, as those back through a readout of few outputs: what they take is the
//! writing, and a right operand that fits the registers.

use super::{Fill, Matrix, Rows, pack};
use crate::lanes::{LaneKernel, Lanes};
use crate::real::Real;
use crate::tile::{self, padded};
use std::mem::MaybeUninit;

/// The most terms of a shallow product.
const MOST: usize = 8;
/// The fewest rows, for which the right operand is worth being loaded.
const FEWEST: usize = 16;
/// Columns that are laid out together.
const COLUMNS: usize = 64;
/// Rows whose elements are written before the next columns take their turn.
const TOGETHER: usize = 32;
/// Operations that writing an element is worth.
const WRITTEN: usize = 8;

/// Whether a product is computed as a shallow one.
pub(super) fn is<T: Real>(a: &Matrix<'_, T>, b: &Matrix<'_, T>) -> bool {
    !a.transposed && (1..=MOST).contains(&a.columns) && a.rows >= FEWEST && b.columns >= FEWEST
}

/// The operations that it is worth.
pub(super) fn operations<T>(a: &Matrix<'_, T>, b: &Matrix<'_, T>) -> usize {
    a.rows * b.columns * a.columns.max(WRITTEN)
}

/// Some rows of a product of few terms.
pub(super) struct Shallow<'a, T>(pub(super) Rows<'a, T>);

impl<T: Real> LaneKernel<T> for Shallow<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        let n = self.0.b.columns;
        let mut packed = [const { MaybeUninit::uninit() }; MOST * COLUMNS];
        for first in (0..n).step_by(COLUMNS) {
            let count = COLUMNS.min(n - first);
            let width = padded(count);
            let right = &mut packed[..self.0.a.columns * width];
            pack(self.0.b, 0, (first, count), width, right);
            let right = right.as_ptr().cast();
            let (from, until) = self.0.rows;
            for (row, rows) in tile::blocks(until - from, TOGETHER) {
                let rows = (from + row, from + row + rows);
                for lane in (0..count).step_by(L::WIDTH) {
                    let columns = (first + lane, L::WIDTH.min(count - lane));
                    let right = (right, lane, width);
                    // SAFETY: the panel has whole registers of as many terms; rows and columns are
                    // those of the result.
                    unsafe { self.some::<L>(rows, right, columns) }
                }
            }
        }
    }
}

impl<T: Real> Shallow<'_, T> {
    /// Some rows of a register of columns, from a panel, a lane of it, and the length of its rows.
    ///
    /// # Safety
    /// The panel has to have whole registers of all terms, and rows and columns have to be those of
    /// the result.
    #[inline(always)]
    unsafe fn some<L: Lanes<Scalar = T>>(
        &self,
        rows: (usize, usize),
        right: (*const T, usize, usize),
        columns: (usize, usize),
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            // Of narrow registers no time is lost by counting.
            if const { L::ROWS == 1 } {
                return self.of_terms::<L, MOST>(self.0.a.columns, rows, right, columns);
            }
            match self.0.a.columns {
                1 => self.of_terms::<L, 1>(1, rows, right, columns),
                2 => self.of_terms::<L, 2>(2, rows, right, columns),
                3 => self.of_terms::<L, 3>(3, rows, right, columns),
                4 => self.of_terms::<L, 4>(4, rows, right, columns),
                5 => self.of_terms::<L, 5>(5, rows, right, columns),
                6 => self.of_terms::<L, 6>(6, rows, right, columns),
                7 => self.of_terms::<L, 7>(7, rows, right, columns),
                _ => self.of_terms::<L, MOST>(MOST, rows, right, columns),
            }
        }
    }

    /// The same, with the number of terms known at run time, at most `MOST`.
    ///
    /// # Safety
    /// As of [`some`](Self::some).
    #[inline(always)]
    unsafe fn of_terms<L: Lanes<Scalar = T>, const MOST: usize>(
        &self,
        terms: usize,
        (from, until): (usize, usize),
        (panel, lane, width): (*const T, usize, usize),
        (column, count): (usize, usize),
    ) {
        let n = self.0.b.columns;
        // SAFETY: the caller's promises.
        unsafe {
            let mut right = [L::splat(T::ZERO); MOST];
            for k in 0..terms {
                right[k] = L::load(panel.add(k * width + lane));
            }
            for r in from..until {
                let (left, to) =
                    (self.0.a.values.as_ptr().add(r * terms), self.0.c.add(r * n + column));
                let mut sum = match self.0.fill {
                    Fill::Overwrite => L::splat(T::ZERO),
                    Fill::Add => L::load_part(to, count),
                };
                for k in 0..terms {
                    sum = L::splat(*left.add(k)).mul_add(right[k], sum);
                }
                sum.store_part(to, count);
            }
        }
    }
}
