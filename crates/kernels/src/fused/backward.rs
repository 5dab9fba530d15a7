//! All steps, backward.

use super::pack;
use super::plan::{CHUNK, GROUP, Plan, padded};
use super::recurrence::{Kept, Recurrence};
use super::{Columns, Sizes};
use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::lanes::{LaneKernel, Lanes};
use crate::parallel::{self, Apart};
use crate::real::Real;
use crate::tile::{Left, Right, Tile, accumulate, blocks, share, with_registers, with_rows};
use std::hint::black_box;

/// A sequence whose adjoint is wanted: what [`forward`](super::forward) saw and wrote.
#[derive(Debug)]
pub struct Backward<'a, T> {
    /// The inputs, `[time, batch, input]`.
    pub x: &'a [T],
    /// The output before the first step, `[batch, hidden]`.
    pub h: &'a [T],
    /// The cell before the first step; empty where there is none.
    pub c: &'a [T],
    /// The weights of the input, for each of the first sums.
    pub w: &'a [Columns<'a, T>],
    /// The weights of the state, for each of the last sums.
    pub u: &'a [Columns<'a, T>],
    /// The biases, for each sum.
    pub b: &'a [Columns<'a, T>],
    /// The outputs.
    pub y: &'a [T],
    /// The cotangent of the outputs.
    pub dy: &'a [T],
    /// The cotangent of the last cell; empty where there is none.
    pub dlast: &'a [T],
    /// What forward kept; overwritten.
    pub kept: &'a mut [T],
}

/// Where partial derivatives are added; `None` where nobody wants one.
///
/// They are asked for one after the other, because one memory may be the target of several.
pub trait Gradients<T> {
    /// Of the inputs, `[time, batch, input]`.
    fn x(&mut self) -> Option<&mut [T]>;
    /// Of the output before the first step.
    fn h(&mut self) -> Option<&mut [T]>;
    /// Of the cell before the first step.
    fn c(&mut self) -> Option<&mut [T]>;
    /// Of the matrix in which the weights of the input for a sum lie.
    fn w(&mut self, sum: usize) -> Option<&mut [T]>;
    /// Of the matrix in which the weights of the state for a sum lie.
    fn u(&mut self, sum: usize) -> Option<&mut [T]>;
    /// Of the row in which the biases of a sum lie.
    fn b(&mut self, sum: usize) -> Option<&mut [T]>;
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
    let plan = Plan::new::<C>(sizes);
    let state = sizes.batch * sizes.hidden;
    let own = if C::CELL { state } else { 0 };
    let outputs = plan.rows() * sizes.hidden;
    let (starts, total) = plan.parts();
    for (wanted, found) in [
        (plan.rows() * sizes.input, with.x.len()),
        (state, with.h.len()),
        (own, with.c.len()),
        (outputs, with.y.len()),
        (outputs, with.dy.len()),
        (own, with.dlast.len()),
        (total, with.kept.len()),
    ] {
        length("fused backward", wanted, found)?;
    }
    super::check_columns(&plan, with.w, with.u, with.b)?;
    if plan.rows() == 0 || sizes.hidden == 0 {
        if let Some(dc) = into.c() {
            length("fused backward", own, dc.len())?;
            dc.iter_mut().zip(with.dlast).for_each(|(d, &x)| *d += x);
        }
        return Ok(());
    }
    let (packed, rest) = with.kept.split_at_mut(starts[1]);
    let (sums, rest) = rest.split_at_mut(starts[2] - starts[1]);
    let (history, rest) = rest.split_at_mut(starts[3] - starts[2]);
    let (partial, carry) = rest.split_at_mut(starts[4] - starts[3]);
    let (of_state, of_input) = packed.split_at_mut(plan.terms() * padded(sizes.hidden));
    pack::transposed(&plan, with.u, sizes.hidden, of_state);
    if C::CELL {
        carry.copy_from_slice(with.dlast);
    } else {
        carry.fill(T::ZERO);
    }
    let at = Pointers {
        x: with.x.as_ptr(),
        h: with.h.as_ptr(),
        c: with.c.as_ptr(),
        y: with.y.as_ptr(),
        dy: with.dy.as_ptr(),
        sums: sums.as_mut_ptr(),
        history: history.as_ptr(),
        partial: partial.as_mut_ptr(),
        carry: carry.as_mut_ptr(),
        transposed: of_state.as_ptr(),
    };
    let parts = parallel::parts(plan.operations(), sizes.batch);
    parallel::run(parts, &|i| {
        let rows = share(sizes.batch, parts, i);
        T::in_lanes(isa, Steps { cell, plan: &plan, at: &at, rows });
    });

