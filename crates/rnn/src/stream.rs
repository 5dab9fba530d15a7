//! Prediction, one step at a time.

use crate::carried::Carried;
use crate::cell::Cell;
use crate::packed::Packed;
use crate::state::{State, flush};
use elman_autograd::{Error, Graph, Misfit, Params, Site, Tape};
use elman_kernels::Threads;
use elman_tensor::{LIMIT, Real, Shape, Tensor, View};
use std::panic::Location;

/// A cell at work on a stream: holds the state, takes an input, gives an output.
///
/// What [`push`](Stream::push) gives has the bits of the same step of a whole sequence. From the
/// second push on, nothing is allocated.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Cell, Elman, Linear, Stream};
///
/// let (model, params) = Params::<f32>::init(1, |p| {
///     let cell = Elman::new(p.scope("cell"), 1, 8)?;
///     Ok(cell.readout(Linear::new(p.scope("head"), 8, 1)?))
/// })?;
/// let history = [0.1f32, 0.2, 0.3];
/// let future = Stream::new(&params, model).warm(history.chunks(1))?.free_run().take(5);
/// let future = future.collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(future.concat().len(), 5);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct Stream<'p, T: Real, C> {
    params: &'p Params<T>,
    cell: C,
    batch: usize,
    tape: Tape<T>,
    state: Carried<T>,
    output: Vec<T>,
    /// The step with its weights packed, from the first push on, where the cell has one.
    packed: Option<Box<dyn Packed<T>>>,
    /// How many threads kernels may use, where it was said.
    threads: Option<usize>,
}

impl<'p, T: Real, C: Cell> Stream<'p, T, C> {
    /// A stream of single inputs, in the cell's initial state.
    pub fn new(params: &'p Params<T>, cell: C) -> Self {
        Self::rows(params, cell, 1)
    }

    /// As many streams side by side as there are rows.
    ///
    /// ```
    /// use elman_autograd::Params;
    /// use elman_rnn::{Gru, Stream};
    ///
    /// // Three sensors with two features each: six numbers in, row by row.
    /// let (gru, params) = Params::<f32>::init(1, |p| Gru::new(p.scope("gru"), 2, 8))?;
    /// let mut sensors = Stream::rows(&params, gru, 3);
    /// assert_eq!(sensors.push(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])?.len(), 3 * 8);
    /// assert!(sensors.push(&[0.1, 0.2]).is_err());
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    pub fn rows(params: &'p Params<T>, cell: C, batch: usize) -> Self {
        let (tape, state, output) = (Tape::new(), Carried::new(), Vec::new());
        Stream { params, cell, batch, tape, state, output, packed: None, threads: None }
    }

