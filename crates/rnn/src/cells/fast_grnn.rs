//! The gated network of one matrix.

use crate::cell::Cell;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// FastGRNN (Kusupati et al. 2018), whose gate and candidate share their matrices:
///
/// s = x · W + h · U\
/// z = σ(s + b)\
/// h′ = (σ(ζ) (1 − z) + σ(ν)) ∘ tanh(s + bₙ) + z ∘ h
///
/// Weights `w: [in, hidden]`, `u: [hidden, hidden]`, `b: [hidden]`, `candidate.b: [hidden]`,
/// `zeta: []`, `nu: []`. The matrices have full rank.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Elman, FastGrnn};
///
/// // A gate for the price of a bias and two numbers.
/// let (_, gated) = Params::<f32>::init(1, |p| FastGrnn::new(p.scope("cell"), 2, 8))?;
/// let (_, simple) = Params::<f32>::init(1, |p| Elman::new(p.scope("cell"), 2, 8))?;
/// assert_eq!(gated.len(), simple.len() + 8 + 2);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastGrnn {
    w: Param,
    u: Param,
    biases: [Param; 2],
    zeta: Param,
    nu: Param,
}

impl FastGrnn {
    /// A cell: biases 1, ζ = 1 and ν = −4 as in the authors' own program, the matrices drawn
    /// uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let (init, one) = (Init::inverse_root(hidden), Init::Constant(1.0));
        Ok(FastGrnn {
            w: p.weight("w", [input, hidden], init)?,
            u: p.weight("u", [hidden, hidden], init)?,
            biases: [
                p.weight("b", [hidden], one)?,
                p.scope("candidate").weight("b", [hidden], one)?,
            ],
            zeta: p.weight("zeta", [], one)?,
            nu: p.weight("nu", [], Init::Constant(-4.0))?,
        })
    }

    /// The weights W, U, b and bₙ.
    pub fn params(&self) -> [Param; 4] {
        [self.w, self.u, self.biases[0], self.biases[1]]
    }

    /// The weights ζ and ν.
    pub fn residual(&self) -> [Param; 2] {
        [self.zeta, self.nu]
    }
}

impl Cell for FastGrnn {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.u.shape().rows()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = x.graph();
        let _layer = g.layer(self.w);
        let s = x.affine(g.param(self.w), h, g.param(self.u), g.absent());
        let (b, bn) = (g.param(self.biases[0]), g.param(self.biases[1]));
        let (zeta, nu) = (g.param(self.zeta).sigmoid(), g.param(self.nu).sigmoid());
        let z = (s + b).sigmoid();
        let h = (zeta * (1.0 - z) + nu) * (s + bn).tanh() + z * h;
        (h, [h])
    }
}
