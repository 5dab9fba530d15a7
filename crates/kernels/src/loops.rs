//! Elementwise loops over one piece, and the broadcast of one row over many.

use crate::dispatch::Kernel;
use crate::error::{Error, length};
use crate::real::Real;

/// A loop as a kernel: the closure is inlined where it is compiled for the machine.
///
/// It is called by reference: a call by value goes through a function of the compiler's own, which
/// is not always inlined, and then is compiled for the baseline.
pub(crate) struct Loop<F>(pub(crate) F);

impl<F: FnMut()> Kernel for Loop<F> {
    type Output = ();
    #[inline(always)]
    fn run(mut self) {
        (self.0)();
    }
}

/// `y[i] = f(x[i])`: a piece of [`map`](crate::map).
pub(crate) fn map<T: Real>(x: &[T], y: &mut [T], f: impl Fn(T) -> T) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = f(x);
            }
        },
    ));
}

/// `y[i] = f(a[i], b[i])`: a piece of [`map2`](crate::map2).
pub(crate) fn map2<T: Real>(a: &[T], b: &[T], y: &mut [T], f: impl Fn(T, T) -> T) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                *y = f(a, b);
            }
        },
    ));
}

/// `d[i] += f(a[i], b[i], c[i])`: a piece of [`map3`](crate::map3).
pub(crate) fn map3<T: Real>(a: &[T], b: &[T], c: &[T], d: &mut [T], f: impl Fn(T, T, T) -> T) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for (((d, &a), &b), &c) in d.iter_mut().zip(a).zip(b).zip(c) {
                *d += f(a, b, c);
            }
        },
    ));
}

/// [`map3`](crate::map3) for rows: `d[r, i] += f(a[r, i], b[r, i], c[r, i])` for every row of `c`,
/// where each of `a`, `b` and `d` may be one row that stands for all. A `d` of one row gathers the
/// rows in order: the adjoint of a broadcast operation. Of no rows there is nothing to add.
///
/// ```
/// use elman_kernels::map3_rows;
///
/// // The gradient of b in a ∘ b, of which b is one row for all: Σ a ∘ dy over rows.
/// let (a, b, dy) = ([1.0, 2.0, 3.0, 4.0], [0.0, 0.0], [1.0, 1.0, 10.0, 10.0]);
/// let mut db = [0.0; 2];
/// map3_rows(&b, &a, &dy, &mut db, |_, a, dy| a * dy)?;
/// assert_eq!(db, [31.0, 42.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If a slice is neither as long as `c` nor as the shortest one, or `c` is no whole number of rows.
pub fn map3_rows<T: Real>(
    a: &[T],
    b: &[T],
    c: &[T],
    d: &mut [T],
    f: impl Fn(T, T, T) -> T + Sync,
) -> Result<(), Error> {
    if c.is_empty() {
        return Ok(());
    }
    let width = a.len().min(b.len()).min(d.len());
    if width == c.len() {
        return crate::map3(a, b, c, d, f);
    }
    whole("map3_rows", c.len(), width)?;
    for len in [a.len(), b.len(), d.len()] {
        length("map3_rows", if len == width { width } else { c.len() }, len)?;
    }
    let step = |len: usize| if len == width { 0 } else { width };
    let (in_a, in_b, in_d) = (step(a.len()), step(b.len()), step(d.len()));
    T::dispatch(Loop(
        #[inline(always)]
        || {
            if width == 1 {
                // Rows of one element are too short for a loop each.
                for (i, &c) in c.iter().enumerate() {
                    d[i * in_d] += f(a[i * in_a], b[i * in_b], c);
                }
                return;
            }
            for (r, c) in c.chunks_exact(width.max(1)).enumerate() {
                let (a, b) = (&a[r * in_a..][..width], &b[r * in_b..][..width]);
                let d = &mut d[r * in_d..][..width];
                for (((d, &a), &b), &c) in d.iter_mut().zip(a).zip(b).zip(c) {
                    *d += f(a, b, c);
                }
            }
        },
    ));
    Ok(())
}

/// `f(&mut y[i], x[i])`: a piece of [`update`](crate::update).
pub(crate) fn update<T: Real>(y: &mut [T], x: &[T], f: impl Fn(&mut T, T)) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                f(y, x);
            }
        },
    ));
}

/// `f(&mut y[i], [x₀[i], x₁[i], …])`: a piece of [`zip`](crate::zip).
pub(crate) fn zip<T: Real, const N: usize>(y: &mut [T], x: [&[T]; N], f: impl Fn(&mut T, [T; N])) {
    // In runs of a known length, copied: nothing has to be known then about where they lie.
    const RUN: usize = 16;
    let (whole, rest) = y.as_chunks_mut::<RUN>();
    let x = x.map(|x| x.as_chunks::<RUN>());
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for (r, y) in whole.iter_mut().enumerate() {
                let (mut run, mut at) = (*y, [[T::ZERO; RUN]; N]);
                for k in 0..N {
                    at[k] = x[k].0[r];
                }
                for i in 0..RUN {
                    let mut one = [T::ZERO; N];
                    for k in 0..N {
                        one[k] = at[k][i];
                    }
                    f(&mut run[i], one);
                }
                *y = run;
            }
            for (i, y) in rest.iter_mut().enumerate() {
                let mut at = [T::ZERO; N];
                for k in 0..N {
                    at[k] = x[k].1[i];
                }
                f(y, at);
            }
        },
    ));
}

