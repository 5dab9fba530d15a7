//! Weights, laid out in the order in which tiles read them.

use super::Columns;
use super::backward::Gradients;
use super::plan::{GROUP, Plan, padded};
use crate::error::{Error, length};
use crate::real::Real;

/// Packs the weights of all panels, `[panel][k][sum][unit]`, the k of `w` first, then those of
/// `u`; and behind them the biases, `[panel][sum][unit]`. Units that do not count get zeros.
pub(super) fn forward<T: Real>(
    plan: &Plan,
    w: &[Columns<'_, T>],
    u: &[Columns<'_, T>],
    b: &[Columns<'_, T>],
    packed: &mut [T],
) {
    let (weights, biases) = packed.split_at_mut(plan.panels * plan.packed_panel());
    if plan.panels == 0 {
        return;
    }
    for (panel, to) in weights.chunks_exact_mut(plan.packed_panel().max(1)).enumerate() {
        let (of_input, of_state) = to.split_at_mut(plan.input * plan.sums * plan.units);
        rows(plan, panel, w, of_input);
        rows(plan, panel, u, of_state);
    }
    for (panel, to) in biases.chunks_exact_mut(plan.record_row()).take(plan.panels).enumerate() {
        rows(plan, panel, b, to);
    }
}

/// Packs row after row of some columns, one panel of each.
fn rows<T: Real>(plan: &Plan, panel: usize, from: &[Columns<'_, T>], to: &mut [T]) {
    let (valid, units) = (plan.valid(panel), plan.units);
    for (k, to) in to.chunks_exact_mut(from.len() * units).enumerate() {
        for (to, from) in to.chunks_exact_mut(units).zip(from) {
            let start = k * from.width + from.first + panel * units;
            to[..valid].copy_from_slice(&from.values[start..start + valid]);
            to[valid..].fill(T::ZERO);
        }
    }
}

/// Packs the transpose of weights of `columns` rows: `[group][term][column]`, for groups of up to
/// [`GROUP`] columns padded to whole registers. Terms run over panels, within these over sums, and
/// within these over the units that count.
pub(super) fn transposed<T: Real>(
    plan: &Plan,
    from: &[Columns<'_, T>],
    columns: usize,
    packed: &mut [T],
) {
    let mut rest = packed;
    for first in (0..columns).step_by(GROUP) {
        let count = GROUP.min(columns - first);
        let width = padded(count);
        let (group, behind) = rest.split_at_mut(plan.terms() * width);
        rest = behind;
        let mut terms = group.chunks_exact_mut(width);
        for panel in 0..plan.panels {
            for from in from {
                let start = from.first + panel * plan.units;
                for unit in 0..plan.valid(panel) {
                    let Some(to) = terms.next() else { return };
                    let column = from.values[start + unit..].iter().step_by(from.width.max(1));
                    let column = column.skip(first).take(count);
                    to.iter_mut().zip(column).for_each(|(to, &x)| *to = x);
                    to[count..].fill(T::ZERO);
                }
            }
        }
    }
}

/// Adds gradients that lie as [`forward`] packs weights to the matrices they belong to.
pub(super) fn spread<T: Real>(
    plan: &Plan,
    packed: &[T],
    w: &[Columns<'_, T>],
    u: &[Columns<'_, T>],
    b: &[Columns<'_, T>],
    into: &mut dyn Gradients<T>,
) -> Result<(), Error> {
    let of_state = plan.input * plan.sums * plan.units;
    let biases = plan.panels * plan.packed_panel();
    for sum in 0..plan.sums {
        let first = sum * plan.units;
        let (panel, row) = (plan.packed_panel(), plan.sums * plan.units);
        add(plan, packed.get(first..), panel, row, &w[sum], into.w(sum))?;
        add(plan, packed.get(of_state + first..), panel, row, &u[sum], into.u(sum))?;
    }
    for sum in 0..plan.stored {
        let (first, row) = (biases + sum * plan.units, plan.record_row());
        add(plan, packed.get(first..), row, row, &b[sum], into.b(sum))?;
    }
    Ok(())
}

/// Adds one sum's gradients, in panels a distance of `panel` apart with rows of `row` numbers.
fn add<T: Real>(
    plan: &Plan,
    from: Option<&[T]>,
    panel: usize,
    row: usize,
    columns: &Columns<'_, T>,
    to: Option<&mut [T]>,
) -> Result<(), Error> {
    let (Some(from), Some(to)) = (from, to) else { return Ok(()) };
    length("fused, gradient", columns.values.len(), to.len())?;
    for (k, to) in to.chunks_exact_mut(columns.width.max(1)).enumerate() {
        let to = &mut to[columns.first..columns.first + plan.hidden];
        for (p, to) in to.chunks_mut(plan.units).enumerate() {
            let from = &from[p * panel + k * row..];
            to.iter_mut().zip(from).for_each(|(to, &x)| *to += x);
        }
    }
    Ok(())
}