    // Before the first step: what flows through its sums, and what bypasses them.
    let first = Left { at: at.sums.cast_const(), row: plan.record_row(), step: 1 };
    if let Some(dh) = into.h() {
        length("fused backward", state, dh.len())?;
        if !C::CELL {
            dh.iter_mut().zip(&*carry).for_each(|(d, &x)| *d += x);
        }
        let (shift, to) = (C::STORED - C::SUMS, dh.as_mut_ptr());
        let right = at.transposed;
        T::in_lanes(
            isa,
            Through {
                plan: &plan,
                shift,
                left: first,
                right,
                to,
                columns: sizes.hidden,
                rows: (0, sizes.batch),
            },
        );
    }
    if let Some(dc) = into.c()
        && C::CELL
    {
        length("fused backward", state, dc.len())?;
        dc.iter_mut().zip(&*carry).for_each(|(d, &x)| *d += x);
    }
    if let Some(dx) = into.x() {
        length("fused backward", plan.rows() * sizes.input, dx.len())?;
        pack::transposed(&plan, with.w, sizes.input, of_input);
        let (right, to) = (of_input.as_ptr(), Apart(dx.as_mut_ptr()));
        let through = Through {
            plan: &plan,
            shift: 0,
            left: first,
            right,
            to: to.0,
            columns: sizes.input,
            rows: (0, 0),
        };
        let through = Apart(through);
        let parts = parallel::parts(plan.operations(), plan.rows());
        parallel::run(parts, &|i| {
            let rows = share(plan.rows(), parts, i);
            T::in_lanes(isa, Through { rows, ..*through.get() });
        });
    }

    // The weights' gradients take the place of the packed weights, and are added from there.
    // They are shared by panels, or by operands where there are too few panels.
    let to = packed.as_mut_ptr();
    let operands = sizes.input + sizes.hidden;
    let parts = parallel::parts(plan.operations(), operands.max(plan.panels));
    let of_panels = parts <= plan.panels;
    let weights = Apart(Weights::<T> {
        plan: &plan,
        at: &at,
        to,
        panels: (0, plan.panels),
        terms: (0, operands),
    });
    parallel::run(parts, &|i| {
        let all = *weights.get();
        T::in_lanes(
            isa,
            if of_panels {
                Weights { panels: share(plan.panels, parts, i), ..all }
            } else {
                Weights { terms: share(operands, parts, i), ..all }
            },
        );
    });
    pack::spread(&plan, packed, with.w, with.u, with.b, into)
}

struct Pointers<T> {
    x: *const T,
    h: *const T,
    c: *const T,
    y: *const T,
    dy: *const T,
    sums: *mut T,
    history: *const T,
    partial: *mut T,
    carry: *mut T,
    transposed: *const T,
}

// SAFETY: threads write to rows of their own only, and share what nobody writes meanwhile.
unsafe impl<T: Sync> Sync for Pointers<T> {}

/// The steps of some rows, from the last one back.
struct Steps<'a, C, T> {
    cell: C,
    plan: &'a Plan,
    at: &'a Pointers<T>,
    rows: (usize, usize),
}

impl<T: Real, C: Recurrence> LaneKernel<T> for Steps<'_, C, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        for t in (0..self.plan.time).rev() {
            for first in (0..self.plan.hidden).step_by(GROUP) {
                let count = GROUP.min(self.plan.hidden - first);
                with_registers!(count, lane, V => self.blocks::<L, V>(t, first, lane));
            }
        }
    }
}

/// What a tile works on: a step, a group of units with the first of its lanes, and the panels
/// whose sums' cotangents flow back to them, up to the last.
#[derive(Clone, Copy)]
struct Part {
    t: usize,
    first: usize,
    lane: usize,
    panels: (usize, usize),
    last: usize,
}