/// `f(&mut x[i])`.
///
/// ```
/// use elman_kernels::each;
///
/// let mut x = [1.0, 2.0, 3.0];
/// each(&mut x, |x| *x *= 2.0);
/// assert_eq!(x, [2.0, 4.0, 6.0]);
/// ```
pub fn each<T: Real>(x: &mut [T], f: impl Fn(&mut T)) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for x in x.iter_mut() {
                f(x);
            }
        },
    ));
}

/// `f(&mut a[i], &mut b[i])`: a piece of [`each2`](crate::each2).
pub(crate) fn each2<T: Real>(a: &mut [T], b: &mut [T], f: impl Fn(&mut T, &mut T)) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for (a, b) in a.iter_mut().zip(b.iter_mut()) {
                f(a, b);
            }
        },
    ));
}

/// `f(&mut a[i], &mut b[i], &mut c[i])`: a piece of [`each3`](crate::each3).
pub(crate) fn each3<T: Real>(
    a: &mut [T],
    b: &mut [T],
    c: &mut [T],
    f: impl Fn(&mut T, &mut T, &mut T),
) {
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for ((a, b), c) in a.iter_mut().zip(b.iter_mut()).zip(c.iter_mut()) {
                f(a, b, c);
            }
        },
    ));
}

/// `y[r, i] = f(y[r, i], row[i])` for every row `r` of `y: [rows, row.len()]`.
///
/// ```
/// use elman_kernels::add_rows;
///
/// let mut y = [1.0, 2.0, 3.0, 4.0];
/// add_rows(&mut y, &[10.0, 20.0], |y, row| y + row)?;
/// assert_eq!(y, [11.0, 22.0, 13.0, 24.0]);
/// assert!(add_rows(&mut y, &[0.0; 3], |y, row| y + row).is_err()); // no whole rows
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If `y` is not a whole number of rows.
pub fn add_rows<T: Real>(y: &mut [T], row: &[T], f: impl Fn(T, T) -> T) -> Result<(), Error> {
    whole("add_rows", y.len(), row.len())?;
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for y in y.chunks_exact_mut(row.len().max(1)) {
                for (y, &x) in y.iter_mut().zip(row) {
                    *y = f(*y, x);
                }
            }
        },
    ));
    Ok(())
}

/// `row[i] += x[0, i] + x[1, i] + …`, rows in order: the adjoint of a broadcast.
///
/// ```
/// use elman_kernels::fold_rows;
///
/// let mut row = [100.0, 100.0];
/// fold_rows(&[1.0, 2.0, 10.0, 20.0], &mut row)?;
/// assert_eq!(row, [111.0, 122.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If `x` is not a whole number of rows.
pub fn fold_rows<T: Real>(x: &[T], row: &mut [T]) -> Result<(), Error> {
    whole("fold_rows", x.len(), row.len())?;
    T::dispatch(Loop(
        #[inline(always)]
        || {
            for x in x.chunks_exact(row.len().max(1)) {
                for (y, &x) in row.iter_mut().zip(x) {
                    *y += x;
                }
            }
        },
    ));
    Ok(())
}

/// `Ok` when `len` is a multiple of `row` (of an empty row: when it is 0).
fn whole(kernel: &'static str, len: usize, row: usize) -> Result<(), Error> {
    let rest = len.checked_rem(row).unwrap_or(len);
    length(kernel, len - rest, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_differ_are_errors() {
        let (mut two, three) = ([0.0f32; 2], [0.0f32; 3]);
        assert!(map3_rows(&three, &three, &three, &mut two, |a, _, _| a).is_err());
        assert!(map3_rows(&two.clone(), &three, &[0.0; 6], &mut two, |a, _, _| a).is_err());
        assert!(add_rows(&mut [0.0f32; 5], &three, |a, _| a).is_err());
        assert!(add_rows(&mut [0.0f32; 5], &[], |a, _| a).is_err());
        assert!(fold_rows(&three, &mut two).is_err());
    }

    #[test]
    fn rows_are_spread_and_gathered() {
        let mut y = [1.0, 2.0, 3.0, 4.0];
        add_rows(&mut y, &[10.0, 20.0], |y, x| y + x).unwrap();
        assert_eq!(y, [11.0, 22.0, 13.0, 24.0]);
        let mut row = [1.0, 1.0];
        fold_rows(&y, &mut row).unwrap();
        assert_eq!(row, [25.0, 47.0]);
        add_rows::<f64>(&mut [], &[], |y, x| y + x).unwrap();
        let (one, all) = ([2.0, 3.0], [1.0, 10.0, 100.0, 1000.0]);
        let f = |a, b, c| a * b + c;
        let mut d = [0.5; 4];
        map3_rows(&one, &all, &all, &mut d, f).unwrap();
        assert_eq!(d, [3.5, 40.5, 300.5, 4000.5]);
        map3_rows(&all, &one, &all, &mut row, f).unwrap();
        assert_eq!(row, [25.0 + 3.0 + 300.0, 47.0 + 40.0 + 4000.0]);
        map3_rows::<f64>(&[], &one, &[], &mut [7.0; 3], f).unwrap();
        let mut d = [0.5];
        map3_rows(&[2.0], &all, &all, &mut d, f).unwrap();
        assert_eq!(d, [0.5 + 3.0 * 1111.0]);
    }
}
