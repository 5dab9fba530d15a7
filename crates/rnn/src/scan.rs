//! A sequence, step by step.

use crate::cell::Cell;
use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Ids, Var, rules::Select};
use elman_tensor::Real;
use std::panic::Location;

/// Applies a cell to every step of `xs: [time, batch, in]`, starting from a state: the outputs
/// `[time, batch, out]` and the last state.
///
/// This is the definition of [`Cell::sequence`]; a cell's own must give the same bits.
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
    // Per row: `a` where the flag is set, else `b`.
    let select = |flags: Ids<'g, T>, a: Var<'g, T>, b: Var<'g, T>| {
        g.apply_at(Select { flags: flags.range() }, [a, b], line)
    };
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
        let at = |flags: Ids<'g, T>| flags.part(t * batch, batch);
        // A row past its end keeps this, whatever a reset or the step would make of it.
        let before = s.clone();
        if let (Some(resets), Some(fresh)) = (xs.resets().and_then(at), &fresh) {
            s = fresh.clone().zip(s, &mut |fresh, s| select(resets, fresh, s));
        }
        let (mut y, mut next) = cell.step(values.at(t), s);
        if let (Some(inside), Some(silence)) = (xs.inside().and_then(at), silence) {
            y = select(inside, y, silence);
            next = next.zip(before, &mut |next, before| select(inside, next, before));
        }
        outputs.push(y);
        s = next;
    }
    g.time(outside);
    (outputs.stack(), s)
}
