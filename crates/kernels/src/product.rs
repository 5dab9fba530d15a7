//! The matrix product, in one order of summation.

use crate::dispatch::Kernel;
use crate::error::{Error, length};
use crate::real::Real;

/// A matrix in a slice: as stored (row-major), or seen transposed.
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
        T::dispatch(Product { a, b, fill, c });
    }
    Ok(())
}

/// Terms of `k` that are packed at a time: a panel of `BLOCK · WIDTH` doubles stays in the L1
/// cache. Between blocks the sums rest in `c`, which loses nothing.
const BLOCK: usize = 128;
/// Rows computed together; each has sums of its own.
const HEIGHT: usize = 4;

struct Product<'a, T> {
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    fill: Fill,
    c: &'a mut [T],
}

impl<T: Real> Kernel for Product<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        // Eight registers of sums in either precision: more would spill.
        if size_of::<T>() <= 4 { self.panels::<16>() } else { self.panels::<8>() }
    }
}

impl<T: Real> Product<'_, T> {
    /// Walks over blocks of `k`, and within them over panels of `WIDTH` columns.
    #[inline(always)]
    fn panels<const WIDTH: usize>(self) {
        let Product { a, b, fill, c } = self;
        let (depth, n) = (a.columns, b.columns);
        if depth == 0 && fill == Fill::Overwrite {
            c.fill(T::ZERO);
        }
        let mut packed = [[T::ZERO; WIDTH]; BLOCK];
        for k in (0..depth).step_by(BLOCK) {
            let block = BLOCK.min(depth - k);
            let panel = &mut packed[..block];
            let overwrite = k == 0 && fill == Fill::Overwrite;
            for j in (0..n).step_by(WIDTH) {
                let width = WIDTH.min(n - j);
                pack(b, k, j, width, panel);
                for (band, c) in c.chunks_mut(HEIGHT * n).enumerate() {
                    let i = band * HEIGHT;
                    if c.len() == HEIGHT * n {
                        tile::<T, HEIGHT, WIDTH>(a, i, k, panel, overwrite, c, n, j, width);
                    } else {
                        for (r, c) in c.chunks_exact_mut(n).enumerate() {
                            tile::<T, 1, WIDTH>(a, i + r, k, panel, overwrite, c, n, j, width);
                        }
                    }
                }
            }
        }
    }
}

/// `panel[κ] = b[k + κ, j..j + width]`, the columns beyond `width` 0.
#[inline(always)]
fn pack<T: Real, const WIDTH: usize>(
    b: Matrix<'_, T>,
    k: usize,
    j: usize,
    width: usize,
    panel: &mut [[T; WIDTH]],
) {
    if width < WIDTH {
        panel.fill([T::ZERO; WIDTH]);
    }
    if b.transposed {
        for (lane, column) in b.values[j * b.rows..].chunks_exact(b.rows).take(width).enumerate() {
            for (row, &x) in panel.iter_mut().zip(&column[k..]) {
                row[lane] = x;
            }
        }
    } else {
        for (row, from) in panel.iter_mut().zip(b.values[k * b.columns..].chunks_exact(b.columns)) {
            row[..width].copy_from_slice(&from[j..j + width]);
        }
    }
}

/// `M` rows by one panel: all sums in registers for the whole block of `k`.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "the innermost loop takes what it needs, unboxed")]
fn tile<T: Real, const M: usize, const WIDTH: usize>(
    a: Matrix<'_, T>,
    i: usize,
    k: usize,
    panel: &[[T; WIDTH]],
    overwrite: bool,
    c: &mut [T],
    n: usize,
    j: usize,
    width: usize,
) {
    let mut sums = [[T::ZERO; WIDTH]; M];
    if !overwrite {
        for (sums, c) in sums.iter_mut().zip(c.chunks_exact(n)) {
            sums[..width].copy_from_slice(&c[j..j + width]);
        }
    }
    if a.transposed {
        let columns = a.values[k * a.rows..].chunks_exact(a.rows);
        for (b, column) in panel.iter().zip(columns) {
            let column = &column[i..i + M];
            for (r, sums) in sums.iter_mut().enumerate() {
                for (sum, &b) in sums.iter_mut().zip(b) {
                    *sum = column[r].mul_add(b, *sum);
                }
            }
        }
    } else {
        let rows: [&[T]; M] = std::array::from_fn(|r| {
            let start = (i + r) * a.columns + k;
            &a.values[start..start + panel.len()]
        });
        for (k, b) in panel.iter().enumerate() {
            for (row, sums) in rows.iter().zip(&mut sums) {
                for (sum, &b) in sums.iter_mut().zip(b) {
                    *sum = row[k].mul_add(b, *sum);
                }
            }
        }
    }
    for (sums, c) in sums.iter().zip(c.chunks_exact_mut(n)) {
        c[j..j + width].copy_from_slice(&sums[..width]);
    }
}

#[cfg(test)]
mod tests;
