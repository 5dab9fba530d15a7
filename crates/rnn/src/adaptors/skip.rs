//! Inputs that go along with outputs.

use crate::cell::Cell;
use crate::layer::Layer;
use crate::seq::Seq;
use elman_autograd::Var;
use elman_tensor::Real;
use std::panic::Location;

/// y = [x, f(x)], the inputs side by side with the outputs of a cell or a layer, so that whoever
/// comes next sees both (Graves 2013).
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Elman, Skip, Stream};
///
/// let (cell, mut params) =
///     Params::<f64>::init(1, |p| Ok(Skip::new(Elman::new(p.scope("cell"), 2, 3)?, 2)))?;
/// params.values_mut().fill(30.0);
/// let y = Stream::new(&params, cell).push(&[0.5, 2.0])?.to_vec();
/// assert_eq!(y, [0.5, 2.0, 1.0, 1.0, 1.0]); // the input, and three times tanh(large)
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skip<C> {
    inner: C,
    input: usize,
}

impl<C> Skip<C> {
    /// Around a cell or a layer that reads `input` features.
    pub fn new(inner: C, input: usize) -> Self {
        Skip { inner, input }
    }

    /// Inputs and outputs along an axis.
    #[track_caller]
    fn both<'g, T: Real>(&self, axis: usize, x: Var<'g, T>, y: Var<'g, T>) -> Var<'g, T> {
        if x.shape().last() != self.input {
            let reason = format!("wanted {} features, got {}", self.input, x.shape());
            x.graph().refuse("skip", reason, Location::caller());
        }
        x.graph().concat(axis, &[x, y])
    }
}

impl<C: Cell> Cell for Skip<C> {
    const EXACT: bool = C::EXACT;
    as_inner!(inner: state initial);

    fn output(&self) -> usize {
        self.input.saturating_add(self.inner.output())
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (y, s) = self.inner.step(x, s);
        (self.both(1, x, y), s)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (ys, s) = self.inner.sequence(xs, s);
        (self.both(2, xs.values(), ys), s)
    }
}

impl<L: Layer> Layer for Skip<L> {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let xs = xs.into();
        let ys = self.inner.forward(xs);
        ys.with_values(self.both(2, xs.values(), ys.values()))
    }
}
