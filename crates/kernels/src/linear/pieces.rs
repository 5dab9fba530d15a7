//! Linear recurrences in pieces of time that do not wait for each other.

use super::{STEP, steps};
use crate::dispatch::Kernel;
use crate::error::{Error, length};
use crate::map::Whole;
use crate::parallel;
use crate::real::Real;
use crate::tile::share;

/// The steps of a piece of so many: √time, rounded down.
///
/// ```
/// assert_eq!(elman_kernels::piece_of(99), 9);
/// ```
pub fn piece_of(time: usize) -> usize {
    time.isqrt().max(1)
}

/// Has all steps computed, from one up to another: first those of each piece `alone`, as if nothing
/// came before; then what a piece is `carried` into it from where it begins, of the last step of one
/// piece after the other, and at last of all others. Threads share the pieces of so much work.
pub(super) fn by_pieces(
    time: usize,
    work: usize,
    alone: &(dyn Fn((usize, usize)) + Sync),
    carried: &(dyn Fn(usize, (usize, usize)) + Sync),
) {
    let len = piece_of(time);
    let count = time.div_ceil(len);
    let of = |piece: usize| (piece * len, ((piece + 1) * len).min(time));
    let parts = parallel::parts(work, count);
    let each = |compute: &(dyn Fn(usize) + Sync)| {
        parallel::run(parts, &|i| {
            let (from, until) = share(count, parts, i);
            (from..until).for_each(compute);
        });
    };
    each(&|piece| alone(of(piece)));
    for piece in 1..count {
        let (from, until) = of(piece);
        carried(from, (until - 1, until));
    }
    each(&|piece| {
        let (from, until) = of(piece);
        if piece > 0 {
            carried(from, (from, until - 1));
        }
    });
}

/// [`linear`](crate::linear) in √time pieces, which threads share (Blelloch 1990): each begins at 0
/// and keeps what its beginning is multiplied by, in `products`, of the length of `y`; then what
/// was carried into it is added. Equal to rounding, at twice the work.
///
/// Pieces follow from the number of steps, so that bits do not depend on threads.
///
/// ```
/// use elman_kernels::{linear, linear_in_pieces};
///
/// let (a, b, h) = ([0.9; 100], [0.1; 100], [5.0]);
/// let (mut y, mut pieces, mut products) = ([0.0; 100], [0.0; 100], [0.0; 100]);
/// linear(&a, &b, &h, &mut y)?;
/// linear_in_pieces(&a, &b, &h, &mut pieces, &mut products)?;
/// assert!(y.iter().zip(pieces).all(|(y, piece): (&f64, f64)| (y - piece).abs() < 1e-12));
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// As [`linear`](crate::linear), and if `products` has another length.
pub fn linear_in_pieces<T: Real>(
    a: &[T],
    b: &[T],
    h: &[T],
    y: &mut [T],
    products: &mut [T],
) -> Result<(), Error> {
    Pieces { a, b, h: Some(h), width: h.len(), back: false }.run(y, products)
}

/// [`linear_back`](crate::linear_back) in pieces.
///
/// ```
/// use elman_kernels::{linear_back, linear_back_in_pieces};
///
/// let (a, dy) = ([0.9; 100], [1.0; 100]);
/// let (mut g, mut pieces, mut products) = ([0.0; 100], [0.0; 100], [0.0; 100]);
/// linear_back(&a, &dy, 1, &mut g)?;
/// linear_back_in_pieces(&a, &dy, 1, &mut pieces, &mut products)?;
/// assert!(g.iter().zip(pieces).all(|(g, piece): (&f64, f64)| (g - piece).abs() < 1e-12));
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// As [`linear_back`](crate::linear_back), and if `products` has another length.
pub fn linear_back_in_pieces<T: Real>(
    a: &[T],
    dy: &[T],
    width: usize,
    g: &mut [T],
    products: &mut [T],
) -> Result<(), Error> {
    Pieces { a, b: dy, h: None, width, back: true }.run(g, products)
}

/// `y[s] = a[s] ∘ y[s − 1] + b[s]` where the `s`-th step is time `s`; or, from the end, time
/// `time − 1 − s` with the `a` of the time after it.
#[derive(Clone, Copy)]
struct Pieces<'a, T> {
    a: &'a [T],
    b: &'a [T],
    /// Before the first step; nothing is 0.
    h: Option<&'a [T]>,
    width: usize,
    back: bool,
}

impl<T: Real> Pieces<'_, T> {
    fn run(self, y: &mut [T], products: &mut [T]) -> Result<(), Error> {
        let time = steps(y.len(), self.width)?;
        for other in [self.a.len(), self.b.len(), products.len()] {
            length("linear, in pieces", y.len(), other)?;
        }
        let (y, products) = (&Whole::new(y), &Whole::new(products));
        let work = time.saturating_mul(self.width).saturating_mul(STEP);
        by_pieces(
            time,
            work,
            &|steps| T::dispatch(Alone { all: self, y, products, time, steps }),
            &|from, steps| T::dispatch(Carry { all: self, y, products, time, from, steps }),
        );
        Ok(())
    }

    /// The elements of the `s`-th step.
    #[inline(always)]
    fn row(&self, time: usize, s: usize) -> std::ops::Range<usize> {
        let t = if self.back { time - 1 - s } else { s };
        t * self.width..(t + 1) * self.width
    }

    /// What the step before the `s`-th is multiplied by; nothing where there is none.
    #[inline(always)]
    fn factor(&self, time: usize, s: usize) -> Option<&[T]> {
        match (self.back, s) {
            (true, 0) => None,
            (true, _) => Some(&self.a[self.row(time, s - 1)]),
            (false, _) => Some(&self.a[self.row(time, s)]),
        }
    }
}

