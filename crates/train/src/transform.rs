//! The contract of a transform, and chains of them.

use crate::error::Error;
use elman_tensor::Real;

/// One link of the chain that turns a gradient into the update that is subtracted from the
/// weights.
///
/// A transform is inert: it holds its settings, works at every scalar, and what it has to
/// remember from step to step lies in memory that the [`Trainer`](crate::Trainer) owns, lends it
/// at each step, and saves and restores without asking.
///
/// A choice that is made at run time is an `Option` (`None` changes nothing) or an enum of your
/// own that hands each method on.
///
/// ```
/// use elman_tensor::Real;
/// use elman_train::{Now, Transform, sgd};
///
/// /// The sign of the gradient (Bernstein et al. 2018): every weight takes the same step.
/// struct Sign;
///
/// impl Transform for Sign {
///     fn apply<T: Real>(&self, _: Now<'_, T>, _: &mut [T], update: &mut [T]) {
///         for g in update {
///             *g = if *g > T::ZERO { T::ONE } else if *g < T::ZERO { -T::ONE } else { T::ZERO };
///         }
///     }
/// }
///
/// let sign_descent = Sign.then(sgd(1e-3));
/// # let _ = sign_descent;
/// ```
pub trait Transform: Send + Sync {
    /// Whether the settings make sense; asked before the first step.
    ///
    /// # Errors
    /// [`Error::Setting`], which names the setting.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Lists what is remembered between steps: of each buffer a name and how many numbers it
    /// has. The same for the same number of weights, whenever it is asked.
    fn memory(&self, _weights: usize, _list: &mut dyn FnMut(&'static str, usize)) {}

    /// Changes `update`, which is the gradient or what the transforms before this one made of it.
    ///
    /// `memory` holds the buffers one after the other, all zeros at step 0. `update` is as long as
    /// the weights.
    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]);

    /// This transform, then the next one.
    fn then<Next: Transform>(self, next: Next) -> Chain<Self, Next>
    where
        Self: Sized,
    {
        Chain { first: self, next }
    }
}

/// The step in which a transform is applied.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Now<'a, T> {
    /// The number of steps done before: 0 in the first.
    pub step: u64,
    /// The loss of this step.
    pub loss: T,
    /// The weights, as they are before the update.
    pub weights: &'a [T],
}

impl<'a, T> Now<'a, T> {
    /// A step; for testing a transform without a trainer.
    pub fn new(step: u64, loss: T, weights: &'a [T]) -> Self {
        Now { step, loss, weights }
    }
}

/// Two transforms, one after the other: made by [`Transform::then`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chain<First, Next> {
    first: First,
    next: Next,
}

impl<First: Transform, Next: Transform> Transform for Chain<First, Next> {
    fn check(&self) -> Result<(), Error> {
        self.first.check()?;
        self.next.check()
    }

    fn memory(&self, weights: usize, list: &mut dyn FnMut(&'static str, usize)) {
        self.first.memory(weights, list);
        self.next.memory(weights, list);
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        let middle = total(&self.first, update.len()).min(memory.len());
        let (first, next) = memory.split_at_mut(middle);
        self.first.apply(now, first, update);
        self.next.apply(now, next, update);
    }
}

/// `None` changes nothing.
impl<X: Transform> Transform for Option<X> {
    fn check(&self) -> Result<(), Error> {
        self.as_ref().map_or(Ok(()), X::check)
    }

    fn memory(&self, weights: usize, list: &mut dyn FnMut(&'static str, usize)) {
        if let Some(transform) = self {
            transform.memory(weights, list);
        }
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        if let Some(transform) = self {
            transform.apply(now, memory, update);
        }
    }
}

/// How many numbers a transform remembers.
pub(crate) fn total(transform: &impl Transform, weights: usize) -> usize {
    let mut total = 0;
    transform.memory(weights, &mut |_, len| total += len);
    total
}
