//! Long expressive memory.

use super::interval::Interval;
use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// Long expressive memory (Rusch, Mishra, Erichson and Mahoney 2022), two states whose units choose
/// their own time steps:
///
/// r, s, n = the three parts of b + x · W + y · U\
/// z′ = (1 − Δt σ(r)) ∘ z + Δt σ(r) ∘ tanh(n)\
/// y′ = (1 − Δt σ(s)) ∘ y + Δt σ(s) ∘ tanh(bᵧ + x · Wᵧ + z′ · Uᵧ)
///
/// Weights `w: [in, 3 × hidden]`, `u: [hidden, 3 × hidden]`, `b: [3 × hidden]` in the order
/// r, s, n, and `output.w: [in, hidden]`, `output.u: [hidden, hidden]`, `output.b: [hidden]`. The
/// state is `[y, z]`, the output y′.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Interval, Lem, Stream};
///
/// // Where no time passes, nothing moves.
/// let (cell, params) = Params::<f64>::init(1, |p| {
///     Lem::new(p.scope("cell"), 1, 4)?.with_interval(Interval::Given)
/// })?;
/// let mut stream = Stream::new(&params, cell);
/// let before = stream.push(&[0.3, 1.0])?.to_vec(); // an input, and the time since the last one
/// assert_eq!(stream.push(&[0.9, 0.0])?, before);
/// assert!(stream.push(&[0.9, 0.5])? != before);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lem {
    gates: Gate,
    read: Gate,
    interval: Interval,
}

impl Lem {
    /// A cell with Δt = 1, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let read = Gate::new(p.scope("output"), input, hidden)?;
        let gates = Gate::several(p, input, hidden, 3)?;
        Ok(Lem { gates, read, interval: Interval::Fixed(1.0) })
    }

    /// This cell with another interval.
    ///
    /// # Errors
    /// If it is fixed and not finite and positive.
    pub fn with_interval(self, interval: Interval) -> Result<Self, Error> {
        Ok(Lem { interval: interval.checked()?, ..self })
    }

    /// The affine part of r, s and n, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }

    /// The affine part of what y reads, with its weights.
    pub fn read(&self) -> Gate {
        self.read
    }
}

impl Cell for Lem {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.gates.hidden()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [y, z]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let _layer = x.graph().layer(self.gates.params()[0]);
        let (x, dt) = self.interval.of(x, self.output());
        let [r, s, n] = self.gates.of(x, y).split();
        let (r, s) = (dt * r.sigmoid(), dt * s.sigmoid());
        let z = (1.0 - r) * z + r * n.tanh();
        let y = (1.0 - s) * y + s * self.read.of(x, z).tanh();
        (y, [y, z])
    }
}
