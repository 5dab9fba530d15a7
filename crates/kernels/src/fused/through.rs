//! From the cotangents of sums to those of what they were made of.

use super::plan::Plan;
use crate::dispatch::Isa;
use crate::lanes::{LaneKernel, Lanes};
use crate::parallel::{self, Apart};
use crate::real::Real;
use crate::tile::{self, Left, NEAR, Right, Sums, Terms, compute};
use std::marker::PhantomData;

/// A product `to += D · Vᵀ` of cotangents with transposed weights.
#[derive(Clone, Copy)]
pub(super) struct Through<'a, T> {
    cotangents: *const T,
    /// The distance of their rows, and how many of them are terms.
    row: usize,
    depth: usize,
    weights: *const T,
    columns: usize,
    rows: usize,
    to: *mut T,
    /// The result stays borrowed while the product may write to it.
    _to: PhantomData<&'a mut [T]>,
}

impl<'a, T: Real> Through<'a, T> {
    pub(super) fn new(plan: &Plan, (weights, columns): (*const T, usize), to: &'a mut [T]) -> Self {
        let (row, depth) = (plan.cotangents(), plan.terms());
        let (cotangents, to) = (std::ptr::null(), to.as_mut_ptr());
        Through { cotangents, row, depth, weights, columns, rows: 0, to, _to: PhantomData }
    }

    /// Computes some rows as [`part`](Self::part) gives them, in shares for several threads.
    pub(super) fn share(self, isa: Isa, cotangents: *const T, to: usize, rows: usize) {
        let parts = parallel::parts(rows * self.columns * self.depth, rows);
        let all = Apart((self, cotangents));
        parallel::run(parts, &|i| {
            let (from, until) = tile::share(rows, parts, i);
            let (product, cotangents) = *all.get();
            let cotangents = cotangents.wrapping_add(from * product.row);
            T::in_lanes(isa, product.part(cotangents, to + from, until - from));
        });
    }

    /// The same with another copy of the weights.
    pub(super) fn by(self, weights: *const T) -> Self {
        Through { weights, ..self }
    }

    /// Some rows, of these cotangents, from a row of the result on.
    pub(super) fn part(self, cotangents: *const T, to: usize, rows: usize) -> Self {
        Through { cotangents, to: self.to.wrapping_add(to * self.columns), rows, ..self }
    }
}

impl<T: Real> LaneKernel<T> for Through<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        let left = Left { at: self.cotangents, row: self.row, step: 1 };
        let right = Right::packed(self.weights, self.depth);
        // SAFETY: whoever makes one cuts its rows from those that there are.
        unsafe {
            let (from, to) = ((self.to.cast_const(), self.columns), (self.to, self.columns));
            let terms = [Terms::new(left, right, self.depth)];
            let sums = Sums::new([self.rows, self.columns], &terms, from, to);
            let from_far = self.depth * self.columns * size_of::<T>() > NEAR;
            compute::<L>(&Sums { from_far, ..sums });
        }
    }
}
