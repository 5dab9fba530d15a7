//! Elementwise loops, which threads share where they are long: each number for itself, so that it
//! changes no bit.

use crate::THRESHOLD_DIVISOR;
use crate::error::{Error, length};
use crate::loops;
use crate::parallel::{self, Apart, threads};
use crate::real::Real;
use crate::reduce::sum_by;
use crate::tile::share;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Numbers that are worth a thread of their own.
const LONG: usize = (1 << 16) / THRESHOLD_DIVISOR;

/// Calls a function for pieces of a vector of so many numbers.
fn pieces(len: usize, piece: &(dyn Fn(Range<usize>) + Sync)) {
    let parts = (len / LONG).clamp(1, threads());
    parallel::run(parts, &|i| {
        let (from, until) = share(len, parts, i);
        piece(from..until);
    });
}

/// A vector of which each piece is written by one thread.
pub(crate) struct Whole<T>(Apart<*mut T>);

impl<T> Whole<T> {
    pub(crate) fn new(x: &mut [T]) -> Self {
        Whole(Apart(x.as_mut_ptr()))
    }

    /// # Safety
    /// The vector has to live, the piece to lie within it, and nobody else to use it meanwhile.
    #[expect(clippy::mut_from_ref, reason = "pieces are apart")]
    pub(crate) unsafe fn piece(&self, range: &Range<usize>) -> &mut [T] {
        // SAFETY: the caller's promises.
        unsafe { std::slice::from_raw_parts_mut(self.0.get().add(range.start), range.len()) }
    }
}

/// `x[i] = value`.
///
/// ```
/// use elman_kernels::fill;
///
/// let mut x = [1.0, f64::NAN];
/// fill(&mut x, 0.0);
/// assert_eq!(x, [0.0, 0.0]);
/// ```
pub fn fill<T: Real>(x: &mut [T], value: T) {
    let (len, x) = (x.len(), Whole::new(x));
    // SAFETY: pieces lie within the vector and do not overlap.
    pieces(len, &|range| unsafe { x.piece(&range).fill(value) });
}

/// `y[i] = x[i]`.
///
/// ```
/// use elman_kernels::copy;
///
/// let mut y = [0.0; 2];
/// copy(&[1.0, 2.0], &mut y)?;
/// assert_eq!(y, [1.0, 2.0]);
/// assert!(copy(&[1.0], &mut y).is_err());
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn copy<T: Real>(x: &[T], y: &mut [T]) -> Result<(), Error> {
    length("copy", x.len(), y.len())?;
    let y = Whole::new(y);
    // SAFETY: as in `fill`.
    pieces(x.len(), &|range| unsafe { y.piece(&range).copy_from_slice(&x[range]) });
    Ok(())
}

/// `y[i] = f(x[i])`.
///
/// ```
/// use elman_kernels::map;
///
/// let mut y = [0.0; 3];
/// map(&[1.0, 2.0, 3.0], &mut y, |x| x * x)?;
/// assert_eq!(y, [1.0, 4.0, 9.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn map<T: Real>(x: &[T], y: &mut [T], f: impl Fn(T) -> T + Sync) -> Result<(), Error> {
    length("map", x.len(), y.len())?;
    let y = Whole::new(y);
    pieces(x.len(), &|range| {
        // SAFETY: as in `fill`.
        let y = unsafe { y.piece(&range) };
        loops::map(&x[range], y, &f);
    });
    Ok(())
}

/// `y[i] = f(a[i], b[i])`.
///
/// ```
/// use elman_kernels::map2;
///
/// let mut y = [0.0; 2];
/// map2(&[1.0, 5.0], &[3.0, 4.0], &mut y, |a, b| if a > b { a } else { b })?;
/// assert_eq!(y, [3.0, 5.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn map2<T: Real>(
    a: &[T],
    b: &[T],
    y: &mut [T],
    f: impl Fn(T, T) -> T + Sync,
) -> Result<(), Error> {
    length("map2", a.len(), b.len())?;
    length("map2", a.len(), y.len())?;
    let y = Whole::new(y);
    pieces(a.len(), &|range| {
        // SAFETY: as in `fill`.
        let y = unsafe { y.piece(&range) };
        loops::map2(&a[range.clone()], &b[range], y, &f);
    });
    Ok(())
}

