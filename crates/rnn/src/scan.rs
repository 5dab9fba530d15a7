//! A sequence, step by step.

use crate::cell::Cell;
use crate::seq::Seq;
use crate::state::{State, flush};
use elman_autograd::{Ids, Var, rules::Select};
use elman_tensor::Real;
use std::panic::Location;

/// Applies a cell to every step of `xs: [time, batch, in]`, starting from a state: the outputs
/// `[time, batch, out]` and the last state.
///
/// This is the definition of [`Cell::sequence`]; a cell's own must give the same bits. After each
/// step the state is [flushed to zero](Var::flush_to_zero).
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Cell, Lstm, scan};
/// use elman_tensor::Tensor;
///
/// let (lstm, params) = Params::<f32>::init(1, |p| Lstm::new(p.scope("lstm"), 2, 8))?;
/// let x = Tensor::from_fn([5, 3, 2], |i| i as f32)?;
/// Tape::new().evaluate(&params, |g| {
///     let (xs, start) = (g.input(&x), lstm.initial(g, 3));
///     let (slow, _) = scan(&lstm, xs.into(), start);
///     let (fast, _) = lstm.sequence(xs.into(), start); // one pass by a kernel
///     assert_eq!(slow.tensor(), fast.tensor());
/// })?;
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn scan<'g, T: Real, C: Cell + ?Sized>(
    cell: &C,
    xs: Seq<'g, T>,
    s: C::State<'g, T>,
) -> (Var<'g, T>, C::State<'g, T>) {
    let (g, line) = (xs.graph(), Location::caller());
    let (values, batch) = (xs.values(), xs.batch());
    xs.check("sequence", line);
    if g.failed() {
        return (g.absent(), s);
    }
    if xs.time() == 0 {
        return (g.zeros([0, batch, cell.output()]), s);
    }
    // Not in closures, in which the caller's line would be lost.
    let fresh = if xs.resets().is_some() { Some(cell.initial(g, batch)) } else { None };
    let silence = if xs.inside().is_some() { Some(g.zeros([batch, cell.output()])) } else { None };
    let outside = g.now();
    let mut outputs = g.items();
    let mut s = s;
    for t in 0..xs.time() {
        if g.failed() {
            break;
        }
        g.time(Some(outside.unwrap_or(0).saturating_add(t)));
        let marks = Marks { xs, t, line };
        // A row past its end keeps this, whatever a reset or the step would make of it.
        let before = s.clone();
        let (y, next) = cell.step(values.at(t), marks.restart(s, fresh.as_ref()));
        let next = flush(next, line);
        let (y, next) = marks.end(y, next, before, silence);
        outputs.push(y);
        s = next;
    }
    g.time(outside);
    (outputs.stack(), s)
}

/// The lengths and resets of a step, applied to a state: apart from [`scan`], so that they are
/// compiled for each kind of state and not for each cell.
struct Marks<'g, T: Real> {
    xs: Seq<'g, T>,
    t: usize,
    line: &'static Location<'static>,
}

impl<'g, T: Real> Marks<'g, T> {
    /// The state before the step: the initial one for rows that reset.
    fn restart<S: State<'g, T>>(&self, s: S, fresh: Option<&S>) -> S {
        match (self.flags(self.xs.resets()), fresh) {
            (Some(resets), Some(fresh)) => {
                fresh.clone().zip(s, &mut |fresh, s| self.select(resets, fresh, s))
            }
            _ => s,
        }
    }

    /// The output and the state after the step: zeros and the state before for rows past their end.
    fn end<S: State<'g, T>>(
        &self,
        y: Var<'g, T>,
        next: S,
        before: S,
        silence: Option<Var<'g, T>>,
    ) -> (Var<'g, T>, S) {
        let (Some(inside), Some(silence)) = (self.flags(self.xs.inside()), silence) else {
            return (y, next);
        };
        let y = self.select(inside, y, silence);
        (y, next.zip(before, &mut |next, before| self.select(inside, next, before)))
    }

    /// The flags of this step.
    fn flags(&self, flags: Option<Ids<'g, T>>) -> Option<Ids<'g, T>> {
        flags?.part(self.t * self.xs.batch(), self.xs.batch())
    }

    /// Per row: `a` where the flag is set, else `b`.
    fn select(&self, flags: Ids<'g, T>, a: Var<'g, T>, b: Var<'g, T>) -> Var<'g, T> {
        self.xs.graph().apply_at(Select { flags: flags.range() }, [a, b], self.line)
    }
}
