//! One step of training, again and again.

use crate::average::Average;
use crate::error::Error;
use crate::transform::Transform;
use elman_autograd::{Grad, Graph, Params, Tape, Var};
use elman_tensor::Real;
use engine::Engine;

mod engine;
mod guard;
mod snapshot;
mod weights;

pub use snapshot::Snapshot;
pub(crate) use weights::{demand, listed};

/// Everything between the loss and the next weights: a chain of transforms with its memory, a
/// tape, and the count of steps.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, sgd};
///
/// let (w, mut params) = Params::<f32>::init(0, |p| p.weight("w", [], Init::Constant(3.0)))?;
/// let mut trainer = Trainer::new(sgd(0.25));
/// let loss = trainer.step(&mut params, |g| g.param(w).square())?;
/// assert_eq!((loss, params.values()[0]), (9.0, 1.5)); // 3 − 0.25 · 6
/// # Ok::<(), elman_train::Error>(())
/// ```
pub struct Trainer<T: Real, X> {
    transform: X,
    engine: Engine<T>,
}

impl<T: Real, X: Transform> Trainer<T, X> {
    /// A trainer that has not done a step.
    pub fn new(transform: X) -> Self {
        Trainer { transform, engine: Engine::new() }
    }

    /// Uses this tape: one with a seed, a limit of memory, or its own check switched on.
    #[must_use]
    pub fn with_tape(mut self, tape: Tape<T>) -> Self {
        self.engine.tape = tape;
        self
    }

    /// Accumulates the gradients of this number of steps, and updates the weights at the last of
    /// them from the mean gradient; 1 by default.
    ///
    /// The mean is that of one big batch, up to rounding, also where parts differ in size: each
    /// loss of this crate has as its [weight](Var::loss_weight) the sum that it was divided by (the
    /// number of elements or rows that count, or the sum of their [weights](crate::weighted)), and
    /// the sums over all steps are divided once. Weights that are learned count as constants here.
    ///
    /// A loss that is computed from others has the weight 1, as has that of
    /// [`step_by`](Trainer::step_by). Hand the weight on where the parts differ in size:
    /// `(loss + penalty).with_loss_weight(loss.loss_weight())`. Use one kind of loss for all steps
    /// of an update, or their weights are not comparable.
    ///
    /// Transforms and schedules count updates, and receive the mean of the losses; random masks are
    /// drawn for each step. At the other steps nothing is subtracted.
    ///
    /// ```
    /// use elman_autograd::Params;
    /// use elman_tensor::Init;
    /// use elman_train::{Trainer, sgd};
    ///
    /// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
    /// let mut trainer = Trainer::new(sgd(1.0)).accumulate(2);
    /// trainer.step(&mut params, |g| -1.0 * g.param(w))?;
    /// assert_eq!(params.values(), [0.0]); // not yet
    /// trainer.step(&mut params, |g| -3.0 * g.param(w))?;
    /// assert_eq!(params.values(), [2.0]); // the mean of 1 and 3
    /// # Ok::<(), elman_train::Error>(())
    /// ```
    ///
    /// ```
    /// use elman_autograd::Params;
    /// use elman_tensor::Init;
    /// use elman_train::{Trainer, mae, masked, sgd};
    ///
    /// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
    /// let mut trainer = Trainer::new(sgd(1.0)).accumulate(2);
    /// for (slope, mask) in [(1.0, [1, 1, 1, 0]), (5.0, [1, 0, 0, 0])] {
    ///     trainer.step(&mut params, |g| {
    ///         let prediction = slope * (g.param(w) + g.zeros([4])) + 10.0;
    ///         mae(prediction, masked(g.zeros([4]), g.ids(&mask)))
    ///     })?;
    /// }
    /// assert_eq!(params.values(), [-2.0]); // (3 · 1 + 1 · 5) / 4 elements
    /// # Ok::<(), elman_train::Error>(())
    /// ```
    #[must_use]
    pub fn accumulate(mut self, batches: u64) -> Self {
        self.engine.batches = batches;
        self
    }

    /// Keeps a mean of the weights, for [`averaged`](Trainer::averaged).
    ///
    /// ```
    /// use elman_autograd::{Params, Tape};
    /// use elman_tensor::Init;
    /// use elman_train::{Trainer, ema, sgd};
    ///
    /// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(4.0)))?;
    /// let mut trainer = Trainer::new(sgd(0.25)).average(ema(0.5));
    /// for _ in 0..2 {
    ///     trainer.step(&mut params, |g| g.param(w).square())?; // 4, 2, 1
    /// }
    /// let averaged = trainer.averaged(&params)?;
    /// let w = Tape::new().evaluate(&averaged, |g| g.param(w).item())?;
    /// assert!((w - 4.0 / 3.0).abs() < 1e-15); // (2 + 2 · 1) / 3
    /// # Ok::<(), elman_train::Error>(())
    /// ```
    #[must_use]
    pub fn average(mut self, average: Average) -> Self {
        self.engine.average = Some(average);
        self
    }

