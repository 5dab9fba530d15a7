//! The echo state network's reservoir.

use crate::cell::Cell;
use crate::fused::{self, FIRST, Kernel};
use crate::packed::{self, Packed};
use crate::scan::scan;
use crate::seq::Seq;
use elman_autograd::{Error, Graph, Param, Params, Scope, Var};
use elman_kernels::fused::Cell as Fast;
use elman_tensor::{Init, Real};

/// The settings of an [`EchoState`] cell.
///
/// Lukoševičius (2012) says how to choose them: the radius and the scale of the input first, the
/// leak by how slowly the task changes.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{EchoState, Reservoir, Stream};
///
/// // Slow units for a slow task: none moves by more than a tenth in a step.
/// let slow = Reservoir { leak: 0.1, radius: 0.99, ..Reservoir::default() };
/// let (cell, params) = Params::<f64>::init(1, |p| EchoState::with(p.scope("r"), 1, 50, slow))?;
/// assert!(Stream::new(&params, cell).push(&[9.0])?.iter().all(|h| h.abs() <= 0.1));
///
/// let stuck = Reservoir { leak: 0.0, ..slow };
/// let refused = Params::<f64>::init(1, |p| EchoState::with(p.scope("r"), 1, 50, stuck));
/// assert!(refused.unwrap_err().to_string().contains("the leak of a reservoir"));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reservoir {
    /// The spectral radius of U, at least 0: how long the past echoes; 0.9.
    pub radius: f64,
    /// The leak a, above 0 and at most 1: the share of a state that is replaced at each step; 1.
    pub leak: f64,
    /// Weights of the input are uniform on ± this, at least 0; 1.
    pub input: f64,
    /// Biases are uniform on ± this, at least 0; 1.
    pub bias: f64,
    /// How many units each one hears, at least 1 (all, if there are fewer); 10.
    pub entries: usize,
}

impl Default for Reservoir {
    fn default() -> Self {
        Reservoir { radius: 0.9, leak: 1.0, input: 1.0, bias: 1.0, entries: 10 }
    }
}

/// The reservoir of an echo state network (Jaeger 2001), with leaky units (Jaeger, Lukoševičius,
/// Popovici and Siewert 2007):
///
/// h′ = (1 − a) ∘ h + a ∘ tanh(b + x · W + h · U)
///
/// Weights `w: [in, hidden]`, `u: [hidden, hidden]`, of which most elements are 0, `b: [hidden]`.
/// They stay as they were drawn: what is learned is a readout, by [`Ridge`](crate::Ridge) or
/// [`RecursiveLeastSquares`](crate::RecursiveLeastSquares).
///
/// They are weights like any others, saved, cast and found by name. But no gradient flows into
/// them: theirs is 0, while those of inputs and of the initial state are exact. So the laws of
/// derivatives, which ask for all weights, pass this cell by; they prove it with its weights given
/// as data. An update that moves weights without a gradient, such as a decay, moves these too.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Cell, EchoState, Layer, Linear, Reservoir, Ridge, Rnn, Stream};
/// use elman_tensor::Tensor;
///
/// let (model, mut params) = Params::<f64>::init(1, |p| {
///     let settings = Reservoir { leak: 0.5, ..Reservoir::default() };
///     let cell = EchoState::with(p.scope("reservoir"), 1, 50, settings)?;
///     Ok(cell.readout(Linear::new(p.scope("readout"), 50, 1)?))
/// })?;
/// let wave = Tensor::from_fn([401, 1, 1], |t| (0.2 * t as f64).sin())?;
/// let states = Tape::new().evaluate(&params, |g| {
///     Rnn(model.cell).forward(g.input(&wave)).values().tensor()
/// })?;
///
/// // What follows a state, learned from the steps 100 to 399.
/// let mut ridge = Ridge::new(50, 1)?;
/// ridge.add(states.slice(100, 300).unwrap(), wave.slice(101, 300).unwrap())?;
/// ridge.fit(1e-8)?.put(&mut params, &model.head)?;
///
/// let warm = Stream::new(&params, model).warm(wave.values().chunks(1))?;
/// assert!((warm.output()[0] - (0.2_f64 * 401.0).sin()).abs() < 1e-3);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EchoState {
    w: Param,
    u: Param,
    b: Param,
    leak: f64,
}

