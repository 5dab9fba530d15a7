//! Long short-term memory with a smaller output.

use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Graph, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// Long short-term memory with a recurrent projection (Sak, Senior and Beaufays 2014): the cell is
/// large, what is given out and fed back is not.
///
/// i, f, g, o = the four parts of b + x · W + h · U\
/// c′ = σ(f) ∘ c + σ(i) ∘ tanh(g)\
/// h′ = (σ(o) ∘ tanh(c′)) · P
///
/// Weights `w: [in, 4 × hidden]`, `u: [out, 4 × hidden]`, `b: [4 × hidden]`, gates in the order
/// i, f, g, o, and `projection: [hidden, out]`. The state is `[h, c]`, `h: [batch, out]` and
/// `c: [batch, hidden]`; the output h′.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{ProjectedLstm, Stream};
///
/// // 64 cells, of which 8 numbers are seen.
/// let (cell, params) =
///     Params::<f32>::init(1, |p| ProjectedLstm::new(p.scope("cell"), 3, 64, 8))?;
/// assert_eq!(Stream::new(&params, cell).push(&[0.1, 0.2, 0.3])?.len(), 8);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectedLstm {
    gates: Gate,
    projection: Param,
}

impl ProjectedLstm {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(
        mut p: Scope<'_>,
        input: usize,
        hidden: usize,
        output: usize,
    ) -> Result<Self, Error> {
        let projection = p.weight("projection", [hidden, output], Init::inverse_root(hidden))?;
        let gates = Gate::drawn(p, [input, output], [4, hidden], |_, _| ())?;
        Ok(ProjectedLstm { gates, projection })
    }

    /// The affine part of the four gates, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }

    /// The weight P.
    pub fn projection(&self) -> Param {
        self.projection
    }
}

impl Cell for ProjectedLstm {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.projection.shape().last()
    }

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> [Var<'g, T>; 2] {
        let hidden = self.projection.shape().rows();
        [g.zeros([batch, self.output()]), g.zeros([batch, hidden])]
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
        let h = (o.sigmoid() * c.tanh()).dot(x.graph().param(self.projection));
        (h, [h, c])
    }
}
