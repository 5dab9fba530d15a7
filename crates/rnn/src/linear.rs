//! A linear map.

use crate::layer::Layer;
use crate::seq::Seq;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// y = b + x · W for `x: [.., in]`, `W: [in, out]`, `b: [out]`; the bias may be left out.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::Linear;
/// use elman_tensor::Tensor;
///
/// let (map, mut params) = Params::<f64>::init(1, |p| Linear::new(p.scope("map"), 2, 3))?;
/// params.values_mut().fill(1.0);
/// let x = Tensor::new([1, 2], vec![10.0, 20.0])?;
/// let y = Tape::new().evaluate(&params, |g| map.of(g.input(&x)).tensor())?;
/// assert_eq!(y.values(), [31.0, 31.0, 31.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linear {
    w: Param,
    b: Option<Param>,
}

impl Linear {
    /// A map with a bias, both drawn uniformly from ±1/√in.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, output: usize) -> Result<Self, Error> {
        let b = p.weight("b", [output], Init::inverse_root(input))?;
        Ok(Linear { b: Some(b), ..Self::unbiased(p, input, output, Init::inverse_root(input))? })
    }

    /// A map without a bias, its weights drawn as said.
    ///
    /// # Errors
    /// If the weight cannot be created.
    pub fn unbiased(
        mut p: Scope<'_>,
        input: usize,
        output: usize,
        init: Init,
    ) -> Result<Self, Error> {
        Ok(Linear { w: p.weight("w", [input, output], init)?, b: None })
    }

    /// The number of outputs.
    pub fn output(&self) -> usize {
        self.w.shape().last()
    }

    /// The weight, and the bias if there is one.
    pub fn params(&self) -> (Param, Option<Param>) {
        (self.w, self.b)
    }

    /// b + x · W.
    #[track_caller]
    pub fn of<'g, T: Real>(&self, x: Var<'g, T>) -> Var<'g, T> {
        let g = x.graph();
        let _layer = g.layer(self.w);
        let none = g.absent();
        let b = match self.b {
            Some(b) => g.param(b),
            None => none,
        };
        x.affine(g.param(self.w), none, none, b)
    }
}

impl Layer for Linear {
    /// Step by step.
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let xs = xs.into();
        xs.with_values(xs.silenced(self.of(xs.values())))
    }
}
