//! One step of training, again and again.

use crate::average::Average;
use crate::error::{Error, Quantity, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform, total};
use elman_autograd::{Grad, Graph, Params, Tape, Var};
use elman_kernels::{copy, fill, fit, update};
use elman_tensor::Real;
use std::panic::Location;

mod guard;
mod snapshot;

pub use snapshot::Snapshot;

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
    /// How many steps make one update.
    batches: u64,
    average: Option<Average>,
    tape: Tape<T>,
    grad: Grad<T>,
    update: Vec<T>,
    /// What the transforms remember, then the sums of gradients and losses, then the average.
    memory: Vec<T>,
    /// The weights that the memory is for: paths and sizes; `None` before the first step.
    weights: Option<Vec<(String, usize)>>,
    step: u64,
    metric: Option<T>,
    guard: bool,
}

impl<T: Real, X: Transform> Trainer<T, X> {
    /// A trainer that has not done a step.
    pub fn new(transform: X) -> Self {
        Trainer {
            transform,
            batches: 1,
            average: None,
            tape: Tape::new(),
            grad: Grad::default(),
            update: Vec::new(),
            memory: Vec::new(),
            weights: None,
            step: 0,
            metric: None,
            guard: true,
        }
    }

    /// Uses this tape: one with a seed, a limit of memory, or its own check switched on.
    #[must_use]
    pub fn with_tape(self, tape: Tape<T>) -> Self {
        Trainer { tape, ..self }
    }

    /// Gathers the gradients of so many steps, and changes the weights at the last of them, by
    /// the chain of their mean; 1 if nothing else is said.
    ///
    /// Where losses are means over batches of one size, the mean of their gradients is that of one
    /// big batch, up to rounding. Transforms and schedules count updates, and are told the mean of
    /// the losses; random masks are drawn for each step. At the other steps nothing is subtracted.
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
    #[must_use]
    pub fn accumulate(self, batches: u64) -> Self {
        Trainer { batches, ..self }
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
    pub fn average(self, average: Average) -> Self {
        Trainer { average: Some(average), ..self }
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
    pub fn guard(self, on: bool) -> Self {
        Trainer { guard: on, ..self }
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
        let line = Location::caller();
        self.prepare(params, line)?;
        // Random masks follow from the step, also after a step that failed or was restored.
        self.tape.set_step(self.step);
        let loss = self.tape.gradient(params, &mut self.grad, loss)?;
        self.learn(params, loss, line)?;
        Ok(loss)
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
        let line = Location::caller();
        self.prepare(params, line)?;
        let (wanted, given) = (params.len(), grad.values().len());
        if wanted != given {
            return Err(elman_autograd::Error::GradLength { wanted, given, line }.into());
        }
        fit(copy(grad.values(), self.grad.values_mut()));
        self.learn(params, loss, line)
    }

    /// A step by the gradient that is there.
    fn learn(
        &mut self,
        params: &mut Params<T>,
        loss: T,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        if self.guard {
            self.finite(Quantity::Loss, &[loss], line)?;
            self.finite_in(params, self.grad.values(), Quantity::Gradient, line)?;
        }
        if let Some(mean) = self.gather(loss) {
            self.apply(params, mean);
            if self.guard {
                self.finite_in(params, &self.update, Quantity::Update, line)?;
            }
            fit(update(params.values_mut(), &self.update, |w, u| *w -= u));
            if let Some(average) = self.average {
                // The last buffer.
                let mean = self.memory.len() - params.len();
                average.take(self.updates(), params.values(), &mut self.memory[mean..]);
            }
        }
        self.step += 1;
        Ok(())
    }

    /// Tells the transforms a metric, such as the loss of a validation set: for
    /// [`plateau`](crate::plateau). They hear it at the next update, and of several the last.
    pub fn report(&mut self, metric: T) {
        self.metric = Some(metric);
    }

    /// The parameters with the [average](Trainer::average) in place of the last weights, to
    /// evaluate or to save. Without an average, and before the first update, those that are given.
    ///
    /// # Errors
    /// Parameters of other weights than those that are trained.
    #[track_caller]
    pub fn averaged(&self, params: &Params<T>) -> Result<Params<T>, Error> {
        let mut averaged = params.clone();
        if let Some(weights) = &self.weights {
            demand(weights, || paths(params), Location::caller())?;
            if self.average.is_some() && self.updates() > 0 {
                let mean = self.memory.len() - params.len();
                averaged.values_mut().copy_from_slice(&self.memory[mean..]);
            }
        }
        Ok(averaged)
    }

    /// How many steps were done.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// The gradient of the last step, before any transform.
    pub fn grad(&self) -> &Grad<T> {
        &self.grad
    }

    /// What the last step subtracted from the weights, in their order; empty before the first.
    pub fn update(&self) -> &[T] {
        &self.update
    }

    /// The chain of transforms.
    pub fn transform(&self) -> &X {
        &self.transform
    }

    /// The tape, for the gradients of inputs.
    pub fn tape(&self) -> &Tape<T> {
        &self.tape
    }

    /// The tape, for evaluations between steps: they may share its memory.
    pub fn tape_mut(&mut self) -> &mut Tape<T> {
        &mut self.tape
    }

    /// Makes room at the first step, and demands the same weights at the others.
    fn prepare(
        &mut self,
        params: &Params<T>,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        match &self.weights {
            Some(weights) => demand(weights, || paths(params), line)?,
            None => {
                let weights: Vec<_> = paths(params).map(|(path, len)| (path.into(), len)).collect();
                let layout = Layout::new(&weights);
                self.check(layout)?;
                let mut size = 0;
                self.list(layout, &mut |_, len| size += len);
                self.memory.resize(size, T::ZERO);
                self.weights = Some(weights);
            }
        }
        if self.update.len() != params.len() {
            self.grad = Grad::zeros(params);
            self.update.resize(params.len(), T::ZERO);
        }
        Ok(())
    }

    fn check(&self, layout: Layout<'_>) -> Result<(), Error> {
        self.transform.check(layout)?;
        Settings("accumulate").steps("batches", self.batches)?;
        self.average.map_or(Ok(()), |average| average.check())
    }

    /// Lists the buffers of the memory.
    fn list(&self, layout: Layout<'_>, list: &mut dyn FnMut(&'static str, usize)) {
        self.transform.memory(layout, list);
        if self.batches > 1 {
            list("accumulate.gradient", layout.len());
            list("accumulate.loss", 1);
        }
        if let Some(average) = self.average {
            list(average.name(), layout.len());
        }
    }

    fn layout(&self) -> Layout<'_> {
        Layout::new(self.weights.as_deref().unwrap_or_default())
    }

