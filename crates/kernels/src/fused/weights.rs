//! The gradients of weights and biases: products over all rows of several steps.

use super::Columns;
use super::backward::Gradients;
use super::plan::{Plan, Span};
use crate::error::{Error, length};
use crate::lanes::{LaneKernel, Lanes};
use crate::real::Real;
use crate::tile::{Left, PANEL, Right, Soon, Sums, Terms, compute, share};

/// Rows of all steps that are summed before the next weights take their turn: their cotangents stay in the L1
/// cache.
const DEPTH: usize = 128;

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
    pub(super) cotangents: *const T,
    /// The gradients, `[input, sums · units]`, then `[hidden, sums · units]`, then
    /// `[1, stored · units]`, in rows as long as [`Plan::gradient_row`] says.
    pub(super) to: *mut T,
}

/// A share of the gradients: some columns of all rows, or some rows of all columns.
pub(super) struct Shared<'a, T> {
    pub(super) weights: Weights<'a, T>,
    pub(super) part: usize,
    pub(super) parts: usize,
}

/// Some rows and columns of a matrix.
#[derive(Clone, Copy)]
struct Window {
    rows: (usize, usize),
    columns: (usize, usize),
}

impl<T: Real> LaneKernel<T> for Shared<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<Scalar = T>>(self) {
        let Plan { batch, input, hidden, sums, stored, .. } = *self.weights.plan;
        let Span { from, count, .. } = self.weights.span;
        let Weights { x, h, y, to, plan, .. } = self.weights;
        let own = |rows, columns| self.window(rows, columns);
        let (terms, shift) = (sums * hidden, (stored - sums) * hidden);
        let one = T::ONE;
        // SAFETY: inputs, outputs and cotangents have all rows, and gradients all columns.
        unsafe {
            let of_input = Left { at: x.wrapping_add(from * batch * input), row: 1, step: input };
            self.sum::<L>(of_input, (0, count), 0, to, own(input, terms));
            let to = to.wrapping_add(input * plan.gradient_row());
            let window = own(hidden, terms);
            // The state before the first step is no output.
            let first = usize::from(from == 0);
            let of_start = Left { at: h, row: 1, step: hidden };
            self.sum::<L>(of_start, (0, first), shift, to, window);
            let before = y.wrapping_add((from + first).wrapping_sub(1) * batch * hidden);
            let of_state = Left { at: before, row: 1, step: hidden };
            self.sum::<L>(of_state, (first, count), shift, to, window);
            let to = to.wrapping_add(hidden * plan.gradient_row());
            let ones = Left { at: &raw const one, row: 0, step: 0 };
            self.sum::<L>(ones, (0, count), 0, to, own(1, stored * hidden));
        }
    }
}

impl<T: Real> Shared<'_, T> {
    /// The share of a matrix.
    fn window(&self, rows: usize, columns: usize) -> Window {
        let panels = columns.div_ceil(PANEL);
        if panels >= self.parts {
            let (from, until) = share(panels, self.parts, self.part);
            Window { rows: (0, rows), columns: (from * PANEL, columns.min(until * PANEL)) }
        } else {
            Window { rows: share(rows, self.parts, self.part), columns: (0, columns) }
        }
    }

    /// `to[k, j] += Σ left[row, k] · cotangent[row, shift + j]` over some of the span's steps, of
    /// which `left` has the rows from the first one on; beginning at 0, not at what `to` holds,
    /// with the first of all.
    ///
    /// # Safety
    /// The operands must have these rows, and `to` the window.
    #[inline(always)]
    unsafe fn sum<L: Lanes<Scalar = T>>(
        &self,
        left: Left<T>,
        (from, until): (usize, usize),
        shift: usize,
        to: *mut T,
        window: Window,
    ) {
        let Weights { plan, span, cotangents, rows, .. } = self.weights;
        let (row, columns) = (plan.gradient_row(), window.columns.1 - window.columns.0);
        let to = to.wrapping_add(window.rows.0 * row + window.columns.0);
        let (own, all) = (rows.1 - rows.0, plan.batch);
        let steps = (DEPTH / own.max(1)).max(1);
        for first in (from..until).step_by(steps) {
            let count = steps.min(until - first);
            let at = ((first - from) * all + rows.0) * left.step + window.rows.0 * left.row;
            let right = (first * all + rows.0) * plan.cotangents() + shift + window.columns.0;
            // Without gaps it is one run.
            let (depth, runs) = if own == all { (count * own, 1) } else { (own, count) };
            let terms = Terms {
                left: Left { at: left.at.wrapping_add(at), ..left },
                right: Right::stored(cotangents.wrapping_add(right), plan.cotangents()),
                depth,
                runs,
                gaps: ((all - own) * left.step, (all - own) * plan.cotangents()),
            };
            let begin = first == 0 && span.is_last(plan);
            let sums = Sums {
                rows: window.rows.1 - window.rows.0,
                columns,
                terms: &[terms],
                from: (if begin { std::ptr::null() } else { to.cast_const() }, row),
                to: (to, row),
                soon: Soon::NOTHING,
                back: false,
            };
            // SAFETY: the caller's promises; behind the cotangents of a row there is room for
            // whole registers.
            unsafe { compute::<L>(&sums) }
        }
    }
}

/// Adds the gradients of all shards to the matrices they belong to.
pub(super) fn spread<T: Real>(
    plan: &Plan,
    from: &[T],
    [w, u, b]: [&[Columns<'_, T>]; 3],
    into: &mut dyn Gradients<T>,
) -> Result<(), Error> {
    let Plan { input, hidden, .. } = *plan;
    let row = plan.gradient_row();
    for shard in from.chunks_exact(plan.gradients()) {
        let (of_input, rest) = shard.split_at(input * row);
        let (of_state, biases) = rest.split_at(hidden * row);
        for sum in 0..plan.sums {
            add(plan, of_input, sum, &w[sum], into.w(sum))?;
            add(plan, of_state, sum, &u[sum], into.u(sum))?;
        }
        (0..plan.stored).try_for_each(|sum| add(plan, biases, sum, &b[sum], into.b(sum)))?;
    }
    Ok(())
}

/// Adds one sum's gradients.
fn add<T: Real>(
    plan: &Plan,
    from: &[T],
    sum: usize,
    columns: &Columns<'_, T>,
    to: Option<&mut [T]>,
) -> Result<(), Error> {
    let Some(to) = to else { return Ok(()) };
    length("fused, gradient", columns.values.len(), to.len())?;
    let rows = from.chunks_exact(plan.gradient_row());
    for (to, from) in to.chunks_exact_mut(columns.width.max(1)).zip(rows) {
        let to = &mut to[columns.first..][..plan.hidden];
        to.iter_mut().zip(&from[sum * plan.hidden..]).for_each(|(to, &x)| *to += x);
    }
    Ok(())
}
