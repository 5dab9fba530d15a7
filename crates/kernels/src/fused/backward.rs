//! All steps, backward.

use super::gathered::Gathered;
use super::pack::Copies;
use super::plan::{Plan, Span};
use super::recurrence::{Kept, Recurrence};
use super::split::{Part, Share};
use super::way::Way;
use super::weights;
use super::{Columns, Gradients, Marks, Sizes};
use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::lanes::{LaneKernel, Lanes};
use crate::parallel;
use crate::real::Real;
use crate::tile::{Compute, Left, Right, Soon, Sums, Terms, compute};
use std::ops::Range;

/// A sequence whose adjoint is wanted: what [`forward`](super::forward) saw and wrote.
/// [`Gradients`] shows it at work.
#[derive(Debug)]
pub struct Backward<'a, T> {
    /// The inputs, `[time, batch, input]`.
    pub x: &'a [T],
    /// The output before the first step, `[batch, hidden]`.
    pub h: &'a [T],
    /// The weights of the input, for each of the first sums.
    pub w: &'a [Columns<'a, T>],
    /// The weights of the state, for each of the last sums.
    pub u: &'a [Columns<'a, T>],
    /// The biases, for each sum.
    pub b: &'a [Columns<'a, T>],
    /// Rows that end or start anew.
    pub marks: Marks<'a>,
    /// The outputs.
    pub y: &'a [T],
    /// The cotangent of the outputs; past the end of a row it does not matter.
    pub dy: &'a [T],
    /// The cotangent of the last cell; empty where there is none.
    pub dlast: &'a [T],
    /// What forward kept; overwritten.
    pub kept: &'a mut [T],
}

/// Adds the partial derivatives of a sequence.
pub(crate) fn backward<T: Real, C: Recurrence>(
    isa: Isa,
    cell: C,
    sizes: Sizes,
    with: Backward<'_, T>,
    into: &mut dyn Gradients<T>,
) -> Result<(), Error> {
    // Beyond this, sizes can be multiplied.
    super::kept_by(cell, sizes)?;
    let functions = T::in_lanes(isa, Find(cell));
    all(isa, Plan::new::<C>(sizes), sizes, with, into, functions)
}

/// The same for all cells.
fn all<T: Real>(
    isa: Isa,
    plan: Plan,
    sizes: Sizes,
    with: Backward<'_, T>,
    into: &mut dyn Gradients<T>,
    functions: Functions<T>,
) -> Result<(), Error> {
    let Plan { batch, input, hidden, .. } = plan;
    let state = batch * hidden;
    let own = if plan.cell { state } else { 0 };
    let parts = plan.parts();
    for (wanted, found) in [
        (plan.rows() * input, with.x.len()),
        (state, with.h.len()),
        (plan.rows() * hidden, with.y.len()),
        (plan.rows() * hidden, with.dy.len()),
        (own, with.dlast.len()),
        (parts.end, with.kept.len()),
    ] {
        length("fused backward", wanted, found)?;
    }
    super::check_columns(&plan, with.w, with.u, with.b)?;
    let marks = with.marks.checked(sizes)?;
    if plan.rows() == 0 || hidden == 0 {
        return add(into.c(), 0..own, own, with.dlast);
    }
    let (packed, rest) = with.kept.split_at_mut(parts.gradients);
    let (gradients, rest) = rest.split_at_mut(parts.records - parts.gradients);
    let (records, rest) = rest.split_at_mut(parts.gathered - parts.records);
    let (gathered, rest) = rest.split_at_mut(parts.sums - parts.gathered);
    let (sums, carried) = rest.split_at_mut(parts.carried - parts.sums);
    // From here on the memory is used through these pointers only.
    let copies = Copies::new(plan, [with.w, with.u], packed);
    let [gathered, sums, carried] = [gathered, sums, carried].map(<[T]>::as_mut_ptr);
    let steps = Steps {
        plan,
        marks,
        h: with.h.as_ptr(),
        y: with.y.as_ptr(),
        dy: with.dy.as_ptr(),
        transposed: copies.get(0),
        records: records.as_ptr(),
        past_caches: plan.past_caches::<T>(),
        gathered: Gathered::new(&plan, gathered, 0, (0, batch)),
        sums,
        carried,
    };
    let way = Way {
        isa,
        steps,
        functions,
        x: with.x.as_ptr(),
        copies,
        dlast: with.dlast.as_ptr(),
        gathered,
        gradients: gradients.as_mut_ptr(),
        parts: parallel::parts(plan.operations() * plan.time, plan.shards),
    };
    if plan.shards > 1 {
        way.in_shards(into)?;
    } else {
        way.in_spans(into)?;
    }
    way.end(into)?;
    weights::spread(&plan, way.all_gradients(), [with.w, with.u, with.b], into)
}

