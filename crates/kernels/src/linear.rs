//! Linear recurrences over time, element by element.

mod pieces;

pub use pieces::{linear_back_in_pieces, linear_in_pieces};

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
/// is rounded before the sum.
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
/// sums, from those of the outputs; vectors of so many numbers.
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

/// A complex number, or many: real and imaginary parts. [`complex_linear`] shows them at work.
pub type Complex<T> = [T; 2];

/// `y[t] = λ ∘ y[t − 1] + b[t]` over the complex numbers, with one `λ` for all steps and rows: for
/// `b[t]` of rows of the length of `λ`, and `h = y[−1]` of as many rows.
///
/// Sums are `(λʳ hʳ − λⁱ hⁱ) + bʳ` and `(λⁱ hʳ + λʳ hⁱ) + bⁱ`, each operation rounded. Threads
/// share the rows.
///
/// ```
/// use elman_kernels::complex_linear;
///
/// // λ = i turns by a right angle at each step: 1, i, −1, −i.
/// let (mut re, mut im) = ([0.0; 3], [0.0; 3]);
/// let b = [&[0.0; 3][..], &[0.0; 3]];
/// complex_linear([&[0.0], &[1.0]], b, [&[1.0], &[0.0]], [&mut re, &mut im])?;
/// assert_eq!((re, im), ([0.0, -1.0, 0.0], [1.0, 0.0, -1.0]));
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If lengths do not fit.
pub fn complex_linear<T: Real>(
    lambda: Complex<&[T]>,
    b: Complex<&[T]>,
    h: Complex<&[T]>,
    y: Complex<&mut [T]>,
) -> Result<(), Error> {
    let [time, batch, n] = complex_sizes(y[0].len(), h[0].len(), lambda[0].len())?;
    for (wanted, found) in [(n, lambda), (batch * n, h), (time * batch * n, b)] {
        found.iter().try_for_each(|x| length("complex linear", wanted, x.len()))?;
    }
    length("complex linear, outputs", y[0].len(), y[1].len())?;
    let y = y.map(Whole::new);
    rows(time, batch, n, &|row| {
        T::dispatch(Turns { lambda, b, h: Some(h), y: &y, sizes: [time, batch, n], row });
    });
    Ok(())
}

/// What flows back through [`complex_linear`]: `g[t] = dy[t] + λ* ∘ g[t + 1]`, with the conjugate
/// of λ, for vectors of `width` numbers each.
///
/// ```
/// use elman_kernels::complex_linear_back;
///
/// // Back through λ = i, it turns the other way: 1, −i, −1.
/// let (mut re, mut im) = ([0.0; 3], [0.0; 3]);
/// let dy = [&[0.0, 0.0, 1.0][..], &[0.0; 3]];
/// complex_linear_back([&[0.0], &[1.0]], dy, 1, [&mut re, &mut im])?;
/// assert_eq!((re, im), ([-1.0, 0.0, 1.0], [0.0, -1.0, 0.0]));
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If lengths do not fit.
pub fn complex_linear_back<T: Real>(
    lambda: Complex<&[T]>,
    dy: Complex<&[T]>,
    width: usize,
    g: Complex<&mut [T]>,
) -> Result<(), Error> {
    let [time, batch, n] = complex_sizes(g[0].len(), width, lambda[0].len())?;
    for (wanted, found) in [(n, lambda), (time * batch * n, dy)] {
        found.iter().try_for_each(|x| length("complex linear", wanted, x.len()))?;
    }
    length("complex linear, cotangents", g[0].len(), g[1].len())?;
    let y = g.map(Whole::new);
    rows(time, batch, n, &|row| {
        let turns = Turns { lambda, b: dy, h: None, y: &y, sizes: [time, batch, n], row };
        T::dispatch(turns);
    });
    Ok(())
}

/// Steps, rows, and the length of a row.
fn complex_sizes(len: usize, width: usize, n: usize) -> Result<[usize; 3], Error> {
    let batch = width.checked_div(n).unwrap_or(0);
    length("complex linear, rows", batch * n, width)?;
    Ok([steps(len, width)?, batch, n])
}

/// Calls a function for each row.
fn rows(time: usize, batch: usize, n: usize, row: &(dyn Fn(usize) + Sync)) {
    let operations = time.saturating_mul(batch).saturating_mul(n).saturating_mul(4 * STEP);
    let parts = parallel::parts(operations, batch);
    parallel::run(parts, &|i| {
        let (from, until) = share(batch, parts, i);
        (from..until).for_each(row);
    });
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
                *y = a * h + b;
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
            later = Some((&a[row], g));
        }
    }
}

/// A row of all steps of complex numbers that are turned by λ and added to, forwards from `h`, or
/// backwards from nothing by the conjugate of λ.
struct Turns<'a, T> {
    lambda: Complex<&'a [T]>,
    b: Complex<&'a [T]>,
    h: Option<Complex<&'a [T]>>,
    y: &'a Complex<Whole<T>>,
    sizes: [usize; 3],
    row: usize,
}

