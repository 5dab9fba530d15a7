//! Steps of a single row: sums never leave the registers.

use super::Columns;
use super::recurrence::Recurrence;
use super::split::StepShares;
use crate::dispatch::Isa;
use crate::error::Error;
use crate::lanes::{LaneKernel, Lanes};
use crate::memory::Lined;
use crate::real::Real;

/// Units whose weights lie side by side: lanes of the widest register.
const UNITS: usize = 16;

/// Registers of units whose sums are computed together, so that the sum of one is not waited for.
const fn at_once(sums: usize) -> usize {
    4 / sums
}

/// As many of them as a kind of register has room for.
const fn together<L: Lanes>(sums: usize) -> usize {
    if at_once(sums) < L::TOGETHER { at_once(sums) } else { L::TOGETHER }
}

/// Weights and biases in panels of [`UNITS`] units: the biases of all sums, then for each feature
/// of the input, and then of the state, the weights of all sums. What is added to a unit lies in
/// one panel, in the order in which it is added.
#[derive(Debug, Clone)]
pub(super) struct Single<T> {
    input: usize,
    hidden: usize,
    /// The length of a panel.
    panel: usize,
    /// Multiplications of a step.
    operations: usize,
    /// The panels, and room for a copy of the output before.
    memory: Lined<T>,
    /// Where that begins.
    copy: usize,
    /// Whether the last step went through the weights from their end: each begins with what the
    /// one before has left in the caches.
    back: bool,
}

impl<T: Real> Single<T> {
    /// Packs weights and biases, whose lengths have been checked.
    pub(super) fn new<C: Recurrence>(
        [input, hidden]: [usize; 2],
        w: &[Columns<'_, T>],
        u: &[Columns<'_, T>],
        b: &[Columns<'_, T>],
    ) -> Result<Self, Error> {
        let panel = UNITS * (C::STORED + (input + hidden) * C::SUMS);
        let copy = hidden.div_ceil(UNITS) * panel;
        let mut memory = Lined::new("fused step", copy + hidden)?;
        for (block, panel) in memory[..copy].chunks_exact_mut(panel).enumerate() {
            let first = block * UNITS;
            let units = UNITS.min(hidden - first);
            let (biases, weights) = panel.split_at_mut(UNITS * C::STORED);
            let (of_input, of_state) = weights.split_at_mut(UNITS * input * C::SUMS);
            for (matrix, to) in [(b, biases), (w, of_input), (u, of_state)] {
                for (k, row) in to.chunks_exact_mut(UNITS * matrix.len()).enumerate() {
                    for (from, to) in matrix.iter().zip(row.chunks_exact_mut(UNITS)) {
                        let start = k * from.width + from.first + first;
                        to[..units].copy_from_slice(&from.values[start..][..units]);
                    }
                }
            }
        }
        let operations = (input + hidden) * C::SUMS * hidden;
        Ok(Single { input, hidden, panel, operations, memory, copy, back: false })
    }

    /// See [`Step::run`](super::Step::run), which has checked the lengths.
    #[inline(always)]
    pub(super) fn run<C: Recurrence>(
        &mut self,
        isa: Isa,
        cell: C,
        x: &[T],
        [h, c, y]: [&mut [T]; 3],
    ) {
        self.back = !self.back;
        let (packed, copy) = self.memory.split_at_mut(self.copy);
        let h = h.as_mut_ptr();
        let row = Row {
            cell,
            units: (0, self.hidden),
            input: self.input,
            hidden: self.hidden,
            panel: self.panel,
            packed: packed.as_ptr(),
            x: x.as_ptr(),
            before: h.cast_const(),
            copy: copy.as_mut_ptr(),
            h,
            c: c.as_mut_ptr(),
            y: if y.is_empty() { std::ptr::null_mut() } else { y.as_mut_ptr() },
            back: self.back,
        };
        // Units of as many panels as are gone through together are of one thread.
        let group = UNITS * const { at_once(C::SUMS) };
        let shares = StepShares::of(self.operations, self.hidden.div_ceil(group));
        if shares.alone() {
            return T::in_lanes(isa, &row);
        }
        let row = Row { before: row.copied(), ..row };
        // All that the others read on their way lies together.
        shares.compute(move |i| {
            let ((from, until), row) = (shares.blocks(i), &row);
            let units = (from * group, row.hidden.min(until * group));
            T::in_lanes(isa, &Row { units, ..*row });
        });
    }
}

/// A step, or a thread's share of it.
#[derive(Clone, Copy)]
struct Row<C, T> {
    cell: C,
    /// The units to compute: from a multiple of those on that are computed together.
    units: (usize, usize),
    input: usize,
    hidden: usize,
    panel: usize,
    packed: *const T,
    x: *const T,
    /// The output before: `h`, or a copy of it.
    before: *const T,
    /// Room for the copy.
    copy: *mut T,
    /// The output before, and after.
    h: *mut T,
    /// The cell before, and after.
    c: *mut T,
    /// A copy of the output, to be written; null where nobody wants one.
    y: *mut T,
    /// Whether to begin with the last units.
    back: bool,
}

// SAFETY: threads read inputs and packed weights, which nobody writes, and the copy of the output
// before, which nobody writes once there are several of them; each writes units of its own.
unsafe impl<C: Sync, T: Sync> Sync for Row<C, T> {}

// By reference: a copy would read pairs of words that were written one by one, and such reading
// waits until all that the step before wrote has left the core.
impl<T: Real, C: Recurrence> LaneKernel<T> for &Row<C, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        let registers = const { together::<L>(C::SUMS) };
        let (from, until) = self.units;
        let passes = (until - from).div_ceil(registers * L::WIDTH);
        let in_place = self.before == self.h.cast_const();
        let before = if passes > 1 && in_place { self.copied() } else { self.before };
        for pass in 0..passes {
            let pass = if self.back { passes - 1 - pass } else { pass };
            let first = from + pass * registers * L::WIDTH;
            // SAFETY: these are units of a state whose length was checked.
            unsafe {
                match (until - first).div_ceil(L::WIDTH) {
                    2.. if const { together::<L>(C::SUMS) == 2 } => {
                        self.compute::<L, 2>(before, first);
                    }
                    2 if const { together::<L>(C::SUMS) > 2 } => {
                        self.compute::<L, 2>(before, first);
                    }
                    3 if const { together::<L>(C::SUMS) > 2 } => {
                        self.compute::<L, 3>(before, first);
                    }
                    4.. if const { together::<L>(C::SUMS) > 2 } => {
                        self.compute::<L, 4>(before, first);
                    }
                    _ => self.compute::<L, 1>(before, first),
                }
            }
        }
    }
}

impl<T: Real, C: Recurrence> Row<C, T> {
    /// A copy of the output before: what some units write is not what others read.
    fn copied(&self) -> *const T {
        // SAFETY: both are as long as the state, and what is copied nobody writes yet.
        unsafe { self.copy.copy_from_nonoverlapping(self.h, self.hidden) };
        self.copy
    }

