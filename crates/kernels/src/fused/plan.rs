//! Where everything lies in the memory of a fused sequence.

use super::recurrence::Recurrence;
use super::{Sizes, UNITS};

/// Columns of transposed weights that lie side by side: as many as a tile has registers for.
pub(super) const GROUP: usize = 64;

/// Terms that are summed before the next rows take their turn: their weights stay in the L1 cache.
/// Between such chunks the sums rest in memory, which loses nothing.
pub(super) const CHUNK: usize = 128;

/// Units are cut into panels; a panel's sums lie side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) time: usize,
    pub(super) batch: usize,
    pub(super) input: usize,
    pub(super) hidden: usize,
    /// Units in a panel, a multiple of [`UNITS`]; the last panel may have fewer that count.
    pub(super) units: usize,
    pub(super) panels: usize,
    /// Sums that the input takes part in, and as many that the state does.
    pub(super) sums: usize,
    /// All sums: the first `sums` are of the input, the last `sums` of the state.
    pub(super) stored: usize,
    pub(super) history: usize,
}

impl Plan {
    pub(super) fn new<C: Recurrence>(sizes: Sizes) -> Self {
        let Sizes { time, batch, input, hidden } = sizes;
        // A cell of one sum has panels as wide as four of the others: as many registers of sums.
        let wide = if C::SUMS == 1 { hidden.div_ceil(UNITS).clamp(1, 4) } else { 1 };
        let units = wide * UNITS;
        Plan {
            time,
            batch,
            input,
            hidden,
            units,
            panels: hidden.div_ceil(units),
            sums: C::SUMS,
            stored: C::STORED,
            history: C::HISTORY,
        }
    }

    /// Steps × rows.
    pub(super) fn rows(&self) -> usize {
        self.time * self.batch
    }

    /// Units of a panel that count.
    #[inline(always)]
    pub(super) fn valid(&self, panel: usize) -> usize {
        self.units.min(self.hidden - panel * self.units)
    }

    /// Multiplications of all steps and rows.
    pub(super) fn operations(&self) -> usize {
        self.rows() * (self.input + self.hidden) * self.sums * self.hidden
    }

    /// Numbers of one row of a panel of sums.
    #[inline(always)]
    pub(super) fn record_row(&self) -> usize {
        self.stored * self.units
    }

    /// Where the sums of a row begin, among all sums.
    #[inline(always)]
    pub(super) fn record(&self, panel: usize, row: usize) -> usize {
        (panel * self.rows() + row) * self.record_row()
    }

    /// Where the history of a row begins, among all histories.
    #[inline(always)]
    pub(super) fn past(&self, panel: usize, row: usize) -> usize {
        (panel * self.rows() + row) * self.history * self.units
    }

    /// Weights of one panel, packed: of the input, then of the state.
    pub(super) fn packed_panel(&self) -> usize {
        (self.input + self.hidden) * self.sums * self.units
    }

    /// All packed numbers: weights and biases forward, transposed weights backward.
    fn packed(&self) -> usize {
        let forward = self.panels * (self.packed_panel() + self.record_row());
        let backward = self.terms() * (padded(self.hidden) + padded(self.input));
        forward.max(backward)
    }

    /// Terms of the products with transposed weights.
    pub(super) fn terms(&self) -> usize {
        self.sums * self.hidden
    }

    /// The memory, in the order packed, sums, history, partial sums, carry; and its length in
    /// numbers. All but the carry begin at multiples of [`UNITS`].
    pub(super) fn parts(&self) -> ([usize; 5], usize) {
        let sums = padded(self.packed());
        let history = sums + self.panels * self.rows() * self.record_row();
        let partial = history + self.panels * self.rows() * self.history * self.units;
        let carry = partial + self.batch * GROUP;
        ([0, sums, history, partial, carry], carry + self.batch * self.hidden)
    }
}

/// A number of columns, rounded up to whole registers of the widest kind.
pub(super) fn padded(columns: usize) -> usize {
    columns.next_multiple_of(UNITS)
}
