//! Likelihood of counts.

use super::pointwise::{Each, Pointwise, product};
use super::weighted::Weighted;
use elman_autograd::Var;
use elman_autograd::laws::{Draw, Sample};
use elman_tensor::{Real, Tensor};
use std::panic::Location;

/// The negative log-likelihood of a Poisson distribution of rate eˣ: the mean over all elements of
/// `eˣ − t x`, in nats. `x` and `t: [..]`, result `[]`.
///
/// The term ln t! of the targets alone is left out, as PyTorch does unless it is told otherwise: it
/// moves no gradient of a prediction. (So the gradient of a target is that of `−t x`.)
///
/// Shapes that differ are a misfit, nothing is broadcast; so is a mean of no elements.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::poisson_nll;
///
/// // Three events where two were expected.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let log_rate = 2.0_f64.ln();
/// let loss = Tape::new().evaluate(&none, |g| {
///     poisson_nll(g.constant([1], log_rate), g.constant([1], 3.0)).item()
/// })?;
/// assert!((loss - (2.0 - 3.0 * log_rate)).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn poisson_nll<'g, T: Real>(
    log_rate: Var<'g, T>,
    target: impl Into<Weighted<'g, T, Var<'g, T>>>,
) -> Var<'g, T> {
    let target = target.into();
    target.mean(Each(Poisson), &[log_rate, target.target], Location::caller())
}

/// f(x, t) = eˣ − t x, where x may be −∞ if t is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Poisson;

impl Pointwise<2> for Poisson {
    const NAME: &'static str = "poisson_nll";

    #[inline(always)]
    fn value<T: Real>(&self, [x, t]: [T; 2]) -> T {
        x.exp() - product(t, x)
    }

    /// ∂f/∂x = eˣ − t,  ∂f/∂t = −x
    #[inline(always)]
    fn slope<T: Real>(&self, operand: usize, [x, t]: [T; 2]) -> T {
        if operand == 0 { x.exp() - t } else { -x }
    }
}

impl Sample for Each<Poisson, 2> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let shape = [draw.size(0), draw.size(1)];
        (Each(Poisson), vec![draw.normal(&shape), draw.uniform(&shape, 0.0, 4.0)])
    }
}
