//! What a cell remembers.

use elman_autograd::Var;
use elman_tensor::Real;
use std::panic::Location;

/// The state of a cell: Vars in an array, or in nested pairs, each `[batch, ..]`.
///
/// Whatever is done to a state (carried, masked, reset, copied) is done to each of its Vars, in
/// one order; no cell repeats a list of its parts.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Cell, Elman, Lstm, State};
///
/// let (stack, params) = Params::<f64>::init(1, |p| {
///     Ok(Lstm::new(p.scope("below"), 1, 4)?.stack(Elman::new(p.scope("above"), 4, 2)?))
/// })?;
/// Tape::new().evaluate(&params, |g| {
///     let state = stack.initial(g, 3).map(&mut |s| s + 1.0); // ([h, c], [h])
///     let mut sums = Vec::new();
///     state.each(&mut |s| sums.push(s.sum().item()));
///     assert_eq!(sums, [3.0 * 4.0, 3.0 * 4.0, 3.0 * 2.0]);
/// })?;
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub trait State<'g, T: Real>: Clone {
    /// The state in which each Var is the same.
    #[must_use]
    fn same(x: Var<'g, T>) -> Self;

    /// The state with each Var replaced.
    #[must_use]
    fn map(self, f: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self;

    /// The state made of two, Var by Var.
    #[must_use]
    fn zip(self, other: Self, f: &mut dyn FnMut(Var<'g, T>, Var<'g, T>) -> Var<'g, T>) -> Self;

    /// Calls `f` with each Var.
    fn each(&self, f: &mut dyn FnMut(Var<'g, T>)) {
        let _ = self.clone().map(&mut |x| {
            f(x);
            x
        });
    }
}

/// Flushes each Var of a state to zero, as is done after each step.
pub(crate) fn flush<'g, T: Real, S: State<'g, T>>(state: S, line: &'static Location<'static>) -> S {
    state.map(&mut |s| s.flush_to_zero_at(line))
}

impl<'g, T: Real, const N: usize> State<'g, T> for [Var<'g, T>; N] {
    fn same(x: Var<'g, T>) -> Self {
        [x; N]
    }

    fn map(self, f: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        <[Var<'g, T>; N]>::map(self, f)
    }

    fn zip(self, other: Self, f: &mut dyn FnMut(Var<'g, T>, Var<'g, T>) -> Var<'g, T>) -> Self {
        std::array::from_fn(|i| f(self[i], other[i]))
    }
}

impl<'g, T: Real, A: State<'g, T>, B: State<'g, T>> State<'g, T> for (A, B) {
    fn same(x: Var<'g, T>) -> Self {
        (A::same(x), B::same(x))
    }

    fn map(self, f: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        (self.0.map(f), self.1.map(f))
    }

    fn zip(self, other: Self, f: &mut dyn FnMut(Var<'g, T>, Var<'g, T>) -> Var<'g, T>) -> Self {
        (self.0.zip(other.0, f), self.1.zip(other.1, f))
    }
}
