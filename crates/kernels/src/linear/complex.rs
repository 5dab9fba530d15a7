//! Linear recurrences over the complex numbers, with one factor for all steps.

use super::pieces::{by_pieces, flush, piece_of};
use super::{STEP, steps};
use crate::dispatch::Kernel;
use crate::error::{Error, length};
use crate::map::Whole;
use crate::parallel;
use crate::real::Real;
use crate::tile::share;

/// A complex number, or many: real and imaginary parts. [`complex_linear`] shows them at work.
pub type Complex<T> = [T; 2];

/// `y[t] = λ ∘ y[t − 1] + b[t]` over the complex numbers, with one `λ` for all steps and rows: for
/// `b[t]` of rows of the length of `λ`, and `h = y[−1]` of as many rows.
///
/// Sums are `(λʳ hʳ − λⁱ hⁱ) + bʳ` and `(λⁱ hʳ + λʳ hⁱ) + bⁱ`, each operation rounded, and each sum
/// [flushed to zero](Real::flush_to_zero). Threads share the rows.
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
    let turns = Turns::forward(lambda, b, h, &y)?;
    turns.row_by_row(&y.map(Whole::new));
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
    let turns = Turns::backward(lambda, dy, width, &g)?;
    turns.row_by_row(&g.map(Whole::new));
    Ok(())
}

/// [`complex_linear`] in √time pieces, which threads share: each begins at 0, and what was carried
/// into it is added, multiplied by the powers of λ, which are put into `powers`: of the length of
/// `λ` for each step of a [piece](piece_of). Equal to rounding, at twice the work.
///
/// Pieces follow from the number of steps, so that bits do not depend on threads.
///
/// ```
/// use elman_kernels::{complex_linear_in_pieces, piece_of};
///
/// // λ = i turns by a right angle at each step; nine of them are pieces of three.
/// let (mut re, mut im, mut powers) = ([0.0; 9], [0.0; 9], ([0.0; 3], [0.0; 3]));
/// assert_eq!(piece_of(9), 3);
/// let (b, h) = ([&[0.0; 9][..], &[0.0; 9]], [&[1.0][..], &[0.0]]);
/// let all = [&mut powers.0[..], &mut powers.1];
/// complex_linear_in_pieces([&[0.0], &[1.0]], b, h, [&mut re, &mut im], all)?;
/// assert_eq!(re, [0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 1.0, 0.0]);
/// assert_eq!(powers, ([0.0, -1.0, 0.0], [1.0, 0.0, -1.0])); // i, −1, −i
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If lengths do not fit.
pub fn complex_linear_in_pieces<T: Real>(
    lambda: Complex<&[T]>,
    b: Complex<&[T]>,
    h: Complex<&[T]>,
    y: Complex<&mut [T]>,
    powers: Complex<&mut [T]>,
) -> Result<(), Error> {
    let turns = Turns::forward(lambda, b, h, &y)?;
    turns.piece_by_piece(&y.map(Whole::new), powers)
}

/// [`complex_linear_back`] in pieces, as [`complex_linear_in_pieces`].
///
/// ```
/// use elman_kernels::complex_linear_back_in_pieces;
///
/// // Back through λ = i, it turns the other way; four steps are pieces of two.
/// let (mut re, mut im, mut powers) = ([0.0; 4], [0.0; 4], ([0.0; 2], [0.0; 2]));
/// let dy = [&[0.0, 0.0, 0.0, 1.0][..], &[0.0; 4]];
/// let all = [&mut powers.0[..], &mut powers.1];
/// complex_linear_back_in_pieces([&[0.0], &[1.0]], dy, 1, [&mut re, &mut im], all)?;
/// assert_eq!((re, im), ([0.0, -1.0, 0.0, 1.0], [1.0, 0.0, -1.0, 0.0]));
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If lengths do not fit.
pub fn complex_linear_back_in_pieces<T: Real>(
    lambda: Complex<&[T]>,
    dy: Complex<&[T]>,
    width: usize,
    g: Complex<&mut [T]>,
    powers: Complex<&mut [T]>,
) -> Result<(), Error> {
    let turns = Turns::backward(lambda, dy, width, &g)?;
    turns.piece_by_piece(&g.map(Whole::new), powers)
}

/// Complex numbers that are turned by λ and added to, step by step: forwards from `h`, or backwards
/// from nothing by the conjugate of λ.
#[derive(Clone, Copy)]
struct Turns<'a, T> {
    lambda: Complex<&'a [T]>,
    b: Complex<&'a [T]>,
    h: Option<Complex<&'a [T]>>,
    time: usize,
    batch: usize,
}

impl<'a, T: Real> Turns<'a, T> {
    fn forward(
        lambda: Complex<&'a [T]>,
        b: Complex<&'a [T]>,
        h: Complex<&'a [T]>,
        y: &Complex<&mut [T]>,
    ) -> Result<Self, Error> {
        length("complex linear, h", h[0].len(), h[1].len())?;
        Self::checked(lambda, b, Some(h), h[0].len(), y)
    }

