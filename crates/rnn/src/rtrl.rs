//! Learning without storing the past.

use crate::cell::Cell;
use crate::state::State;
use elman_autograd::{Error, Grad, Graph, Params, Tape, Var};
use elman_kernels::{copy, fill, fit, update};
use elman_tensor::{Real, Shape, View, reserve};
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
/// costs as many gradients of a single step as there are numbers in the state, and `state² × weights`
/// operations for each row: for small networks on streams without an end. With fixed weights the
/// gradients of all steps sum to that of [`Rnn`](crate::Rnn) over the whole sequence; where weights
/// change on the way, the derivatives are those along the way.
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
    cell: C,
    batch: usize,
    tape: Tape<T>,
    /// The shapes of the state's Vars.
    shapes: Vec<Shape>,
    /// Its numbers, Var by Var, now and after the step.
    state: Vec<T>,
    next: Vec<T>,
    /// For each of them its derivatives with respect to all weights, now and after the step.
    past: Vec<T>,
    later: Vec<T>,
    /// The derivatives of one number through one step: by the weights, and by the state.
    direct: Grad<T>,
    through: Vec<T>,
    steps: u64,
}

impl<T: Real, C: Cell> Rtrl<T, C> {
    /// Begins at the initial state of so many rows.
    ///
    /// # Errors
    /// If the initial state cannot be computed, or the derivatives take more memory than there is.
    #[track_caller]
    pub fn new(params: &Params<T>, cell: C, batch: usize) -> Result<Self, Error> {
        let mut shapes = Vec::new();
        let mut tape = Tape::new();
        tape.evaluate(params, |g| cell.initial(g, batch).each(&mut |s| shapes.push(s.shape())))?;
        let size = shapes.iter().fold(0usize, |sum, shape| sum.saturating_add(shape.len()));
        let all = size.saturating_mul(params.len());
        let room = |count: usize| -> Result<Vec<T>, Error> {
            let mut room = Vec::new();
            reserve(&mut room, count)?;
            room.resize(count, T::ZERO);
            Ok(room)
        };
        let mut learning = Rtrl {
            cell,
            batch,
            tape,
            shapes,
            state: room(size)?,
            next: room(size)?,
            past: room(all)?,
            later: room(all)?,
            direct: Grad::zeros(params),
            through: room(size)?,
            steps: 0,
        };
        learning.reset(params)?;
        Ok(learning)
    }

    /// Uses this tape: one with a seed, a limit of memory, or its own check switched on.
    #[must_use]
    pub fn with_tape(self, tape: Tape<T>) -> Self {
        Rtrl { tape, ..self }
    }

    /// Goes back to the initial state, of which all rows begin anew.
    ///
    /// # Errors
    /// If it cannot be computed.
    #[track_caller]
    pub fn reset(&mut self, params: &Params<T>) -> Result<(), Error> {
        self.demand(params, Location::caller())?;
        let line = Location::caller();
        let Rtrl { cell, tape, state, batch, .. } = self;
        tape.evaluate(params, |g| {
            let mut from = 0;
            cell.initial(g, *batch).each(&mut |s| {
                let to = from + s.shape().len();
                s.read(state.get_mut(from..to).unwrap_or_default());
                from = to;
            });
        })?;
        self.steps = 0;
        for number in 0..self.state.len() {
            self.derive(params, None, number, line)?;
        }
        std::mem::swap(&mut self.past, &mut self.later);
        Ok(())
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
        self.demand(params, line)?;
        let Rtrl { cell, tape, shapes, state, next, batch, steps, .. } = self;
        tape.set_step(*steps);
        let value = tape.gradient(params, grad, |g| {
            g.on_behalf(file!(), line);
            g.time(Some(*steps as usize));
            let (y, s) = cell.step(g.input(x), enter(cell, g, *batch, shapes, state));
            let mut from = 0;
            s.each(&mut |s| {
                let to = from + s.shape().len();
                s.read(next.get_mut(from..to).unwrap_or_default());
                from = to;
            });
            loss(g, y)
        })?;
        self.read_through();
        for number in 0..self.through.len() {
            let (c, width) = (self.through[number], params.len());
            let past = &self.past[number * width..][..width];
            fit(update(grad.values_mut(), past, |g, past| *g += c * past));
        }
        for number in 0..self.state.len() {
            self.derive(params, Some(x), number, line)?;
        }
        std::mem::swap(&mut self.past, &mut self.later);
        std::mem::swap(&mut self.state, &mut self.next);
        self.steps += 1;
        Ok(value)
    }

