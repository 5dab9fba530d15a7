//! Long short-term memory with other recurrent weights for each input.

use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// Multiplicative long short-term memory (Krause, Lu, Murray and Renals 2016), in which the input
/// chooses how the state is read:
///
/// m = (x · Wₘ) ∘ (h · Uₘ)\
/// i, f, g, o = the four parts of b + x · W + m · U\
/// c′ = σ(f) ∘ c + σ(i) ∘ tanh(g)\
/// h′ = σ(o) ∘ tanh(c′)
///
/// Weights `w: [in, 4 × hidden]`, `u: [hidden, 4 × hidden]`, `b: [4 × hidden]`, gates in the
/// order i, f, g, o, and of the product `product.w: [in, hidden]`, `product.u: [hidden, hidden]`.
/// The state is `[h, c]`, the output h′. Programs differ in where tanh stands; here it stands as in
/// [`Lstm`](crate::Lstm).
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Lstm, MultiplicativeLstm};
///
/// // What it costs over a plain one: the two matrices of the product.
/// let (lstm, params) =
///     Params::<f32>::init(1, |p| MultiplicativeLstm::new(p.scope("lstm"), 2, 8))?;
/// let (_, plain) = Params::<f32>::init(1, |p| Lstm::new(p.scope("lstm"), 2, 8))?;
/// assert_eq!(lstm.product().map(|m| m.shape().dims().to_vec()), [[2, 8], [8, 8]]);
/// assert_eq!(params.len(), plain.len() + 2 * 8 + 8 * 8);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultiplicativeLstm {
    gates: Gate,
    product: [Param; 2],
}

impl MultiplicativeLstm {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let (mut m, init) = (p.scope("product"), Init::inverse_root(hidden));
        let product =
            [m.weight("w", [input, hidden], init)?, m.weight("u", [hidden, hidden], init)?];
        Ok(MultiplicativeLstm { gates: Gate::several(p, input, hidden, 4)?, product })
    }

    /// The affine part of the four gates, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }

    /// The weights Wₘ and Uₘ of the product.
    pub fn product(&self) -> [Param; 2] {
        self.product
    }
}

impl Cell for MultiplicativeLstm {
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
        let (graph, [w, u]) = (x.graph(), self.product);
        let m = x.dot(graph.param(w)) * h.dot(graph.param(u));
        let [i, f, g, o] = self.gates.of(x, m).split();
        let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        let h = o.sigmoid() * c.tanh();
        (h, [h, c])
    }
}
