//! Whole sequences of a recurrent cell, and single steps with packed weights.
//!
//! Weights are packed once for all steps. A step is a product, in which input and state are terms
//! of one sum, and then the pointwise part of the cell, block by block of units. On the way back
//! the cotangents of the sums are gathered for some steps, and each weight gradient takes them up
//! in one product over these steps and all rows.
//!
//! Every sum has one order, which depends on shapes only: forward the bias, then the k of the
//! input, then the k of the state, as a step made of single products has it; backward spans of
//! steps from the last one back, and within a span the steps and rows in the order of time.

pub(crate) mod backward;
pub(crate) mod forward;
mod gathered;
mod gradients;
mod marks;
mod pack;
mod plan;
pub(crate) mod recurrence;
mod row;
mod single;
mod split;
pub(crate) mod step;
mod through;
mod way;
mod weights;

use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::real::Real;
pub use recurrence::Cell;
use recurrence::Recurrence;
pub(crate) use recurrence::with_recurrence;

/// The sizes of a sequence. [`forward()`] shows them at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Steps.
    pub time: usize,
    /// Rows.
    pub batch: usize,
    /// Features of an input.
    pub input: usize,
    /// Units of the state.
    pub hidden: usize,
}

/// The columns of one sum in a matrix of weights: `hidden` of them from `first` on, in rows of
/// `width`. [`forward()`] shows them at work.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a, T> {
    /// The matrix, row-major.
    pub values: &'a [T],
    /// The length of its rows.
    pub width: usize,
    /// The first of the columns.
    pub first: usize,
}

/// What is particular about some rows.
///
/// ```
/// use elman_kernels::Isa;
/// use elman_kernels::fused::{Cell, Columns, Forward, Marks, Sizes, forward, kept};
///
/// // Two rows that add up ones: the first has two steps, the second starts anew with the last.
/// let sizes = Sizes { time: 3, batch: 2, input: 1, hidden: 1 };
/// let marks = Marks { lengths: Some(&[2, 3]), resets: Some(&[0, 0, 0, 0, 0, 1]) };
/// let [one, zero] = [&[1.0][..], &[0.0]].map(|values| [Columns { values, width: 1, first: 0 }]);
/// let (mut y, mut memory) = ([0.0; 6], vec![0.0; kept(Cell::Relu, sizes)?]);
/// forward(Isa::used(), Cell::Relu, sizes, Forward {
///     x: &[1.0; 6],
///     h: &[0.0; 2],
///     c: &[],
///     w: &one,
///     u: &one,
///     b: &zero,
///     marks,
///     y: &mut y,
///     last: &mut [],
///     kept: &mut memory,
/// })?;
/// assert_eq!(y, [1.0, 1.0, 2.0, 2.0, 0.0, 1.0]); // step by step
/// # Ok::<(), elman_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Marks<'a> {
    /// How many steps each row has, where some have fewer than all: outputs past its end are 0, and
    /// the state stays as the row left it. What lies past the end in the inputs has to be finite:
    /// the way back multiplies it by 0.
    pub lengths: Option<&'a [u32]>,
    /// `[time, batch]`: not 0 where the state of a row is 0 before the step, instead of what the
    /// step before has left.
    pub resets: Option<&'a [u32]>,
}

pub use backward::Backward;
pub use forward::Forward;
pub use gradients::Gradients;
pub use step::Step;

/// Computes all steps of a sequence of a cell.
///
/// ```
/// use elman_kernels::Isa;
/// use elman_kernels::fused::{Cell, Columns, Forward, Marks, Sizes, forward, kept};
///
/// // One unit that adds up what it is given: h′ = max(0 + x · 1 + h · 1, 0).
/// let sizes = Sizes { time: 3, batch: 1, input: 1, hidden: 1 };
/// let [one, zero] = [&[1.0][..], &[0.0]].map(|values| [Columns { values, width: 1, first: 0 }]);
/// let (mut y, mut memory) = ([0.0; 3], vec![0.0; kept(Cell::Relu, sizes)?]);
/// forward(Isa::used(), Cell::Relu, sizes, Forward {
///     x: &[1.0, 2.0, 3.0],
///     h: &[10.0],
///     c: &[],
///     w: &one,
///     u: &one,
///     b: &zero,
///     marks: Marks::default(),
///     y: &mut y,
///     last: &mut [],
///     kept: &mut memory,
/// })?;
/// assert_eq!(y, [11.0, 13.0, 16.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If a length does not fit.
pub fn forward<T: Real>(
    isa: Isa,
    cell: Cell,
    sizes: Sizes,
    with: Forward<'_, T>,
) -> Result<(), Error> {
    T::fused_forward(isa, cell, sizes, with)
}

/// Adds the partial derivatives of a sequence. [`Gradients`] shows it at work.
///
/// # Errors
/// If a length does not fit.
pub fn backward<T: Real>(
    isa: Isa,
    cell: Cell,
    sizes: Sizes,
    with: Backward<'_, T>,
    into: &mut dyn Gradients<T>,
) -> Result<(), Error> {
    T::fused_backward(isa, cell, sizes, with, into)
}

/// The length of the memory that [`forward`] fills and [`backward`] reads.
///
/// ```
/// use elman_kernels::fused::{Cell, Sizes, kept};
///
/// let sizes = Sizes { time: 100, batch: 8, input: 4, hidden: 16 };
/// let longer = Sizes { time: 200, ..sizes };
/// assert!(kept(Cell::LongShort, sizes)? < kept(Cell::LongShort, longer)?);
/// assert!(kept(Cell::LongShort, Sizes { time: usize::MAX, ..sizes }).is_err());
/// # Ok::<(), elman_kernels::Error>(())
/// ```
///
/// # Errors
/// If it cannot be counted.
pub fn kept(cell: Cell, sizes: Sizes) -> Result<usize, Error> {
    with_recurrence!(cell, cell => kept_by(cell, sizes))
}

pub(crate) fn kept_by<C: Recurrence>(_: C, sizes: Sizes) -> Result<usize, Error> {
    let Sizes { time, batch, input, hidden } = sizes;
    // A bound of every product that the plan computes.
    let width = hidden.saturating_add(256);
    let widest = [time.saturating_add(1), batch, input.saturating_add(width), width, 16];
    let bound = widest.iter().try_fold(1usize, |n, &size| n.checked_mul(size.max(1)));
    match bound {
        Some(_) => Ok(plan::Plan::new::<C>(sizes).parts().end),
        None => Err(Error::Length { kernel: "fused", wanted: usize::MAX, given: 0 }),
    }
}

/// Demands that weights and biases have the rows and columns that the sizes ask for.
fn check_columns<T: Real>(
    plan: &plan::Plan,
    w: &[Columns<'_, T>],
    u: &[Columns<'_, T>],
    b: &[Columns<'_, T>],
) -> Result<(), Error> {
    for (sums, rows, of) in
        [(plan.sums, plan.input, w), (plan.sums, plan.hidden, u), (plan.stored, 1, b)]
    {
        length("fused, sums", sums, of.len())?;
        for columns in of {
            length("fused, weights", rows.saturating_mul(columns.width), columns.values.len())?;
            let end = columns.first.saturating_add(plan.hidden);
            length("fused, columns", end.max(columns.width), columns.width)?;
        }
    }
    Ok(())
}
