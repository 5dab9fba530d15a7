//! One cell on another.

use crate::cell::Cell;
use crate::packed::{self, Packed};
use crate::seq::Seq;
use elman_autograd::{Graph, Params, Var};
use elman_tensor::Real;

/// Two cells, the one above reading the outputs of the one below: made by [`Cell::stack`].
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Cell, Gru, Lstm, Stream};
///
/// let (stack, params) = Params::<f32>::init(1, |p| {
///     Ok(Lstm::new(p.scope("below"), 2, 16)?.stack(Gru::new(p.scope("above"), 16, 8)?))
/// })?;
/// let stream = Stream::new(&params, stack).warm([[0.1, 0.2]])?;
/// assert_eq!(stream.output().len(), 8);
/// assert_eq!(stream.state().map(<[f32]>::len), Some(16 + 16 + 8)); // ([h, c], [h])
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack<A, B> {
    /// The cell that reads the input.
    pub below: A,
    /// The cell that reads the outputs of the first.
    pub above: B,
}

impl<A: Cell, B: Cell> Cell for Stack<A, B> {
    const EXACT: bool = A::EXACT && B::EXACT;
    type State<'g, T: Real> = (A::State<'g, T>, B::State<'g, T>);

    fn output(&self) -> usize {
        self.above.output()
    }

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Self::State<'g, T> {
        (self.below.initial(g, batch), self.above.initial(g, batch))
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        (a, b): Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (y, a) = self.below.step(x, a);
        let (y, b) = self.above.step(y, b);
        (y, (a, b))
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        (a, b): Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (ys, a) = self.below.sequence(xs, a);
        let (ys, b) = self.above.sequence(xs.with_values(ys), b);
        (ys, (a, b))
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        packed::stack(self.below.packed(params, batch)?, self.above.packed(params, batch)?)
    }
}
