//! The gated recurrent unit that resets before its product.

use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// The gated recurrent unit as it was published (Cho et al. 2014), with the reset before the
/// product; [`Gru`](crate::Gru) has it after.
///
/// r, z = σ of the two parts of b + x · W + h · U\
/// n = tanh(bₙ + x · Wₙ + (r ∘ h) · Uₙ)\
/// h′ = (1 − z) ∘ n + z ∘ h
///
/// Weights of the gates `w: [in, 2 × hidden]`, `u: [hidden, 2 × hidden]`, `b: [2 × hidden]` in the
/// order r, z, and of the candidate `candidate.w: [in, hidden]`, `candidate.u: [hidden, hidden]`,
/// `candidate.b: [hidden]`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Gru, ResetFirstGru};
///
/// // The candidate has one bias, not two.
/// let (_, first) = Params::<f32>::init(1, |p| ResetFirstGru::new(p.scope("gru"), 2, 8))?;
/// let (_, after) = Params::<f32>::init(1, |p| Gru::new(p.scope("gru"), 2, 8))?;
/// assert_eq!(first.len(), 3 * (2 * 8 + 8 * 8 + 8));
/// assert_eq!(after.len(), first.len() + 8);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetFirstGru {
    gates: Gate,
    candidate: Gate,
}

impl ResetFirstGru {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let candidate = Gate::new(p.scope("candidate"), input, hidden)?;
        Ok(ResetFirstGru { gates: Gate::several(p, input, hidden, 2)?, candidate })
    }

    /// The affine part of the gates r and z.
    pub fn gates(&self) -> Gate {
        self.gates
    }

    /// The affine part of the candidate.
    pub fn candidate(&self) -> Gate {
        self.candidate
    }
}

impl Cell for ResetFirstGru {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.gates.hidden()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = x.graph().layer(self.gates.params()[0]);
        let [r, z] = self.gates.of(x, h).sigmoid().split();
        let n = self.candidate.of(x, r * h).tanh();
        let h = (1.0 - z) * n + z * h;
        (h, [h])
    }
}
