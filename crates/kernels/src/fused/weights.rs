//! The gradients of weights and biases: products over all rows of several steps.

use super::Columns;
use super::gathered::Gathered;
use super::gradients::Gradients;
use super::plan::{Plan, Span};
use crate::error::{Error, length};
use crate::lanes::{LaneKernel, Lanes};
use crate::loops::{self, Loop};
use crate::parallel::{self, Apart};
use crate::product::{BLOCK, OnStack};
use crate::real::Real;
use crate::tile::{Compute, Left, PANEL, Right, Sums, Terms, compute, share};

/// Rows of all steps that are summed before the next weights take their turn. The more they are,
/// the less often all gradients come and go; their cotangents stay in the L2 cache.
const DEPTH: usize = BLOCK;

/// What the gradients of some rows of some steps are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights<'a, T> {
    pub(super) plan: &'a Plan,
    pub(super) span: Span,
    /// The rows of each step.
    pub(super) rows: (usize, usize),
    pub(super) x: *const T,
    pub(super) h: *const T,
    pub(super) y: *const T,
    pub(super) cotangents: Gathered<T>,
    /// The gradients, of the input's weights, the state's, and the biases, each in panels of
    /// [`PANEL`] columns, one after the other.
    pub(super) to: *mut T,
}

/// Which gradients are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    All,
    /// Those of the input's weights and of the biases.
    OfInput,
    /// Those of the state's weights.
    OfState,
}

/// A share of the gradients: some columns of all rows, or some rows of all columns.
pub(super) struct Shared<'a, T> {
    pub(super) weights: Weights<'a, T>,
    pub(super) part: usize,
    pub(super) parts: usize,
    pub(super) stage: Stage,
}

/// Some rows and panels of a matrix.
#[derive(Clone, Copy)]
struct Window {
    rows: (usize, usize),
    panels: (usize, usize),
    /// All columns of the matrix.
    columns: usize,
}

impl<T: Real> LaneKernel<T> for Shared<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        self.all((compute::<L>, copy_together::<L>));
    }
}

/// What it takes from a kind of register: [`compute`] and [`copy_together`].
type In<T> = (Compute<T>, Copy<T>);
type Copy<T> = unsafe fn(*const T, (usize, usize, usize, usize), usize, *mut T);

impl<T: Real> Shared<'_, T> {
    fn all(&self, lanes: In<T>) {
        let Plan { batch, input, hidden, sums, stored, .. } = *self.weights.plan;
        let Span { from, count, .. } = self.weights.span;
        let Weights { x, h, y, to, .. } = self.weights;
        let own = |rows, columns| self.window(rows, columns);
        let (terms, shift) = (sums * hidden, (stored - sums) * hidden);
        let one = T::ONE;
        let to_state = to.wrapping_add(input * whole_panels(terms));
        let to_biases = to_state.wrapping_add(hidden * whole_panels(terms));
        // SAFETY: inputs, outputs and cotangents have all rows, and gradients all columns.
        unsafe {
            if self.stage != Stage::OfState {
                let left = Left { at: x.wrapping_add(from * batch * input), row: 1, step: input };
                self.sum(lanes, left, (0, count), 0, (to, input), own(input, terms));
                let ones = Left { at: &raw const one, row: 0, step: 0 };
                self.sum(lanes, ones, (0, count), 0, (to_biases, 1), own(1, stored * hidden));
            }
            if self.stage != Stage::OfInput {
                let (to, window) = ((to_state, hidden), own(hidden, terms));
                // The state before the first step is no output.
                let first = usize::from(from == 0);
                let of_start = Left { at: h, row: 1, step: hidden };
                self.sum(lanes, of_start, (0, first), shift, to, window);
                let before = y.wrapping_add((from + first).wrapping_sub(1) * batch * hidden);
                let of_state = Left { at: before, row: 1, step: hidden };
                self.sum(lanes, of_state, (first, count), shift, to, window);
            }
        }
    }

    /// The share of a matrix.
    fn window(&self, rows: usize, columns: usize) -> Window {
        let panels = columns.div_ceil(PANEL);
        if panels >= self.parts {
            Window { rows: (0, rows), panels: share(panels, self.parts, self.part), columns }
        } else {
            Window { rows: share(rows, self.parts, self.part), panels: (0, panels), columns }
        }
    }

    /// `to[k, j] += Σ left[row, k] · cotangent[row, shift + j]` over some of the span's steps, of
    /// which `left` has the rows from the first one on; beginning at 0, not at what `to` holds,
    /// with the first of all. `to` comes with the rows of its panels.
    ///
    /// # Safety
    /// The operands must have these rows, and `to` the window.
    unsafe fn sum(
        &self,
        (compute, copy_together): In<T>,
        left: Left<T>,
        (from, until): (usize, usize),
        shift: usize,
        to: (*mut T, usize),
        window: Window,
    ) {
        let Weights { plan, span, cotangents, rows: (row, end), .. } = self.weights;
        let (own, all, pitch) = (end - row, plan.batch, plan.cotangents());
        // Rows of a step that others take up.
        let (gap, cotangents_gap) = (all - own, cotangents.rows() - own);
        let most = DEPTH * 4 / size_of::<T>();
        let steps = (most / own.max(1)).max(1);
        let rows = window.rows.1 - window.rows.0;
        // A panel of cotangents that is used so often is worth being copied together.
        let copied = rows >= WORTH_COPYING && steps * own <= most;
        let mut panel_of = OnStack::new();
        for first in (from..until).step_by(steps) {
            let count = steps.min(until - first);
            let at = ((first - from) * all + row) * left.step + window.rows.0 * left.row;
            let left = Left { at: left.at.wrapping_add(at), ..left };
            // Without gaps it is one run.
            let (depth, runs) = if own == all { (count * own, 1) } else { (own, count) };
            let begin = first == 0 && span.is_last(plan);
            for panel in window.panels.0..window.panels.1 {
                let columns = PANEL.min(window.columns - panel * PANEL);
                let at = cotangents.row(first, row).wrapping_add(shift + panel * PANEL);
                let at = at.cast_const();
                let (right, gaps) = if copied {
                    let to = panel_of.room::<T>(runs * depth * PANEL).as_mut_ptr().cast();
                    // SAFETY: behind the cotangents of a row there is room for whole registers.
                    unsafe { copy_together(at, (pitch, depth, runs, cotangents_gap), columns, to) }
                    (Right::stored(panel_of.at(), PANEL), (gap * left.step, 0))
                } else {
                    (Right::stored(at, pitch), (gap * left.step, cotangents_gap * pitch))
                };
                let to = to.0.wrapping_add((panel * to.1 + window.rows.0) * PANEL);
                let terms = [Terms { left, right, depth, runs, gaps }];
                let from = if begin { std::ptr::null() } else { to.cast_const() };
                // SAFETY: the caller's promises.
                unsafe { compute(&Sums::new([rows, columns], &terms, (from, PANEL), (to, PANEL))) }
            }
        }
    }
}

