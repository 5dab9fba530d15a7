//! Gradients that end after some steps.

use super::{Pieces, some_steps};
use crate::cell::Cell;
use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Error, Var, rules};
use elman_tensor::Real;
use std::panic::Location;

/// A cell whose sequences are cut into pieces of some steps: states go on from one piece to the
/// next, gradients do not (Williams and Peng 1990).
///
/// Pieces begin at multiples of that many steps, counted as
/// [`Graph::time`](elman_autograd::Graph::time) does. Forward it is the cell itself.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_rnn::{Elman, Layer, Rnn, Truncated};
/// use elman_tensor::Tensor;
///
/// // Of 6 steps in pieces of 2, gradients of the last one reach the inputs of the last piece.
/// let (cell, params) = Params::<f64>::init(1, |p| {
///     Truncated::new(Elman::new(p.scope("cell"), 1, 4)?, 2)
/// })?;
/// let x = Tensor::from_fn([6, 1, 1], |t| t as f64)?;
/// let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
/// tape.gradient(&params, &mut grad, |g| Rnn(cell).forward(g.wanted(&x)).last().sum())?;
/// let reached: Vec<_> = tape.wanted(0).unwrap().values().iter().map(|dx| *dx != 0.0).collect();
/// assert_eq!(reached, [false, false, false, false, true, true]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncated<C> {
    cell: C,
    steps: usize,
}

impl<C: Cell> Truncated<C> {
    /// Pieces of `steps` steps.
    ///
    /// # Errors
    /// If there are none.
    pub fn new(cell: C, steps: usize) -> Result<Self, Error> {
        Ok(Truncated { cell, steps: some_steps("truncation", steps)? })
    }
}

impl<C: Cell> Cell for Truncated<C> {
    const EXACT: bool = false;
    as_inner!(cell: state output initial packed);

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let first = x.graph().now().is_some_and(|t| t > 0 && t % self.steps == 0);
        self.cell.step(x, if first { s.map(&mut |s| s.stop()) } else { s })
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (g, line) = (xs.graph(), Location::caller());
        if !g.training() || xs.time() == 0 {
            return self.cell.sequence(xs, s);
        }
        let (mut pieces, mut ys, mut s) = (Pieces::new(xs), g.items(), s);
        loop {
            let now = pieces.now();
            let Some(piece) = pieces.next(self.steps - now % self.steps) else { break };
            let before = s.clone();
            if now > 0 && now % self.steps == 0 {
                s = s.map(&mut |s| s.stop());
            }
            let (y, next) = self.cell.sequence(piece, s);
            ys.push(y);
            s = match piece.inside().and_then(|inside| inside.part(0, piece.batch())) {
                // A row that has ended keeps its state with all that flows through it.
                Some(goes_on) => next.zip(before, &mut |next, before| {
                    let flags = goes_on.range();
                    g.apply_at(rules::Select { flags }, [next, before], line)
                }),
                None => next,
            };
        }
        (ys.concat(0), s)
    }
}