    /// The state, its Vars one after the other.
    pub fn state(&self) -> &[T] {
        &self.state
    }

    /// Writes into the later past the derivatives of one number of the state after a step from `x`,
    /// or, without one, of the initial state.
    fn derive(
        &mut self,
        params: &Params<T>,
        x: Option<View<'_, T>>,
        number: usize,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        let Rtrl { cell, tape, shapes, state, direct, batch, steps, .. } = self;
        tape.set_step(*steps);
        tape.gradient(params, direct, |g| {
            g.on_behalf(file!(), line);
            let s = match x {
                Some(x) => {
                    g.time(Some(*steps as usize));
                    cell.step(g.input(x), enter(cell, g, *batch, shapes, state)).1
                }
                None => cell.initial(g, *batch),
            };
            pick(g, &s, number)
        })?;
        let width = params.len();
        let to = &mut self.later[number * width..][..width];
        fit(copy(self.direct.values(), to));
        if x.is_some() {
            self.read_through();
            let to = &mut self.later[number * width..][..width];
            // Rows do not know each other: most of these are 0.
            for (other, &c) in self.through.iter().enumerate().filter(|(_, c)| **c != T::ZERO) {
                let past = &self.past[other * width..][..width];
                fit(update(to, past, |to, past| *to += c * past));
            }
        }
        Ok(())
    }

    /// Copies what the last pass says of the state before it.
    fn read_through(&mut self) {
        fill(&mut self.through, T::ZERO);
        let mut rest = &mut self.through[..];
        for (i, shape) in self.shapes.iter().enumerate() {
            let (to, after) = rest.split_at_mut(shape.len());
            if let Some(found) = self.tape.wanted(i) {
                fit(copy(found.values(), to));
            }
            rest = after;
        }
    }

    /// An error unless the parameters are as many as at the beginning.
    fn demand(&self, params: &Params<T>, line: &'static Location<'static>) -> Result<(), Error> {
        let (wanted, given) = (self.direct.values().len(), params.len());
        if wanted == given { Ok(()) } else { Err(Error::GradLength { wanted, given, line }) }
    }
}

/// A state of these shapes and numbers, whose gradient is wanted.
fn enter<'g, T: Real, C: Cell>(
    cell: &C,
    g: &'g Graph<'g, T>,
    batch: usize,
    shapes: &[Shape],
    state: &[T],
) -> C::State<'g, T> {
    let (mut shapes, mut rest) = (shapes.iter(), state);
    cell.initial(g, batch).map(&mut |s| {
        let numbers = shapes.next().and_then(|&shape| {
            let (numbers, after) = rest.split_at_checked(shape.len())?;
            rest = after;
            View::new(shape, numbers)
        });
        numbers.map_or(s, |numbers| g.wanted(numbers))
    })
}

/// One number of a state.
fn pick<'g, T: Real>(g: &'g Graph<'g, T>, s: &impl State<'g, T>, number: usize) -> Var<'g, T> {
    let (mut picked, mut from) = (None, 0);
    s.each(&mut |s| {
        let len = s.shape().len();
        if let Some(i) = number.checked_sub(from).filter(|&i| i < len) {
            picked = Some(s.reshape([len]).slice(i, 1).reshape([]));
        }
        from += len;
    });
    picked.unwrap_or(g.zeros([]))
}
