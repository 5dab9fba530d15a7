//! Long short-term memory.

use super::forget_bias::{ForgetBias, Roles};
use crate::cell::Cell;
use crate::fused::{self, FIRST, Kernel};
use crate::gate::Gate;
use crate::packed::{self, Packed};
use crate::scan::scan;
use crate::seq::Seq;
use elman_autograd::{Error, Params, Scope, Var};
use elman_kernels::fused::Cell as Fast;
use elman_tensor::Real;

/// Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gates (Gers,
/// Schmidhuber and Cummins 2000):
///
/// i, f, g, o = the four parts of b + x · W + h · U\
/// c′ = σ(f) ∘ c + σ(i) ∘ tanh(g)\
/// h′ = σ(o) ∘ tanh(c′)
///
/// Weights `w: [in, 4 × hidden]`, `u: [hidden, 4 × hidden]`, `b: [4 × hidden]`, gates in the
/// order i, f, g, o. The state is `[h, c]`, the output h′.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Lstm, Stream};
///
/// // With all gates open the cell adds up what it is told: it counts.
/// let (lstm, mut params) = Params::<f64>::init(1, |p| Lstm::new(p.scope("lstm"), 1, 1))?;
/// let [w, u, b] = lstm.gates().params();
/// params.get_mut(w).unwrap().copy_from_slice(&[0.0, 0.0, 30.0, 0.0]);
/// params.get_mut(u).unwrap().fill(0.0);
/// params.get_mut(b).unwrap().copy_from_slice(&[30.0, 30.0, 0.0, 30.0]);
/// let stream = Stream::new(&params, lstm).warm([[1.0], [1.0], [1.0], [-1.0]])?;
/// assert!((stream.state().unwrap()[1] - 2.0).abs() < 1e-9); // [h, c]
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lstm {
    gates: Gate,
}

impl Lstm {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
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
        Ok(Lstm { gates: forget.gates(p, [input, hidden], roles)? })
    }

    /// The affine part of the four gates, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }
}

impl Cell for Lstm {
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
        let [i, f, g, o] = self.gates.of(x, h).split();
        let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        let c = c.flush_to_zero();
        let h = o.sigmoid() * c.tanh();
        let h = h.flush_to_zero();
        (h, [h, c])
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        [h, c]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let _layer = xs.graph().layer(self.gates.params()[0]);
        match fused::sequence(&KERNEL, xs, h, c, &self.gates.params()) {
            Some((y, state)) => (y, state),
            None => scan(self, xs, [h, c]),
        }
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        packed::fused(&KERNEL, params, &self.gates.params(), batch)
    }
}

static KERNEL: Kernel = Kernel {
    name: "lstm",
    cell: Fast::LongShort,
    w: &[(FIRST, 0), (FIRST, 1), (FIRST, 2), (FIRST, 3)],
    u: &[(FIRST + 1, 0), (FIRST + 1, 1), (FIRST + 1, 2), (FIRST + 1, 3)],
    b: &[(FIRST + 2, 0), (FIRST + 2, 1), (FIRST + 2, 2), (FIRST + 2, 3)],
};
