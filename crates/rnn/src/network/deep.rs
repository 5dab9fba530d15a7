//! A stack whose depth is known when the program runs.

use crate::cell::Cell;
use crate::packed::{self, Packed};
use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Error, Graph, Params, Var};
use elman_tensor::Real;
use std::panic::Location;

const MOST: usize = 8;

/// Cells of one type, each reading the outputs of the one before: a [`Stack`](crate::Stack) whose
/// depth is known when the program runs.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Cell, Deep, Gru, Stream};
///
/// let (model, params) = Params::<f32>::init(1, |p| {
///     Deep::new((0..3).map(|i| {
///         let input = if i == 0 { 2 } else { 8 };
///         Gru::new(p.scope(&format!("layer{i}")), input, 8)
///     }).collect::<Result<_, _>>()?)
/// })?;
/// let mut stream = Stream::new(&params, model);
/// assert_eq!(stream.push(&[0.5, 1.0])?.len(), 8);
/// assert_eq!(stream.state().map(<[f32]>::len), Some(24));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Deep<C> {
    cells: Vec<C>,
}

impl<C: Cell> Deep<C> {
    /// The most cells there can be. A state has room for as many, so that no step of a stream
    /// allocates any.
    pub const MOST: usize = MOST;

    /// The cells, that which reads the input first.
    ///
    /// # Errors
    /// If there is none, or if there are more than [`MOST`](Deep::MOST).
    pub fn new(cells: Vec<C>) -> Result<Self, Error> {
        if (1..=Self::MOST).contains(&cells.len()) {
            return Ok(Deep { cells });
        }
        let (what, wanted) = ("the depth of a stack", "1 to 8");
        Err(Error::Setting { what, wanted, given: cells.len().to_string() })
    }

    /// Refuses a state of another stack.
    fn check<'g, T: Real, S>(
        &self,
        s: &DeepState<S>,
        g: &Graph<'g, T>,
        line: &'static Location<'static>,
    ) {
        let (wanted, given) = (self.cells.len(), s.0.iter().flatten().count());
        if given != wanted {
            g.refuse("state", format!("wanted the states of {wanted} cells, got {given}"), line);
        }
    }

    /// The cells, that which reads the input first.
    pub fn cells(&self) -> &[C] {
        &self.cells
    }
}

impl<C: Cell> Cell for Deep<C> {
    const EXACT: bool = C::EXACT;
    type State<'g, T: Real> = DeepState<C::State<'g, T>>;

    fn output(&self) -> usize {
        self.cells.last().map_or(0, Cell::output)
    }

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Self::State<'g, T> {
        let mut states = DeepState::default();
        for (state, cell) in states.0.iter_mut().zip(&self.cells) {
            *state = Some(cell.initial(g, batch));
        }
        states
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        mut s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        self.check(&s, x.graph(), Location::caller());
        let mut y = x;
        for (cell, state) in self.cells.iter().zip(&mut s.0) {
            if let Some(before) = state.take() {
                let (output, next) = cell.step(y, before);
                (y, *state) = (output, Some(next));
            }
        }
        (y, s)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        mut s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        self.check(&s, xs.graph(), Location::caller());
        let mut ys = xs.values();
        for (cell, state) in self.cells.iter().zip(&mut s.0) {
            if let Some(before) = state.take() {
                let (outputs, last) = cell.sequence(xs.with_values(ys), before);
                (ys, *state) = (outputs, Some(last));
            }
        }
        (ys, s)
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        let mut cells = self.cells.iter().map(|cell| cell.packed(params, batch));
        let first = cells.next()??;
        cells.try_fold(first, |below, above| packed::stack(below, above?))
    }
}

/// The state of a [`Deep`] stack: that of each cell.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Cell, Deep, Lstm, State};
///
/// // Two cells, each with h and c.
/// let (deep, params) = Params::<f32>::init(1, |p| {
///     Deep::new(vec![Lstm::new(p.scope("0"), 3, 4)?, Lstm::new(p.scope("1"), 4, 4)?])
/// })?;
/// let mut shapes = Vec::new();
/// Tape::new().evaluate(&params, |g| deep.initial(g, 5).each(&mut |s| shapes.push(s.shape())))?;
/// assert_eq!(shapes, [[5, 4].into(); 4]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Clone)]
pub struct DeepState<S>([Option<S>; MOST]);

impl<S> Default for DeepState<S> {
    fn default() -> Self {
        DeepState([const { None }; MOST])
    }
}

impl<'g, T: Real, S: State<'g, T>> State<'g, T> for DeepState<S> {
    fn same(x: Var<'g, T>) -> Self {
        DeepState(std::array::from_fn(|_| Some(S::same(x))))
    }

    fn map(self, f: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        DeepState(self.0.map(|state| state.map(|s| s.map(f))))
    }

    fn zip(self, other: Self, f: &mut dyn FnMut(Var<'g, T>, Var<'g, T>) -> Var<'g, T>) -> Self {
        let mut others = other.0.into_iter();
        let mut zip = |a: Option<S>| a.zip(others.next()?).map(|(a, b)| a.zip(b, f));
        DeepState(self.0.map(&mut zip))
    }
}
