//! Layers: whole sequences to whole sequences.

use crate::cell::Cell;
use crate::seq::Seq;
use elman_autograd::Var;
use elman_tensor::Real;

/// What turns a sequence `[time, batch, in]` into a sequence `[time, batch, out]`; a model may be
/// one.
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