    /// Some registers of units.
    ///
    /// # Safety
    /// The first unit has to be there, and the output before.
    #[inline(always)]
    unsafe fn compute<L: Lanes<Scalar = T>, const V: usize>(&self, before: *const T, first: usize) {
        // SAFETY: panels have whole registers for each sum; states are touched only as far as
        // there are units.
        unsafe {
            let mut weights = [self.packed; V];
            let mut sums = [[L::splat(T::ZERO); V]; 4];
            for v in 0..V {
                let unit = first + v * L::WIDTH;
                weights[v] = self.packed.add(unit / UNITS * self.panel + unit % UNITS);
                for s in 0..C::STORED {
                    sums[s][v] = L::load(weights[v].add(s * UNITS));
                }
                weights[v] = weights[v].add(C::STORED * UNITS);
            }
            Self::add::<L, V>(&mut sums, 0, (self.x, self.input), &mut weights);
            let of_state = C::STORED - C::SUMS;
            Self::add::<L, V>(&mut sums, of_state, (before, self.hidden), &mut weights);
            for v in 0..V {
                let unit = first + v * L::WIDTH;
                let count = L::WIDTH.min(self.hidden - unit);
                let old = match (C::SUMS, C::CELL) {
                    (1, _) => sums[0][v],
                    (_, true) => L::load_part(self.c.add(unit), count),
                    (_, false) => L::load_part(before.add(unit), count),
                };
                let mut own = [sums[0][v]; 4];
                for s in 1..C::STORED {
                    own[s] = sums[s][v];
                }
                let (gates, state) = self.cell.gates(own, old);
                if C::CELL {
                    state.store_part(self.c.add(unit), count);
                }
                let (h, _) = self.cell.output(gates, state);
                h.store_part(self.h.add(unit), count);
                if !self.y.is_null() {
                    h.store_part(self.y.add(unit), count);
                }
            }
        }
    }

    /// Adds terms to the sums from one of them on, and moves behind their weights.
    ///
    /// # Safety
    /// There have to be so many.
    #[inline(always)]
    unsafe fn add<L: Lanes<Scalar = T>, const V: usize>(
        sums: &mut [[L; V]; 4],
        first: usize,
        (mut left, depth): (*const T, usize),
        weights: &mut [*const T; V],
    ) {
        /// Terms that are written out in a row: less counting.
        const UNROLLED: usize = 4;
        for _ in 0..depth / UNROLLED {
            // SAFETY: the caller's promise.
            unsafe { Self::terms::<L, V, UNROLLED>(sums, first, &mut left, weights) }
        }
        for _ in 0..depth % UNROLLED {
            // SAFETY: the caller's promise.
            unsafe { Self::terms::<L, V, 1>(sums, first, &mut left, weights) }
        }
    }

    /// Adds so many terms, see [`add`](Self::add).
    ///
    /// # Safety
    /// They have to be there.
    #[inline(always)]
    unsafe fn terms<L: Lanes<Scalar = T>, const V: usize, const COUNT: usize>(
        sums: &mut [[L; V]; 4],
        first: usize,
        left: &mut *const T,
        weights: &mut [*const T; V],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            for k in 0..COUNT {
                let x = L::splat(*left.add(k));
                for s in 0..C::SUMS {
                    for v in 0..V {
                        let w = L::load(weights[v].add((k * C::SUMS + s) * UNITS));
                        sums[first + s][v] = x.mul_add(w, sums[first + s][v]);
                    }
                }
            }
            *left = left.add(COUNT);
            for v in 0..V {
                weights[v] = weights[v].add(COUNT * C::SUMS * UNITS);
            }
        }
    }
}
