//! Weights that are dropped at random.

use super::probability;
use crate::cell::Cell;
use crate::seq::Seq;
use elman_autograd::{Error, Graph, Param, Scope, Var};
use elman_tensor::Real;

/// A cell of which some weights are dropped at random in training, by one mask a training step
/// (Wan et al. 2013; Merity et al. 2018 for recurrent weights). The sequence stays as fast as it
/// is.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_rnn::{Layer, Lstm, Rnn, WeightDrop};
/// use elman_tensor::Tensor;
///
/// // Half of U has no part in a training step, and gets no gradient from it.
/// let (model, params) = Params::<f64>::init(1, |p| {
///     let lstm = Lstm::new(p.scope("lstm"), 2, 8)?;
///     let [_, u, _] = lstm.gates().params();
///     WeightDrop::new(lstm, p.scope("drop"), [u], 0.5)
/// })?;
/// let (x, mut grad) = (Tensor::from_fn([5, 1, 2], |i| i as f64)?, Grad::zeros(&params));
/// Tape::new().gradient(&params, &mut grad, |g| Rnn(model).forward(g.input(&x)).values().sum())?;
/// let (_, u) = params.find("lstm.u").next().unwrap();
/// let dropped = grad.of(u).unwrap().values().iter().filter(|du| **du == 0.0).count();
/// assert!((96..160).contains(&dropped)); // of 256
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightDrop<C, const N: usize> {
    cell: C,
    weights: [Param; N],
    rate: f64,
    key: u64,
}

impl<C: Cell, const N: usize> WeightDrop<C, N> {
    /// Each element of these weights 0 with probability `rate`, the others scaled by
    /// 1 / (1 − rate). The path tells its masks from those of others.
    ///
    /// # Errors
    /// If the rate is no probability below 1.
    pub fn new(cell: C, p: Scope<'_>, weights: [Param; N], rate: f64) -> Result<Self, Error> {
        let rate = probability("the rate of weights", rate)?;
        Ok(WeightDrop { cell, weights, rate, key: p.key() })
    }

    /// The weights of this training step, in the order of their list.
    #[track_caller]
    fn dropped<'g, T: Real>(&self, g: &'g Graph<'g, T>) -> [Var<'g, T>; N] {
        let mut dropped = [g.absent(); N];
        for (i, (to, &weight)) in dropped.iter_mut().zip(&self.weights).enumerate() {
            *to = g.param(weight).dropout_always(self.rate, self.key.wrapping_add(i as u64));
        }
        dropped
    }
}

impl<C: Cell, const N: usize> Cell for WeightDrop<C, N> {
    const EXACT: bool = C::EXACT;
    as_inner!(cell: state output initial packed);

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let _replaced = x.graph().replace_all(self.weights, self.dropped(x.graph()));
        self.cell.step(x, s)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let _replaced = xs.graph().replace_all(self.weights, self.dropped(xs.graph()));
        self.cell.sequence(xs, s)
    }
}
