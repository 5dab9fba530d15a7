//! The network of the text that this project began with.

use crate::cell::Cell;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// A simple recurrent network whose state enters twice:
///
/// h′ = tanh([x, h] · W + h · U)
///
/// Weights `w: [in + hidden, hidden]`, `u: [hidden, hidden]`, drawn from N(0, 1); no biases. The
/// lower rows of W and all of U multiply the same state, so it equals an
/// [`Elman`](crate::Elman) without bias whose recurrent matrix is their sum.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{ConcatElman, Stream};
///
/// let (cell, mut params) = Params::<f64>::init(1, |p| ConcatElman::new(p.scope("cell"), 1, 1))?;
/// params.values_mut().fill(1.0);
/// let mut stream = Stream::new(&params, cell);
/// let first = stream.push(&[0.5])?[0];
/// let second = stream.push(&[0.5])?[0];
/// assert!((first - 0.5_f64.tanh()).abs() < 1e-12);
/// assert!((second - (0.5 + 2.0 * first).tanh()).abs() < 1e-12); // the state counts twice
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConcatElman {
    w: Param,
    u: Param,
}

impl ConcatElman {
    /// A cell.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let init = Init::Normal { std: 1.0 };
        let w = p.weight("w", [input.saturating_add(hidden), hidden], init)?;
        Ok(ConcatElman { w, u: p.weight("u", [hidden, hidden], init)? })
    }

    /// The weights: of input and state side by side, and of the state once more.
    pub fn params(&self) -> [Param; 2] {
        [self.w, self.u]
    }
}

impl Cell for ConcatElman {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.u.shape().rows()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = x.graph();
        let _layer = g.layer(self.w);
        let h = (g.concat(1, &[x, h]).dot(g.param(self.w)) + h.dot(g.param(self.u))).tanh();
        (h, [h])
    }
}
