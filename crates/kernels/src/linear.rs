//! Linear recurrences over time, element by element.

mod complex;
mod pieces;

pub use complex::{
    Complex, complex_linear, complex_linear_back, complex_linear_back_in_pieces,
    complex_linear_in_pieces,
};
pub use pieces::{linear_back_in_pieces, linear_in_pieces, piece_of};

use crate::dispatch::Kernel;
use crate::error::{Error, length};
use crate::map::Whole;
use crate::parallel;
use crate::real::Real;
use crate::tile::share;
use std::ops::Range;

/// Operations that a step of one element is worth.
const STEP: usize = 16;
/// Elements that a thread has at least: whole cache lines.
const LINE: usize = 16;

/// `y[t] = a[t] ∘ y[t − 1] + b[t]` for vectors of the length of `h`, which is `y[−1]`; each product
/// is rounded before the sum, and each sum is [flushed to zero](Real::flush_to_zero).
///
/// Threads share the elements, each of which has its own sums, so that they change no bit.
///
/// ```
/// use elman_kernels::linear;
///
/// // Half of what was, and one more.
/// let mut y = [0.0; 3];
/// linear(&[0.5; 3], &[1.0; 3], &[8.0], &mut y)?;
/// assert_eq!(y, [5.0, 3.5, 2.75]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If `a`, `b` and `y` are not of one length, or it is no whole number of steps.
pub fn linear<T: Real>(a: &[T], b: &[T], h: &[T], y: &mut [T]) -> Result<(), Error> {
    let time = steps(y.len(), h.len())?;
    length("linear, a", y.len(), a.len())?;
    length("linear, b", y.len(), b.len())?;
    let (width, y) = (h.len(), Whole::new(y));
    columns(time, width, &|own| {
        T::dispatch(Forward { a, b, h, y: &y, time, own });
    });
    Ok(())
}

/// What flows back through [`linear`]: `g[t] = dy[t] + a[t + 1] ∘ g[t + 1]`, the cotangents of all
/// sums, from those of the outputs; vectors of `width` numbers. Each is [flushed to
/// zero](Real::flush_to_zero).
///
/// ```
/// use elman_kernels::linear_back;
///
/// // What the last of three outputs says reaches the first sum over ½ · ½.
/// let mut g = [0.0; 3];
/// linear_back(&[0.5; 3], &[0.0, 0.0, 1.0], 1, &mut g)?;
/// assert_eq!(g, [0.25, 0.5, 1.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If lengths do not fit.
pub fn linear_back<T: Real>(a: &[T], dy: &[T], width: usize, g: &mut [T]) -> Result<(), Error> {
    let time = steps(g.len(), width)?;
    length("linear, a", g.len(), a.len())?;
    length("linear, cotangents", g.len(), dy.len())?;
    let g = Whole::new(g);
    columns(time, width, &|own| {
        T::dispatch(Back { a, dy, g: &g, time, width, own });
    });
    Ok(())
}

/// How many steps there are.
fn steps(len: usize, width: usize) -> Result<usize, Error> {
    let time = len.checked_div(width).unwrap_or(0);
    length("linear, steps", time * width, len)?;
    Ok(time)
}

/// Calls a function for pieces of the elements of a step.
fn columns(time: usize, width: usize, piece: &(dyn Fn(Range<usize>) + Sync)) {
    let lines = width.div_ceil(LINE);
    let parts = parallel::parts(time.saturating_mul(width).saturating_mul(STEP), lines);
    parallel::run(parts, &|i| {
        let (from, until) = share(lines, parts, i);
        piece(from * LINE..(until * LINE).min(width));
    });
}

/// Some elements of all steps, forwards.
struct Forward<'a, T> {
    a: &'a [T],
    b: &'a [T],
    h: &'a [T],
    y: &'a Whole<T>,
    time: usize,
    own: Range<usize>,
}