    /// Shares the work of kernels by as many threads, see [`Tape::threads`].
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Stream { threads: Some(threads), ..self }
    }

    /// One step: takes an input (`[batch, in]`, row by row) and lends the output `[batch, out]`.
    ///
    /// # Errors
    /// If the input has another number of features than the cell reads. The state is unchanged
    /// then.
    #[track_caller]
    pub fn push(&mut self, x: &[T]) -> Result<&[T], Error> {
        let _threads = self.threads.map(Threads::limit);
        if let Some(packed) = &mut self.packed
            && let Some(state) = self.state.values_mut()
            && packed.input() == x.len()
        {
            // After a reset there is none.
            self.output.resize(packed.output(), T::ZERO);
            packed.step(x, state, &mut self.output);
            return Ok(&self.output);
        }
        // The first step, and what does not fit, for its error.
        self.record(x, Location::caller())?;
        if self.packed.is_none() {
            self.packed = self.cell.packed(self.params, self.batch).filter(|packed| {
                let state = self.state.values().map(<[T]>::len);
                packed.output() == self.output.len() && Some(packed.state()) == state
            });
        }
        Ok(&self.output)
    }

    /// One step as the cell has it.
    #[track_caller]
    fn record(&mut self, x: &[T], line: &'static Location<'static>) -> Result<(), Error> {
        let x = rows(x, self.batch, line)?;
        let graph = self.tape.begin(self.params);
        {
            let before = self.state.enter(&self.cell, &graph, self.batch);
            let (y, after) = self.cell.step(graph.input(x), before.clone());
            let after = flush(after, line);
            check_shapes(&after, before, &graph, line);
            if !graph.failed() {
                self.output.resize(y.shape().len(), T::ZERO);
                y.read(&mut self.output);
                self.state.keep(&after);
            }
        }
        self.tape.end(graph)
    }

    /// Pushes a history.
    ///
    /// # Errors
    /// At the first input that does not fit.
    #[track_caller]
    pub fn warm<X: AsRef<[T]>>(
        mut self,
        history: impl IntoIterator<Item = X>,
    ) -> Result<Self, Error> {
        for x in history {
            self.push(x.as_ref())?;
        }
        Ok(self)
    }

    /// Goes on from a state that [`state`](Stream::state) has lent, of this stream or of another
    /// one of the same cell and rows: one stream can follow several continuations of a sequence.
    ///
    /// The last output stays what it is. From the second time on, nothing is allocated.
    ///
    /// ```
    /// use elman_autograd::Params;
    /// use elman_rnn::{Gru, Stream};
    ///
    /// let (gru, params) = Params::<f32>::init(1, |p| Gru::new(p.scope("gru"), 1, 8))?;
    /// let mut stream = Stream::new(&params, gru).warm([[0.1], [0.2]])?;
    /// // Two ways to go on from here.
    /// let fork = stream.state().unwrap().to_vec();
    /// let up = stream.push(&[1.0])?.to_vec();
    /// stream.resume(&fork)?;
    /// assert_ne!(stream.push(&[-1.0])?, up);
    /// stream.resume(&fork)?;
    /// assert_eq!(stream.push(&[1.0])?, up);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the state is of another size. The stream is unchanged then.
    #[track_caller]
    pub fn resume(&mut self, state: &[T]) -> Result<(), Error> {
        let (line, mut size) = (Location::caller(), 0);
        let graph = self.tape.begin(self.params);
        self.cell.initial(&graph, self.batch).each(&mut |s| size += s.shape().len());
        if size != state.len() {
            let reason = format!("wanted a state of {size} numbers, got {}", state.len());
            graph.refuse("resume", reason, line);
        }
        self.tape.end(graph)?;
        self.state.set(state);
        Ok(())
    }

    /// Back to the initial state.
    pub fn reset(&mut self) {
        self.state.reset();
        self.output.clear();
    }

    /// The last output; empty before the first push.
    pub fn output(&self) -> &[T] {
        &self.output
    }

    /// The state, its Vars one after the other; `None` before the first push.
    pub fn state(&self) -> Option<&[T]> {
        self.state.values()
    }

    /// The outputs for an iterator of inputs, one for each. Errors name the line of this call.
    #[track_caller]
    pub fn predict<X: AsRef<[T]>, I: IntoIterator<Item = X>>(
        &mut self,
        inputs: I,
    ) -> Predict<'_, 'p, T, C, I::IntoIter> {
        Predict { stream: self, inputs: inputs.into_iter(), line: Location::caller() }
    }

    /// Lets the network run on its own: each output is the next input. The first item is the last
    /// output so far, which predicts the step after the history; without any history the first
    /// input is zeros. Errors name the line of this call.
    #[track_caller]
    pub fn free_run(self) -> FreeRun<'p, T, C> {
        FreeRun { stream: self, first: true, line: Location::caller() }
    }

    /// A step on behalf of a line; a line inside of the cell's own step stays.
    #[track_caller]
    fn push_at(&mut self, x: &[T], line: &'static Location<'static>) -> Result<&[T], Error> {
        let here = Location::caller();
        self.push(x).map_err(|error| error.moved(|at| at == here, line))
    }
}

/// An input as `batch` rows.
fn rows<'a, T: Real>(
    x: &'a [T],
    batch: usize,
    line: &'static Location<'static>,
) -> Result<View<'a, T>, Error> {
    let shape = Shape::from([batch, x.len().checked_div(batch).unwrap_or(0)]);
    View::new(shape, x).ok_or_else(|| {
        let reason = format!("wanted a multiple of {batch} rows");
        let site = Box::new(Site { line, layer: None, time: None });
        let (shapes, misfit) = (vec![Shape::from([x.len()])], Misfit::new(reason));
        Error::Misfit { rule: "push", shapes, misfit, site }
    })
}

