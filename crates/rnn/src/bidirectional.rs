//! Both directions of a sequence.

use crate::cell::Cell;
use crate::layer::Layer;
use crate::seq::Seq;
use elman_autograd::Var;
use elman_tensor::Real;

/// Two cells, one of which reads each row from its beginning and the other from its own end
/// (Schuster and Paliwal 1997): at every step the outputs know the whole row.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Bidirectional, Gru, Layer, Merge, Seq};
/// use elman_tensor::Tensor;
///
/// let (model, params) = Params::<f32>::init(1, |p| {
///     let forward = Gru::new(p.scope("forward"), 2, 8)?;
///     Ok(Bidirectional::new(forward, Gru::new(p.scope("backward"), 2, 8)?))
/// })?;
/// let x = Tensor::from_fn([5, 3, 2], |i| i as f32)?;
/// let shapes = Tape::new().evaluate(&params, |g| {
///     let xs = Seq::from(g.input(&x)).with_lengths(&[5, 0, 2]);
///     let both = model.forward(xs).values();
///     [both, model.merge(Merge::Sum).forward(xs).values()].map(|y| y.shape())
/// })?;
/// assert_eq!(shapes.map(|s| s.dims().to_vec()), [[5, 3, 16], [5, 3, 8]]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bidirectional<A, B> {
    /// The cell that reads forwards.
    pub forward: A,
    /// The cell that reads backwards.
    pub backward: B,
    merge: Merge,
}

/// How the outputs `[.., a]` and `[.., b]` of both directions become one.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Bidirectional, Elman, Layer, Merge};
/// use elman_tensor::Tensor;
///
/// // Units that all say tanh(30) = 1, in both directions.
/// let (both, mut params) = Params::<f64>::init(1, |p| {
///     let forward = Elman::new(p.scope("forward"), 1, 1)?;
///     Ok(Bidirectional::new(forward, Elman::new(p.scope("backward"), 1, 1)?))
/// })?;
/// params.values_mut().fill(30.0);
/// let x = Tensor::from_fn([1, 1, 1], |_| 1.0)?;
/// let y = |merge| {
///     let both = both.merge(merge);
///     Tape::new().evaluate(&params, |g| both.forward(g.input(&x)).values().tensor())
/// };
/// assert_eq!(y(Merge::Concat)?.values(), [1.0, 1.0]);
/// assert_eq!(y(Merge::Sum)?.values(), [2.0]);
/// assert_eq!(y(Merge::Mean)?.values(), [1.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Side by side, those of the forward direction first: `[.., a + b]`.
    Concat,
    /// Their sum; sizes must be equal, here and below.
    Sum,
    /// Their mean.
    Mean,
    /// Their product, element by element.
    Product,
}

/// The states of both directions.
type States<'g, T, A, B> = (<A as Cell>::State<'g, T>, <B as Cell>::State<'g, T>);

impl<A: Cell, B: Cell> Bidirectional<A, B> {
    /// Both directions, their outputs side by side.
    pub fn new(forward: A, backward: B) -> Self {
        Bidirectional { forward, backward, merge: Merge::Concat }
    }

    /// The same cells with their outputs merged in another way.
    #[must_use]
    pub fn merge(self, merge: Merge) -> Self {
        Bidirectional { merge, ..self }
    }

    /// The outputs `[time, batch, ..]` and both last states, from given states: that of the forward
    /// direction at each row's end, that of the backward direction at its first step.
    #[track_caller]
    pub fn run<'g, T: Real>(
        &self,
        xs: impl Into<Seq<'g, T>>,
        (a, b): States<'g, T, A, B>,
    ) -> (Var<'g, T>, States<'g, T, A, B>) {
        let xs = xs.into();
        let back = xs.reversed();
        let (y, a) = self.forward.sequence(xs, a);
        let (z, b) = self.backward.sequence(back, b);
        let z = back.with_values(z).without_resets().reversed().values();
        let merged = match self.merge {
            Merge::Concat => xs.graph().concat(2, &[y, z]),
            Merge::Sum => y + z,
            Merge::Mean => 0.5 * (y + z),
            Merge::Product => y * z,
        };
        (merged, (a, b))
    }
}

impl<A: Cell, B: Cell> Layer for Bidirectional<A, B> {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let xs = xs.into();
        let (g, batch) = (xs.graph(), xs.batch());
        let start = (self.forward.initial(g, batch), self.backward.initial(g, batch));
        xs.with_values(self.run(xs, start).0)
    }
}
