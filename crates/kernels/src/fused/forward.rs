//! All steps, forward.

use super::plan::{CHUNK, Plan};
use super::recurrence::Recurrence;
use super::{Columns, Sizes, pack};
use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::lanes::{LaneKernel, Lanes};
use crate::parallel;
use crate::real::Real;
use crate::tile::{Left, Right, Tile, accumulate, blocks, share, with_registers, with_rows};
use std::hint::black_box;

/// A sequence to compute.
#[derive(Debug)]
pub struct Forward<'a, T> {
    /// The inputs, `[time, batch, input]`.
    pub x: &'a [T],
    /// The output before the first step, `[batch, hidden]`.
    pub h: &'a [T],
    /// The cell before the first step, `[batch, hidden]`; empty where there is none.
    pub c: &'a [T],
    /// The weights of the input, for each of the first sums.
    pub w: &'a [Columns<'a, T>],
    /// The weights of the state, for each of the last sums.
    pub u: &'a [Columns<'a, T>],
    /// The biases, for each sum.
    pub b: &'a [Columns<'a, T>],
    /// The outputs, `[time, batch, hidden]`, to be written.
    pub y: &'a mut [T],
    /// The last cell, `[batch, hidden]`, to be written; empty where there is none.
    pub last: &'a mut [T],
    /// Memory that [`backward`](super::backward) wants to see again.
    pub kept: &'a mut [T],
}

pub(super) struct Pointers<T> {
    pub(super) x: *const T,
    pub(super) h: *const T,
    pub(super) c: *const T,
    pub(super) y: *mut T,
    pub(super) weights: *const T,
    pub(super) biases: *const T,
    pub(super) sums: *mut T,
    pub(super) history: *mut T,
}

// SAFETY: threads share inputs and packed weights, which nobody writes, and write to rows of their
// own only.
unsafe impl<T: Sync> Sync for Pointers<T> {}

/// The steps of some rows.
struct Steps<'a, C, T> {
    cell: C,
    plan: &'a Plan,
    at: &'a Pointers<T>,
    rows: (usize, usize),
}

/// Computes all steps of a sequence of a cell.
pub(crate) fn forward<T: Real, C: Recurrence>(
    isa: Isa,
    cell: C,
    sizes: Sizes,
    with: Forward<'_, T>,
) -> Result<(), Error> {
    // Beyond this, sizes can be multiplied.
    super::kept_by(cell, sizes)?;
    let plan = Plan::new::<C>(sizes);
    let state = sizes.batch * sizes.hidden;
    let own = if C::CELL { state } else { 0 };
    let (starts, total) = plan.parts();
    for (wanted, found) in [
        (plan.rows() * sizes.input, with.x.len()),
        (state, with.h.len()),
        (own, with.c.len()),
        (plan.rows() * sizes.hidden, with.y.len()),
        (own, with.last.len()),
        (total, with.kept.len()),
    ] {
        length("fused forward", wanted, found)?;
    }
    super::check_columns(&plan, with.w, with.u, with.b)?;
    if plan.rows() == 0 || sizes.hidden == 0 {
        with.last.copy_from_slice(with.c);
        return Ok(());
    }
    let (packed, rest) = with.kept.split_at_mut(starts[1]);
    pack::forward(&plan, with.w, with.u, with.b, packed);
    let (sums, rest) = rest.split_at_mut(starts[2] - starts[1]);
    let (history, _) = rest.split_at_mut(starts[3] - starts[2]);
    let at = Pointers {
        x: with.x.as_ptr(),
        h: with.h.as_ptr(),
        c: with.c.as_ptr(),
        y: with.y.as_mut_ptr(),
        weights: packed.as_ptr(),
        biases: packed[plan.panels * plan.packed_panel()..].as_ptr(),
        sums: sums.as_mut_ptr(),
        history: history.as_mut_ptr(),
    };
    // The rows go their ways alone, through all steps.
    let parts = parallel::parts(plan.operations(), sizes.batch);
    parallel::run(parts, &|i| {
        let rows = share(sizes.batch, parts, i);
        T::in_lanes(isa, Steps { cell, plan: &plan, at: &at, rows });
    });
    if C::CELL {
        // The cell is the first of the history.
        for panel in 0..plan.panels {
            let (units, valid) = (plan.units, plan.valid(panel));
            for row in 0..sizes.batch {
                let from = plan.past(panel, plan.rows() - sizes.batch + row);
                let to = row * sizes.hidden + panel * units;
                with.last[to..to + valid].copy_from_slice(&history[from..from + valid]);
            }
        }
    }
    Ok(())
}

impl<T: Real, C: Recurrence> LaneKernel<T> for Steps<'_, C, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        for t in 0..self.plan.time {
            for panel in 0..self.plan.panels {
                let valid = self.plan.valid(panel);
                match C::SUMS {
                    1 => with_registers!(valid, lane, V => self.terms::<L, 1, V>(t, panel, lane)),
                    3 => {
                        for lane in (0..valid).step_by(L::WIDTH) {
                            self.terms::<L, 3, 1>(t, panel, lane);
                        }
                    }
                    _ => {
                        for lane in (0..valid).step_by(L::WIDTH) {
                            self.terms::<L, 4, 1>(t, panel, lane);
                        }
                    }
                }
            }
        }
    }
}