impl<T: Real, C: Recurrence> Steps<'_, C, T> {
    #[inline(always)]
    fn blocks<L: Lanes<Scalar = T>, const V: usize>(&self, t: usize, first: usize, lane: usize) {
        // Behind the last step nothing flows back through sums.
        let panels = if t + 1 < self.plan.time { self.plan.panels } else { 1 };
        let chunk = (CHUNK / (self.plan.sums * self.plan.units)).max(1);
        for (panel, count) in blocks(panels, chunk) {
            let part = Part { t, first, lane, panels: (panel, panel + count), last: panels };
            for (row, rows) in blocks(self.rows.1 - self.rows.0, L::ROWS) {
                let row = self.rows.0 + row;
                with_rows!(rows, R => {
                    // SAFETY: all of these are in bounds of the slices whose lengths were checked.
                    unsafe { self.tile::<L, R, V>(part, row) }
                });
            }
        }
    }

    /// One step of `R` rows: the cotangents of the outputs of `V` registers of units, and from
    /// them those of these units' sums.
    ///
    /// # Safety
    /// `t < time`, `first + lane < hidden`, the panels are panels, and `row + R ≤ batch`.
    #[inline(always)]
    unsafe fn tile<L: Lanes<Scalar = T>, const R: usize, const V: usize>(
        &self,
        part: Part,
        row: usize,
    ) {
        let (plan, at) = (self.plan, self.at);
        let Part { t, first, lane, panels, last } = part;
        let (hidden, units) = (plan.hidden, plan.units);
        let shift = C::STORED - C::SUMS;
        // SAFETY: as in the forward pass.
        unsafe {
            let mut dh: Tile<L, R, 1, V> = [[[L::splat(T::ZERO); V]; 1]; R];
            let rest = |r: usize, v: usize| at.partial.add((row + r) * GROUP + v * L::WIDTH);
            for r in 0..R {
                for v in 0..V {
                    let unit = first + lane + v * L::WIDTH;
                    let dy = at.dy.add((t * plan.batch + row + r) * hidden + unit);
                    dh[r][0][v] = if panels.0 == 0 {
                        L::load_part(dy, L::WIDTH.min(hidden - unit))
                    } else {
                        L::load(rest(r, v))
                    };
                }
            }
            if t + 1 < plan.time {
                let left = Left { at: at.sums.cast_const(), row: plan.record_row(), step: 1 };
                let next = (t + 1) * plan.batch + row;
                let width = padded(GROUP.min(hidden - first));
                let before = panels.0 * plan.sums * units * width;
                let right = at.transposed.add(first * plan.terms() + lane + before);
                through(
                    plan,
                    &mut dh,
                    left,
                    shift,
                    (panels, next),
                    Right { at: right, step: width, group: 0 },
                );
            }
            if panels.1 < last {
                for r in 0..R {
                    for v in 0..V {
                        dh[r][0][v].store(rest(r, v));
                    }
                }
                return;
            }
            // The pointwise part is compiled once, not once for every row.
            for r in 0..black_box(R) {
                let now = t * plan.batch + row + r;
                for v in 0..V {
                    let unit = first + lane + v * L::WIDTH;
                    let count = L::WIDTH.min(hidden - unit);
                    let (panel, inside) = (unit / units, unit % units);
                    let sums = at.sums.add(plan.record(panel, now) + inside);
                    let history = |row: usize| at.history.add(plan.past(panel, row) + inside);
                    let y = at.y.add(now * hidden + unit);
                    let h = L::load_part(y, count);
                    let mut kept = Kept { sums: [h; 4], history: [h; 2], old: h, h };
                    if C::SUMS > 1 {
                        for s in 0..C::STORED {
                            kept.sums[s] = L::load(sums.add(s * units));
                        }
                        kept.old = if C::CELL && t > 0 {
                            L::load(history(now - plan.batch))
                        } else if C::CELL {
                            L::load_part(at.c.add((row + r) * hidden + unit), count)
                        } else if t > 0 {
                            L::load_part(y.sub(plan.batch * hidden), count)
                        } else {
                            L::load_part(at.h.add((row + r) * hidden + unit), count)
                        };
                    }
                    for p in 0..C::HISTORY {
                        kept.history[p] = L::load(history(now).add(p * units));
                    }
                    let carry = at.carry.add((row + r) * hidden + unit);
                    let carried = L::load_part(carry, count);
                    let (partials, carried) = self.cell.backward(dh[r][0][v], carried, kept);
                    for s in 0..C::STORED {
                        partials[s].store(sums.add(s * units));
                    }
                    carried.store_part(carry, count);
                }
            }
        }
    }
}

