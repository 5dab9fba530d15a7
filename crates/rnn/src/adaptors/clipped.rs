//! Messages through time that are cut to size.

use crate::cell::Cell;
use crate::scan::scan;
use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Error, Var, rules};
use elman_tensor::Real;
use std::panic::Location;

/// A cell through whose state no element of a gradient flows back in time larger than a limit: it
/// is cut at every step, so that nothing can explode on the way (Graves 2013).
///
/// The gradient that comes out is not that of the loss, on purpose. Forward it is the cell itself.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_rnn::{Activation, Clipped, Elman, Layer, Rnn};
/// use elman_tensor::Tensor;
///
/// // u = 10 over 6 steps: on its way back to the first input a gradient grows to 10⁵.
/// let (cell, mut params) = Params::<f64>::init(1, |p| {
///     Elman::with(p.scope("cell"), 1, 1, Activation::Identity)
/// })?;
/// let [w, u, _] = cell.gate().params();
/// params.get_mut(w).unwrap().fill(1.0);
/// params.get_mut(u).unwrap().fill(10.0);
/// let (x, mut tape, mut grad) = (Tensor::zeros([6, 1, 1])?, Tape::new(), Grad::zeros(&params));
/// let clipped = Clipped::new(cell, 1.0)?;
/// tape.gradient(&params, &mut grad, |g| Rnn(cell).forward(g.wanted(&x)).last().sum())?;
/// assert_eq!(tape.wanted(0).unwrap().values()[0], 1e5);
/// tape.gradient(&params, &mut grad, |g| Rnn(clipped).forward(g.wanted(&x)).last().sum())?;
/// assert_eq!(tape.wanted(0).unwrap().values()[0], 1.0);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clipped<C> {
    cell: C,
    limit: f64,
}

impl<C: Cell> Clipped<C> {
    /// Cuts each element to at most `limit`.
    ///
    /// # Errors
    /// If the limit is negative or NaN.
    pub fn new(cell: C, limit: f64) -> Result<Self, Error> {
        if limit >= 0.0 {
            return Ok(Clipped { cell, limit });
        }
        let (what, wanted) = ("the limit of messages", "at least 0");
        Err(Error::Setting { what, wanted, given: limit.to_string() })
    }
}

impl<C: Cell> Cell for Clipped<C> {
    const EXACT: bool = false;
    as_inner!(cell: state output initial packed);

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (g, line) = (x.graph(), Location::caller());
        if !g.training() {
            return self.cell.step(x, s);
        }
        let clip = rules::ClipGradient { limit: self.limit };
        self.cell.step(x, s.map(&mut |s| g.apply_at(clip, [s], line)))
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        if xs.graph().training() { scan(self, xs, s) } else { self.cell.sequence(xs, s) }
    }
}
