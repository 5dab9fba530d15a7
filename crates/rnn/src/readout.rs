//! A cell with a linear readout.

use crate::adaptors::as_inner;
use crate::cell::Cell;
use crate::linear::Linear;
use crate::packed::{self, Packed};
use crate::seq::Seq;
use elman_autograd::{Params, Var};
use elman_tensor::Real;

/// A cell whose outputs are read by a linear map: made by [`Cell::readout`].
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Cell, Gru, Linear, Stream};
///
/// let (model, params) = Params::<f32>::init(1, |p| {
///     Ok(Gru::new(p.scope("gru"), 2, 16)?.readout(Linear::new(p.scope("head"), 16, 1)?))
/// })?;
/// let stream = Stream::new(&params, model).warm([[0.1, 0.2]])?;
/// assert_eq!(stream.output().len(), model.head.output());
/// assert_eq!(stream.state().map(<[f32]>::len), Some(model.cell.output()));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readout<C> {
    /// The cell.
    pub cell: C,
    /// What reads its outputs.
    pub head: Linear,
}

impl<C: Cell> Cell for Readout<C> {
    const EXACT: bool = C::EXACT;
    as_inner!(cell: state initial);

    fn output(&self) -> usize {
        self.head.output()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (y, s) = self.cell.step(x, s);
        (self.head.of(y), s)
    }

    /// The readout of all steps is one product. Its rows are those of the single steps, bit for
    /// bit; past the end of a row it is silenced again, because of the bias.
    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (ys, s) = self.cell.sequence(xs, s);
        (xs.silenced(self.head.of(ys)), s)
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        packed::readout(self.cell.packed(params, batch)?, &self.head, params, batch)
    }
}