    fn backward(
        lambda: Complex<&'a [T]>,
        dy: Complex<&'a [T]>,
        width: usize,
        g: &Complex<&mut [T]>,
    ) -> Result<Self, Error> {
        Self::checked(lambda, dy, None, width, g)
    }

    fn checked(
        lambda: Complex<&'a [T]>,
        b: Complex<&'a [T]>,
        h: Option<Complex<&'a [T]>>,
        width: usize,
        y: &Complex<&mut [T]>,
    ) -> Result<Self, Error> {
        let (n, len) = (lambda[0].len(), y[0].len());
        let batch = width.checked_div(n).unwrap_or(0);
        length("complex linear, rows", batch * n, width)?;
        let time = steps(len, width)?;
        length("complex linear, λ", n, lambda[1].len())?;
        length("complex linear, outputs", len, y[1].len())?;
        b.iter().try_for_each(|b| length("complex linear, b", len, b.len()))?;
        Ok(Turns { lambda, b, h, time, batch })
    }

    /// Threads share the rows.
    fn row_by_row(self, y: &Complex<Whole<T>>) {
        let parts = parallel::parts(self.work(), self.batch);
        parallel::run(parts, &|i| {
            let (from, until) = share(self.batch, parts, i);
            let steps = (0, self.time);
            (from..until).for_each(|row| T::dispatch(Run { all: self, y, row, steps }));
        });
    }

    /// Threads share pieces of time.
    fn piece_by_piece(self, y: &Complex<Whole<T>>, powers: Complex<&mut [T]>) -> Result<(), Error> {
        let Turns { time, batch, lambda, .. } = self;
        let n = lambda[0].len();
        powers
            .iter()
            .try_for_each(|p| length("complex linear, powers", piece_of(time) * n, p.len()))?;
        let [powers, imaginary] = powers;
        // λ itself, times λ for each step more: a recurrence to which nothing is added.
        for (to, lambda) in [(&mut *powers, lambda[0]), (&mut *imaginary, lambda[1])] {
            to.iter_mut().zip(lambda).for_each(|(to, &lambda)| *to = lambda);
        }
        for at in n..powers.len() {
            let ([lr, li], before) = ([lambda[0][at % n], lambda[1][at % n]], at - n);
            let [pr, pi] = [powers[before], imaginary[before]];
            powers[at] = (lr * pr - li * pi).flush_to_zero();
            imaginary[at] = (li * pr + lr * pi).flush_to_zero();
        }
        let powers = [&*powers, &*imaginary];
        by_pieces(
            time,
            self.work(),
            &|steps| (0..batch).for_each(|row| T::dispatch(Run { all: self, y, row, steps })),
            &|from, steps| {
                (0..batch).for_each(|row| {
                    T::dispatch(Carry { all: self, y, powers, row, from, steps });
                });
            },
        );
        Ok(())
    }

    /// Operations that all of it is worth.
    fn work(&self) -> usize {
        let numbers = self.time.saturating_mul(self.batch).saturating_mul(self.lambda[0].len());
        numbers.saturating_mul(4 * STEP)
    }

    /// Where a row of the `s`-th step lies, from the end when it goes backwards.
    #[inline(always)]
    fn place(&self, s: usize, row: usize) -> std::ops::Range<usize> {
        let (t, n) = (if self.h.is_some() { s } else { self.time - 1 - s }, self.lambda[0].len());
        (t * self.batch + row) * n..(t * self.batch + row + 1) * n
    }
}

/// A row of some steps: the first of all from `h`, any other from 0.
struct Run<'a, T> {
    all: Turns<'a, T>,
    y: &'a Complex<Whole<T>>,
    row: usize,
    steps: (usize, usize),
}

impl<T: Real> Kernel for Run<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Run { all, y: [yr, yi], row, steps: (from, until) } = self;
        let (n, forward) = (all.lambda[0].len(), all.h.is_some());
        let mut before = all.h.filter(|_| from == 0).map(|[hr, hi]| {
            let own = row * n..(row + 1) * n;
            (&hr[own.clone()], &hi[own])
        });
        for s in from..until {
            let place = all.place(s, row);
            // SAFETY: this row of this step is nobody else's.
            let (yr, yi) = unsafe { (yr.piece(&place), yi.piece(&place)) };
            let (br, bi) = (&all.b[0][place.clone()], &all.b[1][place]);
            let Some((hr, hi)) = before else {
                flush(br, yr);
                flush(bi, yi);
                before = Some((yr, yi));
                continue;
            };
            let (lr, li, hr, hi) = (&all.lambda[0][..n], &all.lambda[1][..n], &hr[..n], &hi[..n]);
            for i in 0..n {
                let li = if forward { li[i] } else { -li[i] };
                yr[i] = ((lr[i] * hr[i] - li * hi[i]) + br[i]).flush_to_zero();
                yi[i] = ((li * hr[i] + lr[i] * hi[i]) + bi[i]).flush_to_zero();
            }
            before = Some((yr, yi));
        }
    }
}

