//! One step of training, again and again.

use crate::error::{Error, Quantity};
use crate::transform::{Now, Transform, total};
use elman_autograd::{Grad, Graph, Params, Tape, Var};
use elman_kernels::{all_finite, copy, fit, update};
use elman_tensor::Real;
use std::panic::Location;

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
    tape: Tape<T>,
    grad: Grad<T>,
    update: Vec<T>,
    memory: Vec<T>,
    /// How many weights the memory is for; `None` before the first step.
    weights: Option<usize>,
    step: u64,
    guard: bool,
}

/// What a trainer remembers between two steps, as plain data: see [`Trainer::snapshot`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot<T> {
    /// How many steps were done.
    pub step: u64,
    /// How many weights were trained; `None` before the first step.
    pub weights: Option<usize>,
    /// What the transforms remember, in their order: a name and the numbers of each buffer.
    pub buffers: Vec<(String, Vec<T>)>,
}

impl<T: Real, X: Transform> Trainer<T, X> {
    /// A trainer that has not done a step.
    pub fn new(transform: X) -> Self {
        Trainer {
            transform,
            tape: Tape::new(),
            grad: Grad::default(),
            update: Vec::new(),
            memory: Vec::new(),
            weights: None,
            step: 0,
            guard: true,
        }
    }

    /// Uses this tape: one with a seed, a limit of memory, or its own check switched on.
    #[must_use]
    pub fn with_tape(self, tape: Tape<T>) -> Self {
        Trainer { tape, ..self }
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
    /// A setting that makes no sense, at the first step; parameters of another number than at the
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
        if self.guard {
            self.finite(Quantity::Loss, &[loss], line)?;
            self.finite_in(params, self.grad.values(), Quantity::Gradient, line)?;
        }
        fit(copy(self.grad.values(), &mut self.update));
        let now = Now { step: self.step, loss, weights: params.values() };
        self.transform.apply(now, &mut self.memory, &mut self.update);
        if self.guard {
            self.finite_in(params, &self.update, Quantity::Update, line)?;
        }
        fit(update(params.values_mut(), &self.update, |w, u| *w -= u));
        self.step += 1;
        Ok(loss)
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

    /// Copies what persists between steps: with the weights, all that is needed to go on with the
    /// same bits.
    ///
    /// Settings are not in it: neither those of the transforms nor the tape's seed.
    pub fn snapshot(&self) -> Snapshot<T> {
        let mut buffers = Vec::new();
        let mut rest = &self.memory[..];
        if let Some(weights) = self.weights {
            self.transform.memory(weights, &mut |name, len| {
                let (buffer, after) = rest.split_at(len.min(rest.len()));
                buffers.push((name.to_string(), buffer.to_vec()));
                rest = after;
            });
        }
        Snapshot { step: self.step, weights: self.weights, buffers }
    }

    /// Goes back, or forth, to a snapshot, also one of another trainer with the same transforms.
    ///
    /// Settings may differ, and transforms without memory may be added or left out.
    ///
    /// # Errors
    /// If the snapshot is of other transforms, or, where steps were done, of another number of
    /// weights; if settings make no sense. The trainer is then as before.
    pub fn restore(&mut self, snapshot: &Snapshot<T>) -> Result<(), Error> {
        self.transform.check()?;
        let mut list = Vec::new();
        if let Some(weights) = snapshot.weights.or(self.weights) {
            self.transform.memory(weights, &mut |name, len| list.push((name, len)));
        }
        // Before the first step there is nothing to hold.
        let held = if snapshot.weights.is_none() { &[][..] } else { &list };
        let given = snapshot.buffers.iter().map(|(name, values)| (name.as_str(), values.len()));
        let other =
            self.weights.is_some() && snapshot.weights.is_some_and(|n| Some(n) != self.weights);
        if other || !given.clone().eq(held.iter().copied()) {
            return Err(Error::OtherSnapshot {
                wanted: describe(self.weights.or(snapshot.weights), list.into_iter()),
                given: describe(snapshot.weights, given),
            });
        }
        self.weights = self.weights.or(snapshot.weights);
        let size = self.weights.map_or(0, |weights| total(&self.transform, weights));
        self.memory.clear();
        snapshot.buffers.iter().for_each(|(_, values)| self.memory.extend_from_slice(values));
        self.memory.resize(size, T::ZERO);
        self.step = snapshot.step;
        Ok(())
    }

    /// Makes room at the first step, and demands the same number of weights at the others.
    fn prepare(
        &mut self,
        params: &Params<T>,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        let given = params.len();
        match self.weights {
            Some(wanted) if wanted != given => {
                return Err(Error::OtherParams { wanted, given, line });
            }
            Some(_) => {}
            None => {
                self.transform.check()?;
                self.memory.resize(total(&self.transform, given), T::ZERO);
                self.weights = Some(given);
            }
        }
        if self.update.len() != given {
            self.grad = Grad::zeros(params);
            self.update.resize(given, T::ZERO);
        }
        Ok(())
    }

    /// An error if a vector over all weights is not finite.
    fn finite_in(
        &self,
        params: &Params<T>,
        x: &[T],
        quantity: fn(String) -> Quantity,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        if all_finite(x) {
            return Ok(());
        }
        let mut rest = x;
        for (path, param) in params.iter() {
            let (of, after) = rest.split_at(param.shape().len().min(rest.len()));
            if of.iter().any(|x| !x.is_finite()) {
                return self.finite(quantity(path.to_string()), of, line);
            }
            rest = after;
        }
        Ok(())
    }

    fn finite(
        &self,
        quantity: Quantity,
        x: &[T],
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        let Some(index) = x.iter().position(|x| !x.is_finite()) else {
            return Ok(());
        };
        let (value, step) = (x[index].to_f64(), self.step);
        Err(Error::NotFinite { quantity, index, value, step, line })
    }
}

fn describe<'a>(weights: Option<usize>, list: impl Iterator<Item = (&'a str, usize)>) -> String {
    let list: Vec<_> = list.map(|(name, len)| format!("{name} [{len}]")).collect();
    let buffers = if list.is_empty() { "nothing".into() } else { list.join(", ") };
    format!("{} weights with {buffers}", weights.unwrap_or(0))
}
