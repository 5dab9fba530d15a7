//! The affine part of gates.

use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Random, Real};

/// One or several gates before their activation: `b + x · W + h · U`, gates side by side.
///
/// Shapes: `x: [batch, in]`, `W: [in, gates × hidden]`, `h: [batch, hidden]`,
/// `U: [hidden, gates × hidden]`, `b: [gates × hidden]`. Some cells have gates that read a state of
/// another size than their own.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::Gate;
/// use elman_tensor::Tensor;
///
/// // Two gates of one unit, all of their weights 1.
/// let (gates, mut params) = Params::<f64>::init(1, |p| Gate::several(p.scope("g"), 2, 1, 2))?;
/// params.values_mut().fill(1.0);
/// let (x, h) = (Tensor::new([1, 2], vec![10.0, 20.0])?, Tensor::new([1, 1], vec![300.0])?);
/// let sums = Tape::new().evaluate(&params, |g| gates.of(g.input(&x), g.input(&h)).tensor())?;
/// assert_eq!(sums.shape().dims(), [1, 2]);
/// assert_eq!(sums.values(), [331.0, 331.0]); // b + x · W + h · U
/// # Ok::<(), elman_autograd::Error>(())
/// ```
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
    pub fn several(p: Scope<'_>, input: usize, hidden: usize, gates: usize) -> Result<Self, Error> {
        Self::drawn(p, [input, hidden], [gates, hidden], |_, _| ())
    }

    /// So many gates of `hidden` units that read so many features of an input and of a state; a
    /// function may then change the biases, which are drawn like the weights at first.
    pub(crate) fn drawn(
        mut p: Scope<'_>,
        [input, state]: [usize; 2],
        [gates, hidden]: [usize; 2],
        bias: impl FnOnce(&mut Random, &mut [f64]),
    ) -> Result<Self, Error> {
        let (bound, width) = (1.0 / (hidden.max(1) as f64).sqrt(), gates.saturating_mul(hidden));
        let init = Init::Uniform { bound };
        Ok(Gate {
            w: p.gates("w", [input, width], gates, init)?,
            u: p.gates("u", [state, width], gates, init)?,
            b: p.drawn("b", [width], |random, b| {
                b.fill_with(|| random.uniform(-bound, bound));
                bias(random, b);
            })?,
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
