//! Long short-term memory with layer normalisation.

use super::setting::positive;
use crate::cell::Cell;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// Long short-term memory whose sums are normalised (Ba, Kiros and Hinton 2016):
///
/// i, f, g, o = the four parts of b + α₁ ∘ N(x · W) + α₂ ∘ N(h · U)\
/// c′ = σ(f) ∘ c + σ(i) ∘ tanh(g)\
/// h′ = σ(o) ∘ tanh(β + α₃ ∘ N(c′))
///
/// N takes from each row its mean and divides by its deviation √(variance + ε); all four gates are
/// one row. The shifts that the paper has beside α₁ and α₂ are in b.
///
/// Weights `w: [in, 4 × hidden]`, `u: [hidden, 4 × hidden]`, `b: [4 × hidden]`, gates in the
/// order i, f, g, o, and the gains `input.gain: [4 × hidden]`, `state.gain: [4 × hidden]`,
/// `cell.gain: [hidden]` and the shift `cell.shift: [hidden]`. The state is `[h, c]`, the output
/// h′.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{LayerNormLstm, Stream};
///
/// // How large an input is does not matter, only how its features compare.
/// let (lstm, params) = Params::<f64>::init(1, |p| LayerNormLstm::new(p.scope("lstm"), 3, 8))?;
/// let output = |scale: f64| -> Result<Vec<f64>, elman_autograd::Error> {
///     Ok(Stream::new(&params, lstm).push(&[1.0, -2.0, 0.5].map(|x| scale * x))?.to_vec())
/// };
/// for (small, large) in output(100.0)?.into_iter().zip(output(1000.0)?) {
///     assert!((small - large).abs() < 1e-6);
/// }
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerNormLstm {
    sums: [Param; 3],
    gains: [Param; 3],
    shift: Param,
    epsilon: f64,
}

impl LayerNormLstm {
    /// A cell with ε = 10⁻⁵, its weights and biases drawn uniformly from ±1/√hidden; gains start at
    /// 1, the shift at 0.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let (init, one) = (Init::inverse_root(hidden), Init::Constant(1.0));
        let width = hidden.saturating_mul(4);
        let sums = [
            p.gates("w", [input, width], 4, init)?,
            p.gates("u", [hidden, width], 4, init)?,
            p.gates("b", [width], 4, init)?,
        ];
        let gains = [
            p.scope("input").weight("gain", [width], one)?,
            p.scope("state").weight("gain", [width], one)?,
            p.scope("cell").weight("gain", [hidden], one)?,
        ];
        let shift = p.scope("cell").weight("shift", [hidden], Init::Zeros)?;
        Ok(LayerNormLstm { sums, gains, shift, epsilon: 1e-5 })
    }

    /// This cell with another ε: the larger, the less do rows matter whose elements are nearly
    /// equal.
    ///
    /// # Errors
    /// If ε is not finite and positive.
    pub fn with_epsilon(self, epsilon: f64) -> Result<Self, Error> {
        Ok(LayerNormLstm { epsilon: positive("ε", epsilon)?, ..self })
    }

    /// The weights W, U and b.
    pub fn sums(&self) -> [Param; 3] {
        self.sums
    }

    /// The gains α₁, α₂ and α₃.
    pub fn gains(&self) -> [Param; 3] {
        self.gains
    }

    /// The shift β.
    pub fn shift(&self) -> Param {
        self.shift
    }
}

impl LayerNormLstm {
    /// (z − mean) / √(variance + ε) of each row of `z: [batch, n]`.
    #[track_caller]
    fn normalised<'g, T: Real>(&self, z: Var<'g, T>) -> Var<'g, T> {
        let (g, n) = (z.graph(), z.shape().last());
        // A product with these takes the mean of each row, and gives it to all its columns.
        let (mean, all) = (g.constant([n, 1], 1.0 / n as f64), g.constant([1, n], 1.0));
        let z = z - z.dot(mean).dot(all);
        z / (z.square().dot(mean) + self.epsilon).sqrt().dot(all)
    }
}

impl Cell for LayerNormLstm {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.shift.shape().last()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h, c]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let graph = x.graph();
        let _layer = graph.layer(self.sums[0]);
        let ([w, u, b], [a1, a2, a3]) = (self.sums, self.gains);
        let [w, u, b] = [graph.param(w), graph.param(u), graph.param(b)];
        let [a1, a2, a3] = [graph.param(a1), graph.param(a2), graph.param(a3)];
        let sums = b + a1 * self.normalised(x.dot(w)) + a2 * self.normalised(h.dot(u));
        let [i, f, g, o] = sums.split();
        let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        let h = o.sigmoid() * (graph.param(self.shift) + a3 * self.normalised(c)).tanh();
        (h, [h, c])
    }
}
