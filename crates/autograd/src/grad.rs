//! A gradient with respect to all weights.

use crate::params::{Param, Params};
use elman_kernels::sum_by;
use elman_tensor::{Dual, Real, View};

/// The gradient of a loss with respect to every weight, laid out like the weights.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_tensor::Init;
///
/// let ([_, b], params) = Params::<f64>::init(0, |p| {
///     Ok([p.weight("a", [2], Init::Zeros)?, p.weight("b", [2], Init::Zeros)?])
/// })?;
/// let mut grad = Grad::zeros(&params);
/// Tape::new().gradient(&params, &mut grad, |g| 3.0 * g.param(b).at(0) + 4.0 * g.param(b).at(1))?;
/// assert_eq!(grad.values(), [0.0, 0.0, 3.0, 4.0]); // laid out like the weights
/// assert_eq!(grad.of(b).unwrap().values(), [3.0, 4.0]);
/// assert_eq!(grad.norm(), 5.0);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grad<T>(Vec<T>);

impl<T: Real> Grad<T> {
    /// A gradient of zeros for these parameters.
    pub fn zeros(params: &Params<T>) -> Self {
        Grad(vec![T::ZERO; params.len()])
    }

    /// All numbers, in the order of the parameters.
    #[inline]
    pub fn values(&self) -> &[T] {
        &self.0
    }

    /// All numbers, for writing.
    #[inline]
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.0
    }

    /// The gradient of one weight; `None` if the handle does not fit in here.
    pub fn of(&self, param: Param) -> Option<View<'_, T>> {
        View::new(param.shape, self.0.get(param.start..param.start + param.shape.len())?)
    }

    /// The gradient of one weight, for writing; `None` if the handle does not fit in here.
    pub fn of_mut(&mut self, param: Param) -> Option<&mut [T]> {
        self.0.get_mut(param.start..param.start + param.shape.len())
    }

    /// The Euclidean norm over all weights.
    pub fn norm(&self) -> T {
        sum_by(&self.0, |g| g * g).sqrt()
    }
}

impl Grad<Dual<f64>> {
    /// The tangents: with parameters that were given a direction, the product of the Hessian and
    /// that direction.
    pub fn tangents(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().map(|g| g.tangent)
    }
}
