//! Transforms of some of the weights.

use crate::error::Error;
use crate::layout::Layout;
use crate::transform::{Now, Transform, TransformAt};
use elman_autograd::fits;
use elman_kernels::{copy, fit};
use elman_tensor::Real;

/// A transform of some of the weights, made by [`only`].
#[derive(Debug, Clone, PartialEq)]
pub struct Only<X> {
    pattern: String,
    inner: X,
}

/// A transform of the weights whose path fits a pattern, in which `*` stands for any run of
/// characters. The others keep the update they have.
///
/// The transform sees a model that has these weights and no others: it remembers nothing for the
/// rest, and a norm within is the norm of these weights. A pattern that no weight fits is an
/// error at the first step.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, adam, constant, decay, only, sgd};
///
/// let slow_head = adam(1e-3).then(only("head.*", constant(0.1)));
/// let two_kinds = only("embedding.*", sgd(0.1)).then(only("lstm.*", adam(1e-3)));
/// let all_but_biases = adam(1e-3).then(only("*.w", decay(1e-5)));
/// # let _ = (slow_head, two_kinds, all_but_biases);
///
/// let ([a, b], mut params) = Params::<f64>::init(0, |p| {
///     Ok([p.weight("a", [], Init::Zeros)?, p.weight("b", [], Init::Zeros)?])
/// })?;
/// let mut trainer = Trainer::new(sgd(1.0).then(only("b", constant(0.25))));
/// trainer.step(&mut params, |g| -(g.param(a) + g.param(b)))?;
/// assert_eq!(params.values(), [1.0, 0.25]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn only<X: Transform>(pattern: impl Into<String>, transform: X) -> Only<X> {
    Only { pattern: pattern.into(), inner: transform }
}

impl<X: Transform> Transform for Only<X> {
    fn check(&self, layout: Layout<'_>) -> Result<(), Error> {
        demand("only", &self.pattern, layout)?;
        self.inner.check(layout.only(&self.pattern))
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        let layout = layout.only(&self.pattern);
        // Room for these weights and their updates side by side.
        list("", layout.len());
        list("", layout.len());
        self.inner.memory(layout, list);
    }

    fn frozen(&self, path: &str) -> bool {
        fits(&self.pattern, path) && self.inner.frozen(path)
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        apply(&self.pattern, &self.inner, now, memory, update);
    }
}

/// Applies a transform to the weights whose path fits a pattern.
fn apply<T: Real>(
    pattern: &str,
    inner: &dyn TransformAt<T>,
    now: Now<'_, T>,
    memory: &mut [T],
    update: &mut [T],
) {
    let layout = now.layout.only(pattern);
    let (weights, memory) = memory.split_at_mut(layout.len());
    let (part, memory) = memory.split_at_mut(layout.len());
    let places = || now.layout.find(pattern).zip(layout.iter());
    for ((_, whole), (_, own)) in places() {
        fit(copy(&now.weights[whole.clone()], &mut weights[own.clone()]));
        fit(copy(&update[whole], &mut part[own]));
    }
    inner.apply(Now { weights, layout, ..now }, memory, part);
    for ((_, whole), (_, own)) in places() {
        fit(copy(&part[own], &mut update[whole]));
    }
}

/// An error if no weight fits a pattern.
pub(super) fn demand(
    transform: &'static str,
    pattern: &str,
    layout: Layout<'_>,
) -> Result<(), Error> {
    match layout.find(pattern).next() {
        Some(_) => Ok(()),
        None => Err(Error::NoWeight { transform, pattern: pattern.into() }),
    }
}