/// The recording fails if a step has changed the shapes of the state.
fn check_shapes<'g, T: Real, S: State<'g, T>>(
    after: &S,
    before: S,
    graph: &Graph<'_, T>,
    line: &'static Location<'static>,
) {
    let _ = after.clone().zip(before, &mut |after, before| {
        if after.shape() != before.shape() {
            let reason = format!("{} became {}", before.shape(), after.shape());
            graph.refuse("state", reason, line);
        }
        after
    });
}

/// Outputs for inputs: made by [`Stream::predict`].
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Elman, Stream};
///
/// let (cell, mut params) = Params::<f64>::init(1, |p| Elman::new(p.scope("cell"), 1, 1))?;
/// params.values_mut().fill(0.0);
/// let mut stream = Stream::new(&params, cell);
/// let mut outputs = stream.predict([vec![1.0], vec![1.0, 2.0]]);
/// assert_eq!(outputs.next(), Some(Ok(vec![0.0])));
/// assert!(outputs.next().is_some_and(|y| y.is_err())); // two features instead of one
/// assert!(outputs.next().is_none());
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct Predict<'a, 'p, T: Real, C, I> {
    stream: &'a mut Stream<'p, T, C>,
    inputs: I,
    line: &'static Location<'static>,
}

impl<T: Real, C: Cell, X: AsRef<[T]>, I: Iterator<Item = X>> Iterator for Predict<'_, '_, T, C, I> {
    type Item = Result<Vec<T>, Error>;

    #[track_caller]
    fn next(&mut self) -> Option<Self::Item> {
        let x = self.inputs.next()?;
        Some(self.stream.push_at(x.as_ref(), self.line).map(<[T]>::to_vec))
    }
}

/// Outputs that become inputs: made by [`Stream::free_run`].
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Activation, Elman, Stream};
///
/// // h′ = x + h, and x is the last h: it doubles.
/// let (cell, mut params) = Params::<f64>::init(1, |p| {
///     Elman::with(p.scope("cell"), 1, 1, Activation::Identity)
/// })?;
/// let [w, u, b] = cell.gate().params();
/// params.get_mut(w).unwrap().fill(1.0);
/// params.get_mut(u).unwrap().fill(1.0);
/// params.get_mut(b).unwrap().fill(0.0);
/// let doubling = Stream::new(&params, cell).warm([[1.0]])?.free_run().take(4);
/// assert_eq!(doubling.collect::<Result<Vec<_>, _>>()?.concat(), [1.0, 2.0, 4.0, 8.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct FreeRun<'p, T: Real, C> {
    stream: Stream<'p, T, C>,
    /// Whether the output so far has not been given yet.
    first: bool,
    line: &'static Location<'static>,
}

impl<T: Real, C: Cell> FreeRun<'_, T, C> {
    /// What goes in before there was an output.
    fn zeros(&self) -> Result<Vec<T>, Error> {
        let shape = Shape::from([self.stream.batch, self.stream.cell.output()]);
        let zeros = Tensor::zeros(shape).map_err(|_| {
            let site = Box::new(Site { line: self.line, layer: None, time: None });
            Error::TooLarge { rule: "free_run", shape, limit: LIMIT, site }
        })?;
        Ok(zeros.into_values())
    }
}

impl<T: Real, C: Cell> Iterator for FreeRun<'_, T, C> {
    type Item = Result<Vec<T>, Error>;

    #[track_caller]
    fn next(&mut self) -> Option<Self::Item> {
        let warm = self.stream.state().is_some();
        if std::mem::take(&mut self.first) && warm {
            return Some(Ok(self.stream.output.clone()));
        }
        let x = if warm { Ok(self.stream.output.clone()) } else { self.zeros() };
        let x = match x {
            Ok(x) => x,
            Err(error) => return Some(Err(error)),
        };
        Some(self.stream.push_at(&x, self.line).map(<[T]>::to_vec))
    }
}
