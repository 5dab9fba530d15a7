//! The affine part of gates.

use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// One or several gates before their activation: `b + x · W + h · U`, gates side by side.
///
/// Shapes: `x: [batch, in]`, `W: [in, gates × hidden]`, `h: [batch, hidden]`,
/// `U: [hidden, gates × hidden]`, `b: [gates × hidden]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    w: Param,
    u: Param,
    b: Param,
}

impl Gate {
    /// One gate, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::several(p, input, hidden, 1)
    }

    /// Several gates side by side.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn several(
        mut p: Scope<'_>,
        input: usize,
        hidden: usize,
        gates: usize,
    ) -> Result<Self, Error> {
        let (init, width) = (Init::inverse_root(hidden), gates.saturating_mul(hidden));
        Ok(Gate {
            w: p.gates("w", [input, width], gates, init)?,
            u: p.gates("u", [hidden, width], gates, init)?,
            b: p.gates("b", [width], gates, init)?,
        })
    }

    /// The size of the state it reads.
    pub fn hidden(&self) -> usize {
        self.u.shape().rows()
    }

    /// The weights: of the input, of the state, and the bias.
    pub fn params(&self) -> [Param; 3] {
        [self.w, self.u, self.b]
    }

    /// `b + x · W + h · U`.
    #[track_caller]
    pub fn of<'g, T: Real>(&self, x: Var<'g, T>, h: Var<'g, T>) -> Var<'g, T> {
        let g = x.graph();
        let _layer = g.layer(self.w);
        x.affine(g.param(self.w), h, g.param(self.u), g.param(self.b))
    }
}
