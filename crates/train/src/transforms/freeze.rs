//! Weights that stay as they are.

use super::only::demand;
use crate::error::Error;
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_autograd::fits;
use elman_kernels::fill;
use elman_tensor::Real;

/// Weights that stay as they are, made by [`freeze`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    pattern: String,
}

/// Freezes the weights whose path fits a pattern, in which `*` stands for any run of characters:
/// `u = 0`, here and once more behind the whole chain. So no decay, momentum or noise that
/// follows changes a bit of them.
///
/// Its place in the chain says what the others see: before a [`clip_norm`](crate::clip_norm)
/// frozen weights do not count in the norm, after it they do. A pattern that no weight fits is an
/// error at the first step.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, decay, freeze, sgd};
///
/// let ([a, b], mut params) = Params::<f64>::init(0, |p| {
///     let one = Init::Constant(1.0);
///     Ok([p.scope("a").weight("w", [], one)?, p.scope("b").weight("w", [], one)?])
/// })?;
/// let mut trainer = Trainer::new(freeze("a.*").then(sgd(0.25)).then(decay(0.5)));
/// trainer.step(&mut params, |g| g.param(a) + g.param(b))?;
/// assert_eq!(params.values(), [1.0, 0.25]); // neither gradient nor decay; both
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn freeze(pattern: impl Into<String>) -> Freeze {
    Freeze { pattern: pattern.into() }
}

impl Transform for Freeze {
    fn check(&self, layout: Layout<'_>) -> Result<(), Error> {
        demand("freeze", &self.pattern, layout)
    }

    fn frozen(&self, path: &str) -> bool {
        fits(&self.pattern, path)
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        for (_, range) in now.layout.find(&self.pattern) {
            fill(&mut update[range], T::ZERO);
        }
    }
}
