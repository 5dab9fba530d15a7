//! The coupled oscillatory network.

use super::interval::Interval;
use super::setting::positive;
use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// The coupled oscillatory network (Rusch and Mishra 2021), damped oscillators driven by the input
/// and by each other:
///
/// z′ = z + Δt (tanh(b + x · W + [y, z] · U) − γ y − ε z)\
/// y′ = y + Δt z′
///
/// Weights `w: [in, hidden]`, `u: [2 × hidden, hidden]`, its upper rows for y, `b: [hidden]`. The
/// state is `[y, z]`, positions and velocities, the output y′. The damping is explicit, as in the
/// authors' own program.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{CoRnn, Interval, Stream};
///
/// // A full force for half a unit of time: velocity ½, and with it position ¼.
/// let (cell, mut params) = Params::<f64>::init(1, |p| {
///     CoRnn::new(p.scope("cell"), 1, 1)?.with_interval(Interval::Fixed(0.5))
/// })?;
/// params.values_mut().fill(30.0);
/// let stream = Stream::new(&params, cell).warm([[1.0]])?;
/// assert_eq!(stream.state(), Some(&[0.25, 0.5][..])); // [y, z]
/// assert_eq!(stream.output(), [0.25]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoRnn {
    force: Gate,
    frequency: f64,
    damping: f64,
    interval: Interval,
}

impl CoRnn {
    /// A cell with γ = 2.7, ε = 4.7 and Δt = 0.042, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let force = Gate::drawn(p, [input, hidden.saturating_mul(2)], [1, hidden], |_, _| ())?;
        let interval = Interval::Fixed(0.042);
        Ok(CoRnn { force, frequency: 2.7, damping: 4.7, interval })
    }

    /// This cell with another γ, the square of an oscillator's frequency.
    ///
    /// # Errors
    /// If γ is not finite and positive.
    pub fn with_frequency(self, frequency: f64) -> Result<Self, Error> {
        Ok(CoRnn { frequency: positive("the frequency γ", frequency)?, ..self })
    }

    /// This cell with another ε.
    ///
    /// # Errors
    /// If ε is not finite and positive.
    pub fn with_damping(self, damping: f64) -> Result<Self, Error> {
        Ok(CoRnn { damping: positive("the damping ε", damping)?, ..self })
    }

    /// This cell with another interval.
    ///
    /// # Errors
    /// If it is fixed and not finite and positive.
    pub fn with_interval(self, interval: Interval) -> Result<Self, Error> {
        Ok(CoRnn { interval: interval.checked()?, ..self })
    }

    /// The affine part of the force, with its weights.
    pub fn force(&self) -> Gate {
        self.force
    }
}

impl Cell for CoRnn {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.force.params()[2].shape().last()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [y, z]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let _layer = x.graph().layer(self.force.params()[0]);
        let (x, dt) = self.interval.of(x, self.output());
        let force = self.force.of(x, x.graph().concat(1, &[y, z])).tanh();
        let z = z + dt * (force - self.frequency * y - self.damping * z);
        let y = y + dt * z;
        (y, [y, z])
    }
}