/// `d[i] += f(a[i], b[i], c[i])`: the shape of an elementwise adjoint (input, output, cotangent).
///
/// ```
/// use elman_kernels::map3;
///
/// // Through y = x² with dy = 10: dx gets 2 x dy more.
/// let mut dx = [1.0, 1.0];
/// map3(&[3.0, 4.0], &[9.0, 16.0], &[10.0, 10.0], &mut dx, |x, _, dy| 2.0 * x * dy)?;
/// assert_eq!(dx, [61.0, 81.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn map3<T: Real>(
    a: &[T],
    b: &[T],
    c: &[T],
    d: &mut [T],
    f: impl Fn(T, T, T) -> T + Sync,
) -> Result<(), Error> {
    length("map3", a.len(), b.len())?;
    length("map3", a.len(), c.len())?;
    length("map3", a.len(), d.len())?;
    let d = Whole::new(d);
    pieces(a.len(), &|range| {
        // SAFETY: as in `fill`.
        let d = unsafe { d.piece(&range) };
        loops::map3(&a[range.clone()], &b[range.clone()], &c[range], d, &f);
    });
    Ok(())
}

/// `f(&mut y[i], x[i])`.
///
/// ```
/// use elman_kernels::update;
///
/// // A step of gradient descent.
/// let mut w = [1.0, 2.0];
/// update(&mut w, &[10.0, -10.0], |w, g| *w -= 0.5 * g)?;
/// assert_eq!(w, [-4.0, 7.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn update<T: Real>(y: &mut [T], x: &[T], f: impl Fn(&mut T, T) + Sync) -> Result<(), Error> {
    length("update", y.len(), x.len())?;
    let y = Whole::new(y);
    pieces(x.len(), &|range| {
        // SAFETY: as in `fill`.
        let y = unsafe { y.piece(&range) };
        loops::update(y, &x[range], &f);
    });
    Ok(())
}

/// `f(&mut y[i], [x₀[i], x₁[i], …])`: [`update`] by any number of vectors.
///
/// ```
/// use elman_kernels::zip;
///
/// let mut y = [1.0, 1.0];
/// zip(&mut y, [&[1.0, 2.0], &[10.0, 20.0], &[100.0, 200.0]], |y, [a, b, c]| *y += a + b + c)?;
/// assert_eq!(y, [112.0, 223.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn zip<T: Real, const N: usize>(
    y: &mut [T],
    x: [&[T]; N],
    f: impl Fn(&mut T, [T; N]) + Sync,
) -> Result<(), Error> {
    x.iter().try_for_each(|x| length("zip", y.len(), x.len()))?;
    let (len, y) = (y.len(), Whole::new(y));
    pieces(len, &|range| {
        // SAFETY: as in `fill`.
        let y = unsafe { y.piece(&range) };
        loops::zip(y, x.map(|x| &x[range.clone()]), &f);
    });
    Ok(())
}

/// `f(&mut a[i], &mut b[i])`.
///
/// ```
/// use elman_kernels::each2;
///
/// // The heavy ball: a velocity gathers gradients, and takes their place.
/// let (mut g, mut v) = ([1.0, 2.0], [4.0, 4.0]);
/// each2(&mut g, &mut v, |g, v| {
///     *v = 0.5 * *v + *g;
///     *g = *v;
/// })?;
/// assert_eq!((g, v), ([3.0, 4.0], [3.0, 4.0]));
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn each2<T: Real>(
    a: &mut [T],
    b: &mut [T],
    f: impl Fn(&mut T, &mut T) + Sync,
) -> Result<(), Error> {
    length("each2", a.len(), b.len())?;
    let len = a.len();
    let (a, b) = (Whole::new(a), Whole::new(b));
    pieces(len, &|range| {
        // SAFETY: as in `fill`.
        let (a, b) = unsafe { (a.piece(&range), b.piece(&range)) };
        loops::each2(a, b, &f);
    });
    Ok(())
}

/// `f(&mut a[i], &mut b[i], &mut c[i])`: the shape of an update with two memories.
///
/// ```
/// use elman_kernels::each3;
///
/// // Running means of a gradient and of its square.
/// let (mut g, mut m, mut s) = ([4.0], [0.0], [0.0]);
/// each3(&mut g, &mut m, &mut s, |g, m, s| {
///     *m += 0.5 * (*g - *m);
///     *s += 0.5 * (*g * *g - *s);
/// })?;
/// assert_eq!((m, s), ([2.0], [8.0]));
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If the lengths differ.
pub fn each3<T: Real>(
    a: &mut [T],
    b: &mut [T],
    c: &mut [T],
    f: impl Fn(&mut T, &mut T, &mut T) + Sync,
) -> Result<(), Error> {
    length("each3", a.len(), b.len())?;
    length("each3", a.len(), c.len())?;
    let len = a.len();
    let (a, b, c) = (Whole::new(a), Whole::new(b), Whole::new(c));
    pieces(len, &|range| {
        // SAFETY: as in `fill`.
        let (a, b, c) = unsafe { (a.piece(&range), b.piece(&range), c.piece(&range)) };
        loops::each3(a, b, c, &f);
    });
    Ok(())
}

