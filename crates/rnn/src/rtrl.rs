//! Learning without storing the past.

mod diagonal;
mod present;

pub use diagonal::{Diagonal, DiagonalRtrl};

use crate::cell::Cell;
use elman_autograd::{Error, Grad, Graph, Params, Tape, Var};
use elman_kernels::{copy, fit, update};
use elman_tensor::{Real, View};
use present::{Picked, Present, room};
use std::panic::Location;

/// Real-time recurrent learning (Williams and Zipser 1989): after every step the exact gradient of
/// its loss, without going back in time.
///
/// What the past has to say is carried forwards, as the derivatives of the state with respect to
/// all weights θ:
///
/// ∂s′/∂θ = ∂f/∂s · ∂s/∂θ + ∂f/∂θ\
/// dL/dθ = ∂L/∂s · ∂s/∂θ + ∂L/∂θ
///
/// Memory does not grow with time, but is `state × weights` numbers for each row, and each step
/// costs as many gradients of a single step as there are numbers in the state, and `state² ×
/// weights` operations for each row: for small networks on streams without an end. With fixed
/// weights the gradients of all steps sum to that of [`Rnn`](crate::Rnn) over the whole sequence;
/// where weights change on the way, the derivatives are those along the way.
///
/// ```
/// use elman_autograd::{Grad, Params};
/// use elman_rnn::{Cell, Gru, Linear, Rtrl};
/// use elman_tensor::Tensor;
///
/// let (model, mut params) = Params::<f64>::init(1, |p| {
///     Ok(Gru::new(p.scope("gru"), 1, 3)?.readout(Linear::new(p.scope("head"), 3, 1)?))
/// })?;
/// let (mut learning, mut grad) = (Rtrl::new(&params, model, 1)?, Grad::zeros(&params));
/// let mut losses = Vec::new();
/// for t in 0..300 {
///     let x = Tensor::new([1, 1], vec![(t as f64 * 0.5).sin()])?;
///     let next = Tensor::new([1, 1], vec![((t + 1) as f64 * 0.5).sin()])?;
///     losses.push(learning.step(&params, &x, &mut grad, |g, y| {
///         (y - g.input(&next)).square().mean()
///     })?);
///     for (w, g) in params.values_mut().iter_mut().zip(grad.values()) {
///         *w -= 0.1 * g;
///     }
/// }
/// let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
/// assert!(mean(&losses[200..]) < 0.1 * mean(&losses[..20]));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct Rtrl<T: Real, C> {
    present: Present<T, C>,
    /// For each number of the state its derivatives with respect to all weights, now and after the
    /// step.
    past: Vec<T>,
    later: Vec<T>,
    /// The derivatives of one number through one step.
    direct: Grad<T>,
}

impl<T: Real, C: Cell> Rtrl<T, C> {
    /// Begins at the initial state of so many rows.
    ///
    /// # Errors
    /// If the initial state cannot be computed, or the derivatives take more memory than there is.
    #[track_caller]
    pub fn new(params: &Params<T>, cell: C, batch: usize) -> Result<Self, Error> {
        let present = Present::new(params, cell, batch)?;
        let all = present.numbers.state.len().saturating_mul(params.len());
        let (past, later) = (room(all)?, room(all)?);
        let mut learning = Rtrl { present, past, later, direct: Grad::zeros(params) };
        learning.reset(params)?;
        Ok(learning)
    }

    /// Uses this tape: one with a seed, a limit of memory, or its own check switched on.
    #[must_use]
    pub fn with_tape(self, tape: Tape<T>) -> Self {
        Rtrl { present: self.present.with_tape(tape), ..self }
    }

    /// Goes back to the initial state, of which all rows begin anew.
    ///
    /// # Errors
    /// If it cannot be computed.
    #[track_caller]
    pub fn reset(&mut self, params: &Params<T>) -> Result<(), Error> {
        let line = Location::caller();
        self.present.numbers.demand(params, line)?;
        self.present.begin(params)?;
        self.derive(params, None, line)
    }

    /// One step: from an input `[batch, in]`, the loss that `loss` makes of the output, and its
    /// gradient with respect to all weights, through the whole past.
    ///
    /// # Errors
    /// Whatever [`Tape::gradient`] finds; parameters or a gradient of another number. The state is
    /// then as before.
    #[track_caller]
    pub fn step<'a, F>(
        &mut self,
        params: &Params<T>,
        x: impl Into<View<'a, T>>,
        grad: &mut Grad<T>,
        loss: F,
    ) -> Result<T, Error>
    where
        F: for<'g> FnOnce(&'g Graph<'g, T>, Var<'g, T>) -> Var<'g, T>,
    {
        let (x, line) = (x.into(), Location::caller());
        self.present.numbers.demand(params, line)?;
        let value = self.present.loss(params, x, grad, loss, line)?;
        add_past(&self.present.numbers.through, &self.past, grad.values_mut());
        self.derive(params, Some(x), line)?;
        self.present.numbers.go_on();
        Ok(value)
    }

    /// The state, its Vars one after the other.
    pub fn state(&self) -> &[T] {
        &self.present.numbers.state
    }

    /// The derivatives of the state after a step from `x`, or, without one, of the initial state.
    fn derive(
        &mut self,
        params: &Params<T>,
        x: Option<View<'_, T>>,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        let width = params.len();
        for number in 0..self.present.numbers.state.len() {
            let picked = Picked::Number(number);
            self.present.derive(params, x, picked, &mut self.direct, line)?;
            let to = &mut self.later[number * width..][..width];
            fit(copy(self.direct.values(), to));
            add_past(&self.present.numbers.through, &self.past, to);
            to.iter_mut().for_each(|d| *d = d.flush_to_zero());
        }
        std::mem::swap(&mut self.past, &mut self.later);
        Ok(())
    }
}

/// Adds what the state before has to say: `to += Σ c ∂s/∂θ`.
fn add_past<T: Real>(c: &[T], past: &[T], to: &mut [T]) {
    let rows = past.chunks_exact(to.len().max(1)).zip(c);
    // Rows of a batch do not know each other: most of these are 0.
    for (past, &c) in rows.filter(|(_, c)| **c != T::ZERO) {
        fit(update(to, past, |to, past| *to += c * past));
    }
}