/// The steps of a piece from 0, and the products of their factors.
struct Alone<'a, T> {
    all: Pieces<'a, T>,
    y: &'a Whole<T>,
    products: &'a Whole<T>,
    time: usize,
    steps: (usize, usize),
}

impl<T: Real> Kernel for Alone<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Alone { all, y, products, time, steps: (from, until) } = self;
        let mut before: Option<(&[T], &[T])> = None;
        for s in from..until {
            let row = all.row(time, s);
            // SAFETY: the elements of this step are this piece's alone.
            let (y, q) = unsafe { (y.piece(&row), products.piece(&row)) };
            let b = &all.b[row];
            match (all.factor(time, s), before) {
                (Some(a), Some((y1, q1))) => {
                    for i in 0..all.width {
                        y[i] = (a[i] * y1[i] + b[i]).flush_to_zero();
                        q[i] = (a[i] * q1[i]).flush_to_zero();
                    }
                }
                (Some(a), None) => {
                    q.copy_from_slice(a);
                    match all.h.filter(|_| s == 0) {
                        Some(h) => {
                            (0..all.width).for_each(|i| y[i] = (a[i] * h[i] + b[i]).flush_to_zero())
                        }
                        None => flush(b, y),
                    }
                }
                (None, _) => {
                    flush(b, y);
                    q.fill(T::ZERO);
                }
            }
            before = Some((y, q));
        }
    }
}

/// Copies numbers, flushed to zero.
#[inline(always)]
pub(super) fn flush<T: Real>(from: &[T], to: &mut [T]) {
    from.iter().zip(to).for_each(|(x, y)| *y = x.flush_to_zero());
}

/// Some steps of a piece, to which is added what was carried into it.
struct Carry<'a, T> {
    all: Pieces<'a, T>,
    y: &'a Whole<T>,
    products: &'a Whole<T>,
    time: usize,
    /// Where the piece begins.
    from: usize,
    steps: (usize, usize),
}

impl<T: Real> Kernel for Carry<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Carry { all, y, products, time, from, steps: (first, until) } = self;
        // SAFETY: the last step of the piece before is final, and nobody writes it any more.
        let carried = &*unsafe { y.piece(&all.row(time, from - 1)) };
        for s in first..until {
            let row = all.row(time, s);
            // SAFETY: the elements of this step are this piece's alone.
            let (y, q) = unsafe { (y.piece(&row), products.piece(&row)) };
            for i in 0..all.width {
                y[i] = (y[i] + q[i] * carried[i]).flush_to_zero();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::numbers;
    use super::*;
    use crate::linear::{linear, linear_back};
    use crate::parallel::Threads;

    #[test]
    fn pieces_are_the_steps_to_rounding_on_any_number_of_threads() {
        for (time, width) in [(0, 2), (1, 3), (2, 1), (10, 4), (17, 5), (1000, 3), (400, 70)] {
            let [a, b, dy] = [1, 2, 3].map(|seed| numbers(time * width, seed));
            let h = numbers(width, 4);
            let new = || vec![f64::NAN; time * width];
            let mut wanted = [new(), new()];
            linear(&a, &b, &h, &mut wanted[0]).unwrap();
            linear_back(&a, &dy, width, &mut wanted[1]).unwrap();
            let mut first = None;
            for threads in [1, 2, 3, 8] {
                let _threads = Threads::limit(threads);
                let (mut y, mut g, mut products) = (new(), new(), new());
                linear_in_pieces(&a, &b, &h, &mut y, &mut products).unwrap();
                products.fill(f64::NAN);
                linear_back_in_pieces(&a, &dy, width, &mut g, &mut products).unwrap();
                for (found, wanted) in [&y, &g].into_iter().zip(&wanted) {
                    let pairs = found.iter().zip(wanted);
                    assert!(
                        pairs.into_iter().all(|(x, w)| (x - w).abs() <= 1e-14 * (1.0 + w.abs()))
                    );
                }
                assert_eq!(first.get_or_insert((y.clone(), g.clone())), &(y, g));
            }
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_errors() {
        let (four, two) = ([0.0f32; 4], [0.0f32; 2]);
        let (mut y, mut q, mut short) = (four, four, two);
        assert!(linear_in_pieces(&four, &four, &two, &mut y, &mut short).is_err());
        assert!(linear_in_pieces(&two, &four, &two, &mut y, &mut q).is_err());
        assert!(linear_in_pieces(&four, &four, &[0.0; 3], &mut y, &mut q).is_err());
        assert!(linear_back_in_pieces(&four, &two, 2, &mut y, &mut q).is_err());
        assert!(linear_back_in_pieces(&four, &four, 0, &mut y, &mut q).is_err());
    }
}
