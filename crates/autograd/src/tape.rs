//! Reusable memory, and the two ways to run a computation in it.

use crate::arena::{Arena, Env};
use crate::error::Error;
use crate::grad::Grad;
use crate::graph::Graph;
use crate::mark::{Call, Mark};
use crate::params::Params;
use crate::place::Place;
use crate::var::Var;
use elman_kernels::{Threads, fill};
use elman_tensor::{Real, View};
use std::panic::Location;

/// Reusable memory for recordings.
///
/// The first pass takes the memory it needs; later ones of the same shapes allocate nothing.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_tensor::{Init, Tensor};
///
/// let (w, mut params) = Params::<f64>::init(1, |p| p.weight("w", [2], Init::Zeros))?;
/// let x = Tensor::new([3, 2], vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0])?;
/// let y = Tensor::new([3], vec![2.0, -1.0, 1.0])?;
///
/// let (mut tape, mut grad) = (Tape::new().check(true), Grad::zeros(&params));
/// for _ in 0..200 {
///     tape.gradient(&params, &mut grad, |g| {
///         (g.input(&x).dot(g.param(w)) - g.input(&y)).square().mean()
///     })?;
///     for (w, g) in params.values_mut().iter_mut().zip(grad.values()) {
///         *w -= 0.5 * g;
///     }
/// }
/// let fit = tape.evaluate(&params, |g| g.input(&x).dot(g.param(w)).tensor())?;
/// assert!((fit.values()[2] - 1.0).abs() < 1e-9);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
///
/// A loss is written as a closure *at the call*, or as an `fn`. A closure bound to a variable
/// first is "not general enough" for the compiler, because it cannot see there that the closure
/// has to work for every recording's lifetime.
pub struct Tape<T: Real> {
    arena: Arena<T>,
    seed: u64,
    step: u64,
    /// The weight of the last loss.
    loss_weight: T,
    /// How many threads kernels may use, where it was said.
    threads: Option<usize>,
}

impl<T: Real> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real> Tape<T> {
    /// The most bytes a recording may take if nothing else is [said](Tape::limit): 8 GiB.
    pub const LIMIT: usize = 1 << 33;

    /// A tape without memory yet.
    pub fn new() -> Self {
        Tape {
            arena: Arena::new(Self::LIMIT, false),
            seed: 0,
            step: 0,
            loss_weight: T::ONE,
            threads: None,
        }
    }

