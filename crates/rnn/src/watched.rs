//! The gradients of states, step by step.

use crate::cell::Cell;
use crate::seq::Seq;
use crate::state::{State, flush};
use elman_autograd::Var;
use elman_tensor::{Real, Shape, Tensor};
use std::panic::Location;

/// Applies a cell to every step of `xs: [time, batch, in]` as [`scan`](crate::scan()) does, and
/// wants the gradient of the state before each of them.
///
/// ```text
/// ∂L/∂s[t] = ∂L/∂z[t],  z = 0,  y[t], s[t + 1] = step(x[t], s[t] + z[t])
/// ```
///
/// After the pass [`Tape::wanted`](elman_autograd::Tape::wanted) lends a gradient
/// `[time, batch, ..]` for each Var of the state, in their order. Its norms by time step show
/// whether gradients vanish or explode (Hochreiter 1991; Bengio, Simard and Frasconi 1994). It is
/// for looking at a network: steps are single ones, and memory is taken at every call.
///
/// A state of more than three axes, and values that are no sequence, fail the recording.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_rnn::{Cell, Gru, watched};
/// use elman_tensor::Tensor;
///
/// let (gru, params) = Params::<f64>::init(1, |p| Gru::new(p.scope("gru"), 1, 8))?;
/// let (x, mut grad) = (Tensor::from_fn([20, 4, 1], |i| i as f64)?, Grad::zeros(&params));
/// let mut tape = Tape::new();
/// tape.gradient(&params, &mut grad, |g| {
///     let (ys, _) = watched(&gru, g.input(&x), gru.initial(g, 4));
///     ys.at(19).sum()
/// })?;
/// let gradient = tape.wanted(0).ok_or("no gradient")?;
/// assert_eq!(gradient.shape().dims(), [20, 4, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn watched<'g, T: Real, C: Cell + ?Sized>(
    cell: &C,
    xs: Var<'g, T>,
    s: C::State<'g, T>,
) -> (Var<'g, T>, C::State<'g, T>) {
    let (g, line, seq) = (xs.graph(), Location::caller(), Seq::from(xs));
    seq.check("watched", line);
    if g.failed() {
        return (g.absent(), s);
    }
    if seq.time() == 0 {
        return (g.zeros([0, seq.batch(), cell.output()]), s);
    }
    // In closures the caller's line would be lost.
    g.on_behalf(file!(), line);
    let zeros = s.clone().map(&mut |s| {
        let zeros = Shape::new(&[&[seq.time()], s.shape().dims()].concat()).and_then(Tensor::zeros);
        match zeros {
            Ok(zeros) => g.wanted(&zeros),
            Err(error) => {
                g.refuse("watched", error.to_string(), line);
                g.absent()
            }
        }
    });
    let mut outputs = g.items();
    let mut s = s;
    for t in 0..seq.time() {
        if g.failed() {
            break;
        }
        let (y, next) = cell.step(xs.at(t), s.zip(zeros.clone(), &mut |s, z| s + z.at(t)));
        outputs.push(y);
        s = flush(next, line);
    }
    (outputs.stack(), s)
}
