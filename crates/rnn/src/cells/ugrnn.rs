//! The update-gate network.

use super::forget_bias::{ForgetBias, Roles};
use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// The update-gate network (Collins, Sohl-Dickstein and Sussillo 2017):
///
/// g, n = the two parts of b + x · W + h · U\
/// h′ = σ(g) ∘ h + (1 − σ(g)) ∘ tanh(n)
///
/// Weights `w: [in, 2 × hidden]`, `u: [hidden, 2 × hidden]`, `b: [2 × hidden]` in the order g, n.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Stream, Ugrnn};
///
/// // A gate of ½ goes half of the way at each step.
/// let (cell, mut params) = Params::<f64>::init(1, |p| Ugrnn::new(p.scope("cell"), 1, 1))?;
/// params.values_mut().fill(0.0);
/// let [_, _, b] = cell.gates().params();
/// params.get_mut(b).unwrap().copy_from_slice(&[0.0, 30.0]); // σ(0) = ½, tanh(30) = 1
/// let mut stream = Stream::new(&params, cell);
/// let way = stream.predict([[0.0]; 3]).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(way.concat(), [0.5, 0.75, 0.875]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ugrnn {
    gates: Gate,
}

impl Ugrnn {
    /// A cell whose gates start at a bias of 1; its other weights are drawn uniformly from
    /// ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::with(p, input, hidden, ForgetBias::Constant(1.0))
    }

    /// A cell whose gates start as said.
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
        Ok(Ugrnn { gates: forget.gates(p, [input, hidden], roles)? })
    }

    /// The affine part of g and n, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }
}

impl Cell for Ugrnn {
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
        let [g, n] = self.gates.of(x, h).split();
        let g = g.sigmoid();
        let h = g * h + (1.0 - g) * n.tanh();
        (h, [h])
    }
}
