//! The minimal gated recurrent unit without a state in its gates.

use super::linear::linear_cell;
use crate::cell::Cell;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// minGRU (Feng et al. 2024), whose gate and candidate see the input only, so that the state is a
/// linear recurrence:
///
/// z, n = the two parts of b + x · W\
/// h′ = (1 − σ(z)) ∘ h + σ(z) ∘ n
///
/// Weights `w: [in, 2 × hidden]`, `b: [2 × hidden]` in the order z, n. A whole sequence is one
/// product and one pass over its states.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Layer, MinGru, Rnn};
/// use elman_tensor::Tensor;
///
/// let (cell, params) = Params::<f64>::init(1, |p| MinGru::new(p.scope("cell"), 2, 8))?;
/// assert_eq!(params.len(), 2 * (2 * 8 + 8)); // nothing from state to state
///
/// let x = Tensor::from_fn([100, 1, 2], |i| (i as f64).sin())?;
/// let run = |cell| {
///     Tape::new().evaluate(&params, |g| Rnn(cell).forward(g.input(&x)).values().tensor())
/// };
/// let (steps, scan) = (run(cell)?, run(cell.in_parallel())?);
/// let pairs = steps.values().iter().zip(scan.values());
/// assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinGru {
    w: Param,
    b: Param,
    parallel: bool,
}

impl MinGru {
    /// The parts of its sums.
    const PARTS: usize = 2;

    /// A cell, its weights drawn uniformly from ±1/√in.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let (init, width) = (Init::inverse_root(input), hidden.saturating_mul(Self::PARTS));
        let w = p.gates("w", [input, width], Self::PARTS, init)?;
        Ok(MinGru { w, b: p.gates("b", [width], Self::PARTS, init)?, parallel: false })
    }

    /// This cell with whole sequences computed by a parallel scan over time, for few long rows on
    /// many threads: equal to its steps to rounding, not to the bit.
    #[must_use]
    pub fn in_parallel(self) -> Self {
        MinGru { parallel: true, ..self }
    }

    /// The weights W and b.
    pub fn params(&self) -> [Param; 2] {
        [self.w, self.b]
    }

    /// What the state is multiplied by, and what is added to it.
    #[track_caller]
    fn factors<'g, T: Real>(&self, x: Var<'g, T>) -> [Var<'g, T>; 2] {
        let g = x.graph();
        let _layer = g.layer(self.w);
        let none = g.absent();
        let [z, n] = x.affine(g.param(self.w), none, none, g.param(self.b)).split();
        let z = z.sigmoid();
        [1.0 - z, z * n]
    }
}

linear_cell!(MinGru);