impl EchoState {
    /// A reservoir with the usual settings.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::with(p, input, hidden, Reservoir::default())
    }

    /// A reservoir with settings of choice.
    ///
    /// # Errors
    /// If a setting is not what it may be, or if a weight cannot be created.
    pub fn with(
        mut p: Scope<'_>,
        input: usize,
        hidden: usize,
        settings: Reservoir,
    ) -> Result<Self, Error> {
        let Reservoir { radius, leak, input: scale, bias, entries } = settings;
        let scales = [
            ("the spectral radius of a reservoir", radius),
            ("the input scale of a reservoir", scale),
            ("the bias scale of a reservoir", bias),
        ];
        for (what, given) in scales {
            let sensible = given.is_finite() && given >= 0.0;
            check(sensible, what, "finite and not negative", given)?;
        }
        let leaks = leak > 0.0 && leak <= 1.0;
        check(leaks, "the leak of a reservoir", "above 0 and at most 1", leak)?;
        let heard = "the number of units that each one of a reservoir hears";
        check(entries > 0, heard, "at least 1", entries)?;
        Ok(EchoState {
            w: p.weight("w", [input, hidden], Init::Uniform { bound: scale })?,
            u: p.weight("u", [hidden, hidden], Init::Reservoir { entries, radius })?,
            b: p.weight("b", [hidden], Init::Uniform { bound: bias })?,
            leak,
        })
    }

    /// The weights: of the input, of the state, and the bias.
    pub fn params(&self) -> [Param; 3] {
        [self.w, self.u, self.b]
    }

    /// The weights, through which no gradient flows.
    #[track_caller]
    fn fixed<'g, T: Real>(&self, g: &'g Graph<'g, T>) -> [Var<'g, T>; 3] {
        [g.param(self.w).stop(), g.param(self.u).stop(), g.param(self.b).stop()]
    }
}

/// A setting, if it is sensible.
fn check(
    sensible: bool,
    what: &'static str,
    wanted: &'static str,
    given: impl ToString,
) -> Result<(), Error> {
    if sensible { Ok(()) } else { Err(Error::Setting { what, wanted, given: given.to_string() }) }
}

impl Cell for EchoState {
    /// No gradient flows into the weights, on purpose.
    const EXACT: bool = false;
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
        let _layer = x.graph().layer(self.w);
        let [w, u, b] = self.fixed(x.graph());
        let new = x.affine(w, h, u, b).tanh();
        let a = self.leak;
        let h = if a == 1.0 { new } else { (1.0 - a) * h + a * new };
        let h = h.flush_to_zero();
        (h, [h])
    }

    /// Without a leak a reservoir is an [`Elman`](crate::Elman) cell, and has its kernel.
    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = xs.graph();
        let _layer = g.layer(self.w);
        if self.leak == 1.0 {
            let _fixed = g.replace_all(self.params(), self.fixed(g));
            if let Some((y, [h, _])) = fused::sequence(&KERNEL, xs, h, g.absent(), &self.params()) {
                return (y, [h]);
            }
        }
        scan(self, xs, [h])
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        if self.leak < 1.0 {
            return None;
        }
        packed::fused(&KERNEL, params, &self.params(), batch)
    }
}

static KERNEL: Kernel = Kernel {
    name: "echo_state",
    cell: Fast::Tanh,
    w: &[(FIRST, 0)],
    u: &[(FIRST + 1, 0)],
    b: &[(FIRST + 2, 0)],
};
