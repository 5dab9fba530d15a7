//! Cells whose weights are laid out once for many single steps.

use crate::fused::{FIRST, Home, Kernel};
use crate::linear::Linear;
use elman_autograd::{Param, Params};
use elman_kernels::fused::{Columns, Step};
use elman_kernels::{Fill, Isa, Matrix, PackedMatrix, add_rows, fit};
use elman_tensor::Real;

/// A step of a cell with its weights packed, for a number of rows: made by
/// [`Cell::packed`](crate::Cell::packed), used by [`Stream`](crate::Stream).
///
/// A step has to give the bits that [`Cell::step`](crate::Cell::step) gives.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Cell, Gru};
///
/// let (gru, params) = Params::<f32>::init(1, |p| Gru::new(p.scope("gru"), 2, 8))?;
/// let mut packed = gru.packed(&params, 3).expect("a GRU has a kernel");
/// assert_eq!([packed.input(), packed.state(), packed.output()], [3 * 2, 3 * 8, 3 * 8]);
/// let (mut state, mut y) = ([0.0; 24], [0.0; 24]);
/// packed.step(&[0.5; 6], &mut state, &mut y);
/// assert_eq!(y, state);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub trait Packed<T>: Send {
    /// The numbers of an input, of all rows.
    fn input(&self) -> usize;

    /// The numbers of the state, of all rows, its Vars one after the other.
    fn state(&self) -> usize;

    /// The numbers of an output, of all rows.
    fn output(&self) -> usize;

    /// One step: from an input and a state to the next state, in its place, and an output.
    fn step(&mut self, x: &[T], state: &mut [T], y: &mut [T]);
}

/// A cell that has a kernel.
struct Fused<T>(Step<T>);

/// The packed form of a cell with a kernel and such weights, if they fit.
pub(crate) fn fused<T: Real>(
    kernel: &Kernel,
    params: &Params<T>,
    weights: &[Param],
    batch: usize,
) -> Option<Box<dyn Packed<T>>> {
    let columns = |homes: &[Home]| -> Option<Vec<Columns<'_, T>>> {
        let of = |&(operand, side): &Home| {
            let view = params.get(*weights.get(operand.checked_sub(FIRST)?)?)?;
            let together = homes.iter().filter(|(o, _)| *o == operand).count();
            let width = view.shape().last();
            Some(Columns { values: view.values(), width, first: side * (width / together) })
        };
        homes.iter().map(of).collect()
    };
    let (w, u, b) = (columns(kernel.w)?, columns(kernel.u)?, columns(kernel.b)?);
    let rows = |(operand, _): Home| Some(weights.get(operand.checked_sub(FIRST)?)?.shape().rows());
    let (input, hidden) = (rows(*kernel.w.first()?)?, rows(*kernel.u.first()?)?);
    let step = Step::new(kernel.cell, [batch, input, hidden], &w, &u, &b).ok()?;
    Some(Box::new(Fused(step)))
}

impl<T: Real> Packed<T> for Fused<T> {
    fn input(&self) -> usize {
        let [batch, input, _] = self.0.sizes();
        batch * input
    }

    fn state(&self) -> usize {
        self.output() * if self.0.cell().carries() { 2 } else { 1 }
    }

    fn output(&self) -> usize {
        let [batch, _, hidden] = self.0.sizes();
        batch * hidden
    }

    fn step(&mut self, x: &[T], state: &mut [T], y: &mut [T]) {
        let (h, c) = state.split_at_mut(self.output());
        fit(self.0.run(Isa::used(), x, h, c, y));
    }
}

/// A cell with a linear readout.
struct Read<T> {
    cell: Box<dyn Packed<T>>,
    w: PackedMatrix<T>,
    b: Vec<T>,
    /// The output of the cell.
    h: Vec<T>,
    batch: usize,
}

/// The packed form of a cell with a readout.
pub(crate) fn readout<T: Real>(
    cell: Box<dyn Packed<T>>,
    head: &Linear,
    params: &Params<T>,
    batch: usize,
) -> Option<Box<dyn Packed<T>>> {
    let (w, b) = head.params();
    let w = PackedMatrix::new(params.get(w)?.matrix().ok()?);
    let b = match b {
        Some(b) => params.get(b)?.values().to_vec(),
        None => vec![T::ZERO; head.output()],
    };
    let h = vec![T::ZERO; cell.output()];
    (h.len() == batch * w.rows()).then(|| Box::new(Read { cell, w, b, h, batch }) as _)
}

impl<T: Real> Packed<T> for Read<T> {
    fn input(&self) -> usize {
        self.cell.input()
    }

    fn state(&self) -> usize {
        self.cell.state()
    }

    fn output(&self) -> usize {
        self.batch * self.b.len()
    }

    fn step(&mut self, x: &[T], state: &mut [T], y: &mut [T]) {
        self.cell.step(x, state, &mut self.h);
        fit(add_rows(y, &self.b, |_, b| b));
        let rows = Matrix::new(&self.h, self.batch, self.w.rows());
        fit(rows.and_then(|rows| self.w.product(rows, Fill::Add, y)));
    }
}

/// A cell on another.
struct Stacked<T> {
    below: Box<dyn Packed<T>>,
    above: Box<dyn Packed<T>>,
    /// The output of the cell below.
    between: Vec<T>,
}

/// The packed form of a stack.
pub(crate) fn stack<T: Real>(
    below: Box<dyn Packed<T>>,
    above: Box<dyn Packed<T>>,
) -> Option<Box<dyn Packed<T>>> {
    let between = vec![T::ZERO; below.output()];
    (above.input() == between.len()).then(|| Box::new(Stacked { below, above, between }) as _)
}

impl<T: Real> Packed<T> for Stacked<T> {
    fn input(&self) -> usize {
        self.below.input()
    }

    fn state(&self) -> usize {
        self.below.state() + self.above.state()
    }

    fn output(&self) -> usize {
        self.above.output()
    }

    fn step(&mut self, x: &[T], state: &mut [T], y: &mut [T]) {
        let (below, above) = state.split_at_mut(self.below.state());
        self.below.step(x, below, &mut self.between);
        self.above.step(&self.between, above, y);
    }
}