    /// How many updates were done.
    fn updates(&self) -> u64 {
        self.step.checked_div(self.batches).unwrap_or(self.step)
    }

    /// Adds the gradient and the loss to the sums. At the last step of an update, makes their
    /// means: the update, as it enters the chain, and the loss.
    fn gather(&mut self, loss: T) -> Option<T> {
        let grad = self.grad.values();
        fit(copy(grad, &mut self.update));
        if self.batches <= 1 {
            return Some(loss);
        }
        let start = total(&self.transform, self.layout());
        let (sum, losses) = self.memory[start..].split_at_mut(grad.len());
        // The sums stay as they are in the last step: it may fail, and be done again.
        let turn = self.step % self.batches;
        if turn + 1 == self.batches {
            let part = T::from_f64(1.0 / self.batches as f64);
            fit(update(&mut self.update, sum, |u, sum| *u = (sum + *u) * part));
            return Some((losses[0] + loss) * part);
        }
        fill(&mut self.update, T::ZERO);
        if turn == 0 {
            fit(copy(grad, sum));
            losses[0] = loss;
        } else {
            fit(update(sum, grad, |sum, g| *sum += g));
            losses[0] += loss;
        }
        None
    }

    /// Runs the chain.
    fn apply(&mut self, params: &Params<T>, loss: T) {
        let (step, metric) = (self.updates(), self.metric.take());
        let layout = Layout::new(self.weights.as_deref().unwrap_or_default());
        let now = Now { step, loss, metric, weights: params.values(), layout };
        let own = total(&self.transform, layout);
        self.transform.apply(now, &mut self.memory[..own], &mut self.update);
        for (_, range) in layout.iter().filter(|(path, _)| self.transform.frozen(path)) {
            fill(&mut self.update[range], T::ZERO);
        }
    }
}

/// Paths and sizes.
pub(crate) fn paths<T: Real>(params: &Params<T>) -> impl Iterator<Item = (&str, usize)> {
    params.iter().map(|(path, param)| (path, param.shape().len()))
}

/// An error unless the weights are those that are trained.
pub(crate) fn demand<'a, I: Iterator<Item = (&'a str, usize)>>(
    wanted: &'a [(String, usize)],
    given: impl Fn() -> I,
    line: &'static Location<'static>,
) -> Result<(), Error> {
    let trained = || wanted.iter().map(|(path, len)| (path.as_str(), *len));
    if given().eq(trained()) {
        return Ok(());
    }
    let (all, others) = (Layout::new(wanted).len(), given().map(|(_, len)| len).sum());
    if all != others {
        return Err(Error::OtherParams { wanted: all, given: others, line });
    }
    let at = given().zip(trained()).take_while(|(a, b)| a == b).count();
    let name = |weight: Option<(&str, usize)>| match weight {
        Some((path, len)) => format!("{path:?} of {len}"),
        None => "nothing".into(),
    };
    Err(Error::OtherWeight { wanted: name(trained().nth(at)), given: name(given().nth(at)), line })
}
