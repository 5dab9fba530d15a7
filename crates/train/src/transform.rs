//! The contract of a transform, and chains of them.

use crate::error::Error;
use crate::layout::Layout;
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
/// use elman_autograd::Params;
/// use elman_tensor::{Init, Real};
/// use elman_train::{Now, Trainer, Transform, sgd};
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
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(Sign.then(sgd(0.5)));
/// trainer.step(&mut params, |g| -1000.0 * g.param(w))?;
/// assert_eq!(params.values(), [0.5]);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub trait Transform: Send + Sync {
    /// Whether the settings make sense for these weights; asked before the first step.
    ///
    /// # Errors
    /// [`Error::Setting`], which names the setting, or [`Error::NoWeight`].
    fn check(&self, _layout: Layout<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// Lists what is remembered between steps: of each buffer a name and how many numbers it
    /// has. The same for the same weights, whenever it is asked.
    ///
    /// A buffer without a name is room to work in. It is not saved, and what it holds at the next
    /// step is unspecified.
    fn memory(&self, _layout: Layout<'_>, _list: &mut dyn FnMut(&'static str, usize)) {}

    /// Whether the weight of this path must stay as it is, whatever else the chain does.
    fn frozen(&self, _path: &str) -> bool {
        false
    }

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
///
/// ```
/// use elman_train::{Layout, Now, Transform, decay};
///
/// let list = [("w".to_string(), 2)];
/// let now = Now::new(0, f64::NAN, &[10.0, -10.0], Layout::new(&list));
/// let mut update = [1.0, 1.0];
/// decay(0.5).apply(now, &mut [], &mut update);
/// assert_eq!(update, [6.0, -4.0]); // g + ½ w
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Now<'a, T> {
    /// The number of updates done before: 0 in the first.
    pub step: u64,
    /// The loss of this step.
    pub loss: T,
    /// What was [reported](crate::Trainer::report) since the last update.
    pub metric: Option<T>,
    /// The weights, as they are before the update.
    pub weights: &'a [T],
    /// Which of them belong together.
    pub layout: Layout<'a>,
}

impl<'a, T> Now<'a, T> {
    /// A step in which nothing is reported; for testing a transform without a trainer. The
    /// weights are as many as the layout says.
    pub fn new(step: u64, loss: T, weights: &'a [T], layout: Layout<'a>) -> Self {
        Now { step, loss, metric: None, weights, layout }
    }

    /// The same step, with a metric.
    #[must_use]
    pub fn with_metric(self, metric: T) -> Self {
        Now { metric: Some(metric), ..self }
    }
}

/// Two transforms, one after the other: made by [`Transform::then`].
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, clip_value, sgd};
///
/// // A gradient of 3: what is cut before it is doubled, and what after.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut first = Trainer::new(clip_value(1.0).then(sgd(2.0)));
/// first.step(&mut params, |g| 3.0 * g.param(w))?;
/// let mut after = Trainer::new(sgd(2.0).then(clip_value(1.0)));
/// after.step(&mut params, |g| 3.0 * g.param(w))?;
/// assert_eq!((first.update(), after.update()), (&[2.0][..], &[1.0][..]));
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chain<First, Next> {
    first: First,
    next: Next,
}

impl<First: Transform, Next: Transform> Transform for Chain<First, Next> {
    fn check(&self, layout: Layout<'_>) -> Result<(), Error> {
        self.first.check(layout)?;
        self.next.check(layout)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        self.first.memory(layout, list);
        self.next.memory(layout, list);
    }

    fn frozen(&self, path: &str) -> bool {
        self.first.frozen(path) || self.next.frozen(path)
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        let middle = total(&|list| self.first.memory(now.layout, list)).min(memory.len());
        let (first, next) = memory.split_at_mut(middle);
        self.first.apply(now, first, update);
        self.next.apply(now, next, update);
    }
}

/// `None` changes nothing.
impl<X: Transform> Transform for Option<X> {
    fn check(&self, layout: Layout<'_>) -> Result<(), Error> {
        self.as_ref().map_or(Ok(()), |transform| transform.check(layout))
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        if let Some(transform) = self {
            transform.memory(layout, list);
        }
    }

    fn frozen(&self, path: &str) -> bool {
        self.as_ref().is_some_and(|transform| transform.frozen(path))
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        if let Some(transform) = self {
            transform.apply(now, memory, update);
        }
    }
}

/// A transform at one scalar: an object, so that what uses it is compiled once for all of them.
pub(crate) trait TransformAt<T> {
    /// [`Transform::check`].
    fn check(&self, layout: Layout<'_>) -> Result<(), Error>;
    /// [`Transform::memory`].
    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize));
    /// [`Transform::frozen`].
    fn frozen(&self, path: &str) -> bool;
    /// [`Transform::apply`].
    fn apply(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]);
}

impl<T: Real, X: Transform> TransformAt<T> for X {
    fn check(&self, layout: Layout<'_>) -> Result<(), Error> {
        Transform::check(self, layout)
    }

    fn memory(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        Transform::memory(self, layout, list);
    }

    fn frozen(&self, path: &str) -> bool {
        Transform::frozen(self, path)
    }

    fn apply(&self, now: Now<'_, T>, memory: &mut [T], update: &mut [T]) {
        Transform::apply(self, now, memory, update);
    }
}

/// What buffers are listed to.
type List<'a> = dyn FnMut(&'static str, usize) + 'a;

/// How many numbers the buffers have that are listed.
pub(crate) fn total(memory: &dyn Fn(&mut List<'_>)) -> usize {
    let mut total = 0;
    memory(&mut |_, len| total += len);
    total
}