/// Rows of a gradient from which on copying cotangents pays.
const WORTH_COPYING: usize = 128;

/// Copies whole registers of some columns of runs of rows, so that all rows are [`PANEL`] apart.
///
/// # Safety
/// The registers must be there, and room for them.
unsafe fn copy_together<L: Lanes>(
    from: *const L::Scalar,
    (pitch, depth, runs, gap): (usize, usize, usize, usize),
    columns: usize,
    to: *mut L::Scalar,
) {
    L::apart(
        #[inline(always)]
        || {
            let (mut from, mut to) = (from, to);
            for _ in 0..runs {
                for _ in 0..depth {
                    for lane in (0..columns).step_by(L::WIDTH) {
                        // SAFETY: the caller's promise.
                        unsafe { L::load(from.wrapping_add(lane)).store(to.wrapping_add(lane)) }
                    }
                    from = from.wrapping_add(pitch);
                    to = to.wrapping_add(PANEL);
                }
                from = from.wrapping_add(gap * pitch);
            }
        },
    );
}

/// A number of columns, rounded up to whole panels.
pub(super) fn whole_panels(columns: usize) -> usize {
    columns.next_multiple_of(PANEL)
}

/// Adds the second of each pair of shards to the first. Who has computed both does it, in a cache of
/// its own; the sums are the same whoever it is.
pub(super) fn add_pairs<T: Real>(plan: &Plan, gradients: &mut [T]) {
    for pair in gradients.chunks_exact_mut(2 * plan.gradients()) {
        let (first, second) = pair.split_at_mut(plan.gradients());
        loops::update(first, second, |to, x| *to += x);
    }
}

/// Adds the gradients of all shards, pairs of which have been added up, to the matrices they belong
/// to.
pub(super) fn spread<T: Real>(
    plan: &Plan,
    from: &[T],
    [w, u, b]: [&[Columns<'_, T>]; 3],
    into: &mut dyn Gradients<T>,
) -> Result<(), Error> {
    let Plan { input, hidden, .. } = *plan;
    let row = whole_panels(plan.terms());
    for shard in from.chunks_exact(plan.gradients()).step_by(2) {
        let (of_input, rest) = shard.split_at(input * row);
        let (of_state, biases) = rest.split_at(hidden * row);
        for sum in 0..plan.sums {
            add(plan, (of_input, input), sum, &w[sum], into.w(sum))?;
            add(plan, (of_state, hidden), sum, &u[sum], into.u(sum))?;
        }
        (0..plan.stored).try_for_each(|sum| add(plan, (biases, 1), sum, &b[sum], into.b(sum)))?;
    }
    Ok(())
}

/// Adds one sum's gradients, from panels of so many rows.
fn add<T: Real>(
    plan: &Plan,
    (from, rows): (&[T], usize),
    sum: usize,
    columns: &Columns<'_, T>,
    to: Option<&mut [T]>,
) -> Result<(), Error> {
    let Some(to) = to else { return Ok(()) };
    length("fused, gradient", columns.values.len(), to.len())?;
    let first = sum * plan.hidden;
    let parts = parallel::parts(rows * plan.hidden * ADDED, rows);
    let to = Apart(to.as_mut_ptr());
    parallel::run(parts, &|i| {
        let (row, until) = share(rows, parts, i);
        T::dispatch(Loop(
            #[inline(always)]
            || {
                for k in row..until {
                    let at = to.get().wrapping_add(k * columns.width + columns.first);
                    // SAFETY: the row has these columns, and nobody else has the row.
                    let to = unsafe { std::slice::from_raw_parts_mut(at, plan.hidden) };
                    let mut done = 0;
                    while done < plan.hidden {
                        let (panel, column) = ((first + done) / PANEL, (first + done) % PANEL);
                        let run = (PANEL - column).min(plan.hidden - done);
                        let from = &from[(panel * rows + k) * PANEL + column..][..run];
                        to[done..][..run].iter_mut().zip(from).for_each(|(to, &x)| *to += x);
                        done += run;
                    }
                }
            },
        ));
    });
    Ok(())
}

/// Operations that adding one number is worth.
const ADDED: usize = 8;
