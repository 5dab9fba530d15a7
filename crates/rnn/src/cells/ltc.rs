//! The liquid time-constant network.

use super::interval::Interval;
use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// The liquid time-constant network (Hasani et al. 2021), whose units leak the faster the more
/// drives them:
///
/// f = σ(b + x · W + h · U)\
/// dh/dt = −(λ + f) ∘ h + f ∘ a, with λ = ln(1 + eʳ)
///
/// solved by a number of fused steps, each of Δt, that never explode:
///
/// h ← (h + Δt f ∘ a) / (1 + Δt (λ + f))
///
/// λ is the inverse of the paper's time constant τ. Weights `w: [in, hidden]`,
/// `u: [hidden, hidden]`, `b: [hidden]`, `a: [hidden]`, `r: [hidden]`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Ltc, Stream};
///
/// // Without weights f is ½ and λ is 1: a unit settles at f a / (λ + f), here a third.
/// let (cell, mut params) = Params::<f64>::init(1, |p| Ltc::new(p.scope("cell"), 1, 1))?;
/// for param in cell.drive().params() {
///     params.get_mut(param).unwrap().fill(0.0);
/// }
/// let [a, _] = cell.units();
/// params.get_mut(a).unwrap().fill(1.0);
/// let stream = Stream::new(&params, cell).warm([[0.0]; 20])?;
/// assert!((stream.output()[0] - 1.0 / 3.0).abs() < 1e-9);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ltc {
    drive: Gate,
    a: Param,
    r: Param,
    steps: usize,
    interval: Interval,
}

impl Ltc {
    /// A cell with 6 steps in an interval of 1: a drawn uniformly from ±1, r so that λ is 1, the
    /// other weights from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Ok(Ltc {
            a: p.weight("a", [hidden], Init::Uniform { bound: 1.0 })?,
            r: p.weight("r", [hidden], Init::Constant(libm::log(libm::expm1(1.0))))?,
            drive: Gate::new(p, input, hidden)?,
            steps: 6,
            interval: Interval::Fixed(1.0),
        })
    }

    /// This cell with so many steps in each interval.
    ///
    /// # Errors
    /// If there are none.
    pub fn with_steps(self, steps: usize) -> Result<Self, Error> {
        if steps == 0 {
            let (what, wanted) = ("the number of steps", "at least 1");
            return Err(Error::Setting { what, wanted, given: "0".into() });
        }
        Ok(Ltc { steps, ..self })
    }

    /// This cell with another interval.
    ///
    /// # Errors
    /// If it is fixed and not finite and positive.
    pub fn with_interval(self, interval: Interval) -> Result<Self, Error> {
        Ok(Ltc { interval: interval.checked()?, ..self })
    }

    /// The affine part of f, with its weights.
    pub fn drive(&self) -> Gate {
        self.drive
    }

    /// The weights a and r.
    pub fn units(&self) -> [Param; 2] {
        [self.a, self.r]
    }
}

impl Cell for Ltc {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.drive.hidden()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [mut h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = x.graph().layer(self.drive.params()[0]);
        let g = x.graph();
        let (a, r) = (g.param(self.a), g.param(self.r));
        let (x, time) = self.interval.of(x, self.output());
        let (leak, dt) = (r.softplus(), time / self.steps as f64);
        for _ in 0..self.steps {
            let f = self.drive.of(x, h).sigmoid();
            h = (h + dt * (f * a)) / (1.0 + dt * (leak + f));
        }
        (h, [h])
    }
}
