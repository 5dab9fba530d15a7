//! The residual network of two numbers.

use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// FastRNN (Kusupati et al. 2018), a simple network around which most of the state passes by:
///
/// h′ = σ(α) tanh(b + x · W + h · U) + σ(β) h
///
/// Weights `w: [in, hidden]`, `u: [hidden, hidden]`, `b: [hidden]`, `alpha: []`, `beta: []`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{FastRnn, Stream};
///
/// // At first 95 % of a state stay, σ(3), and 5 % are new, σ(−3).
/// let (cell, mut params) = Params::<f64>::init(1, |p| FastRnn::new(p.scope("cell"), 1, 1))?;
/// for param in cell.gate().params() {
///     params.get_mut(param).unwrap().fill(30.0); // tanh of the sum is 1
/// }
/// let stream = Stream::new(&params, cell).warm([[1.0], [1.0]])?;
/// assert!((stream.output()[0] - (0.0474 * 0.9526 + 0.0474)).abs() < 1e-4);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastRnn {
    gate: Gate,
    alpha: Param,
    beta: Param,
}

impl FastRnn {
    /// A cell: α = −3 and β = 3 as in the authors' own program, the other weights drawn uniformly
    /// from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Ok(FastRnn {
            alpha: p.weight("alpha", [], Init::Constant(-3.0))?,
            beta: p.weight("beta", [], Init::Constant(3.0))?,
            gate: Gate::new(p, input, hidden)?,
        })
    }

    /// The affine part, with its weights.
    pub fn gate(&self) -> Gate {
        self.gate
    }

    /// The weights α and β.
    pub fn residual(&self) -> [Param; 2] {
        [self.alpha, self.beta]
    }
}

impl Cell for FastRnn {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.gate.hidden()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = x.graph();
        let _layer = g.layer(self.gate.params()[0]);
        let (alpha, beta) = (g.param(self.alpha).sigmoid(), g.param(self.beta).sigmoid());
        let h = alpha * self.gate.of(x, h).tanh() + beta * h;
        (h, [h])
    }
}
