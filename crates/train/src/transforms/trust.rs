//! Steps in proportion to the weights they are for.

use super::norm::norm;
use crate::transform::{Now, Transform};
use elman_kernels::each;
use elman_tensor::Real;

/// The ratio of norms (You et al. 2017), made by [`trust`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust;

/// The ratio of norms: `u = g · ‖w‖ / ‖g‖`, of each weight of the model for itself, so that a
/// matrix moves by the same part of its size as any other; `u = g` where either norm is 0.
///
/// `decay(d).then(trust()).then(momentum(0.9)).then(sgd(rate))` is LARS, and
/// [`lamb`](crate::lamb()) has it after Adam.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, sgd, trust};
///
/// // A quarter of the size of the weight, however large the gradient.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(8.0)))?;
/// let mut trainer = Trainer::new(trust().then(sgd(0.25)));
/// trainer.step(&mut params, |g| 1000.0 * g.param(w))?;
/// assert_eq!(trainer.update(), [2.0]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn trust() -> Trust {
    Trust
}

impl Transform for Trust {
    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        for (_, range) in now.layout.iter() {
            let update = &mut update[range.clone()];
            let [[w, w_length], [g, g_length]] = [norm(&now.weights[range]), norm(update)];
            if w_length > T::ZERO && g_length > T::ZERO {
                let ratio = w_length / g_length;
                each(update, |u| *u = *u / g * ratio * w);
            }
        }
    }
}
