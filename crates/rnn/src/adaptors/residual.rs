//! Inputs that are added to outputs.

use crate::cell::Cell;
use crate::layer::Layer;
use crate::seq::Seq;
use elman_autograd::Var;
use elman_tensor::Real;

/// y = x + f(x), for a cell or a layer of as many outputs as inputs (He et al. 2016; Wu et al.
/// 2016 for stacked recurrent layers).
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Elman, Residual, Stream};
///
/// // A cell that has learned nothing lets its inputs pass.
/// let (cell, mut params) =
///     Params::<f64>::init(1, |p| Ok(Residual(Elman::new(p.scope("cell"), 2, 2)?)))?;
/// params.values_mut().fill(0.0);
/// assert_eq!(Stream::new(&params, cell).push(&[0.5, -3.0])?, [0.5, -3.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Residual<C>(pub C);

impl<C: Cell> Cell for Residual<C> {
    const EXACT: bool = C::EXACT;
    as_inner!(0: state output initial);

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (y, s) = self.0.step(x, s);
        (sum(x, y), s)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (ys, s) = self.0.sequence(xs, s);
        (sum(xs.values(), ys), s)
    }
}

impl<L: Layer> Layer for Residual<L> {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let xs = xs.into();
        let ys = self.0.forward(xs);
        ys.with_values(sum(xs.values(), ys.values()))
    }
}

/// x + y, of equal sizes: nothing is repeated.
#[track_caller]
fn sum<'g, T: Real>(x: Var<'g, T>, y: Var<'g, T>) -> Var<'g, T> {
    if x.shape() != y.shape() {
        let reason = format!("outputs {} do not fit inputs {}", y.shape(), x.shape());
        x.graph().refuse("residual", reason, std::panic::Location::caller());
    }
    x + y
}
