//! The independently recurrent network.

use super::activation::Activation;
use super::setting::finite;
use crate::cell::Cell;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// The independently recurrent network (Li et al. 2018), in which a unit sees no state but its own:
///
/// h′ = relu(b + x · W + u ∘ h), or with another [`Activation`] in the place of the rectifier.
///
/// Weights `w: [in, hidden]`, `u: [hidden]`, `b: [hidden]`. Units learn from each other where cells
/// are stacked.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{IndRnn, Stream};
///
/// // A unit whose u is ½ echoes an input at half of its size, then at a quarter.
/// let (cell, mut params) =
///     Params::<f64>::init(1, |p| IndRnn::within(p.scope("cell"), 1, 1, [0.5, 0.5]))?;
/// let [w, _, b] = cell.params();
/// params.get_mut(w).unwrap().fill(1.0);
/// params.get_mut(b).unwrap().fill(0.0);
/// let mut stream = Stream::new(&params, cell);
/// let echo = stream.predict([[1.0], [0.0], [0.0]]).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(echo.concat(), [1.0, 0.5, 0.25]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndRnn {
    w: Param,
    u: Param,
    b: Param,
    activation: Activation,
}

impl IndRnn {
    /// A cell with the rectifier: u drawn uniformly from 0 to 1, the other weights from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Self::within(p, input, hidden, [0.0, 1.0])
    }

    /// A cell whose u is drawn uniformly between two numbers. Over sequences of T steps the
    /// rectifier neither explodes nor vanishes between the T-th roots of a small and of a large
    /// number: the paper takes 0 to 2^(1/T), and 2^(−1/T) to 2^(1/T) for the last of several cells
    /// where there is much to remember.
    ///
    /// # Errors
    /// If a weight cannot be created, or if the bounds are not finite or out of order.
    pub fn within(
        mut p: Scope<'_>,
        input: usize,
        hidden: usize,
        [low, high]: [f64; 2],
    ) -> Result<Self, Error> {
        let what = "a bound of recurrent weights";
        let (low, high) = (finite(what, low)?, finite(what, high)?);
        if low > high {
            let given = format!("{low} to {high}");
            return Err(Error::Setting { what: "the bounds", wanted: "in order", given });
        }
        let init = Init::inverse_root(hidden);
        Ok(IndRnn {
            w: p.weight("w", [input, hidden], init)?,
            u: p.drawn("u", [hidden], |random, u| u.fill_with(|| random.uniform(low, high)))?,
            b: p.weight("b", [hidden], init)?,
            activation: Activation::Relu,
        })
    }

    /// This cell with another activation.
    ///
    /// # Errors
    /// If a factor of it is not finite.
    pub fn with_activation(self, activation: Activation) -> Result<Self, Error> {
        Ok(IndRnn { activation: activation.checked()?, ..self })
    }

    /// The weights W, u and b.
    pub fn params(&self) -> [Param; 3] {
        [self.w, self.u, self.b]
    }
}

impl Cell for IndRnn {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.u.shape().last()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = x.graph();
        let _layer = g.layer(self.w);
        let none = g.absent();
        let sum = x.affine(g.param(self.w), none, none, g.param(self.b)) + g.param(self.u) * h;
        let h = self.activation.of(sum);
        (h, [h])
    }
}