    /// The most bytes that the values of a recording may take, together with what rules keep and
    /// with the records themselves; the gradients of the values take as much again. Beyond it there
    /// is an error before anything is allocated.
    ///
    /// ```
    /// use elman_autograd::{Error, Params, Tape};
    ///
    /// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
    /// let mut tape = Tape::new().limit(1_000_000);
    /// let failed = tape.evaluate(&none, |g| g.zeros([1000, 1000, 1000]).sum().item());
    /// assert!(matches!(failed, Err(Error::TooLarge { limit: 1_000_000, .. })));
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.arena.limit = bytes;
        self
    }

    /// Looks at every value and every partial derivative, and fails at the first that is infinite
    /// or NaN, naming rule, line, layer and time step.
    ///
    /// ```
    /// use elman_autograd::{Error, Params, Tape};
    ///
    /// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
    /// let mut tape = Tape::new().check(true);
    /// let failed = tape.evaluate(&none, |g| (g.zeros([3]).ln() + 1.0).exp().sum().item());
    /// assert!(matches!(failed, Err(Error::NotFinite { rule: "ln", index: 0, .. })));
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[must_use]
    pub fn check(mut self, on: bool) -> Self {
        self.arena.check = on;
        self
    }

    /// The seed of random masks.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Shares the work of kernels by as many threads, 0 for as many as the machine has cores, which
    /// is also what holds if nothing is said. It changes how long a pass takes, and not one bit of
    /// its result. Passes of several tapes at once do not wait for each other: whoever finds the
    /// threads busy works alone.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Sets the number of the next training pass, which random masks are drawn for; it starts at
    /// 0, and each [`gradient`](Tape::gradient) counts it up.
    pub fn set_step(&mut self, step: u64) {
        self.step = step;
    }

    /// Overwrites all memory with NaN. Nothing may change by it; tests use it to show that.
    pub fn poison(&mut self) {
        self.arena.poison();
    }

    /// Computes a loss and its gradient with respect to all weights; returns the loss.
    ///
    /// # Errors
    /// The first misfit of the recording; a loss that is not one number; a gradient of another
    /// length; a recording beyond the [limit](Tape::limit). `grad` is then unspecified.
    #[track_caller]
    pub fn gradient<F>(
        &mut self,
        params: &Params<T>,
        grad: &mut Grad<T>,
        loss: F,
    ) -> Result<T, Error>
    where
        F: for<'g> FnOnce(&'g Graph<'g, T>) -> Var<'g, T>,
    {
        let call = Call { line: Location::caller(), mark: Mark::NONE };
        if grad.values().len() != params.len() {
            let given = grad.values().len();
            return Err(Error::GradLength { wanted: params.len(), given, line: call.line });
        }
        let _threads = self.threads.map(Threads::limit);
        fill(grad.values_mut(), T::ZERO);
        let env = self.env(true);
        self.step = self.step.wrapping_add(1);
        let (place, result) = self.run(params, true, env, |g| loss(g).place);
        let pulled = result.and_then(|()| self.pull(params, grad, place, env, call));
        if pulled.is_err() {
            // What lies in the memory of the gradients is none.
            self.arena.wanted.clear();
        }
        pulled
    }

    /// The backward pass from a scalar, and its value: apart from [`gradient`](Tape::gradient), so
    /// that it is compiled once and not for each closure.
    fn pull(
        &mut self,
        params: &Params<T>,
        grad: &mut Grad<T>,
        from: Place,
        env: Env,
        call: Call,
    ) -> Result<T, Error> {
        let &[value] = self.arena.values(params, &from) else {
            return Err(Error::NotScalar { given: from.shape, line: call.line });
        };
        self.loss_weight = self.arena.loss_weight(&from);
        let seed = (from, &[T::ONE][..]);
        self.arena.backward(params, grad.values_mut(), seed, |_, _| (), env, call)?;
        Ok(value)
    }

    /// Computes whatever `f` returns, recording nothing, with dropout and the like switched off.
    ///
    /// # Errors
    /// The first misfit; a computation beyond the [limit](Tape::limit).
    pub fn evaluate<F, R>(&mut self, params: &Params<T>, f: F) -> Result<R, Error>
    where
        F: for<'g> FnOnce(&'g Graph<'g, T>) -> R,
    {
        let _threads = self.threads.map(Threads::limit);
        let env = self.env(false);
        let (value, result) = self.run(params, false, env, f);
        result.map(|()| value)
    }

    /// As [`evaluate`](Tape::evaluate), without a closure: computations follow in the graph, then
    /// [`end`](Tape::end). Errors then name the line of whoever calls from here on.
    pub fn begin<'p>(&mut self, params: &'p Params<T>) -> Graph<'p, T> {
        let env = self.env(false);
        self.open(params, false, env)
    }

    /// Takes the memory of a graph back.
    ///
    /// # Errors
    /// The first misfit since [`begin`](Tape::begin).
    pub fn end(&mut self, graph: Graph<'_, T>) -> Result<(), Error> {
        let (mut arena, failure) = graph.into_parts();
        // The settings are this tape's, should the graph be another's.
        (arena.limit, arena.check) = (self.arena.limit, self.arena.check);
        self.arena = arena;
        failure.map_or(Ok(()), Err)
    }

    /// The [weight](Var::loss_weight) of the loss of the last [`gradient`](Tape::gradient); 1
    /// before the first.
    pub fn loss_weight(&self) -> T {
        self.loss_weight
    }

    /// The gradient with respect to the `index`-th input that was given as
    /// [`wanted`](Graph::wanted) in the last pass, which must have been a successful
    /// [`gradient`](Tape::gradient); `None` otherwise.
    pub fn wanted(&self, index: usize) -> Option<View<'_, T>> {
        self.arena.gradient(self.arena.wanted.get(index)?)
    }

    fn env(&self, training: bool) -> Env {
        Env { training, seed: self.seed, step: self.step }
    }

    /// Lends the arena to a graph for the time of `f`.
    fn run<F, R>(
        &mut self,
        params: &Params<T>,
        recording: bool,
        env: Env,
        f: F,
    ) -> (R, Result<(), Error>)
    where
        F: for<'g> FnOnce(&'g Graph<'g, T>) -> R,
    {
        let graph = self.open(params, recording, env);
        let value = f(&graph);
        (value, self.end(graph))
    }

    /// Lends the arena to a graph.
    fn open<'p>(&mut self, params: &'p Params<T>, recording: bool, env: Env) -> Graph<'p, T> {
        Graph::new(params, self.arena.take(), recording, env, Mark::NONE)
    }
}
