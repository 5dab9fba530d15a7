//! Weights, laid out in the order in which tiles read them.

use super::Columns;
use super::plan::Plan;
use crate::dispatch::Isa;
use crate::lanes::{LaneKernel, Lanes};
use crate::parallel::{self, Apart};
use crate::real::Real;
use crate::tile::{PANEL, padded};
use crate::transpose::transpose;

/// Weights, and memory for copies of them that are packed: one for each shard, so that threads pack
/// for themselves and read what no other one has touched.
#[derive(Clone, Copy)]
pub(super) struct Copies<'a, T> {
    plan: Plan,
    w: &'a [Columns<'a, T>],
    u: &'a [Columns<'a, T>],
    at: *mut T,
}

// SAFETY: who packs a copy promises that nobody else touches it.
unsafe impl<T: Sync> Sync for Copies<'_, T> {}

impl<'a, T: Real> Copies<'a, T> {
    /// Of the weights of the input and of the state.
    pub(super) fn new(plan: Plan, [w, u]: [&'a [Columns<'a, T>]; 2], memory: &'a mut [T]) -> Self {
        assert_eq!(memory.len(), plan.shards * plan.packed_weights());
        Copies { plan, w, u, at: memory.as_mut_ptr() }
    }

    /// The `i`-th copy; packed [`forward`](Self::forward), the weights of all blocks, or
    /// [`transposed`](Self::transposed), those of the state.
    pub(super) fn get(&self, i: usize) -> *const T {
        self.at.wrapping_add(i * self.plan.packed_weights()).cast_const()
    }

    /// The weights of the input in a transposed copy.
    pub(super) fn of_input(&self, i: usize) -> *const T {
        self.get(i).wrapping_add(self.plan.terms() * padded(self.plan.hidden))
    }

    /// Packs a copy, of these biases too.
    ///
    /// # Safety
    /// There has to be one, and nobody else may touch it now.
    pub(super) unsafe fn forward(&self, i: usize, b: &[Columns<'_, T>]) -> *const T {
        // SAFETY: the caller's promise.
        forward(&self.plan, [self.w, self.u, b], unsafe { self.memory(i) });
        self.get(i)
    }

    /// Packs a copy of the transposed weights, of those of the input where they are needed.
    ///
    /// # Safety
    /// As of [`forward`](Self::forward).
    pub(super) unsafe fn transposed(&self, isa: Isa, i: usize, inputs: bool) -> *const T {
        let Plan { input, hidden, .. } = self.plan;
        // SAFETY: the caller's promise.
        let memory = unsafe { self.memory(i) };
        let (of_state, of_input) = memory.split_at_mut(self.plan.terms() * padded(hidden));
        transposed(isa, &self.plan, self.u, hidden, of_state);
        if inputs {
            transposed(isa, &self.plan, self.w, input, of_input);
        }
        self.get(i)
    }

    /// The memory of a copy.
    ///
    /// # Safety
    /// As of [`forward`](Self::forward).
    #[expect(clippy::mut_from_ref, reason = "each caller has a copy of its own")]
    unsafe fn memory(&self, i: usize) -> &mut [T] {
        // SAFETY: the caller's promise.
        unsafe {
            std::slice::from_raw_parts_mut(self.get(i).cast_mut(), self.plan.packed_weights())
        }
    }
}

/// Packs the weights of all blocks of units, of the input and then of the state, each in panels of
/// the columns `[sum][unit]`; and behind them the biases, `[block][sum][unit]`.
pub(super) fn forward<T: Real>(plan: &Plan, [w, u, b]: [&[Columns<'_, T>]; 3], packed: &mut [T]) {
    let (weights, biases) = packed.split_at_mut(plan.biases);
    let blocks = plan.blocks;
    let parts = parallel::parts(weights.len() * COPIED, blocks);
    let to = Apart(weights.as_mut_ptr());
    parallel::run(parts, &|i| {
        let (first, until) = crate::tile::share(blocks, parts, i);
        for block in first..until {
            let units = plan.units(block);
            let width = padded(plan.sums * units);
            // SAFETY: blocks have memory of their own, as long as that.
            let to = unsafe {
                let length = (plan.input + plan.hidden) * width;
                std::slice::from_raw_parts_mut(to.get().add(plan.packed(block)), length)
            };
            let (of_input, of_state) = to.split_at_mut(plan.input * width);
            columns(w, plan.input, (block * plan.block, units), of_input);
            columns(u, plan.hidden, (block * plan.block, units), of_state);
        }
    });
    for block in 0..blocks {
        let units = plan.units(block);
        let to = biases[block * plan.stored * plan.block..].chunks_exact_mut(units);
        for (to, b) in to.zip(b) {
            to.copy_from_slice(&b.values[b.first + block * plan.block..][..units]);
        }
    }
}

/// Operations that copying one number is worth.
const COPIED: usize = 8;

/// Packs some units' columns of each matrix side by side.
fn columns<T: Real>(
    from: &[Columns<'_, T>],
    rows: usize,
    (first_unit, units): (usize, usize),
    to: &mut [T],
) {
    let all = from.len() * units;
    for (panel, to) in to.chunks_mut((rows * PANEL).max(1)).enumerate() {
        let (first, until) = (panel * PANEL, all.min((panel + 1) * PANEL));
        for (k, to) in to.chunks_exact_mut(padded(until - first)).enumerate() {
            // Column by column, but for runs within a matrix.
            let mut column = first;
            while column < until {
                let (sum, unit) = (column / units, column % units);
                let run = (units - unit).min(until - column);
                let from = &from[sum];
                let start = k * from.width + from.first + first_unit + unit;
                to[column - first..][..run].copy_from_slice(&from.values[start..start + run]);
                column += run;
            }
            to[until - first..].fill(T::ZERO);
        }
    }
}

/// Packs the transpose of weights with `columns` rows: terms are the sums, each for all units.
fn transposed<T: Real>(
    isa: Isa,
    plan: &Plan,
    from: &[Columns<'_, T>],
    columns: usize,
    packed: &mut [T],
) {
    let depth = plan.terms();
    let packed = &mut packed[..depth * padded(columns)];
    let panels = columns.div_ceil(PANEL);
    let parts = parallel::parts(packed.len() * COPIED, panels);
    let to = Apart(packed.as_mut_ptr());
    parallel::run(parts, &|i| {
        let (first, until) = crate::tile::share(panels, parts, i);
        for panel in first..until {
            // Panels have memory of their own.
            let to = to.get().wrapping_add(panel * PANEL * depth);
            let columns = (panel * PANEL, PANEL.min(columns - panel * PANEL));
            T::in_lanes(isa, Panel { plan, from, columns, to });
        }
    });
}

/// A panel of the transpose.
struct Panel<'a, T> {
    plan: &'a Plan,
    from: &'a [Columns<'a, T>],
    /// Its first column, and how many it has.
    columns: (usize, usize),
    to: *mut T,
}

impl<T: Real> LaneKernel<T> for Panel<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        let (first, count) = self.columns;
        let (hidden, width) = (self.plan.hidden, padded(count));
        for (sum, from) in self.from.iter().enumerate() {
            let at = from.values[first * from.width + from.first..].as_ptr();
            let to = self.to.wrapping_add(sum * hidden * width);
            // SAFETY: weights have these rows, each with so many units, and panels are so wide.
            unsafe { transpose::<L>((at, from.width, 1), [count, hidden], (to, width)) }
        }
    }
}