/// What a tile works on: a step, a panel with the first of its lanes, and some of the terms, those
/// of the input before those of the state.
#[derive(Clone, Copy)]
struct Part {
    t: usize,
    panel: usize,
    lane: usize,
    terms: (usize, usize),
}

impl<T: Real, C: Recurrence> Steps<'_, C, T> {
    /// One step of all rows, for `V` registers of units.
    #[inline(always)]
    fn terms<L: Lanes<Scalar = T>, const N: usize, const V: usize>(
        &self,
        t: usize,
        panel: usize,
        lane: usize,
    ) {
        let all = self.plan.input + self.plan.hidden;
        for (first, count) in blocks(all, CHUNK) {
            let part = Part { t, panel, lane, terms: (first, first + count) };
            for (row, rows) in blocks(self.rows.1 - self.rows.0, L::ROWS) {
                let row = self.rows.0 + row;
                with_rows!(rows, R => {
                    // SAFETY: all of these are in bounds of the slices whose lengths were checked.
                    unsafe { self.tile::<L, R, N, V>(part, row) }
                });
            }
        }
    }

    /// One step of `R` rows.
    ///
    /// # Safety
    /// `t < time`, `panel < panels`, `lane` is a unit of the panel that counts, the terms are
    /// terms, and `row + R ≤ batch`.
    #[inline(always)]
    unsafe fn tile<L: Lanes<Scalar = T>, const R: usize, const N: usize, const V: usize>(
        &self,
        part: Part,
        row: usize,
    ) {
        let (plan, at) = (self.plan, self.at);
        let Part { t, panel, lane, terms: (from, to) } = part;
        let (input, hidden, units) = (plan.input, plan.hidden, plan.units);
        let shift = C::STORED - C::SUMS;
        let now = t * plan.batch + row;
        // SAFETY: `Plan` lays panels, rows, sums and units out within the lengths that were
        // checked, padded to whole registers; outputs and states are read and written only as far
        // as units count.
        unsafe {
            // Where the sums rest between the chunks of terms, and what is kept in their place.
            let rest = |r: usize, sum: usize, v: usize| {
                at.sums.add(plan.record(panel, now + r) + lane + sum * units + v * L::WIDTH)
            };
            let biases = at.biases.add(panel * plan.record_row() + lane);
            let begin = |r: usize, sum: usize, v: usize| {
                if from == 0 {
                    L::load(biases.add(sum * units + v * L::WIDTH))
                } else {
                    L::load(rest(r, sum, v))
                }
            };
            let mut of_input: Tile<L, R, N, V> = [[[L::splat(T::ZERO); V]; N]; R];
            for n in 0..N {
                for v in 0..V {
                    for r in 0..R {
                        of_input[r][n][v] = begin(r, n, v);
                    }
                }
            }
            let weights = at.weights.add(panel * plan.packed_panel() + lane);
            let right = |term: usize| Right {
                at: weights.add(term * N * units),
                step: N * units,
                group: units,
            };
            if from < input {
                let x = at.x.add(now * input + from);
                let x = Left { at: x, row: input, step: 1 };
                accumulate(&mut of_input, x, right(from), to.min(input) - from);
            }

            // The sums that both take part in go on; the others are the state's alone.
            let mut of_state = of_input;
            for n in N - shift..N {
                for v in 0..V {
                    for r in 0..R {
                        of_state[r][n][v] = begin(r, n + shift, v);
                    }
                }
            }
            for n in 0..N - shift {
                for r in 0..R {
                    of_state[r][n] = of_input[r][n + shift];
                }
            }
            let before = |row: usize| match t.checked_sub(1) {
                Some(t) => at.y.add((t * plan.batch + row) * hidden).cast_const(),
                None => at.h.add(row * hidden),
            };
            if to > input {
                let first = from.max(input);
                let h = Left { at: before(row).add(first - input), row: hidden, step: 1 };
                accumulate(&mut of_state, h, right(first), to - first);
            }
            let sum = |r: usize, s: usize, v: usize| {
                if s < shift { of_input[r][s][v] } else { of_state[r][s - shift][v] }
            };

            // The pointwise part is compiled once, not once for every row.
            for r in 0..black_box(R) {
                for v in 0..V {
                    let mut sums = [sum(r, 0, v); 4];
                    for s in 0..C::STORED {
                        sums[s] = sum(r, s, v);
                    }
                    if to < input + hidden {
                        for s in 0..C::STORED {
                            sums[s].store(rest(r, s, v));
                        }
                        continue;
                    }
                    let unit = panel * units + lane + v * L::WIDTH;
                    let count = L::WIDTH.min(hidden - unit);
                    let history =
                        |row: usize| at.history.add(plan.past(panel, row) + lane + v * L::WIDTH);
                    let old = if C::SUMS == 1 {
                        sums[0]
                    } else if C::CELL && t > 0 {
                        L::load(history(now + r - plan.batch))
                    } else if C::CELL {
                        L::load_part(at.c.add((row + r) * hidden + unit), count)
                    } else {
                        L::load_part(before(row + r).add(unit), count)
                    };
                    let (h, kept, past) = self.cell.forward(sums, old);
                    h.store_part(at.y.add((now + r) * hidden + unit), count);
                    if C::SUMS > 1 {
                        for s in 0..C::STORED {
                            kept[s].store(rest(r, s, v));
                        }
                    }
                    for p in 0..C::HISTORY {
                        past[p].store(history(now + r).add(p * units));
                    }
                }
            }
        }
    }
}
