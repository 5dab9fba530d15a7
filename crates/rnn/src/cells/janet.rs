//! Just another network.

use super::forget_bias::{ForgetBias, Roles};
use super::setting::finite;
use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// JANET (van der Westhuizen and Lasenby 2018), long short-term memory with a forget gate only:
///
/// f, g = the two parts of b + x · W + h · U\
/// h′ = σ(f) ∘ h + (1 − σ(f − β)) ∘ tanh(g)
///
/// Weights `w: [in, 2 × hidden]`, `u: [hidden, 2 × hidden]`, `b: [2 × hidden]` in the order f, g.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{ForgetBias, Janet};
///
/// // Memories of up to 700 steps.
/// let chrono = ForgetBias::Chrono { longest: 700.0 };
/// let (_, params) = Params::<f32>::init(1, |p| Janet::with(p.scope("c"), 1, 8, chrono))?;
/// assert_eq!(params.len(), 16 + 128 + 16);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Janet {
    gates: Gate,
    beta: f64,
}

impl Janet {
    /// A cell with β = 1 whose forget gates start at a bias of 1; its other weights are drawn
    /// uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::with(p, input, hidden, ForgetBias::Constant(1.0))
    }

    /// A cell whose forget gates start as said: the paper takes [`ForgetBias::Chrono`].
    ///
    /// # Errors
    /// If a weight cannot be created, or the bias cannot be.
    pub fn with(
        p: Scope<'_>,
        input: usize,
        hidden: usize,
        forget: ForgetBias,
    ) -> Result<Self, Error> {
        let roles = Roles { gates: 2, forget: 0, input: None };
        Ok(Janet { gates: forget.gates(p, [input, hidden], roles)?, beta: 1.0 })
    }

    /// This cell with another β: the larger, the more is taken up.
    ///
    /// # Errors
    /// If β is not finite.
    pub fn with_beta(self, beta: f64) -> Result<Self, Error> {
        Ok(Janet { beta: finite("β", beta)?, ..self })
    }

    /// The affine part of f and g, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }
}

impl Cell for Janet {
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
        let [f, g] = self.gates.of(x, h).split();
        let h = f.sigmoid() * h + (1.0 - (f - self.beta).sigmoid()) * g.tanh();
        (h, [h])
    }
}
