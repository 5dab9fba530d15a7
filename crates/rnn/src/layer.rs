//! Layers: whole sequences to whole sequences.

use crate::cell::Cell;
use crate::seq::Seq;
use elman_autograd::Var;
use elman_tensor::Real;

/// What turns a sequence `[time, batch, in]` into a sequence `[time, batch, out]`; a model may be
/// one.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Elman, Layer, Linear, Rnn, Seq};
/// use elman_tensor::{Real, Tensor};
///
/// struct Model {
///     cell: Elman,
///     head: Linear,
/// }
///
/// impl Layer for Model {
///     fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
///         self.head.forward(Rnn(self.cell).forward(xs))
///     }
/// }
///
/// let (model, params) = Params::<f32>::init(1, |p| {
///     let cell = Elman::new(p.scope("cell"), 2, 8)?;
///     Ok(Model { cell, head: Linear::new(p.scope("head"), 8, 1)? })
/// })?;
/// let x = Tensor::zeros([5, 3, 2])?;
/// let y = Tape::new().evaluate(&params, |g| model.forward(g.input(&x)).values().shape())?;
/// assert_eq!(y.dims(), [5, 3, 1]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub trait Layer: Send + Sync {
    /// The outputs of a whole sequence. Lengths and resets go with it.
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T>;

    /// This layer, and then another.
    fn then<L: Layer>(self, next: L) -> Then<Self, L>
    where
        Self: Sized,
    {
        Then { first: self, next }
    }
}

/// A cell as a layer: from its initial state through a whole sequence.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Gru, Layer, Rnn};
/// use elman_tensor::Tensor;
///
/// let (gru, params) = Params::<f32>::init(1, |p| Gru::new(p.scope("gru"), 2, 8))?;
/// let x = Tensor::from_fn([5, 3, 2], |i| i as f32)?;
/// Tape::new().evaluate(&params, |g| {
///     let xs = g.input(&x);
///     let whole = Rnn(gru).forward(xs).values();
///     // The same in two pieces, the second from where the first one ended.
///     let (_, state) = Rnn(gru).run(xs.slice(0, 2), [g.zeros([3, 8])]);
///     let (rest, _) = Rnn(gru).run(xs.slice(2, 3), state);
///     assert_eq!(rest.tensor(), whole.slice(2, 3).tensor());
/// })?;
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rnn<C>(pub C);

impl<C: Cell> Rnn<C> {
    /// The outputs `[time, batch, out]` and the last state, from a given state: for streams of
    /// which each piece begins where the last one ended.
    #[track_caller]
    pub fn run<'g, T: Real>(
        &self,
        xs: impl Into<Seq<'g, T>>,
        s: C::State<'g, T>,
    ) -> (Var<'g, T>, C::State<'g, T>) {
        self.0.sequence(xs.into(), s)
    }
}

impl<C: Cell> Layer for Rnn<C> {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let xs = xs.into();
        let s = self.0.initial(xs.graph(), xs.batch());
        xs.with_values(self.0.sequence(xs, s).0)
    }
}

/// One layer after another: made by [`Layer::then`].
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Bidirectional, Gru, Layer, Linear, Rnn};
/// use elman_tensor::Tensor;
///
/// // Both directions, then one upwards, then a number for each step.
/// let (model, params) = Params::<f32>::init(1, |p| {
///     let both = Bidirectional::new(
///         Gru::new(p.scope("forward"), 2, 8)?,
///         Gru::new(p.scope("backward"), 2, 8)?,
///     );
///     let above = Rnn(Gru::new(p.scope("above"), 16, 4)?);
///     Ok(both.then(above).then(Linear::new(p.scope("head"), 4, 1)?))
/// })?;
/// let x = Tensor::zeros([5, 3, 2])?;
/// let y = Tape::new().evaluate(&params, |g| model.forward(g.input(&x)).values().shape())?;
/// assert_eq!(y.dims(), [5, 3, 1]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Then<A, B> {
    /// The first layer.
    pub first: A,
    /// The one that reads it.
    pub next: B,
}

impl<A: Layer, B: Layer> Layer for Then<A, B> {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        self.next.forward(self.first.forward(xs))
    }
}

/// Layers of one kind, one after the other: as many as there are when it runs.
impl<L: Layer> Layer for Vec<L> {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let mut xs = xs.into();
        for layer in self {
            xs = layer.forward(xs);
        }
        xs
    }
}
