//! Long short-term memory that forgets what it replaces.

use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// Long short-term memory with one gate for taking up and forgetting (Greff et al. 2017):
///
/// i, g, o = the three parts of b + x · W + h · U\
/// c′ = (1 − σ(i)) ∘ c + σ(i) ∘ tanh(g)\
/// h′ = σ(o) ∘ tanh(c′)
///
/// Weights `w: [in, 3 × hidden]`, `u: [hidden, 3 × hidden]`, `b: [3 × hidden]`, gates in the
/// order i, g, o. The state is `[h, c]`, the output h′.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{CoupledLstm, Lstm};
///
/// // Three gates instead of four.
/// let (_, three) = Params::<f32>::init(1, |p| CoupledLstm::new(p.scope("lstm"), 2, 8))?;
/// let (_, four) = Params::<f32>::init(1, |p| Lstm::new(p.scope("lstm"), 2, 8))?;
/// assert_eq!(three.len(), 3 * (2 * 8 + 8 * 8 + 8));
/// assert_eq!(4 * three.len(), 3 * four.len());
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoupledLstm {
    gates: Gate,
}

impl CoupledLstm {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Ok(CoupledLstm { gates: Gate::several(p, input, hidden, 3)? })
    }

    /// The affine part of the three gates, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }
}

impl Cell for CoupledLstm {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.gates.hidden()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h, c]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let _layer = x.graph().layer(self.gates.params()[0]);
        let [i, g, o] = self.gates.of(x, h).split();
        let i = i.sigmoid();
        let c = (1.0 - i) * c + i * g.tanh();
        let h = o.sigmoid() * c.tanh();
        (h, [h, c])
    }
}
