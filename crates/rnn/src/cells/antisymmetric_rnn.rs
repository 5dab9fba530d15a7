//! The antisymmetric network.

use super::setting::{not_negative, positive};
use crate::cell::Cell;
use elman_autograd::rules::Antisymmetric;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// The antisymmetric network (Chang, Chen, Haber and Chi 2019), steps of a differential equation
/// that neither explodes nor forgets:
///
/// A = U − Uᵀ − γ 1\
/// h′ = h + ε tanh(b + x · W + h · A)
///
/// or, with a gate, of which the two parts of b + x · W are g and z:
///
/// h′ = h + ε σ(z + h · A) ∘ tanh(g + h · A)
///
/// Weights `w: [in, gates × hidden]`, `u: [hidden, hidden]`, `b: [gates × hidden]` for one or, in
/// the order g, z, two gates.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{AntisymmetricRnn, Stream};
///
/// // No state moves farther than ε in a step, however large the weights.
/// let (cell, mut params) = Params::<f64>::init(1, |p| {
///     AntisymmetricRnn::new(p.scope("cell"), 1, 1)?.with_step(0.5)
/// })?;
/// params.values_mut().fill(1e6);
/// let mut stream = Stream::new(&params, cell);
/// let way = stream.predict([[1.0], [1.0], [-3.0]]).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(way.concat(), [0.5, 1.0, 0.5]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AntisymmetricRnn {
    w: Param,
    u: Param,
    b: Param,
    step: f64,
    diffusion: f64,
}

impl AntisymmetricRnn {
    /// A cell without a gate: W drawn from N(0, 1 / in), U from N(0, 1 / hidden), biases 0,
    /// ε = γ = 0.01.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::of(p, input, hidden, 1)
    }

    /// A cell with a gate.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn gated(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::of(p, input, hidden, 2)
    }

    fn of(mut p: Scope<'_>, input: usize, hidden: usize, gates: usize) -> Result<Self, Error> {
        let normal = |fan: usize| Init::Normal { std: 1.0 / (fan.max(1) as f64).sqrt() };
        let width = gates.saturating_mul(hidden);
        Ok(AntisymmetricRnn {
            w: p.gates("w", [input, width], gates, normal(input))?,
            u: p.weight("u", [hidden, hidden], normal(hidden))?,
            b: p.weight("b", [width], Init::Zeros)?,
            step: 0.01,
            diffusion: 0.01,
        })
    }

    /// This cell with another step ε.
    ///
    /// # Errors
    /// If ε is not finite and positive.
    pub fn with_step(self, step: f64) -> Result<Self, Error> {
        Ok(AntisymmetricRnn { step: positive("the step ε", step)?, ..self })
    }

    /// This cell with another diffusion γ, which makes up for what finite steps add.
    ///
    /// # Errors
    /// If γ is not finite or negative.
    pub fn with_diffusion(self, diffusion: f64) -> Result<Self, Error> {
        Ok(AntisymmetricRnn { diffusion: not_negative("the diffusion γ", diffusion)?, ..self })
    }

    /// The weights W, U and b.
    pub fn params(&self) -> [Param; 3] {
        [self.w, self.u, self.b]
    }

    fn is_gated(&self) -> bool {
        self.b.shape().last() > self.u.shape().last()
    }
}

impl Cell for AntisymmetricRnn {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.u.shape().last()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = x.graph();
        let _layer = g.layer(self.w);
        let (none, w, b) = (g.absent(), g.param(self.w), g.param(self.b));
        let a = g.apply(Antisymmetric { diffusion: self.diffusion }, [g.param(self.u)]);
        let slope = if self.is_gated() {
            let ([g, z], s) = (x.affine(w, none, none, b).split(), h.dot(a));
            (z + s).sigmoid() * (g + s).tanh()
        } else {
            x.affine(w, h, a, b).tanh()
        };
        let h = h + self.step * slope;
        (h, [h])
    }
}