/// `to[part] += from`, of a `to` with so many numbers.
pub(super) fn add<T: Real>(
    to: Option<&mut [T]>,
    part: Range<usize>,
    all: usize,
    from: &[T],
) -> Result<(), Error> {
    let Some(to) = to else { return Ok(()) };
    length("fused backward", all, to.len())?;
    to[part].iter_mut().zip(from).for_each(|(to, &x)| *to += x);
    Ok(())
}

/// The steps of a sequence.
#[derive(Clone, Copy)]
pub(super) struct Steps<'a, T> {
    pub(super) plan: Plan,
    pub(super) marks: Marks<'a>,
    pub(super) h: *const T,
    pub(super) y: *const T,
    pub(super) dy: *const T,
    pub(super) transposed: *const T,
    pub(super) records: *const T,
    /// Whether records have to be brought into the caches.
    pub(super) past_caches: bool,
    pub(super) gathered: Gathered<T>,
    pub(super) sums: *mut T,
    pub(super) carried: *mut T,
}

// SAFETY: as forward.
unsafe impl<T: Sync> Sync for Steps<'_, T> {}

/// What computes the steps of a cell, compiled for one kind of register.
#[derive(Clone, Copy)]
pub(super) struct Functions<T> {
    sum: Compute<T>,
    pull: unsafe fn(&Steps<'_, T>, usize, Span, Part),
}

struct Find<C>(C);

impl<T: Real, C: Recurrence> LaneKernel<T> for Find<C> {
    type Output = Functions<T>;
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) -> Functions<T> {
        Functions { sum: compute::<L>, pull: pull::<L, C> }
    }
}

/// [`Steps::pull`] as a function of its own.
///
/// # Safety
/// As of that.
unsafe fn pull<L: Lanes, C: Recurrence>(
    steps: &Steps<'_, L::Scalar>,
    t: usize,
    span: Span,
    part: Part,
) {
    L::apart(
        #[inline(always)]
        // SAFETY: the caller's promises.
        || unsafe { steps.pull::<L, C>(t, span, part) },
    );
}