impl<T: Real> Kernel for Turns<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Turns { lambda: [lr, li], b: [br, bi], h, y: [yr, yi], sizes, row } = self;
        let [time, batch, n] = sizes;
        let own = row * n..(row + 1) * n;
        let forward = h.is_some();
        let mut before = h.map(|[hr, hi]| (&hr[own.clone()], &hi[own]));
        for step in 0..time {
            let t = if forward { step } else { time - 1 - step };
            let row = (t * batch + row) * n..(t * batch + row + 1) * n;
            // SAFETY: this row of this step is nobody else's.
            let (yr, yi) = unsafe { (yr.piece(&row), yi.piece(&row)) };
            let (br, bi) = (&br[row.clone()], &bi[row]);
            let Some((hr, hi)) = before else {
                yr.copy_from_slice(br);
                yi.copy_from_slice(bi);
                before = Some((yr, yi));
                continue;
            };
            let (lr, li, hr, hi) = (&lr[..n], &li[..n], &hr[..n], &hi[..n]);
            for i in 0..n {
                let li = if forward { li[i] } else { -li[i] };
                yr[i] = (lr[i] * hr[i] - li * hi[i]) + br[i];
                yi[i] = (li * hr[i] + lr[i] * hi[i]) + bi[i];
            }
            before = Some((yr, yi));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Threads;

    /// Numbers between −1 and 1.
    fn numbers(len: usize, seed: usize) -> Vec<f64> {
        (0..len).map(|i| ((i * 7919 + seed * 104_729) as f64 * 0.618).sin()).collect()
    }

    #[test]
    fn every_element_has_its_own_recurrence_on_any_number_of_threads() {
        for (time, width) in [(0, 3), (1, 1), (7, 5), (300, 37), (50, 400), (3, 0)] {
            let [a, b, dy] = [1, 2, 3].map(|seed| numbers(time * width, seed));
            let h = numbers(width, 4);
            let mut wanted = [(); 2].map(|()| vec![0.0; time * width]);
            for i in 0..width {
                let at = |t: usize| t * width + i;
                let mut state = h[i];
                for t in 0..time {
                    state = a[at(t)] * state + b[at(t)];
                    wanted[0][at(t)] = state;
                }
                let mut g = 0.0;
                for t in (0..time).rev() {
                    g = if t + 1 < time { dy[at(t)] + a[at(t + 1)] * g } else { dy[at(t)] };
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
    fn complex_numbers_turn_and_grow() {
        for (time, batch, n) in [(0, 2, 3), (1, 1, 1), (6, 3, 5), (90, 4, 33), (4, 3, 0)] {
            let lambda = [1, 2].map(|seed| numbers(n, seed));
            let h = [3, 4].map(|seed| numbers(batch * n, seed));
            let b = [5, 6].map(|seed| numbers(time * batch * n, seed));
            // λ as a matrix, and its transposed one, which is the conjugate.
            let turn = |[hr, hi]: [f64; 2], i: usize, back: bool| {
                let (lr, li) = (lambda[0][i], if back { -lambda[1][i] } else { lambda[1][i] });
                [lr * hr - li * hi, li * hr + lr * hi]
            };
            let mut wanted = [(); 4].map(|()| vec![0.0; time * batch * n]);
            for at in 0..batch * n {
                let (i, all) = (at % n, batch * n);
                let mut y = [h[0][at], h[1][at]];
                for t in 0..time {
                    let turned = turn(y, i, false);
                    y = [turned[0] + b[0][t * all + at], turned[1] + b[1][t * all + at]];
                    (wanted[0][t * all + at], wanted[1][t * all + at]) = (y[0], y[1]);
                }
                let mut g = None;
                for t in (0..time).rev() {
                    let dy = [b[0][t * all + at], b[1][t * all + at]];
                    let turned = g.map_or([0.0; 2], |g| turn(g, i, true));
                    let now = [turned[0] + dy[0], turned[1] + dy[1]];
                    (wanted[2][t * all + at], wanted[3][t * all + at]) = (now[0], now[1]);
                    g = Some(now);
                }
            }
            let of = |x: &'_ [Vec<f64>; 2]| [x[0].clone(), x[1].clone()];
            let (l, b, h) = (of(&lambda), of(&b), of(&h));
            let (l, b, h) = ([&l[0][..], &l[1]], [&b[0][..], &b[1]], [&h[0][..], &h[1]]);
            for threads in [1, 2, 3] {
                let _threads = Threads::limit(threads);
                let mut found = [(); 4].map(|()| vec![f64::NAN; time * batch * n]);
                let [yr, yi, gr, gi] = &mut found;
                complex_linear(l, b, h, [yr, yi]).unwrap();
                complex_linear_back(l, b, batch * n, [gr, gi]).unwrap();
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
        let mut z = y;
        let mut complex = |l: &[f32], b: &[f32], h: &[f32]| {
            complex_linear([l; 2], [b; 2], [h; 2], [&mut y, &mut z]).is_ok()
        };
        assert!(complex(&two, &four, &two) && complex(&two, &four, &four));
        assert!(!complex(&three, &four, &two) && !complex(&two, &two, &two));
        assert!(!complex(&two, &four, &three) && !complex(&[], &four, &two));
        assert!(complex_linear_back([&two; 2], [&four; 2], 3, [&mut y, &mut z]).is_err());
        assert!(complex_linear_back([&two, &three], [&four; 2], 2, [&mut y, &mut z]).is_err());
    }
}
