//! Long short-term memory whose gates see the cell.

use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// Long short-term memory with peepholes (Gers and Schmidhuber 2000): the gates see the cell, each
/// unit its own, the output gate already the new one.
///
/// i, f, g, o = the four parts of b + x · W + h · U\
/// c′ = σ(f + p₂ ∘ c) ∘ c + σ(i + p₁ ∘ c) ∘ tanh(g)\
/// h′ = σ(o + p₃ ∘ c′) ∘ tanh(c′)
///
/// Weights `w: [in, 4 × hidden]`, `u: [hidden, 4 × hidden]`, `b: [4 × hidden]`, gates in the
/// order i, f, g, o, and `peepholes: [3, hidden]` for i, f, o. The state is `[h, c]`, the output
/// h′.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{PeepholeLstm, Stream};
///
/// // i is open while the cell is empty and closed when it is full: of three ones it takes up one.
/// let (lstm, mut params) = Params::<f64>::init(1, |p| PeepholeLstm::new(p.scope("lstm"), 1, 1))?;
/// let [w, u, b] = lstm.gates().params();
/// params.get_mut(w).unwrap().copy_from_slice(&[0.0, 0.0, 30.0, 0.0]);
/// params.get_mut(u).unwrap().fill(0.0);
/// params.get_mut(b).unwrap().copy_from_slice(&[30.0, 30.0, 0.0, 30.0]);
/// params.get_mut(lstm.peepholes()).unwrap().copy_from_slice(&[-60.0, 0.0, 0.0]);
/// let stream = Stream::new(&params, lstm).warm([[1.0], [1.0], [1.0]])?;
/// assert!((stream.state().unwrap()[1] - 1.0).abs() < 1e-9); // [h, c]
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeepholeLstm {
    gates: Gate,
    peepholes: Param,
}

impl PeepholeLstm {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let peepholes = p.weight("peepholes", [3, hidden], Init::inverse_root(hidden))?;
        Ok(PeepholeLstm { gates: Gate::several(p, input, hidden, 4)?, peepholes })
    }

    /// The affine part of the four gates, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }

    /// The weights through which i, f and o see the cell.
    pub fn peepholes(&self) -> Param {
        self.peepholes
    }
}

impl Cell for PeepholeLstm {
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
        let p = x.graph().param(self.peepholes);
        let [i, f, g, o] = self.gates.of(x, h).split();
        let (i, f) = ((i + p.at(0) * c).sigmoid(), (f + p.at(1) * c).sigmoid());
        let c = f * c + i * g.tanh();
        let h = (o + p.at(2) * c).sigmoid() * c.tanh();
        (h, [h, c])
    }
}
