//! Initial states that are learned.

use crate::cell::Cell;
use crate::scan::scan;
use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Error, Graph, Param, Params, Scope, Tape, Var, rules};
use elman_tensor::{Init, Real};
use std::panic::Location;

/// A cell whose initial state is a weight, the same for all rows; rows that start anew start from
/// it, too.
///
/// Weight `start: [state]`, the parts of the state one after the other, from 0.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Activation, Elman, Learned, Stream};
///
/// // A weight more for each number of the state.
/// let (cell, mut params) = Params::<f64>::init(1, |p| {
///     let cell = Elman::with(p.scope("cell"), 1, 1, Activation::Identity)?;
///     Learned::new(cell, p.scope("cell"))
/// })?;
/// assert_eq!(params.len(), 3 + 1);
/// params.values_mut().fill(1.0);
/// params.get_mut(cell.start()).unwrap().fill(7.0);
/// assert_eq!(Stream::new(&params, cell).push(&[20.0])?, [1.0 + 20.0 + 7.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned<C> {
    cell: C,
    start: Param,
}

impl<C: Cell> Learned<C> {
    /// Around a cell that begins with zeros.
    ///
    /// # Errors
    /// If the weight cannot be created, and if the cell has weights in its initial state already.
    pub fn new(cell: C, mut p: Scope<'_>) -> Result<Self, Error> {
        let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
        let mut size = 0usize;
        Tape::new().evaluate(&none, |g| {
            cell.initial(g, 1).each(&mut |s| size = size.saturating_add(s.shape().len()));
        })?;
        Ok(Learned { cell, start: p.weight("start", [size], Init::Zeros)? })
    }

    /// The weight.
    pub fn start(&self) -> Param {
        self.start
    }
}

impl<C: Cell> Cell for Learned<C> {
    const EXACT: bool = C::EXACT;
    as_inner!(cell: state output step packed);

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Self::State<'g, T> {
        let (start, mut from, line) = (g.param(self.start), 0, Location::caller());
        self.cell.initial(g, batch).map(&mut |zeros| {
            let row = zeros.shape().tail();
            if g.failed() {
                return zeros;
            }
            let part = start.slice(from, row.len()).reshape(row);
            from += row.len();
            g.apply_at(rules::Add, [zeros, part], line)
        })
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        if xs.resets().is_some() {
            // The cell's own sequence would start rows anew from its own initial state.
            return scan(self, xs, s);
        }
        self.cell.sequence(xs, s)
    }
}
