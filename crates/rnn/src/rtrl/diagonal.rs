//! Learning without storing the past, where units know only themselves.

use super::present::{Picked, Present, room};
use crate::cell::Cell;
use crate::cells::{IndRnn, MinGru, MinLstm, Sru};
use crate::readout::Readout;
use elman_autograd::{Error, Grad, Graph, Param, Params, Tape, Var};
use elman_tensor::{Real, View};
use std::panic::Location;

/// A cell of one state `[batch, hidden]`, each unit of which depends on no other unit of the state
/// before: ∂h′ᵢ/∂hⱼ = 0 where i is not j.
///
/// Elements of its weights belong to units by their columns: the last axis of each is a multiple of
/// `hidden`, and column c belongs to unit c mod hidden.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Cell, Diagonal, IndRnn, Linear};
///
/// let (model, _) = Params::<f32>::init(1, |p| {
///     Ok(IndRnn::new(p.scope("cell"), 2, 8)?.readout(Linear::new(p.scope("head"), 8, 1)?))
/// })?;
/// assert_eq!(model.units(), 8);
/// // W, u and b; the readout's weights have no part in the state.
/// let shapes: Vec<_> = model.weights().iter().map(|w| w.shape().dims().to_vec()).collect();
/// assert_eq!(shapes, [vec![2, 8], vec![8], vec![8]]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub trait Diagonal: Cell {
    /// How many units there are.
    fn units(&self) -> usize;

    /// The weights that the state depends on.
    fn weights(&self) -> Vec<Param>;
}

macro_rules! diagonal {
    ($($cell:ty)*) => {$(
        impl Diagonal for $cell {
            fn units(&self) -> usize {
                self.output()
            }

            fn weights(&self) -> Vec<Param> {
                self.params().to_vec()
            }
        }
    )*};
}

diagonal! { IndRnn MinGru MinLstm Sru }

impl<C: Diagonal> Diagonal for &C {
    fn units(&self) -> usize {
        (**self).units()
    }

    fn weights(&self) -> Vec<Param> {
        (**self).weights()
    }
}

impl<C: Diagonal> Diagonal for Readout<C> {
    fn units(&self) -> usize {
        self.cell.units()
    }

    fn weights(&self) -> Vec<Param> {
        self.cell.weights()
    }
}

/// [`Rtrl`](crate::Rtrl) for cells whose units know only themselves, for which one derivative of
/// each weight is all there is, and exact (Mozer 1989; Zucchet et al. 2023):
///
/// ∂h′ᵤ/∂θ = ∂fᵤ/∂hᵤ · ∂hᵤ/∂θ + ∂fᵤ/∂θ    for the weights θ of unit u
///
/// Memory is one number for each weight and row, and a step costs one gradient of a single step for
/// each row, and one more.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_rnn::{DiagonalRtrl, Layer, MinGru, Rnn};
/// use elman_tensor::Tensor;
///
/// let (cell, params) = Params::<f64>::init(1, |p| MinGru::new(p.scope("cell"), 1, 4))?;
/// let x = Tensor::from_fn([9, 1, 1], |t| (t as f64).sin())?;
/// let (mut learning, mut grad) = (DiagonalRtrl::new(&params, cell, 1)?, Grad::zeros(&params));
/// let mut sum = vec![0.0; params.len()];
/// for t in 0..9 {
///     let x = Tensor::new([1, 1], x.at(t).unwrap().values().to_vec())?;
///     learning.step(&params, &x, &mut grad, |_, y| y.sum())?;
///     sum.iter_mut().zip(grad.values()).for_each(|(sum, g)| *sum += g);
/// }
/// // Without ever going back in time: the gradient of the whole sequence.
/// Tape::new().gradient(&params, &mut grad, |g| Rnn(cell).forward(g.input(&x)).values().sum())?;
/// assert!(sum.iter().zip(grad.values()).all(|(a, b)| (a - b).abs() < 1e-12));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct DiagonalRtrl<T: Real, C> {
    present: Present<T, C>,
    /// The weights of the state.
    weights: Vec<Param>,
    /// For each row, their derivatives, one weight after the other.
    past: Vec<T>,
    /// How many of them there are for a row.
    own: usize,
    direct: Grad<T>,
}

