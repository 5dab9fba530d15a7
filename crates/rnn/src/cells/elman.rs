//! The simple recurrent network.

use super::activation::Activation;
use crate::cell::Cell;
use crate::fused::{self, FIRST, Kernel};
use crate::gate::Gate;
use crate::packed::{self, Packed};
use crate::scan::scan;
use crate::seq::Seq;
use elman_autograd::{Error, Params, Scope, Var};
use elman_kernels::fused::Cell as Fast;
use elman_tensor::Real;

/// The simple recurrent network (Elman 1990):
///
/// h′ = tanh(b + x · W + h · U), or with another [`Activation`] in the place of tanh.
///
/// Weights `w: [in, hidden]`, `u: [hidden, hidden]`, `b: [hidden]`. Whole sequences with tanh and
/// with the rectifier have a kernel.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Elman, Stream};
///
/// let (cell, mut params) = Params::<f64>::init(1, |p| Elman::new(p.scope("cell"), 1, 1))?;
/// params.values_mut().fill(1.0); // W = U = b = 1
/// let mut stream = Stream::new(&params, cell);
/// let first = stream.push(&[0.5])?[0];
/// let second = stream.push(&[0.0])?[0];
/// assert!((first - 1.5_f64.tanh()).abs() < 1e-12);
/// assert!((second - (1.0 + first).tanh()).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elman {
    gate: Gate,
    activation: Activation,
}

impl Elman {
    /// A cell with tanh.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::with(p, input, hidden, Activation::Tanh)
    }

    /// A cell with an activation of choice.
    ///
    /// # Errors
    /// If a weight cannot be created, or if a factor of the activation is not finite.
    pub fn with(
        p: Scope<'_>,
        input: usize,
        hidden: usize,
        activation: Activation,
    ) -> Result<Self, Error> {
        let activation = activation.checked()?;
        Ok(Elman { gate: Gate::new(p, input, hidden)?, activation })
    }

    /// The affine part, with its weights.
    pub fn gate(&self) -> Gate {
        self.gate
    }

    /// What it applies to its sum.
    pub fn activation(&self) -> Activation {
        self.activation
    }
}

impl Elman {
    fn kernel(&self) -> Option<&'static Kernel> {
        match self.activation {
            Activation::Tanh => Some(&TANH),
            Activation::Relu => Some(&RELU),
            _ => None,
        }
    }
}

impl Cell for Elman {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.gate.hidden()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = x.graph().layer(self.gate.params()[0]);
        let h = self.activation.of(self.gate.of(x, h));
        let h = h.flush_to_zero();
        (h, [h])
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = xs.graph().layer(self.gate.params()[0]);
        let (weights, none) = (self.gate.params(), h.graph().absent());
        let fast = match self.kernel() {
            Some(kernel) => fused::sequence(kernel, xs, h, none, &weights),
            None => None,
        };
        match fast {
            Some((y, [h, _])) => (y, [h]),
            None => scan(self, xs, [h]),
        }
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        packed::fused(self.kernel()?, params, &self.gate.params(), batch)
    }
}

static TANH: Kernel = Kernel {
    name: "elman",
    cell: Fast::Tanh,
    w: &[(FIRST, 0)],
    u: &[(FIRST + 1, 0)],
    b: &[(FIRST + 2, 0)],
};

static RELU: Kernel = Kernel { cell: Fast::Relu, ..TANH };
