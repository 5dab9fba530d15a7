//! Minimal long short-term memory without a state in its gates.

use super::linear::linear_cell;
use crate::cell::Cell;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// minLSTM (Feng et al. 2024), whose gates see the input only and are made to sum to 1:
///
/// f, i, n = the three parts of b + x · W\
/// h′ = (σ(f) ∘ h + σ(i) ∘ n) / (σ(f) + σ(i))
///
/// Weights `w: [in, 3 × hidden]`, `b: [3 × hidden]` in the order f, i, n. A whole sequence is one
/// product and one pass over its states, and it carries on the same state as its steps.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{MinLstm, Stream};
///
/// // σ(f) = ½ and σ(i) = ¾ are shares of 0.4 for the state and 0.6 for the candidate.
/// let (cell, mut params) = Params::<f64>::init(1, |p| MinLstm::new(p.scope("cell"), 1, 1))?;
/// params.values_mut().fill(0.0);
/// let [_, b] = cell.params();
/// params.get_mut(b).unwrap().copy_from_slice(&[0.0, 3.0_f64.ln(), 1.0]);
/// let stream = Stream::new(&params, cell).warm([[0.0], [0.0]])?;
/// assert!((stream.output()[0] - (0.4 * 0.6 + 0.6)).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinLstm {
    w: Param,
    b: Param,
    parallel: bool,
}

impl MinLstm {
    /// The parts of its sums.
    const PARTS: usize = 3;

    /// A cell, its weights drawn uniformly from ±1/√in.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let (init, width) = (Init::inverse_root(input), hidden.saturating_mul(Self::PARTS));
        let w = p.gates("w", [input, width], Self::PARTS, init)?;
        Ok(MinLstm { w, b: p.gates("b", [width], Self::PARTS, init)?, parallel: false })
    }

    /// This cell with whole sequences computed by a parallel scan over time, for few long rows on
    /// many threads: equal to its steps to rounding, not to the bit.
    #[must_use]
    pub fn in_parallel(self) -> Self {
        MinLstm { parallel: true, ..self }
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
        let [f, i, n] = x.affine(g.param(self.w), none, none, g.param(self.b)).split();
        // σ(f) / (σ(f) + σ(i)), where both may be too small for their quotient.
        let f = ((-i).softplus() - (-f).softplus()).sigmoid();
        [f, (1.0 - f) * n]
    }
}

linear_cell!(MinLstm);
