//! Prediction, one step at a time.

use crate::cell::Cell;
use crate::state::State;
use elman_autograd::{Error, Params, Tape};
use elman_tensor::{Real, Shape, View};

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
    /// The Vars of the state one after the other; meaningful once `started`.
    state: Vec<T>,
    started: bool,
    output: Vec<T>,
}

impl<'p, T: Real, C: Cell> Stream<'p, T, C> {
    /// A stream of single inputs, in the cell's initial state.
    pub fn new(params: &'p Params<T>, cell: C) -> Self {
        Self::rows(params, cell, 1)
    }

    /// As many streams side by side as there are rows.
    pub fn rows(params: &'p Params<T>, cell: C, batch: usize) -> Self {
        let (state, output) = (Vec::new(), Vec::new());
        Stream { params, cell, batch, tape: Tape::new(), state, started: false, output }
    }

    /// One step: takes an input (`[batch, in]`, row by row) and lends the output `[batch, out]`.
    ///
    /// # Errors
    /// If the input has another number of features than the cell reads. The state is unchanged
    /// then.
    #[track_caller]
    pub fn push(&mut self, x: &[T]) -> Result<&[T], Error> {
        let features = x.len().checked_div(self.batch).unwrap_or(0);
        let shape = Shape::from([self.batch, features]);
        let x = View::new(shape, x).ok_or_else(|| Error::Setting {
            what: "the length of a stream's input",
            wanted: "a multiple of its rows",
            given: format!("{} for {} rows", x.len(), self.batch),
        })?;
        let graph = self.tape.begin(self.params);
        {
            let mut s = self.cell.initial(&graph, self.batch);
            if self.started {
                let mut rest = self.state.as_slice();
                s = s.map(&mut |start| {
                    let (values, after) = rest.split_at(start.shape().len().min(rest.len()));
                    rest = after;
                    View::new(start.shape(), values).map_or(start, |v| graph.input(v))
                });
            }
            let (y, s) = self.cell.step(graph.input(x), s);
            if !graph.failed() {
                self.output.resize(y.shape().len(), T::ZERO);
                y.read(&mut self.output);
                let mut len = 0;
                s.each(&mut |s| {
                    let end = len + s.shape().len();
                    self.state.resize(self.state.len().max(end), T::ZERO);
                    s.read(&mut self.state[len..end]);
                    len = end;
                });
                self.state.truncate(len);
                self.started = true;
            }
        }
        self.tape.end(graph)?;
        Ok(&self.output)
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

    /// Back to the initial state.
    pub fn reset(&mut self) {
        self.started = false;
        self.output.clear();
    }

    /// The last output; empty before the first push.
    pub fn output(&self) -> &[T] {
        &self.output
    }

    /// The state, its Vars one after the other; `None` before the first push.
    pub fn state(&self) -> Option<&[T]> {
        self.started.then_some(self.state.as_slice())
    }

    /// The outputs for an iterator of inputs, one for each.
    pub fn predict<X: AsRef<[T]>, I: IntoIterator<Item = X>>(
        &mut self,
        inputs: I,
    ) -> Predict<'_, 'p, T, C, I::IntoIter> {
        Predict { stream: self, inputs: inputs.into_iter() }
    }

    /// Lets the network run on its own: each output is the next input. The first item is the last
    /// output so far, which predicts the step after the history; without any history the first
    /// input is zeros.
    pub fn free_run(self) -> FreeRun<'p, T, C> {
        FreeRun { stream: self, first: true }
    }
}

/// Outputs for inputs: made by [`Stream::predict`].
pub struct Predict<'a, 'p, T: Real, C, I> {
    stream: &'a mut Stream<'p, T, C>,
    inputs: I,
}

impl<T: Real, C: Cell, X: AsRef<[T]>, I: Iterator<Item = X>> Iterator for Predict<'_, '_, T, C, I> {
    type Item = Result<Vec<T>, Error>;

    #[track_caller]
    fn next(&mut self) -> Option<Self::Item> {
        let x = self.inputs.next()?;
        Some(self.stream.push(x.as_ref()).map(<[T]>::to_vec))
    }
}

/// Outputs that become inputs: made by [`Stream::free_run`].
pub struct FreeRun<'p, T: Real, C> {
    stream: Stream<'p, T, C>,
    /// Whether the output so far has not been given yet.
    first: bool,
}

impl<T: Real, C: Cell> Iterator for FreeRun<'_, T, C> {
    type Item = Result<Vec<T>, Error>;

    #[track_caller]
    fn next(&mut self) -> Option<Self::Item> {
        let warm = self.stream.started;
        if std::mem::take(&mut self.first) && warm {
            return Some(Ok(self.stream.output.clone()));
        }
        let zeros = self.stream.cell.output().saturating_mul(self.stream.batch);
        let x = if warm { self.stream.output.clone() } else { vec![T::ZERO; zeros] };
        Some(self.stream.push(&x).map(<[T]>::to_vec))
    }
}
