//! Weights that shrink.

use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::{fit, update};
use elman_tensor::Real;

/// Decay of the weights, made by [`decay`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    rate: f64,
}

/// Decay: `u = g + rate · w`. Its place in the chain says which decay it is:
///
/// * `decay(d).then(adam(r))`: the gradient of a penalty d/2 · ‖w‖² (Krogh & Hertz 1991),
///   PyTorch's `weight_decay` of `SGD` and `Adam`. It goes through the means like any gradient.
/// * `adam(r).then(decay(r * d)).then(schedule)`: decoupled (Loshchilov & Hutter 2019), and
///   scaled by the schedule like the step: [`adamw`](crate::adamw), PyTorch's `AdamW`.
/// * `adam(r).then(schedule).then(decay(d))`: decoupled from the rate and its schedule too.
///
/// It shrinks all weights alike, biases included.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, decay, sgd};
///
/// // No gradient, and a quarter less at each step.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(2.0)))?;
/// let mut trainer = Trainer::new(sgd(0.1).then(decay(0.25)));
/// trainer.step(&mut params, |g| 0.0 * g.param(w))?;
/// assert_eq!(params.values(), [1.5]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn decay(rate: f64) -> Decay {
    Decay { rate }
}

impl Transform for Decay {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("decay").rate("rate", self.rate).map(drop)
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], g: &mut [T]) {
        let rate = T::from_f64(self.rate);
        fit(update(g, now.weights, |g, w| *g += rate * w));
    }
}
