//! The contract of a recurrent cell.

use crate::linear::Linear;
use crate::packed::Packed;
use crate::readout::Readout;
use crate::scan::scan;
use crate::seq::Seq;
use crate::stack::Stack;
use crate::state::State;
use elman_autograd::{Graph, Params, Var};
use elman_tensor::Real;

/// One step of a recurrent network: handles of weights, and an equation.
///
/// [`step`](Cell::step) is the specification. A cell may also have a faster
/// [`sequence`](Cell::sequence); [`laws::cell`](crate::laws::cell) binds the two together.
///
/// ```
/// use elman_autograd::{Error, Scope, Var};
/// use elman_rnn::{Cell, Gate, laws};
/// use elman_tensor::Real;
///
/// /// Minimal gated unit (Zhou et al. 2016): f = σ(G₁(x, h)), h′ = h + f ∘ (tanh G₂(x, f ∘ h) − h)
/// #[derive(Clone, Copy)]
/// struct Minimal {
///     forget: Gate,
///     candidate: Gate,
/// }
///
/// impl Minimal {
///     fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
///         let forget = Gate::new(p.scope("forget"), input, hidden)?;
///         Ok(Minimal { forget, candidate: Gate::new(p.scope("candidate"), input, hidden)? })
///     }
/// }
///
/// impl Cell for Minimal {
///     type State<'g, T: Real> = [Var<'g, T>; 1];
///
///     fn output(&self) -> usize {
///         self.forget.hidden()
///     }
///
///     fn step<'g, T: Real>(
///         &self,
///         x: Var<'g, T>,
///         [h]: [Var<'g, T>; 1],
///     ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
///         let f = self.forget.of(x, h).sigmoid();
///         let h = h + f * (self.candidate.of(x, f * h).tanh() - h);
///         (h, [h])
///     }
/// }
///
/// laws::cell("minimal", 3, |p| Minimal::new(p.scope("cell"), 3, 4))?; // proven
/// # Ok::<(), laws::Violation>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no cell",
    note = "a layer is no cell, and cannot go into a stream or a stack: of a `Network` take \
            `.online()?`; what reads both ways needs whole rows, and is joined by `.then(..)`"
)]
pub trait Cell: Send + Sync {
    /// Whether gradients are those of the values. A cell that bends them on purpose says `false`,
    /// and why in its documentation; the laws of derivatives then pass it by.
    const EXACT: bool = true;

    /// The state, at a scalar.
    type State<'g, T: Real>: State<'g, T>;

    /// The number of features of an output.
    fn output(&self) -> usize;

    /// The state before the first step, for `batch` rows: zeros `[batch, out]`, unless a cell has
    /// another one.
    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Self::State<'g, T> {
        State::same(g.zeros([batch, self.output()]))
    }

    /// One step: `x: [batch, in]` to an output `[batch, out]` and the next state.
    ///
    /// A row of the results must depend on the same row of `x` and of the state only.
    ///
    /// Sequences and streams [flush](Var::flush_to_zero) the state after each step: magnitudes below
    /// [`Real::FLUSH_BELOW`] become 0, of values and of cotangents. A cell with a
    /// [`sequence`](Cell::sequence) of its own flushes in its step.
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>);

    /// All steps of `xs: [time, batch, in]`: the outputs `[time, batch, out]` and the last state.
    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        scan(self, xs, s)
    }

    /// The step with its weights packed for `batch` rows, for streams: `None` where a cell has
    /// none, and where something does not fit, which [`step`](Cell::step) says better.
    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        let _ = (params, batch);
        None
    }

    /// This cell, and another one reading its outputs: a cell whose state is both states.
    fn stack<B: Cell>(self, above: B) -> Stack<Self, B>
    where
        Self: Sized,
    {
        Stack { below: self, above }
    }

    /// This cell with its outputs read by a linear map: a cell, too.
    fn readout(self, head: Linear) -> Readout<Self>
    where
        Self: Sized,
    {
        Readout { cell: self, head }
    }
}

impl<C: Cell> Cell for &C {
    const EXACT: bool = C::EXACT;
    type State<'g, T: Real> = C::State<'g, T>;

    fn output(&self) -> usize {
        (**self).output()
    }

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Self::State<'g, T> {
        (**self).initial(g, batch)
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        (**self).step(x, s)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        (**self).sequence(xs, s)
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        (**self).packed(params, batch)
    }
}
