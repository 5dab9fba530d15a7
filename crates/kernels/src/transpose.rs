//! Transposed copies of matrices.

use crate::lanes::Lanes;
use crate::real::Real;

/// `to[c, r] = from[r · row + c · step]` for so many rows `r` and columns `c`, in rows of `to` that
/// are `width` apart, with zeros behind them up to whole registers.
///
/// # Safety
/// All of them have to be there, and room for whole registers.
#[inline(always)]
pub(crate) unsafe fn transpose<L: Lanes>(
    (from, row, step): (*const L::Scalar, usize, usize),
    [rows, columns]: [usize; 2],
    (to, width): (*mut L::Scalar, usize),
) {
    let whole = |n: usize| if step == 1 { n - n % L::WIDTH } else { 0 };
    let (whole_rows, whole_columns) = (whole(rows), whole(columns));
    // SAFETY: the caller's promise.
    unsafe {
        for r in (0..whole_rows).step_by(L::WIDTH) {
            for c in (0..whole_columns).step_by(L::WIDTH) {
                L::transpose((from.add(r * row + c), row), (to.add(c * width + r), width));
            }
        }
        for r in 0..rows.next_multiple_of(L::WIDTH) {
            let done = if r < whole_rows { whole_columns } else { 0 };
            for c in done..columns {
                let x = if r < rows { *from.add(r * row + c * step) } else { L::Scalar::ZERO };
                to.add(c * width + r).write(x);
            }
        }
    }
}
