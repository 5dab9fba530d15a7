//! All steps, forward.

use super::pack::Copies;
use super::plan::Plan;
use super::recurrence::Recurrence;
use super::row::{Kept, Row};
use super::split::{Part, Share, Shares};
use super::{Columns, Marks, Sizes};
use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::lanes::{LaneKernel, Lanes};
use crate::real::Real;
use crate::tile::{Compute, Left, Right, Sums, Terms, compute, padded};

/// A sequence to compute. [`forward`](super::forward()) shows it at work.
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
    /// Rows that end or start anew.
    pub marks: Marks<'a>,
    /// The outputs, `[time, batch, hidden]`, to be written.
    pub y: &'a mut [T],
    /// The last cell, `[batch, hidden]`, to be written; empty where there is none.
    pub last: &'a mut [T],
    /// Memory that [`backward`](super::backward) wants to see again.
    pub kept: &'a mut [T],
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
    all(Plan::new::<C>(sizes), sizes, with, functions(isa, cell))
}

/// The same for all cells.
fn all<T: Real>(
    plan: Plan,
    sizes: Sizes,
    with: Forward<'_, T>,
    functions: Functions<T>,
) -> Result<(), Error> {
    let state = sizes.batch * sizes.hidden;
    let own = if plan.cell { state } else { 0 };
    let parts = plan.parts();
    for (wanted, found) in [
        (plan.rows() * sizes.input, with.x.len()),
        (state, with.h.len()),
        (own, with.c.len()),
        (plan.rows() * sizes.hidden, with.y.len()),
        (own, with.last.len()),
        (parts.end, with.kept.len()),
    ] {
        length("fused forward", wanted, found)?;
    }
    super::check_columns(&plan, with.w, with.u, with.b)?;
    let marks = with.marks.checked(sizes)?;
    if plan.rows() == 0 || sizes.hidden == 0 {
        with.last.copy_from_slice(with.c);
        return Ok(());
    }
    let (packed, rest) = with.kept.split_at_mut(parts.gradients);
    let (_, rest) = rest.split_at_mut(parts.records - parts.gradients);
    let (records, rest) = rest.split_at_mut(parts.gathered - parts.records);
    let (_, rest) = rest.split_at_mut(parts.sums - parts.gathered);
    let (sums, carried) = rest.split_at_mut(parts.carried - parts.sums);
    // From here on the memory is used through these pointers only.
    let copies = &Copies::new(plan, [with.w, with.u], packed);
    let records = records.as_mut_ptr();
    let steps = &Steps {
        plan,
        marks,
        x: with.x.as_ptr(),
        h: with.h.as_ptr(),
        y: with.y.as_mut_ptr(),
        weights: copies.get(0),
        far_weights: plan.far_weights::<T>(),
        records,
        past_caches: plan.past_caches::<T>() && records.addr().is_multiple_of(64),
        sums: sums.as_mut_ptr(),
        c: with.c.as_ptr(),
        last: with.last.as_mut_ptr(),
        carried: carried.as_mut_ptr(),
        back: false,
    };
    // SAFETY, twice: a single one for all shares is packed before them; else each has its own.
    let pack = |copy| unsafe { copies.forward(copy, with.b) };
    let shares = Shares::of::<T>(&plan, plan.time);
    if !shares.own_weights(&plan) {
        pack(0);
    }
    shares.compute(&plan, &|share| {
        let weights = share.weights.map_or(steps.weights, pack);
        // Each thread copies the steps to its own stack, to avoid false sharing.
        Steps { weights, ..*steps }.run(share, functions);
    });
    Ok(())
}

/// The steps of a sequence.
#[derive(Clone, Copy)]
pub(super) struct Steps<'a, T> {
    pub(super) plan: Plan,
    pub(super) marks: Marks<'a>,
    pub(super) x: *const T,
    pub(super) h: *const T,
    pub(super) y: *mut T,
    pub(super) weights: *const T,
    /// Whether they lie beyond the caches of a core.
    pub(super) far_weights: bool,
    /// Null where nothing is kept.
    pub(super) records: *mut T,
    /// Whether records are written past the caches, which would not hold them.
    pub(super) past_caches: bool,
    pub(super) sums: *mut T,
    /// The cells before the first step, and those after the last one. A single step has its own in
    /// `carried`, and these are null.
    pub(super) c: *const T,
    pub(super) last: *mut T,
    pub(super) carried: *mut T,
    /// Whether to begin with the last units: with what the step before has left in the caches.
    pub(super) back: bool,
}

