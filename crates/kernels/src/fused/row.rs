//! The pointwise part of a step, forward, for a row of a block of units.

use super::recurrence::Recurrence;
use crate::lanes::Lanes;
use crate::real::Real;

/// What is kept of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Nothing,
    Record,
    /// The record, written past the caches: registers are whole.
    PastCaches,
}

/// A row of a block of units, and where its parts begin.
#[derive(Clone, Copy)]
pub(super) struct Row<C, T> {
    pub(super) cell: C,
    pub(super) units: usize,
    /// Whether the state before is 0.
    pub(super) starts: bool,
    /// The sums, one after the other; overwritten.
    pub(super) sums: *mut T,
    /// The output before.
    pub(super) before: *const T,
    /// The cell before, where there is one, and after.
    pub(super) carried: *mut T,
    pub(super) y: *mut T,
    pub(super) record: *mut T,
    pub(super) kept: Kept,
}

impl<T: Real, C: Recurrence> Row<C, T> {
    /// From the sums to the output.
    ///
    /// # Safety
    /// All that is pointed to has to be there for all units, the sums for whole registers, and the
    /// record if it is kept.
    #[inline(always)]
    pub(super) unsafe fn compute<L: Lanes<Scalar = T>>(self) {
        // SAFETY: the caller's promises.
        unsafe {
            // Where there are several registers of units it goes in two passes, so that few
            // results are waited for; a single one need not go through memory.
            let whole = if self.units > L::WIDTH { self.units / L::WIDTH * L::WIDTH } else { 0 };
            if const { C::SUMS == 1 } {
                for lane in (0..whole).step_by(L::WIDTH) {
                    self.at_once::<L>(lane, L::WIDTH);
                }
            } else {
                for lane in (0..whole).step_by(L::WIDTH) {
                    let (gates, state) = self.gates::<L>(lane, L::WIDTH);
                    for s in (0..C::STORED).filter(|&s| C::FOR_OUTPUT[s]) {
                        gates[s].store(self.sums.add(s * self.units + lane));
                    }
                    if C::CELL {
                        state.store(self.carried.add(lane));
                    }
                }
                for lane in (0..whole).step_by(L::WIDTH) {
                    let mut gates = [L::splat(T::ZERO); 4];
                    for s in (0..C::STORED).filter(|&s| C::FOR_OUTPUT[s]) {
                        gates[s] = L::load(self.sums.add(s * self.units + lane));
                    }
                    let state = if C::CELL {
                        L::load(self.carried.add(lane))
                    } else {
                        self.old::<L>(lane, L::WIDTH)
                    };
                    self.output::<L>(gates, state, lane, L::WIDTH);
                }
            }
            if whole < self.units {
                self.at_once::<L>(whole, self.units - whole);
            }
        }
    }

    /// Some units, in one pass.
    #[inline(always)]
    unsafe fn at_once<L: Lanes<Scalar = T>>(self, lane: usize, count: usize) {
        // SAFETY: the caller's promises.
        unsafe {
            let (gates, state) = self.gates::<L>(lane, count);
            if C::CELL {
                state.store_part(self.carried.add(lane), count);
            }
            self.output::<L>(gates, state, lane, count);
        }
    }

    /// The first half: the gates and the state, see [`Recurrence::gates`].
    #[inline(always)]
    unsafe fn gates<L: Lanes<Scalar = T>>(self, lane: usize, count: usize) -> ([L; 4], L) {
        // SAFETY: the caller's promises.
        unsafe {
            let mut sums = [L::load(self.sums.add(lane)); 4];
            for s in 1..C::STORED {
                sums[s] = L::load(self.sums.add(s * self.units + lane));
            }
            let old = if C::SUMS == 1 { sums[0] } else { self.old::<L>(lane, count) };
            let (gates, state) = self.cell.gates(sums, old);
            for s in (0..C::STORED).filter(|&s| s != C::LAST) {
                self.keep::<L>(s, gates[s], lane, count);
            }
            if C::CELL {
                self.keep::<L>(C::STORED, old, lane, count);
            }
            (gates, state)
        }
    }

    /// The second half: the output, see [`Recurrence::output`].
    #[inline(always)]
    unsafe fn output<L: Lanes<Scalar = T>>(
        self,
        gates: [L; 4],
        state: L,
        lane: usize,
        count: usize,
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            let (h, last) = self.cell.output(gates, state);
            h.store_part(self.y.add(lane), count);
            self.keep::<L>(C::LAST, last, lane, count);
        }
    }

    /// The state before: the cell if there is one, else the output.
    #[inline(always)]
    unsafe fn old<L: Lanes<Scalar = T>>(self, lane: usize, count: usize) -> L {
        if self.starts {
            return L::splat(T::ZERO);
        }
        let from = if C::CELL { self.carried.cast_const() } else { self.before };
        // SAFETY: the caller's promises.
        unsafe { L::load_part(from.add(lane), count) }
    }

    /// Keeps a number of each unit, at a place of the record.
    #[inline(always)]
    unsafe fn keep<L: Lanes<Scalar = T>>(
        self,
        place: usize,
        numbers: L,
        lane: usize,
        count: usize,
    ) {
        // Of a single sum the output says it all.
        if const { C::SUMS == 1 } || self.kept == Kept::Nothing {
            return;
        }
        let to = self.record.wrapping_add(place * self.units + lane);
        // SAFETY: the caller's promises.
        unsafe {
            match self.kept {
                Kept::PastCaches => numbers.stream(to),
                _ => numbers.store_part(to, count),
            }
        }
    }
}