    /// Whether a number that is infinite or NaN is an error; on, if nothing else is said.
    ///
    /// On, a loss or a gradient that is not finite is found before the transforms run: weights,
    /// memory and the count of steps stay as they were, so that a caller may pass over the batch
    /// and go on. An update that is not finite although its gradient was (too small an ε, a
    /// schedule that exploded) leaves weights and count alone, but the transforms have already
    /// run: their memory may hold the infinity too. Off, numbers are subtracted as they come.
    ///
    /// It costs two passes over the gradient. It does not know which rule is to blame:
    /// [`Tape::check`] does, and costs more.
    ///
    /// ```
    /// use elman_autograd::Params;
    /// use elman_tensor::Init;
    /// use elman_train::{Trainer, sgd};
    ///
    /// // A batch that is broken is passed over.
    /// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(1.0)))?;
    /// let mut trainer = Trainer::new(sgd(0.5));
    /// for x in [1.0, f64::NAN, 1.0] {
    ///     let _ = trainer.step(&mut params, |g| g.param(w) * g.constant([], x));
    /// }
    /// assert_eq!((params.values(), trainer.steps()), (&[0.0][..], 2));
    /// # Ok::<(), elman_train::Error>(())
    /// ```
    #[must_use]
    pub fn guard(mut self, on: bool) -> Self {
        self.engine.guard = on;
        self
    }

    /// One step: computes the loss and its gradient, runs the chain, subtracts the update from the
    /// weights. Returns the loss, as it was before the update.
    ///
    /// The loss is a closure *at the call*, or an `fn`: see [`Tape`]. From the second step on,
    /// steps of equal shapes allocate nothing.
    ///
    /// # Errors
    /// A setting that makes no sense, at the first step; parameters of other weights than at the
    /// first step; whatever [`Tape::gradient`] finds; and with the [guard](Trainer::guard),
    /// numbers that are not finite. The weights and the count of steps are then as before.
    #[track_caller]
    pub fn step<F>(&mut self, params: &mut Params<T>, loss: F) -> Result<T, Error>
    where
        F: for<'g> FnOnce(&'g Graph<'g, T>) -> Var<'g, T>,
    {
        self.engine.step(&self.transform, params, loss)
    }

    /// One step by a loss and a gradient that come from elsewhere: learning without a tape, or on
    /// several machines.
    ///
    /// ```
    /// use elman_autograd::{Grad, Params};
    /// use elman_tensor::Init;
    /// use elman_train::{Trainer, sgd};
    ///
    /// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Zeros))?;
    /// let mut grad = Grad::zeros(&params);
    /// grad.of_mut(w).unwrap().copy_from_slice(&[1.0, -2.0]); // from wherever it may come
    /// Trainer::new(sgd(0.5)).step_by(&mut params, 1.0, &grad)?;
    /// assert_eq!(params.values(), [-0.5, 1.0]);
    /// # Ok::<(), elman_train::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`step`](Trainer::step), and a gradient of another length.
    #[track_caller]
    pub fn step_by(
        &mut self,
        params: &mut Params<T>,
        loss: T,
        grad: &Grad<T>,
    ) -> Result<(), Error> {
        self.engine.step_by(&self.transform, params, loss, grad)
    }

    /// Tells the transforms a metric, such as the loss of a validation set: for
    /// [`plateau`](crate::plateau). They hear it at the next update, and of several the last.
    pub fn report(&mut self, metric: T) {
        self.engine.metric = Some(metric);
    }

    /// The parameters with the [average](Trainer::average) in place of the last weights, to
    /// evaluate or to save. Without an average, and before the first update, those that are given.
    ///
    /// # Errors
    /// Parameters of other weights than those that are trained.
    #[track_caller]
    pub fn averaged(&self, params: &Params<T>) -> Result<Params<T>, Error> {
        self.engine.averaged(params)
    }

    /// How many steps were done.
    pub fn steps(&self) -> u64 {
        self.engine.step
    }

    /// The gradient of the last step, before any transform.
    pub fn grad(&self) -> &Grad<T> {
        &self.engine.grad
    }

    /// What the last step subtracted from the weights, in their order; empty before the first.
    pub fn update(&self) -> &[T] {
        &self.engine.update
    }

    /// The chain of transforms.
    pub fn transform(&self) -> &X {
        &self.transform
    }

    /// The tape, for the gradients of inputs.
    pub fn tape(&self) -> &Tape<T> {
        &self.engine.tape
    }

    /// The tape, for evaluations between steps: they may share its memory.
    pub fn tape_mut(&mut self) -> &mut Tape<T> {
        &mut self.engine.tape
    }

    /// Copies what persists between steps: with the weights, all that is needed to go on with the
    /// same bits.
    ///
    /// Settings are not in it: neither those of the transforms nor the tape's seed.
    pub fn snapshot(&self) -> Snapshot<T> {
        self.engine.snapshot(&self.transform)
    }

    /// Goes back, or forth, to a snapshot, also one of another trainer with the same transforms.
    ///
    /// Settings may differ, and transforms without memory may be added or left out.
    ///
    /// # Errors
    /// If the snapshot is of other transforms, or, where steps were done, of other weights; if
    /// settings make no sense for its weights. The trainer is then as before.
    #[track_caller]
    pub fn restore(&mut self, snapshot: &Snapshot<T>) -> Result<(), Error> {
        self.engine.restore(&self.transform, snapshot)
    }
}