// SAFETY: threads read inputs and packed weights, which nobody writes, and write to rows or units
// of their own only; where they read what another one has written, a barrier lies between.
unsafe impl<T: Sync> Sync for Steps<'_, T> {}

/// What computes the steps of a cell, compiled for one kind of register.
#[derive(Clone, Copy)]
pub(super) struct Functions<T> {
    sum: Compute<T>,
    activate: unsafe fn(&Steps<'_, T>, usize, Part),
    streamed: fn(),
}

/// The functions of a cell.
pub(super) fn functions<T: Real, C: Recurrence>(isa: Isa, cell: C) -> Functions<T> {
    T::in_lanes(isa, Find(cell))
}

struct Find<C>(C);

impl<T: Real, C: Recurrence> LaneKernel<T> for Find<C> {
    type Output = Functions<T>;
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) -> Functions<T> {
        let activate = activate::<L, C>;
        Functions { sum: compute::<L>, activate, streamed: L::streamed }
    }
}

/// [`Steps::activate`] as a function of its own.
///
/// # Safety
/// As of that.
unsafe fn activate<L: Lanes, C: Recurrence>(steps: &Steps<'_, L::Scalar>, t: usize, part: Part) {
    L::apart(
        #[inline(always)]
        // SAFETY: the caller's promises.
        || unsafe { steps.activate::<L, C>(t, part) },
    );
}

