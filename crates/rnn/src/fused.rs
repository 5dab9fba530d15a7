//! Whole sequences in one rule, for the cells that have a kernel.

use crate::seq::Seq;
use elman_autograd::{
    AnyRule, Backward, Forward, IdRange, Ids, Misfit, Param, Partials, Shapes, Var,
};
use elman_kernels::fused::{self, Cell, Columns, Gradients, Marks, Sizes};
use elman_kernels::{Isa, fit};
use elman_tensor::{Real, Shape, View};
use std::panic::Location;

/// Where the weights of a sum lie: an operand, and which of the sums side by side in there.
pub(crate) type Home = (usize, usize);

/// A kernel, and where its weights are among the operands: inputs, output and cell (absent where
/// there is none) before the first step, and behind them the weights.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// The name, for errors.
    pub(crate) name: &'static str,
    pub(crate) cell: Cell,
    /// Of each sum that the input takes part in.
    pub(crate) w: &'static [Home],
    /// Of each sum that the state takes part in.
    pub(crate) u: &'static [Home],
    /// Of each sum.
    pub(crate) b: &'static [Home],
}

/// The operands before the weights.
pub(crate) const FIRST: usize = 3;
const X: usize = 0;
const H: usize = 1;
const C: usize = 2;

/// A sequence of a cell: the outputs, `[time · batch, hidden]`, and behind them the last cell
/// where there is one.
#[derive(Debug, Clone, Copy)]
struct Fused {
    kernel: &'static Kernel,
    /// How many steps each row has, where some have fewer than all.
    lengths: Option<IdRange>,
    /// Where rows start anew.
    resets: Option<IdRange>,
}

impl Fused {
    /// The lengths and resets, out of the buffer they lie in.
    fn marks<'a>(&self, ids: &'a [u32]) -> Marks<'a> {
        let of = |range: Option<IdRange>| range.map(|range| range.of(ids));
        Marks { lengths: of(self.lengths), resets: of(self.resets) }
    }
}

/// The most sums of a cell.
const MOST: usize = 4;
/// The most weights and biases of a cell.
const WEIGHTS: usize = 7;

/// Computes a whole sequence by a kernel, if the operands fit: the outputs `[time, batch, hidden]`,
/// and the output and the cell that each row ends with. States start anew from 0.
#[track_caller]
pub(crate) fn sequence<'g, T: Real>(
    kernel: &'static Kernel,
    xs: Seq<'g, T>,
    h: Var<'g, T>,
    c: Var<'g, T>,
    weights: &[Param],
) -> Option<(Var<'g, T>, [Var<'g, T>; 2])> {
    let g = xs.graph();
    let x = xs.values();
    let (time, batch) = (xs.time(), xs.batch());
    let hidden = h.shape().last();
    xs.check("sequence", Location::caller());
    if g.failed() || time == 0 {
        return None;
    }
    let mut operands = [g.absent(); FIRST + WEIGHTS];
    operands[..FIRST].copy_from_slice(&[x, h, c]);
    for (operand, &weight) in operands[FIRST..].iter_mut().zip(weights) {
        *operand = g.param(weight);
    }
    let operands = &operands[..FIRST + weights.len()];
    let line = Location::caller();
    let range = |ids: Option<Ids<'g, T>>| ids.map(|ids| ids.range_in(g, kernel.name, line));
    let (lengths, resets) = (range(xs.lengths()), range(xs.resets()));
    // What does not fit is left to the single steps, whose errors say more.
    sizes(kernel, operands.len(), |operand| operands[operand].shape()).ok()?;
    let all = g.apply_any(Fused { kernel, lengths, resets }, operands, line);
    let rows = time * batch;
    let y = all.slice(0, rows).reshape([time, batch, hidden]);
    let last = if kernel.cell.carries() { all.slice(rows, batch) } else { c };
    Some((y, [xs.with_values(y).ends(h), last]))
}

/// The sizes, and whether all shapes fit them.
fn sizes(kernel: &Kernel, count: usize, x: impl Fn(usize) -> Shape) -> Result<Sizes, Misfit> {
    let (xs, h) = (x(X), x(H));
    let &[time, batch, input] = xs.dims() else {
        return Err(Misfit::new("wanted a sequence [time, batch, in]"));
    };
    let hidden = h.last();
    let state = Shape::from([batch, hidden]);
    let cell = if kernel.cell.carries() { state } else { Shape::from([0]) };
    if h != state || x(C) != cell {
        return Err(Misfit::new(format!("wanted states [{batch}, hidden]")));
    }
    let sums = |homes: &[Home], operand| homes.iter().filter(|(o, _)| *o == operand).count();
    for operand in FIRST..count {
        let [w, u, b] = [kernel.w, kernel.u, kernel.b].map(|homes| sums(homes, operand));
        let wanted = match (w, u) {
            (0, 0) => Shape::from([b * hidden]),
            (0, u) => Shape::from([hidden, u * hidden]),
            (w, _) => Shape::from([input, w * hidden]),
        };
        if x(operand) != wanted {
            let found = x(operand);
            return Err(Misfit::new(format!("wanted weights {wanted}, got {found}")));
        }
    }
    Ok(Sizes { time, batch, input, hidden })
}

