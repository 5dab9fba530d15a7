//! The minimal gated unit.

use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// The minimal gated unit (Zhou, Wu, Zhang and Zhou 2016), a GRU with one gate:
///
/// f = σ(b + x · W + h · U)\
/// n = tanh(bₙ + x · Wₙ + (f ∘ h) · Uₙ)\
/// h′ = (1 − f) ∘ h + f ∘ n
///
/// Weights of the gate `w: [in, hidden]`, `u: [hidden, hidden]`, `b: [hidden]`, and of the
/// candidate `candidate.w`, `candidate.u`, `candidate.b` of the same shapes.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Mgu, ResetFirstGru};
///
/// // Two thirds of a GRU.
/// let (_, mgu) = Params::<f32>::init(1, |p| Mgu::new(p.scope("cell"), 2, 8))?;
/// let (_, gru) = Params::<f32>::init(1, |p| ResetFirstGru::new(p.scope("cell"), 2, 8))?;
/// assert_eq!(mgu.len(), 2 * (2 * 8 + 8 * 8 + 8));
/// assert_eq!(3 * mgu.len(), 2 * gru.len());
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mgu {
    forget: Gate,
    candidate: Gate,
}

impl Mgu {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let candidate = Gate::new(p.scope("candidate"), input, hidden)?;
        Ok(Mgu { forget: Gate::new(p, input, hidden)?, candidate })
    }

    /// The affine part of the gate.
    pub fn forget(&self) -> Gate {
        self.forget
    }

    /// The affine part of the candidate.
    pub fn candidate(&self) -> Gate {
        self.candidate
    }
}

impl Cell for Mgu {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.forget.hidden()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = x.graph().layer(self.forget.params()[0]);
        let f = self.forget.of(x, h).sigmoid();
        let n = self.candidate.of(x, f * h).tanh();
        let h = (1.0 - f) * h + f * n;
        (h, [h])
    }
}
