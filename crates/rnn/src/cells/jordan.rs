//! The network that feeds its output back.

use super::activation::Activation;
use crate::cell::Cell;
use crate::gate::Gate;
use crate::linear::Linear;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// The network of Jordan (1986): what it remembers is its last output.
///
/// h = tanh(b + x · W + y · U)\
/// y′ = tanh(c + h · V), or with other [`Activation`]s in the place of either tanh.
///
/// Weights `w: [in, hidden]`, `u: [out, hidden]`, `b: [hidden]`, and of the output
/// `output.w: [hidden, out]` (V), `output.b: [out]` (c). The state is `[y]`, the output y′.
/// Jordan's own network also has units that add up its outputs over time; this one has not.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Jordan, Stream};
///
/// // Of 16 hidden units nothing is remembered but the 2 outputs.
/// let (cell, params) = Params::<f32>::init(1, |p| Jordan::new(p.scope("cell"), 3, 16, 2))?;
/// let stream = Stream::new(&params, cell).warm([[0.1, 0.2, 0.3]])?;
/// assert_eq!(stream.output().len(), 2);
/// assert_eq!(stream.state(), Some(stream.output()));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jordan {
    hidden: Gate,
    output: Linear,
    activations: [Activation; 2],
}

impl Jordan {
    /// A cell with tanh, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(
        mut p: Scope<'_>,
        input: usize,
        hidden: usize,
        output: usize,
    ) -> Result<Self, Error> {
        let activations = [Activation::Tanh; 2];
        let read = Linear::new(p.scope("output"), hidden, output)?;
        let hidden = Gate::drawn(p, [input, output], [1, hidden], |_, _| ())?;
        Ok(Jordan { hidden, output: read, activations })
    }

    /// This cell with other activations: of its hidden units, and of its outputs.
    ///
    /// # Errors
    /// If a factor of one is not finite.
    pub fn with_activations(self, hidden: Activation, output: Activation) -> Result<Self, Error> {
        Ok(Jordan { activations: [hidden.checked()?, output.checked()?], ..self })
    }

    /// The affine part of the hidden units, with its weights.
    pub fn hidden(&self) -> Gate {
        self.hidden
    }

    /// The affine part of the outputs, with its weights.
    pub fn read(&self) -> Linear {
        self.output
    }
}

impl Cell for Jordan {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.output.output()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [y]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = x.graph().layer(self.hidden.params()[0]);
        let [hidden, output] = self.activations;
        let h = hidden.of(self.hidden.of(x, y));
        let y = output.of(self.output.of(h));
        (y, [y])
    }
}