impl<T: Real> Steps<'_, T> {
    /// A thread's share of all steps.
    fn run(&self, share: &Share<'_>, functions: Functions<T>) {
        // SAFETY: cells have these rows and units.
        share.parts().for_each(|part| unsafe { self.begin(part) });
        for t in 0..self.plan.time {
            for part in share.parts() {
                // SAFETY: step, rows and units are those of slices whose lengths were checked.
                unsafe { self.step(t, part, functions) }
            }
            share.wait();
        }
        // SAFETY: as above.
        share.parts().for_each(|part| unsafe { self.end(part) });
        if self.past_caches {
            (functions.streamed)();
        }
    }

    /// A thread's share of a single step.
    pub(super) fn run_once(&self, share: &Share<'_>, functions: Functions<T>) {
        for part in share.places(self.back) {
            // SAFETY: rows and units are those of slices whose lengths were checked.
            unsafe { self.step(0, part, functions) }
        }
    }

    /// The cells of a part's rows: where they begin in `[batch, hidden]`, and where they are carried.
    #[inline(always)]
    fn cells(&self, part: Part) -> impl Iterator<Item = (usize, *mut T)> {
        let rows = if self.plan.cell { part.rows } else { 0 };
        (part.row..part.row + rows).map(move |row| {
            let at = row * self.plan.hidden + part.block * self.plan.block;
            (at, self.carried.wrapping_add(part.carried(&self.plan, row)))
        })
    }

    /// Takes over the cells before the first step.
    ///
    /// # Safety
    /// The rows and units have to be some.
    unsafe fn begin(&self, part: Part) {
        let units = self.plan.units(part.block);
        for (at, carried) in self.cells(part) {
            // SAFETY: the caller's promise.
            unsafe { carried.copy_from_nonoverlapping(self.c.wrapping_add(at), units) }
        }
    }

    /// Hands over the cells after the last step.
    ///
    /// # Safety
    /// As of [`begin`](Self::begin).
    unsafe fn end(&self, part: Part) {
        let units = self.plan.units(part.block);
        for (at, carried) in self.cells(part) {
            // SAFETY: the caller's promise.
            unsafe { self.last.wrapping_add(at).copy_from_nonoverlapping(carried, units) }
        }
    }

    /// The outputs before a step, from some row on.
    #[inline(always)]
    fn before(&self, t: usize, row: usize) -> *const T {
        let Plan { batch, hidden, .. } = self.plan;
        match t.checked_sub(1) {
            Some(t) => self.y.wrapping_add((t * batch + row) * hidden).cast_const(),
            None => self.h.wrapping_add(row * hidden),
        }
    }

    /// A step of a part.
    ///
    /// # Safety
    /// As of [`sum`](Self::sum).
    unsafe fn step(&self, t: usize, part: Part, functions: Functions<T>) {
        // SAFETY: the caller's promises.
        unsafe {
            self.sum(t, part, functions.sum);
            (functions.activate)(self, t, part);
        }
    }

    /// The sums of a step.
    ///
    /// # Safety
    /// The step has to be one, and the rows and units too; those before have been computed.
    unsafe fn sum(&self, t: usize, part: Part, compute: Compute<T>) {
        let zero = T::ZERO;
        for (run, starts) in self.marks.runs(self.marks.clip(part, t), t, self.plan.batch) {
            let h = if starts {
                Left { at: &raw const zero, row: 0, step: 0 }
            } else {
                Left { at: self.before(t, run.row), row: self.plan.hidden, step: 1 }
            };
            let to = self.sums.wrapping_add(part.sums(&self.plan, run.row));
            // SAFETY: the caller's promises.
            unsafe { self.sum_run(t, run, h, to, compute) }
        }
    }

    /// The sums of some rows with the same kind of state.
    ///
    /// # Safety
    /// As of [`sum`](Self::sum).
    unsafe fn sum_run(&self, t: usize, part: Part, h: Left<T>, to: *mut T, compute: Compute<T>) {
        let Plan { batch, input, hidden, sums, stored, .. } = self.plan;
        let Part { row, rows, block, .. } = part;
        let units = self.plan.units(block);
        let (columns, shift) = (sums * units, (stored - sums) * units);
        let weights = self.weights.wrapping_add(self.plan.packed(block));
        let of_state = weights.wrapping_add(input * padded(columns));
        let biases = self.weights.wrapping_add(self.plan.biases + block * stored * self.plan.block);
        let x = Left { at: self.x.wrapping_add((t * batch + row) * input), row: input, step: 1 };
        let x = Terms::new(x, Right::packed(weights, input), input);
        let h = Terms::new(h, Right::packed(of_state, hidden), hidden);
        let to = (to, self.plan.sums_row(units));
        let behind = |at: (*mut T, usize), by: usize| (at.0.wrapping_add(by), at.1);
        let terms = [x, h];
        let sums = Sums {
            back: self.back,
            from_far: self.far_weights,
            ..Sums::new([rows, columns], &terms, (biases, 0), to)
        };
        // SAFETY: the caller's promises; packed weights have whole registers of columns, and sums
        // room for them.
        unsafe {
            if shift == 0 {
                return compute(&sums);
            }
            compute(&Sums { terms: &[x], ..sums });
            // Those that the input has no part in begin with their biases.
            let alone = behind(to, columns);
            let from = (biases.wrapping_add(columns), 0);
            let alone = Sums { columns: shift, terms: &[], from, to: alone, ..sums };
            compute(&alone);
            let to = behind(to, shift);
            let from = (to.0.cast_const(), to.1);
            compute(&Sums { terms: &[h], from, to, ..sums });
        }
    }

    /// From the sums of a step to its outputs.
    ///
    /// # Safety
    /// As of [`sum`](Self::sum), which has been called.
    #[inline(always)]
    unsafe fn activate<L: Lanes<Scalar = T>, C: Recurrence>(&self, t: usize, part: Part) {
        let Plan { batch, hidden, .. } = self.plan;
        let units = self.plan.units(part.block);
        let first = part.block * self.plan.block;
        let kept = if self.records.is_null() {
            Kept::Nothing
        } else if self.past_caches && units.is_multiple_of(L::WIDTH) {
            Kept::PastCaches
        } else {
            Kept::Record
        };
        let (mut record, mut until) = (0, 0);
        for row in part.row..part.row + part.rows {
            if row >= until {
                (record, until) = self.plan.records(t, part.block, row);
            }
            let at = Row {
                cell: C::default(),
                units,
                starts: self.marks.starts(row, t, batch),
                sums: self.sums.wrapping_add(part.sums(&self.plan, row)),
                before: self.before(t, row).wrapping_add(first),
                carried: self.carried.wrapping_add(part.carried(&self.plan, row)),
                y: self.y.wrapping_add((t * batch + row) * hidden + first),
                record: self.records.wrapping_add(record),
                kept,
            };
            // SAFETY: records, states and outputs are touched only as far as units count; behind
            // the last sums there is room for a register.
            unsafe {
                if !self.marks.has(row, t) {
                    std::slice::from_raw_parts_mut(at.y, units).fill(T::ZERO);
                } else {
                    at.compute::<L>();
                }
            }
            record += self.plan.record(units);
        }
    }
}