fn of_shapes(kernel: &Kernel, x: Shapes<'_>) -> Result<Sizes, Misfit> {
    sizes(kernel, x.count(), |operand| x.get(operand))
}

/// The columns of some sums.
fn columns<'a, T: Real>(
    homes: &[Home],
    view: impl Fn(usize) -> View<'a, T>,
) -> [Columns<'a, T>; MOST] {
    std::array::from_fn(|sum| {
        let Some(&(operand, side)) = homes.get(sum) else {
            return Columns { values: &[], width: 0, first: 0 };
        };
        let view = view(operand);
        let together = homes.iter().filter(|(o, _)| *o == operand).count();
        let width = view.shape().last();
        Columns { values: view.values(), width, first: side * (width / together) }
    })
}

impl<T: Real> AnyRule<T> for Fused {
    fn name(&self) -> &'static str {
        self.kernel.name
    }

    fn shape(&self, x: Shapes<'_>) -> Result<Shape, Misfit> {
        let Sizes { time, batch, hidden, .. } = of_shapes(self.kernel, x)?;
        let rows = if self.kernel.cell.carries() { time + 1 } else { time };
        Ok(Shape::from([rows * batch, hidden]))
    }

    fn kept(&self, x: Shapes<'_>) -> usize {
        of_shapes(self.kernel, x)
            .ok()
            .and_then(|sizes| fused::kept(self.kernel.cell, sizes).ok())
            .unwrap_or(usize::MAX)
    }

    fn forward(&self, mut at: Forward<'_, T>) {
        let Ok(sizes) = of_shapes(self.kernel, at.x.shapes()) else { return };
        let (k, view) = (self.kernel, |operand| at.x.get(operand));
        let (w, u, b) = (columns(k.w, view), columns(k.u, view), columns(k.b, view));
        let marks = self.marks(at.side.ids);
        let (y, last) = at.y.values_mut().split_at_mut(sizes.time * sizes.batch * sizes.hidden);
        fit(fused::forward(
            Isa::used(),
            k.cell,
            sizes,
            fused::Forward {
                x: view(X).values(),
                h: view(H).values(),
                c: view(C).values(),
                w: &w[..k.w.len()],
                u: &u[..k.u.len()],
                b: &b[..k.b.len()],
                marks,
                y,
                last,
                kept: at.side.kept,
            },
        ));
    }

    fn adjoint(&self, mut at: Backward<'_, T>) {
        let Ok(sizes) = of_shapes(self.kernel, at.x.shapes()) else { return };
        let (k, view) = (self.kernel, |operand| at.x.get(operand));
        let (w, u, b) = (columns(k.w, view), columns(k.u, view), columns(k.b, view));
        let outputs = sizes.time * sizes.batch * sizes.hidden;
        let (dy, dlast) = at.dy.values().split_at(outputs);
        let with = fused::Backward {
            x: view(X).values(),
            h: view(H).values(),
            w: &w[..k.w.len()],
            u: &u[..k.u.len()],
            b: &b[..k.b.len()],
            marks: self.marks(at.side.ids),
            y: &at.y.values()[..outputs],
            dy,
            dlast,
            kept: at.side.kept,
        };
        fit(fused::backward(Isa::used(), k.cell, sizes, with, &mut Targets(&mut at.d, k)));
    }
}

/// The partials of the operands, as the kernel asks for them.
struct Targets<'a, 'd, T>(&'a mut Partials<'d, T>, &'static Kernel);

impl<T: Real> Targets<'_, '_, T> {
    fn of(&mut self, operand: usize) -> Option<&mut [T]> {
        self.0.of(operand).map(|d| d.into_values())
    }
}

impl<T: Real> Gradients<T> for Targets<'_, '_, T> {
    fn x(&mut self) -> Option<&mut [T]> {
        self.of(X)
    }
    fn h(&mut self) -> Option<&mut [T]> {
        self.of(H)
    }
    fn c(&mut self) -> Option<&mut [T]> {
        self.of(C)
    }
    fn w(&mut self, sum: usize) -> Option<&mut [T]> {
        self.of(self.1.w[sum].0)
    }
    fn u(&mut self, sum: usize) -> Option<&mut [T]> {
        self.of(self.1.u[sum].0)
    }
    fn b(&mut self, sum: usize) -> Option<&mut [T]> {
        self.of(self.1.b[sum].0)
    }
}