/// `tile += D · Vᵀ` for the cotangents `D` of the sums of some rows, and transposed weights.
///
/// # Safety
/// The rows have to be there, and `right` has to have all terms.
#[inline(always)]
unsafe fn through<L: Lanes, const R: usize, const V: usize>(
    plan: &Plan,
    tile: &mut Tile<L, R, 1, V>,
    left: Left<L::Scalar>,
    shift: usize,
    (panels, row): ((usize, usize), usize),
    right: Right<L::Scalar>,
) {
    let mut right = right;
    for panel in panels.0..panels.1 {
        let valid = plan.valid(panel);
        // SAFETY: the sums of a row lie side by side, those of whole panels without gaps.
        unsafe {
            let sums = left.at.add(plan.record(panel, row) + shift * plan.units);
            if valid == plan.units {
                let terms = plan.sums * valid;
                accumulate(tile, Left { at: sums, ..left }, right, terms);
                right.at = right.at.add(terms * right.step);
            } else {
                for sum in 0..plan.sums {
                    let at = sums.add(sum * plan.units);
                    accumulate(tile, Left { at, ..left }, right, valid);
                    right.at = right.at.add(valid * right.step);
                }
            }
        }
    }
}

/// `to += D · Vᵀ` for some rows of all steps and rows.
#[derive(Clone, Copy)]
struct Through<'a, T> {
    plan: &'a Plan,
    shift: usize,
    left: Left<T>,
    right: *const T,
    to: *mut T,
    columns: usize,
    rows: (usize, usize),
}

impl<T: Real> LaneKernel<T> for Through<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        for first in (0..self.columns).step_by(GROUP) {
            let count = GROUP.min(self.columns - first);
            with_registers!(count, lane, V => {
                for (row, rows) in blocks(self.rows.1 - self.rows.0, L::ROWS) {
                    let row = self.rows.0 + row;
                    with_rows!(rows, R => {
                        // SAFETY: the caller has checked the length of what is written.
                        unsafe { self.tile::<L, R, V>(first, lane, row) }
                    });
                }
            });
        }
    }
}

impl<T: Real> Through<'_, T> {
    /// # Safety
    /// `first + lane < columns`, and the rows are rows.
    #[inline(always)]
    unsafe fn tile<L: Lanes<Scalar = T>, const R: usize, const V: usize>(
        &self,
        first: usize,
        lane: usize,
        row: usize,
    ) {
        let columns = self.columns;
        let place = |r: usize, v: usize| {
            let column = first + lane + v * L::WIDTH;
            ((row + r) * columns + column, L::WIDTH.min(columns - column))
        };
        // SAFETY: columns and rows are in bounds, and no column beyond the last is touched.
        unsafe {
            let mut tile: Tile<L, R, 1, V> = [[[L::splat(T::ZERO); V]; 1]; R];
            for r in 0..R {
                for v in 0..V {
                    let (start, count) = place(r, v);
                    tile[r][0][v] = L::load_part(self.to.add(start), count);
                }
            }
            let width = padded(GROUP.min(columns - first));
            let right = self.right.add(first * self.plan.terms() + lane);
            let right = Right { at: right, step: width, group: 0 };
            let panels = (0, self.plan.panels);
            through(self.plan, &mut tile, self.left, self.shift, (panels, row), right);
            for r in 0..R {
                for v in 0..V {
                    let (start, count) = place(r, v);
                    tile[r][0][v].store_part(self.to.add(start), count);
                }
            }
        }
    }
}

/// Steps × rows that are summed before the next weights take their turn: their cotangents stay in
/// the L1 cache.
const DEPTH: usize = 96;

/// The gradients of the weights and biases of some panels and some operands, the inputs before the
/// states, laid out as forward packs them. The biases go with the first operand.
struct Weights<'a, T> {
    plan: &'a Plan,
    at: &'a Pointers<T>,
    to: *mut T,
    panels: (usize, usize),
    terms: (usize, usize),
}

impl<T> Clone for Weights<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Weights<'_, T> {}

impl<T: Real> LaneKernel<T> for Weights<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        for panel in self.panels.0..self.panels.1 {
            let valid = self.plan.valid(panel);
            match self.plan.sums {
                1 => with_registers!(valid, lane, V => self.panel::<L, 1, V>(panel, lane)),
                3 => {
                    for lane in (0..valid).step_by(L::WIDTH) {
                        self.panel::<L, 3, 1>(panel, lane);
                    }
                }
                _ => {
                    for lane in (0..valid).step_by(L::WIDTH) {
                        self.panel::<L, 4, 1>(panel, lane);
                    }
                }
            }
            if self.terms.0 == 0 {
                for lane in (0..valid).step_by(L::WIDTH) {
                    self.biases::<L>(panel, lane);
                }
            }
        }
    }
}

