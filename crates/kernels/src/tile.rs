//! The innermost loop of every packed product: a tile of sums in registers.

use crate::lanes::Lanes;

/// Sums of `R` rows: for each, `N` groups of `V` registers.
pub(crate) type Tile<L, const R: usize, const N: usize, const V: usize> = [[[L; V]; N]; R];

/// The left operand of a tile: `a[r, k]` at `r · row + k · step` behind an address.
#[derive(Clone, Copy)]
pub(crate) struct Left<S> {
    pub(crate) at: *const S,
    pub(crate) row: usize,
    pub(crate) step: usize,
}

/// The right operand: `b[k, n, lane]` at `k · step + n · group + lane` behind an address.
#[derive(Clone, Copy)]
pub(crate) struct Right<S> {
    pub(crate) at: *const S,
    pub(crate) step: usize,
    pub(crate) group: usize,
}

/// `sums[r, n, lane] += Σₖ a[r, k] · b[k, n, lane]`, in the order of `k`, each term by a fused
/// multiply-add.
///
/// # Safety
/// `a[r, k]` and `b[k, n, lane]` have to be readable for all `r < R`, `k < depth`, `n < N` and
/// `lane < V · WIDTH`.
#[inline(always)]
pub(crate) unsafe fn accumulate<L: Lanes, const R: usize, const N: usize, const V: usize>(
    sums: &mut Tile<L, R, N, V>,
    a: Left<L::Scalar>,
    b: Right<L::Scalar>,
    depth: usize,
) {
    // Out of the caller's memory, into registers.
    let mut own = *sums;
    let (mut at_a, mut at_b) = (a.at, b.at);
    for _ in 0..depth {
        // SAFETY: `k < depth`, as the caller promises. Behind the last `k` the addresses are
        // computed with wrapping and never read.
        unsafe {
            let mut right = [[L::splat(*at_a); V]; N];
            for n in 0..N {
                for v in 0..V {
                    right[n][v] = L::load(at_b.add(n * b.group + v * L::WIDTH));
                }
            }
            for r in 0..R {
                let left = L::splat(*at_a.add(r * a.row));
                for n in 0..N {
                    for v in 0..V {
                        own[r][n][v] = left.mul_add(right[n][v], own[r][n][v]);
                    }
                }
            }
        }
        at_a = at_a.wrapping_add(a.step);
        at_b = at_b.wrapping_add(b.step);
    }
    *sums = own;
}

/// Calls a block with `R` bound to a number of rows from 1 to 6, as a function of its own.
macro_rules! with_rows {
    ($rows:expr, $R:ident => $call:expr) => {
        match $rows {
            1 => {
                const $R: usize = 1;
                L::apart(
                    #[inline(always)]
                    || $call,
                );
            }
            2 if L::ROWS > 1 => {
                const $R: usize = 2;
                L::apart(
                    #[inline(always)]
                    || $call,
                );
            }
            3 if L::ROWS > 1 => {
                const $R: usize = 3;
                L::apart(
                    #[inline(always)]
                    || $call,
                );
            }
            4 if L::ROWS > 3 => {
                const $R: usize = 4;
                L::apart(
                    #[inline(always)]
                    || $call,
                );
            }
            5 if L::ROWS > 3 => {
                const $R: usize = 5;
                L::apart(
                    #[inline(always)]
                    || $call,
                );
            }
            _ if L::ROWS > 3 => {
                const $R: usize = 6;
                L::apart(
                    #[inline(always)]
                    || $call,
                );
            }
            _ => {}
        }
    };
}

/// Calls a block for tiles of `V` registers that cover lanes `0..lanes`: 4, 2 or 1 at a time.
macro_rules! with_registers {
    ($lanes:expr, $first:ident, $V:ident => $call:expr) => {{
        let lanes = $lanes;
        let mut $first = 0;
        while $first < lanes {
            let left = (lanes - $first).div_ceil(L::WIDTH);
            if left >= 4 && L::ROWS > 1 {
                const $V: usize = 4;
                $call;
                $first += 4 * L::WIDTH;
            } else if left >= 2 && L::ROWS > 1 {
                const $V: usize = 2;
                $call;
                $first += 2 * L::WIDTH;
            } else {
                const $V: usize = 1;
                $call;
                $first += L::WIDTH;
            }
        }
    }};
}
pub(crate) use {with_registers, with_rows};

/// Cuts rows into the fewest blocks of at most `most`, whose sizes differ by at most one.
#[inline(always)]
pub(crate) fn blocks(rows: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = rows.div_ceil(most);
    (0..count).map(move |i| {
        let start = i * rows / count;
        (start, (i + 1) * rows / count - start)
    })
}

/// The `i`-th of `parts` shares of so many things: from where, and up to where.
pub(crate) fn share(count: usize, parts: usize, i: usize) -> (usize, usize) {
    (i * count / parts, (i + 1) * count / parts)
}