impl<T: Real> Kernel for Forward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Forward { a, b, h, y, time, own } = self;
        let mut before = &h[own.clone()];
        for t in 0..time {
            let row = t * h.len() + own.start..t * h.len() + own.end;
            // SAFETY: the elements of this step are nobody else's.
            let y = unsafe { y.piece(&row) };
            for (((y, &a), &b), &h) in y.iter_mut().zip(&a[row.clone()]).zip(&b[row]).zip(before) {
                *y = (a * h + b).flush_to_zero();
            }
            before = y;
        }
    }
}

/// Some elements of all steps, backwards.
struct Back<'a, T> {
    a: &'a [T],
    dy: &'a [T],
    g: &'a Whole<T>,
    time: usize,
    width: usize,
    own: Range<usize>,
}

impl<T: Real> Kernel for Back<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Back { a, dy, g, time, width, own } = self;
        let mut later: Option<(&[T], &[T])> = None;
        for t in (0..time).rev() {
            let row = t * width + own.start..t * width + own.end;
            // SAFETY: the elements of this step are nobody else's.
            let g = unsafe { g.piece(&row) };
            g.copy_from_slice(&dy[row.clone()]);
            if let Some((a, later)) = later {
                for ((g, &a), &later) in g.iter_mut().zip(a).zip(later) {
                    *g += a * later;
                }
            }
            g.iter_mut().for_each(|g| *g = g.flush_to_zero());
            later = Some((&a[row], g));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Threads;

    /// Numbers between −1 and 1.
    pub(super) fn numbers(len: usize, seed: usize) -> Vec<f64> {
        (0..len).map(|i| ((i * 7919 + seed * 104_729) as f64 * 0.618).sin()).collect()
    }

    #[test]
    fn every_element_has_its_own_recurrence_on_any_number_of_threads() {
        let sizes = [(0, 3), (1, 1), (7, 5), (300, 37), (50, 400), (3, 0)];
        let tiny = 2.0 * f64::FLUSH_BELOW;
        for ((time, width), size) in sizes.into_iter().flat_map(|s| [(s, 1.0), (s, tiny)]) {
            let [a, mut b, mut dy] = [1, 2, 3].map(|seed| numbers(time * width, seed));
            let mut h = numbers(width, 4);
            b.iter_mut().chain(&mut dy).chain(&mut h).for_each(|x| *x *= size);
            let mut wanted = [(); 2].map(|()| vec![0.0; time * width]);
            for i in 0..width {
                let at = |t: usize| t * width + i;
                let mut state = h[i];
                for t in 0..time {
                    state = (a[at(t)] * state + b[at(t)]).flush_to_zero();
                    wanted[0][at(t)] = state;
                }
                let mut g = 0.0;
                for t in (0..time).rev() {
                    g = if t + 1 < time { dy[at(t)] + a[at(t + 1)] * g } else { dy[at(t)] };
                    g = g.flush_to_zero();
                    wanted[1][at(t)] = g;
                }
            }
            for threads in [1, 2, 3] {
                let _threads = Threads::limit(threads);
                let mut found = [(); 2].map(|()| vec![f64::NAN; time * width]);
                linear(&a, &b, &h, &mut found[0]).unwrap();
                linear_back(&a, &dy, width, &mut found[1]).unwrap();
                assert_eq!(found, wanted);
            }
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_errors() {
        let (two, three, mut y) = ([0.0f32; 2], [0.0f32; 3], [0.0f32; 4]);
        let four = [0.0f32; 4];
        assert!(linear(&three, &four, &two, &mut y).is_err());
        assert!(linear(&four, &three, &two, &mut y).is_err());
        assert!(linear(&four, &four, &three, &mut y).is_err());
        assert!(linear(&four, &four, &[], &mut y).is_err());
        assert!(linear_back(&four, &three, 2, &mut y).is_err());
        assert!(linear_back(&four, &four, 3, &mut y).is_err());
    }
}
