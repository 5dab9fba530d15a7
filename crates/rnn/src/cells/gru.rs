//! The gated recurrent unit.

use crate::cell::Cell;
use crate::fused::{self, FIRST, Kernel};
use crate::gate::Gate;
use crate::packed::{self, Packed};
use crate::scan::scan;
use crate::seq::Seq;
use elman_autograd::{Error, Param, Params, Scope, Var};
use elman_kernels::fused::Cell as Fast;
use elman_tensor::{Init, Real};

/// The gated recurrent unit (Cho et al. 2014), with the reset after the product:
///
/// r, z = σ of the two parts of b + x · W + h · U\
/// n = tanh(bₙ + x · Wₙ + r ∘ (cₙ + h · Uₙ))\
/// h′ = (1 − z) ∘ n + z ∘ h
///
/// Weights of the gates `w: [in, 2 × hidden]`, `u: [hidden, 2 × hidden]`, `b: [2 × hidden]` in the
/// order r, z, and of the candidate, which is another kind of sum: `candidate.w: [in, hidden]`,
/// `candidate.u: [hidden, hidden]`, `candidate.b: [hidden]`, and the bias inside of the reset
/// product `candidate.c: [hidden]`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Gru, Stream};
///
/// // All weights 0, so that r = z = ½, but for cₙ, which is inside of the reset product.
/// let (gru, mut params) = Params::<f64>::init(1, |p| Gru::new(p.scope("gru"), 1, 1))?;
/// params.values_mut().fill(0.0);
/// let [_, _, _, c] = gru.candidate();
/// params.get_mut(c).unwrap().fill(1.0);
/// let h = Stream::new(&params, gru).push(&[7.0])?[0];
/// assert!((h - 0.5 * 0.5_f64.tanh()).abs() < 1e-12); // (1 − z) tanh(r · 1)
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gru {
    gates: Gate,
    candidate: [Param; 4],
}

impl Gru {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let init = Init::inverse_root(hidden);
        let mut n = p.scope("candidate");
        let candidate = [
            n.weight("w", [input, hidden], init)?,
            n.weight("b", [hidden], init)?,
            n.weight("u", [hidden, hidden], init)?,
            n.weight("c", [hidden], init)?,
        ];
        Ok(Gru { gates: Gate::several(p, input, hidden, 2)?, candidate })
    }

    /// The affine part of the gates r and z.
    pub fn gates(&self) -> Gate {
        self.gates
    }

    /// The candidate's weights Wₙ, bₙ, Uₙ, cₙ.
    pub fn candidate(&self) -> [Param; 4] {
        self.candidate
    }
}

impl Cell for Gru {
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
        let g = x.graph();
        let _layer = g.layer(self.gates.params()[0]);
        let [w, b, u, c] = self.candidate;
        let [w, b, u, c] = [g.param(w), g.param(b), g.param(u), g.param(c)];
        let none = g.absent();
        let [r, z] = self.gates.of(x, h).sigmoid().split();
        let n = (x.affine(w, none, none, b) + r * h.affine(u, none, none, c)).tanh();
        let h = (1.0 - z) * n + z * h;
        let h = h.flush_to_zero();
        (h, [h])
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = xs.graph().layer(self.gates.params()[0]);
        let ([w, u, b], [wn, bn, un, cn]) = (self.gates.params(), self.candidate);
        match fused::sequence(&KERNEL, xs, h, h.graph().absent(), &[w, u, b, wn, un, bn, cn]) {
            Some((y, [h, _])) => (y, [h]),
            None => scan(self, xs, [h]),
        }
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        let ([w, u, b], [wn, bn, un, cn]) = (self.gates.params(), self.candidate);
        packed::fused(&KERNEL, params, &[w, u, b, wn, un, bn, cn], batch)
    }
}

/// The sums in the order candidate of the input, r, z, candidate of the state.
static KERNEL: Kernel = Kernel {
    name: "gru",
    cell: Fast::Gated,
    w: &[(FIRST + 3, 0), (FIRST, 0), (FIRST, 1)],
    u: &[(FIRST + 1, 0), (FIRST + 1, 1), (FIRST + 4, 0)],
    b: &[(FIRST + 5, 0), (FIRST + 2, 0), (FIRST + 2, 1), (FIRST + 6, 0)],
};
