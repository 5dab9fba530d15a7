//! Products with few terms, as those back through a readout of few outputs: what they take is the
//! writing, and a right operand that fits the registers.

use super::{Fill, Matrix, pack};
use crate::dispatch::Isa;
use crate::lanes::{LaneKernel, Lanes};
use crate::parallel::{self, Apart};
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
const ROWS: usize = 32;
/// Operations that writing an element is worth.
const WRITTEN: usize = 8;

/// Whether a product is computed as a shallow one.
pub(super) fn is<T: Real>(a: &Matrix<'_, T>, b: &Matrix<'_, T>) -> bool {
    !a.transposed && (1..=MOST).contains(&a.columns) && a.rows >= FEWEST && b.columns >= FEWEST
}

/// Cuts the rows of the result into shares for several threads.
pub(super) fn share<T: Real>(
    isa: Isa,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    fill: Fill,
    c: &mut [T],
) {
    let parts = parallel::parts(a.rows * b.columns * a.columns.max(WRITTEN), a.rows);
    let c = Apart(c.as_mut_ptr());
    parallel::run(parts, &|i| {
        let rows = tile::share(a.rows, parts, i);
        T::in_lanes(isa, Shallow { a, b, fill, c: *c.get(), rows });
    });
}

/// Some rows of a product of few terms.
struct Shallow<'a, T> {
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    fill: Fill,
    /// The whole result, of which only these rows are touched.
    c: *mut T,
    rows: (usize, usize),
}

impl<T: Real> LaneKernel<T> for Shallow<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        let n = self.b.columns;
        let mut packed = [const { MaybeUninit::uninit() }; MOST * COLUMNS];
        for first in (0..n).step_by(COLUMNS) {
            let count = COLUMNS.min(n - first);
            let width = padded(count);
            let right = &mut packed[..self.a.columns * width];
            pack(self.b, 0, (first, count), width, right);
            let right = right.as_ptr().cast();
            let (from, until) = self.rows;
            for (row, rows) in tile::blocks(until - from, ROWS) {
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
            match self.a.columns {
                1 => self.of_terms::<L, 1>(rows, right, columns),
                2 => self.of_terms::<L, 2>(rows, right, columns),
                3 => self.of_terms::<L, 3>(rows, right, columns),
                4 => self.of_terms::<L, 4>(rows, right, columns),
                5 => self.of_terms::<L, 5>(rows, right, columns),
                6 => self.of_terms::<L, 6>(rows, right, columns),
                7 => self.of_terms::<L, 7>(rows, right, columns),
                _ => self.of_terms::<L, MOST>(rows, right, columns),
            }
        }
    }

    /// The same for so many terms.
    ///
    /// # Safety
    /// As of [`some`](Self::some).
    #[inline(always)]
    unsafe fn of_terms<L: Lanes<Scalar = T>, const K: usize>(
        &self,
        (from, until): (usize, usize),
        (panel, lane, width): (*const T, usize, usize),
        (column, count): (usize, usize),
    ) {
        let n = self.b.columns;
        // SAFETY: the caller's promises.
        unsafe {
            let mut right = [L::splat(T::ZERO); K];
            for k in 0..K {
                right[k] = L::load(panel.add(k * width + lane));
            }
            for r in from..until {
                let (left, to) = (self.a.values.as_ptr().add(r * K), self.c.add(r * n + column));
                let mut sum = match self.fill {
                    Fill::Overwrite => L::splat(T::ZERO),
                    Fill::Add => L::load_part(to, count),
                };
                for k in 0..K {
                    sum = L::splat(*left.add(k)).mul_add(right[k], sum);
                }
                sum.store_part(to, count);
            }
        }
    }
}
