//! The closed-form continuous-time network.

use super::interval::Interval;
use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// The closed-form continuous-time network (Hasani et al. 2022), which goes from one state to
/// another as time t passes:
///
/// f, g, n = the three parts of b + x · W + h · U\
/// h′ = σ(−f t) ∘ tanh(g) + (1 − σ(−f t)) ∘ tanh(n)
///
/// Weights `w: [in, 3 × hidden]`, `u: [hidden, 3 × hidden]`, `b: [3 × hidden]` in the order
/// f, g, n. Layers that the three parts share can be put below the cell.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Cfc, Interval, Stream};
///
/// // From tanh(g) = 1 to tanh(n) = −1 as time passes: half way at once, there after long.
/// let (cell, mut params) = Params::<f64>::init(1, |p| {
///     Cfc::new(p.scope("cell"), 1, 1)?.with_interval(Interval::Given)
/// })?;
/// params.values_mut().fill(0.0);
/// let [_, _, b] = cell.gates().params();
/// params.get_mut(b).unwrap().copy_from_slice(&[1.0, 30.0, -30.0]); // f, g, n
/// let mut stream = Stream::new(&params, cell);
/// assert_eq!(stream.push(&[0.0, 0.0])?, [0.0]);
/// assert_eq!(stream.push(&[0.0, 100.0])?, [-1.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cfc {
    gates: Gate,
    interval: Interval,
}

impl Cfc {
    /// A cell with an interval of 1, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let gates = Gate::several(p, input, hidden, 3)?;
        Ok(Cfc { gates, interval: Interval::Fixed(1.0) })
    }

    /// This cell with another interval.
    ///
    /// # Errors
    /// If it is fixed and not finite and positive.
    pub fn with_interval(self, interval: Interval) -> Result<Self, Error> {
        Ok(Cfc { interval: interval.checked()?, ..self })
    }

    /// The affine part of f, g and n, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }
}

impl Cell for Cfc {
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
        let _layer = x.graph().layer(self.gates.params()[0]);
        let (x, time) = self.interval.of(x, self.output());
        let [f, g, n] = self.gates.of(x, h).split();
        let early = (-(time * f)).sigmoid();
        let h = early * g.tanh() + (1.0 - early) * n.tanh();
        (h, [h])
    }
}