impl<T: Real> Steps<'_, T> {
    /// A thread's share of some steps, from the last one back. It has them for itself, as forward.
    pub(super) fn run(self, span: Span, share: &Share<'_>, functions: Functions<T>) {
        self.begin(span, share);
        for t in (span.from..span.from + span.count).rev() {
            for part in share.parts() {
                // SAFETY: step, rows and units are those of slices whose lengths were checked.
                unsafe {
                    self.sum(t, span, part, functions.sum);
                    (functions.pull)(&self, t, span, part);
                }
            }
            share.wait();
        }
    }

    /// Takes over the cotangents of the step behind a span, where there is one.
    fn begin(&self, span: Span, share: &Share<'_>) {
        if span.is_last(&self.plan) {
            return;
        }
        // The step behind these was the first of those gathered before.
        let row = self.plan.cotangents();
        let (from, until) = share.own_rows();
        // SAFETY: there is room for one step more than are gathered.
        unsafe {
            let at = self.gathered.row(0, from);
            let to = self.gathered.row(span.count, from);
            std::ptr::copy_nonoverlapping(at, to, (until - from) * row);
        }
        share.wait();
    }

    /// The cotangents of the outputs of a step.
    ///
    /// # Safety
    /// The step has to be one of the span, and the rows and units too; the next has been computed.
    unsafe fn sum(&self, t: usize, span: Span, part: Part, compute: Compute<T>) {
        let clipped = self.marks.clip(part, t);
        for (run, starts) in self.marks.runs(clipped, t + 1, self.plan.batch) {
            // Behind the last step, and before a new start, nothing flows back through sums.
            let flows = t + 1 < self.plan.time && !starts;
            let to = self.sums.wrapping_add(part.sums(&self.plan, run.row));
            // SAFETY: the caller's promises.
            unsafe { self.sum_run(t, span, run, (flows, to), compute) }
        }
    }

    /// The same for some rows, through whose next sums something flows back, or nothing.
    ///
    /// # Safety
    /// As of [`sum`](Self::sum).
    unsafe fn sum_run(
        &self,
        t: usize,
        span: Span,
        part: Part,
        (flows, to): (bool, *mut T),
        compute: Compute<T>,
    ) {
        let Plan { batch, hidden, sums, stored, .. } = self.plan;
        let (depth, first) = (self.plan.terms(), part.block * self.plan.block);
        let next = self.gathered.row(t + 1 - span.from, part.row);
        let left = Left {
            at: next.wrapping_add((stored - sums) * hidden).cast_const(),
            row: self.plan.cotangents(),
            step: 1,
        };
        let right = Right::packed(self.transposed.wrapping_add(first * depth), depth);
        let terms = [Terms::new(left, right, depth)];
        let from = self.dy.wrapping_add((t * batch + part.row) * hidden + first);
        let units = self.plan.units(part.block);
        let soon = if self.past_caches {
            let (at, _) = self.plan.records(t, part.block, part.row);
            let at = self.records.wrapping_add(at);
            Soon::of(at, part.rows * self.plan.record(units))
        } else {
            Soon::NOTHING
        };
        // SAFETY: packed weights have whole registers of columns, and sums room for all units.
        unsafe {
            let terms = if flows { &terms[..] } else { &[] };
            let to = (to, self.plan.sums_row(units));
            let sums = Sums::new([part.rows, units], terms, (from, hidden), to);
            let from_far = self.plan.far_weights::<T>();
            compute(&Sums { soon, from_far, ..sums });
        }
    }

    /// From the cotangents of a step's outputs to those of its sums.
    ///
    /// # Safety
    /// As of [`sum`](Self::sum), which has been called.
    #[inline(always)]
    unsafe fn pull<L: Lanes<Scalar = T>, C: Recurrence>(&self, t: usize, span: Span, part: Part) {
        let Plan { batch, hidden, .. } = self.plan;
        let units = self.plan.units(part.block);
        let first = part.block * self.plan.block;
        let (mut next, mut until) = (0, 0);
        for row in part.row..part.row + part.rows {
            if row >= until {
                (next, until) = self.plan.records(t, part.block, row);
            }
            let record = self.records.wrapping_add(next);
            next += self.plan.record(units);
            let state = row * hidden + first;
            let dh = self.sums.wrapping_add(part.sums(&self.plan, row));
            let y = self.y.wrapping_add(t * batch * hidden + state);
            let carried = self.carried.wrapping_add(part.carried(&self.plan, row));
            let to = self.gathered.row(t - span.from, row).wrapping_add(first);
            if !self.marks.has(row, t) {
                for s in 0..C::STORED {
                    // SAFETY: as below.
                    unsafe { std::slice::from_raw_parts_mut(to.add(s * hidden), units) }
                        .fill(T::ZERO);
                }
                continue;
            }
            let number = |place: usize| record.wrapping_add(place * units);
            let old = match t {
                _ if C::CELL => number(C::STORED),
                0 => self.h.wrapping_add(state),
                _ => y.wrapping_sub(batch * hidden),
            };
            let starts = self.marks.starts(row, t, batch);
            for lane in (0..units).step_by(L::WIDTH) {
                let count = L::WIDTH.min(units - lane);
                // SAFETY: records, states and cotangents are touched only as far as units count;
                // behind the last sums there is room for a register.
                unsafe {
                    let h = L::load_part(y.add(lane), count);
                    let mut kept = Kept { sums: [h; 4], last: h, old: h, h };
                    if C::SUMS > 1 {
                        for s in 0..C::STORED {
                            kept.sums[s] = L::load_part(number(s).add(lane), count);
                        }
                        kept.last = match C::LAST {
                            place if place < C::STORED => kept.sums[place],
                            place => L::load_part(number(place).add(lane), count),
                        };
                        kept.old = if starts {
                            L::splat(T::ZERO)
                        } else {
                            L::load_part(old.add(lane), count)
                        };
                    }
                    let carry = L::load_part(carried.add(lane), count);
                    let (cotangents, carry) =
                        C::default().backward(L::load(dh.add(lane)), carry, kept);
                    for s in 0..C::STORED {
                        cotangents[s].store_part(to.add(s * hidden + lane), count);
                    }
                    // What came before a new start has no part in it.
                    let carry = if starts { L::splat(T::ZERO) } else { carry };
                    carry.store_part(carried.add(lane), count);
                }
            }
        }
    }
}