/// Whether no number is infinite or NaN.
///
/// ```
/// use elman_kernels::all_finite;
///
/// assert!(all_finite(&[1.0, f64::MAX]));
/// assert!(!all_finite(&[1.0, f64::INFINITY]) && !all_finite(&[f64::NAN]));
/// assert!(all_finite::<f64>(&[]));
/// ```
pub fn all_finite<T: Real>(x: &[T]) -> bool {
    let finite = AtomicBool::new(true);
    pieces(x.len(), &|range| {
        // 0 · x is 0 of finite numbers, NaN of all others.
        if !sum_by(&x[range], |x| x * T::ZERO).is_finite() {
            finite.store(false, Ordering::Relaxed);
        }
    });
    finite.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough for several threads.
    const MANY: usize = 3 * LONG + 5;

    #[test]
    fn every_number_is_reached_once() {
        let x: Vec<f32> = (0..MANY).map(|i| i as f32).collect();
        let mut y = vec![f32::NAN; MANY];
        fill(&mut y, 1.0);
        assert!(y.iter().all(|&y| y == 1.0));
        copy(&x, &mut y).unwrap();
        assert_eq!(x, y);
        map(&x, &mut y, |x| x - 1.0).unwrap();
        map2(&x, &x.clone(), &mut y, |x, z| 2.0 * x - z).unwrap();
        map3(&x, &x, &x, &mut y, |a, b, c| a + b - c - a).unwrap();
        assert_eq!(x, y);
        update(&mut y, &x, |y, x| *y += x).unwrap();
        assert!(y.iter().zip(&x).all(|(&y, &x)| y == 2.0 * x));
        zip(&mut y, [&x, &x, &x], |y, [a, b, c]| *y += a - 2.0 * b + c).unwrap();
        zip(&mut y, [], |y, []| *y += 0.0).unwrap();
        assert!(y.iter().zip(&x).all(|(&y, &x)| y == 2.0 * x));
        let (mut a, mut b) = (x.clone(), x.clone());
        each2(&mut a, &mut y, |a, y| (*a, *y) = (*y, *a)).unwrap();
        each2(&mut a, &mut y, |a, y| (*a, *y) = (*y, *a)).unwrap();
        each3(&mut a, &mut b, &mut y, |a, b, y| {
            *a += 1.0;
            *b += *y;
        })
        .unwrap();
        assert!(a.iter().zip(&x).all(|(&a, &x)| a == x + 1.0));
        assert!(b.iter().zip(&x).all(|(&b, &x)| b == 3.0 * x));
    }

    #[test]
    fn one_number_that_is_not_finite_is_found_wherever_it_is() {
        let mut x = vec![1.0f64; MANY];
        assert!(all_finite(&x) && all_finite::<f64>(&[]));
        for at in [0, 7, LONG, MANY / 2, MANY - 1] {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                x[at] = bad;
                assert!(!all_finite(&x));
            }
            x[at] = f64::MAX;
            assert!(all_finite(&x));
        }
    }

    #[test]
    fn lengths_that_differ_are_errors() {
        let (mut two, three) = ([0.0f32; 2], [0.0f32; 3]);
        assert!(map(&three, &mut two, |x| x).is_err());
        assert!(map2(&three, &three, &mut two, |a, _| a).is_err());
        assert!(map3(&three, &three, &three, &mut two, |a, _, _| a).is_err());
        assert!(copy(&three, &mut two).is_err());
        assert!(update(&mut two, &three, |_, _| ()).is_err());
        assert!(zip(&mut two, [&[0.0; 2], &three], |_, [_, _]| ()).is_err());
        assert!(each2(&mut two, &mut [0.0; 3], |_, _| ()).is_err());
        assert!(each3(&mut two, &mut [0.0; 2], &mut [0.0; 3], |_, _, _| ()).is_err());
    }
}