impl<T: Real> Weights<'_, T> {
    #[inline(always)]
    fn panel<L: Lanes<Scalar = T>, const N: usize, const V: usize>(
        &self,
        panel: usize,
        lane: usize,
    ) {
        let (plan, at) = (self.plan, self.at);
        let (rows, batch, input, hidden) = (plan.rows(), plan.batch, plan.input, plan.hidden);
        let shift = plan.stored - plan.sums;
        let (from, until) = self.terms;
        let x = (from.min(input), until.min(input));
        let h = (from.max(input) - input, until.max(input) - input);
        // SAFETY: `to` has room for all packed weights; inputs, outputs and sums have all rows.
        unsafe {
            let to = self.to.add(panel * plan.packed_panel() + lane);
            for start in (0..rows).step_by(DEPTH) {
                let depth = DEPTH.min(rows - start);
                let left = Left { at: at.x.add(start * input), row: 1, step: input };
                self.part::<L, N, V>(panel, lane, 0, start, depth, left, x, to, start > 0);
            }
            let to = to.add(input * N * plan.units);
            let left = Left { at: at.h, row: 1, step: hidden };
            self.part::<L, N, V>(panel, lane, shift, 0, batch, left, h, to, false);
            for start in (batch..rows).step_by(DEPTH) {
                let depth = DEPTH.min(rows - start);
                let left = Left { at: at.y.add((start - batch) * hidden), row: 1, step: hidden };
                self.part::<L, N, V>(panel, lane, shift, start, depth, left, h, to, true);
            }
        }
    }

    /// The sums over some rows, for all weights of a panel that belong to one operand.
    ///
    /// # Safety
    /// The rows from `start` on have to be there, `left` has to have as many, and `to` needs room
    /// for the weights of all operands, of which only some are computed.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the innermost loops take what they need")]
    unsafe fn part<L: Lanes<Scalar = T>, const N: usize, const V: usize>(
        &self,
        panel: usize,
        lane: usize,
        shift: usize,
        start: usize,
        depth: usize,
        left: Left<T>,
        operands: (usize, usize),
        to: *mut T,
        add: bool,
    ) {
        let plan = self.plan;
        // SAFETY: the caller's promises.
        unsafe {
            let sums = self.at.sums.add(plan.record(panel, start) + shift * plan.units + lane);
            let right = Right { at: sums.cast_const(), step: plan.record_row(), group: plan.units };
            for (k, rows) in blocks(operands.1 - operands.0, L::ROWS) {
                let k = operands.0 + k;
                with_rows!(rows, R => {
                    let to = to.add(k * N * plan.units);
                    let place = |r: usize, n: usize, v: usize| {
                        to.add((r * N + n) * plan.units + v * L::WIDTH)
                    };
                    let mut tile: Tile<L, R, N, V> = [[[L::splat(T::ZERO); V]; N]; R];
                    if add {
                        for r in 0..R {
                            for n in 0..N {
                                for v in 0..V {
                                    tile[r][n][v] = L::load(place(r, n, v));
                                }
                            }
                        }
                    }
                    accumulate(&mut tile, Left { at: left.at.add(k), ..left }, right, depth);
                    for r in 0..R {
                        for n in 0..N {
                            for v in 0..V {
                                tile[r][n][v].store(place(r, n, v));
                            }
                        }
                    }
                });
            }
        }
    }

    #[inline(always)]
    fn biases<L: Lanes<Scalar = T>>(&self, panel: usize, lane: usize) {
        let plan = self.plan;
        let biases = plan.panels * plan.packed_panel() + panel * plan.record_row() + lane;
        // SAFETY: behind the packed weights there is room for the biases; sums have all rows.
        unsafe {
            for s in 0..plan.stored {
                let mut from = self.at.sums.add(plan.record(panel, 0) + s * plan.units + lane);
                let mut sum = L::splat(T::ZERO);
                for _ in 0..plan.rows() {
                    sum = sum.add(L::load(from));
                    from = from.wrapping_add(plan.record_row());
                }
                sum.store(self.to.add(biases + s * plan.units));
            }
        }
    }
}