impl<T: Real, C: Diagonal> DiagonalRtrl<T, C> {
    /// Begins at the initial state of so many rows, which must be no weight.
    ///
    /// # Errors
    /// If the initial state cannot be computed; if the state is not one number for each unit, or
    /// the columns of a weight are no multiple of them.
    #[track_caller]
    pub fn new(params: &Params<T>, cell: C, batch: usize) -> Result<Self, Error> {
        let units = cell.units();
        let present = Present::new(params, cell, batch)?;
        let setting = |what, wanted, given| Error::Setting { what, wanted, given };
        if present.state.len() != batch.saturating_mul(units) {
            let given = format!("{} for {batch} rows of {units} units", present.state.len());
            return Err(setting("the state of a diagonal cell", "one number for each unit", given));
        }
        let weights = present.cell.weights();
        for param in &weights {
            if param.shape().last().checked_rem(units).unwrap_or(0) != 0 {
                let given = format!("{} for {units} units", param.shape());
                let wanted = "of a multiple of the units in columns";
                return Err(setting("a weight of a diagonal cell", wanted, given));
            }
            if params.get(*param).is_none() {
                return Err(Error::ForeignParam { shape: param.shape(), line: Location::caller() });
            }
        }
        let own = weights.iter().map(|param| param.shape().len()).sum();
        let past = room(batch.saturating_mul(own))?;
        Ok(DiagonalRtrl { present, weights, past, own, direct: Grad::zeros(params) })
    }

    /// Uses this tape: one with a seed, a limit of memory, or its own check switched on.
    #[must_use]
    pub fn with_tape(self, tape: Tape<T>) -> Self {
        DiagonalRtrl { present: self.present.with_tape(tape), ..self }
    }

    /// Goes back to the initial state, of which all rows begin anew.
    ///
    /// # Errors
    /// If it cannot be computed.
    #[track_caller]
    pub fn reset(&mut self, params: &Params<T>) -> Result<(), Error> {
        self.present.demand(params, Location::caller())?;
        self.present.begin(params)?;
        self.past.fill(T::ZERO);
        Ok(())
    }

    /// One step, as [`Rtrl::step`](crate::Rtrl::step).
    ///
    /// # Errors
    /// As there.
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
        self.present.demand(params, line)?;
        let value = self.present.loss(params, x, grad, loss, line)?;
        let units = self.present.cell.units().max(1);
        let own = self.own;
        let runs = |b: usize| (b * own, b * units);
        for b in 0..self.present.batch() {
            let (mut from, row) = runs(b);
            let cotangents = &self.present.through[row..];
            for &param in &self.weights {
                let Some(grad) = grad.of_mut(param) else { continue };
                let past = &self.past[from..][..grad.len()];
                from += grad.len();
                for (grad, past) in grad.chunks_exact_mut(units).zip(past.chunks_exact(units)) {
                    let own = grad.iter_mut().zip(past).zip(cotangents);
                    own.for_each(|((grad, &past), &c)| *grad += c * past);
                }
            }
        }
        for b in 0..self.present.batch() {
            self.present.derive(params, Some(x), Picked::Row(b), &mut self.direct, line)?;
            let (mut from, row) = runs(b);
            let factors = &self.present.through[row..];
            for &param in &self.weights {
                let Some(direct) = self.direct.of(param).map(|d| d.values()) else { continue };
                let past = &mut self.past[from..][..direct.len()];
                from += direct.len();
                for (past, direct) in past.chunks_exact_mut(units).zip(direct.chunks_exact(units)) {
                    let own = past.iter_mut().zip(direct).zip(factors);
                    own.for_each(|((past, &direct), &a)| *past = a * *past + direct);
                }
            }
        }
        self.present.go_on();
        Ok(value)
    }

    /// The state, `[batch, hidden]`.
    pub fn state(&self) -> &[T] {
        &self.present.state
    }
}