/// A row of some steps of a piece, to which is added what was carried into it.
struct Carry<'a, T> {
    all: Turns<'a, T>,
    y: &'a Complex<Whole<T>>,
    /// Of λ, from the first one on.
    powers: Complex<&'a [T]>,
    row: usize,
    /// Where the piece begins.
    from: usize,
    steps: (usize, usize),
}

impl<T: Real> Kernel for Carry<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Carry { all, y: [yr, yi], powers, row, from, steps: (first, until) } = self;
        let (n, forward) = (all.lambda[0].len(), all.h.is_some());
        let place = all.place(from - 1, row);
        // SAFETY: the last step of the piece before is final, and nobody writes it any more.
        let (cr, ci) = unsafe { (&*yr.piece(&place), &*yi.piece(&place)) };
        for s in first..until {
            let place = all.place(s, row);
            // SAFETY: this row of this step is nobody else's.
            let (yr, yi) = unsafe { (yr.piece(&place), yi.piece(&place)) };
            let of = (s - from) * n..(s - from + 1) * n;
            let (pr, pi) = (&powers[0][of.clone()], &powers[1][of]);
            for i in 0..n {
                let pi = if forward { pi[i] } else { -pi[i] };
                yr[i] = (yr[i] + (pr[i] * cr[i] - pi * ci[i])).flush_to_zero();
                yi[i] = (yi[i] + (pi * cr[i] + pr[i] * ci[i])).flush_to_zero();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::numbers;
    use super::*;
    use crate::parallel::Threads;

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
    fn pieces_are_the_steps_to_rounding_on_any_number_of_threads() {
        for (time, batch, n) in [(0, 2, 3), (1, 1, 1), (2, 2, 2), (17, 3, 5), (1000, 2, 9)] {
            let lambda = [1, 2].map(|seed| numbers(n, seed).iter().map(|x| x * 0.7).collect());
            let h = [3, 4].map(|seed| numbers(batch * n, seed));
            let b = [5, 6].map(|seed| numbers(time * batch * n, seed));
            let (l, b, h): (Complex<Vec<f64>>, _, _) = (lambda, b, h);
            let (l, b, h) = ([&l[0][..], &l[1]], [&b[0][..], &b[1]], [&h[0][..], &h[1]]);
            let new = |len: usize| vec![f64::NAN; len];
            let mut wanted = [(); 4].map(|()| new(time * batch * n));
            let [yr, yi, gr, gi] = &mut wanted;
            complex_linear(l, b, h, [yr, yi]).unwrap();
            complex_linear_back(l, b, batch * n, [gr, gi]).unwrap();
            let mut first = None;
            for threads in [1, 2, 3, 8] {
                let _threads = Threads::limit(threads);
                let mut found = [(); 4].map(|()| new(time * batch * n));
                let [yr, yi, gr, gi] = &mut found;
                let [mut pr, mut pi] = [(); 2].map(|()| new(piece_of(time) * n));
                complex_linear_in_pieces(l, b, h, [yr, yi], [&mut pr, &mut pi]).unwrap();
                let powers: Complex<&mut [f64]> = [&mut pr, &mut pi];
                complex_linear_back_in_pieces(l, b, batch * n, [gr, gi], powers).unwrap();
                for (found, wanted) in found.iter().flatten().zip(wanted.iter().flatten()) {
                    assert!((found - wanted).abs() <= 1e-13 * (1.0 + wanted.abs()));
                }
                assert_eq!(first.get_or_insert(found.clone()), &found);
            }
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_errors() {
        let (two, three, four, mut y) = ([0.0f32; 2], [0.0f32; 3], [0.0f32; 4], [0.0f32; 4]);
        let mut z = y;
        let mut complex = |l: &[f32], b: &[f32], h: &[f32]| {
            complex_linear([l; 2], [b; 2], [h; 2], [&mut y, &mut z]).is_ok()
        };
        assert!(complex(&two, &four, &two) && complex(&two, &four, &four));
        assert!(!complex(&three, &four, &two) && !complex(&two, &two, &two));
        assert!(!complex(&two, &four, &three) && !complex(&[], &four, &two));
        assert!(complex_linear_back([&two; 2], [&four; 2], 3, [&mut y, &mut z]).is_err());
        assert!(complex_linear_back([&two, &three], [&four; 2], 2, [&mut y, &mut z]).is_err());
        // Two steps of two numbers are pieces of one step.
        let (mut p, mut q, mut long) = (two, two, three);
        let mut pieces = |powers: Complex<&mut [f32]>| {
            complex_linear_in_pieces([&two; 2], [&four; 2], [&two; 2], [&mut y, &mut z], powers)
                .is_ok()
        };
        assert!(pieces([&mut p, &mut q]) && !pieces([&mut p, &mut long]));
    }
}
