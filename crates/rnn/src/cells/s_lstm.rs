//! Long short-term memory with exponential gates.

use super::forget_bias::{ForgetBias, Roles};
use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Graph, Scope, Var};
use elman_tensor::Real;

/// The sLSTM of xLSTM (Beck et al. 2024), whose input gate is an exponential, so that a stored
/// value can be revised:
///
/// i, f, z, o = the four parts of b + x · W + h · U\
/// c′ = σ(f) ∘ c + eⁱ ∘ tanh(z)\
/// n′ = σ(f) ∘ n + eⁱ\
/// h′ = σ(o) ∘ c′ / n′
///
/// with eᶠ in the place of σ(f) if wanted. What is kept is v = c / n and the stabiliser m = ln n,
/// so that nothing overflows, and any numbers are a state:
///
/// d = ln σ(f) + m − i\
/// v′ = σ(d) ∘ v + (1 − σ(d)) ∘ tanh(z)\
/// m′ = i + ln(1 + eᵈ)\
/// h′ = σ(o) ∘ v′
///
/// The paper keeps c and n, both divided by eˢ, and as its stabiliser s, the largest exponent so
/// far; of those, h′ is the same.
///
/// Weights `w: [in, 4 × hidden]`, `u: [hidden, 4 × hidden]`, `b: [4 × hidden]`, gates in the order
/// i, f, z, o; U is full, which is one head. The state is `[h, v, m]`, the output h′.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{SLstm, Stream};
///
/// // e¹⁰⁰⁰ is no number, but an input gate may be as large: only its logarithm m is kept.
/// let (lstm, mut params) = Params::<f64>::init(1, |p| SLstm::new(p.scope("lstm"), 1, 1))?;
/// params.values_mut().fill(0.0);
/// let [w, _, _] = lstm.gates().params();
/// params.get_mut(w).unwrap().copy_from_slice(&[1000.0, 0.0, 30.0, 0.0]);
/// let stream = Stream::new(&params, lstm).warm([[1.0]])?;
/// assert_eq!(stream.output(), [0.5]); // σ(0) · tanh(30)
/// assert_eq!(stream.state(), Some(&[0.5, 1.0, 1000.0][..])); // [h, v, m]
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SLstm {
    gates: Gate,
    exponential: bool,
}

impl SLstm {
    /// ln n before the first step. n is 0 then, whose logarithm is no number; against this one
    /// nothing else counts.
    const NOTHING: f64 = -1e30;

    /// A cell that forgets by σ(f), its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::with(p, input, hidden, ForgetBias::Drawn)
    }

    /// A cell whose forget gates start as said.
    ///
    /// # Errors
    /// If a weight cannot be created, or the bias cannot be.
    pub fn with(
        p: Scope<'_>,
        input: usize,
        hidden: usize,
        forget: ForgetBias,
    ) -> Result<Self, Error> {
        let roles = Roles { gates: 4, forget: 1, input: Some(0) };
        Ok(SLstm { gates: forget.gates(p, [input, hidden], roles)?, exponential: false })
    }

    /// This cell forgetting by eᶠ.
    #[must_use]
    pub fn with_exponential_forgetting(self) -> Self {
        SLstm { exponential: true, ..self }
    }

    /// The affine part of the four gates, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }
}

impl Cell for SLstm {
    type State<'g, T: Real> = [Var<'g, T>; 3];

    fn output(&self) -> usize {
        self.gates.hidden()
    }

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> [Var<'g, T>; 3] {
        let shape = [batch, self.output()];
        [g.zeros(shape), g.zeros(shape), g.constant(shape, Self::NOTHING)]
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h, v, m]: [Var<'g, T>; 3],
    ) -> (Var<'g, T>, [Var<'g, T>; 3]) {
        let _layer = x.graph().layer(self.gates.params()[0]);
        let [i, f, z, o] = self.gates.of(x, h).split();
        // ln σ(f) = −ln(1 + e⁻ᶠ)
        let kept = if self.exponential { f } else { -(-f).softplus() };
        let d = kept + m - i;
        let old = d.sigmoid();
        let v = old * v + (1.0 - old) * z.tanh();
        let m = i + d.softplus();
        let h = o.sigmoid() * v;
        (h, [h, v, m])
    }
}
