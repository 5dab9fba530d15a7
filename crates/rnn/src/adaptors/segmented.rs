//! Long sequences in little memory.

use super::{Pieces, some_steps};
use crate::cell::Cell;
use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Error, Var};
use elman_tensor::Real;
use std::panic::Location;

/// A cell whose sequences are cut into segments, of which a training pass keeps inputs, outputs and
/// states only: what else the way back needs is computed again, segment by segment (Chen et al.
/// 2016). Inputs and outputs grow with the time; with √time segments, what is needed beside them grows
/// like √time, at the price of computing forward twice.
///
/// Values have the bits of the cell's own sequence, gradients are equal to rounding, and random
/// masks are drawn the same again.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_rnn::{Layer, Lstm, Rnn, Segmented};
/// use elman_tensor::Tensor;
///
/// let (lstm, params) = Params::<f64>::init(1, |p| Lstm::new(p.scope("lstm"), 1, 8))?;
/// let x = Tensor::from_fn([100, 1, 1], |t| (t as f64).sin())?;
/// let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
/// let whole =
///     tape.gradient(&params, &mut grad, |g| Rnn(lstm).forward(g.input(&x)).values().sum())?;
/// let (norm, lstm) = (grad.norm(), Segmented::new(lstm)); // ten segments of ten steps
/// let pieces =
///     tape.gradient(&params, &mut grad, |g| Rnn(lstm).forward(g.input(&x)).values().sum())?;
/// assert_eq!(pieces, whole);
/// assert!((grad.norm() - norm).abs() < 1e-9 * norm);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segmented<C> {
    cell: C,
    /// `None` for the square root of the number of steps.
    steps: Option<usize>,
}

impl<C: Cell + Clone + 'static> Segmented<C> {
    /// As many segments as each has steps: √time.
    pub fn new(cell: C) -> Self {
        Segmented { cell, steps: None }
    }

    /// Segments of `steps` steps.
    ///
    /// # Errors
    /// If there are none.
    pub fn of(cell: C, steps: usize) -> Result<Self, Error> {
        Ok(Segmented { cell, steps: Some(some_steps("segments", steps)?) })
    }

    /// The outputs of a segment and the state behind it, of which nothing else is kept.
    #[track_caller]
    fn segment<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: C::State<'g, T>,
    ) -> (Var<'g, T>, C::State<'g, T>) {
        let (g, time, batch) = (xs.graph(), xs.time(), xs.batch());
        let mut operands = g.items();
        operands.push(xs.values());
        s.each(&mut |s| operands.push(s));
        let none = g.ids(&[]);
        let marks = [xs.lengths(), xs.resets()];
        let has = marks.map(|ids| ids.is_some());
        let (cell, line) = (self.cell.clone(), Location::caller());
        let all = operands.recompute(marks.map(|ids| ids.unwrap_or(none)), move |g, x, ids| {
            g.on_behalf(file!(), line);
            let mut x = x.iter().copied();
            let values = x.next().unwrap_or(g.absent());
            let marks = [0, 1].map(|i: usize| has[i].then_some(ids[i]));
            let start = cell.initial(g, batch).map(&mut |s| x.next().unwrap_or(s));
            let (y, last) = cell.sequence(Seq::marked(values, marks), start);
            let mut all = g.items();
            all.push(y.reshape([y.shape().len()]));
            last.each(&mut |s| all.push(s.reshape([s.shape().len()])));
            all.concat(0)
        });
        let shape = [time, batch, self.cell.output()];
        let mut from = shape.iter().product();
        let y = all.slice(0, from).reshape(shape);
        let last = s.map(&mut |s| {
            let part = all.slice(from, s.shape().len()).reshape(s.shape());
            from += s.shape().len();
            part
        });
        (y, last)
    }
}

impl<C: Cell + Clone + 'static> Cell for Segmented<C> {
    const EXACT: bool = C::EXACT;
    as_inner!(cell: state output initial step packed);

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (g, time) = (xs.graph(), xs.time());
        let steps = self.steps.unwrap_or(time.isqrt()).max(1);
        if !g.training() || g.failed() || time <= steps {
            return self.cell.sequence(xs, s);
        }
        let (mut pieces, mut ys, mut s) = (Pieces::new(xs), g.items(), s);
        while let Some(piece) = pieces.next(steps) {
            let (y, next) = self.segment(piece, s);
            ys.push(y);
            s = next;
        }
        (ys.concat(0), s)
    }
}
