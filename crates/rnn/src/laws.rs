//! The laws of cells and layers: what binds a step, a sequence, a batch and a stream to each other.
//!
//! * *purity*: the same weights, inputs and state give the same bits again.
//! * *sequence = scan*: a cell's own sequence gives the bits of its steps, and its gradients to
//!   rounding.
//! * *whole = halves*: a sequence in two pieces, the state carried, gives the bits of one.
//! * *batch = rows*: each row alone gives its bits in the batch, in outputs, states, and gradients
//!   with respect to inputs.
//! * *stream = sequence*: [`Stream`](crate::Stream) gives the bits of a sequence.
//! * *lengths*, *resets*: a row with a length is the shorter row alone, whatever lies in its
//!   padding; a row with resets is its pieces, each from the initial state.
//! * *learning without the past*: what [`Rtrl`](crate::Rtrl) adds up over the steps is the gradient
//!   of the sequence.
//! * *sequence = scan*, *whole = halves* and *stream = sequence* again with weights, states and
//!   cotangents around [`Real::FLUSH_BELOW`](elman_tensor::Real::FLUSH_BELOW).
//! * *nothing*: no steps give no outputs and leave the state.
//!
//! All of these in `f32` and in `f64`, but for learning without the past, which is for `f64`.
//!
//! And the laws of [`elman_autograd::laws::function`]: the adjoint against dual numbers, and the
//! symmetry of the Hessian, with respect to every weight, the inputs and the initial state.
//! States are random, never zero, and so are cotangents.
//!
//! A layer has no steps and no state: it is held to *purity*, *batch = rows*, *lengths*, *resets*
//! and the derivatives. What draws random masks is held to its values in evaluation, where they
//! would know the rows of a batch and the time, and to its derivatives under the masks. Derivatives
//! that are bent on purpose ([`Cell::EXACT`]) are passed by.

mod given;
mod subject;
mod trial;

pub use elman_autograd::laws::Violation;

use crate::cell::Cell;
use crate::layer::Layer;
use elman_autograd::{Error, Params, Scope};
use std::panic::Location;
use subject::{OfCell, OfLayer};
use trial::{Trial, Verdict};

/// The sizes of a trial.
///
/// ```
/// use elman_rnn::{Elman, laws};
///
/// // No steps, and a single row.
/// let sizes = laws::Sizes { time: 0, batch: 1, input: 2 };
/// laws::cell_over("elman", sizes, 7, |p| Elman::new(p.scope("cell"), 2, 3))?;
/// # Ok::<(), laws::Violation>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Steps.
    pub time: usize,
    /// Rows.
    pub batch: usize,
    /// Features of an input.
    pub input: usize,
}

/// Proves a cell that reads `input` features, over sequences of 5 steps and 3 rows.
///
/// ```
/// use elman_rnn::{Gru, laws};
///
/// laws::cell("gru", 2, |p| Gru::new(p.scope("cell"), 2, 3))?;
///
/// // A cell that reads 2 features, on trial with 5.
/// let broken = laws::cell("gru", 5, |p| Gru::new(p.scope("cell"), 2, 3)).unwrap_err();
/// assert_eq!(broken.law, "shape");
/// # Ok::<(), laws::Violation>(())
/// ```
///
/// # Errors
/// The first law that is broken; a cell that cannot be built, or that fails, breaks *shape*.
#[track_caller]
pub fn cell<C: Cell>(
    name: &str,
    input: usize,
    build: impl FnOnce(&mut Scope<'_>) -> Result<C, Error>,
) -> Result<(), Violation> {
    cell_over(name, Sizes { input, ..USUAL }, 1, build)
}

/// Proves a cell over sequences of given sizes (0 and 1 are welcome), with weights, inputs and
/// states drawn from `seed`.
///
/// ```
/// use elman_rnn::{IndRnn, laws};
///
/// for batch in 0..3 {
///     let sizes = laws::Sizes { time: 4, batch, input: 2 };
///     laws::cell_over("ind_rnn", sizes, 7, |p| IndRnn::new(p.scope("cell"), 2, 3))?;
/// }
/// # Ok::<(), laws::Violation>(())
/// ```
///
/// # Errors
/// The first law that is broken; a cell that cannot be built, or that fails, breaks *shape*.
#[track_caller]
pub fn cell_over<C: Cell>(
    name: &str,
    sizes: Sizes,
    seed: u64,
    build: impl FnOnce(&mut Scope<'_>) -> Result<C, Error>,
) -> Result<(), Violation> {
    judge(name, seed, build, |cell, params| {
        let cell = OfCell(cell);
        Trial::new(name, &cell, params, sizes, seed)?.prove_cell(&cell)
    })
}

/// Proves a layer that reads `input` features, over sequences of 5 steps and 3 rows.
///
/// ```
/// use elman_rnn::{Bidirectional, Elman, laws};
///
/// laws::layer("both", 2, |p| {
///     let forward = Elman::new(p.scope("forward"), 2, 3)?;
///     Ok(Bidirectional::new(forward, Elman::new(p.scope("backward"), 2, 3)?))
/// })?;
/// # Ok::<(), laws::Violation>(())
/// ```
///
/// # Errors
/// The first law that is broken; a layer that cannot be built, or that fails, breaks *shape*.
#[track_caller]
pub fn layer<L: Layer>(
    name: &str,
    input: usize,
    build: impl FnOnce(&mut Scope<'_>) -> Result<L, Error>,
) -> Result<(), Violation> {
    layer_over(name, Sizes { input, ..USUAL }, 1, build)
}

/// Proves a layer over sequences of given sizes, with weights and inputs drawn from `seed`.
///
/// ```
/// use elman_rnn::{Linear, laws};
///
/// let sizes = laws::Sizes { time: 1, batch: 1, input: 2 };
/// laws::layer_over("linear", sizes, 7, |p| Linear::new(p.scope("map"), 2, 3))?;
/// # Ok::<(), laws::Violation>(())
/// ```
///
/// # Errors
/// The first law that is broken; a layer that cannot be built, or that fails, breaks *shape*.
#[track_caller]
pub fn layer_over<L: Layer>(
    name: &str,
    sizes: Sizes,
    seed: u64,
    build: impl FnOnce(&mut Scope<'_>) -> Result<L, Error>,
) -> Result<(), Violation> {
    judge(name, seed, build, |layer, params| {
        Trial::new(name, &OfLayer(layer), params, sizes, seed)?.prove()
    })
}

/// The sizes of a trial of which only the input was said.
const USUAL: Sizes = Sizes { time: 5, batch: 3, input: 0 };

/// Builds what is on trial, and turns its failure into a violation, on behalf of the caller.
#[track_caller]
fn judge<X>(
    name: &str,
    seed: u64,
    build: impl FnOnce(&mut Scope<'_>) -> Result<X, Error>,
    prove: impl FnOnce(&X, &Params<f64>) -> Verdict,
) -> Result<(), Violation> {
    let line = Location::caller();
    let built = Params::<f64>::init(seed, build);
    built.and_then(|(x, params)| prove(&x, &params)).unwrap_or_else(|error: Error| {
        // Lines of the trial itself are nobody's to mend.
        let ours = file!().trim_end_matches(".rs");
        let error = error.moved(|at| at.file().starts_with(ours), line);
        Err(Violation::failure(name, error.to_string()))
    })
}

#[cfg(test)]
mod tests;
