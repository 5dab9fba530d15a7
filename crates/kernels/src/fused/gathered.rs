//! Where cotangents are gathered before the weights' gradients take them up.

use super::plan::Plan;

/// The cotangents of the sums of some rows, step by step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gathered<T> {
    at: *mut T,
    rows: (usize, usize),
    /// The distance of the rows.
    pitch: usize,
}

impl<T> Gathered<T> {
    /// Those of the `i`-th share of the rows, in the memory of all.
    pub(super) fn new(plan: &Plan, all: *mut T, i: usize, rows: (usize, usize)) -> Self {
        let pitch = plan.cotangents();
        let before = rows.0 * (plan.gathered() + 1) * pitch;
        Gathered { at: all.wrapping_add(before + plan.apart(i)), rows, pitch }
    }

    /// How many rows they are of.
    #[inline(always)]
    pub(super) fn rows(&self) -> usize {
        self.rows.1 - self.rows.0
    }

    /// Those of a row of one of the steps that are gathered.
    #[inline(always)]
    pub(super) fn row(&self, step: usize, row: usize) -> *mut T {
        self.at.wrapping_add((step * self.rows() + row - self.rows.0) * self.pitch)
    }
}
