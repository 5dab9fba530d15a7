//! Outputs that are dropped at random.

use super::probability;
use crate::cell::Cell;
use crate::layer::Layer;
use crate::seq::Seq;
use elman_autograd::{Error, Scope, Var};
use elman_tensor::Real;

/// A cell or a layer whose outputs are dropped at random in training, by another mask at each step
/// (Zaremba et al. 2014): what goes to the next layer, never what flows through time.
///
/// `Dropout::new(lstm, p.scope("drop"), 0.3)?.stack(above)` is dropout between two layers.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_rnn::{Dropout, Elman, Layer, Rnn};
/// use elman_tensor::Tensor;
///
/// // tanh(30) = 1, of which a quarter becomes 0 in training, the rest 4/3.
/// let (cell, mut params) = Params::<f64>::init(1, |p| {
///     Dropout::new(Elman::new(p.scope("cell"), 1, 100)?, p.scope("drop"), 0.25)
/// })?;
/// params.values_mut().fill(30.0);
/// let (x, mut tape) = (Tensor::from_fn([10, 1, 1], |_| 1.0)?, Tape::new());
/// let sum = tape.evaluate(&params, |g| Rnn(cell).forward(g.input(&x)).values().sum().item())?;
/// assert_eq!(sum, 1000.0);
/// let sum = tape.gradient(&params, &mut Grad::zeros(&params), |g| {
///     Rnn(cell).forward(g.input(&x)).values().sum()
/// })?;
/// assert!(sum != 1000.0 && (900.0..1100.0).contains(&sum));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout<C> {
    inner: C,
    rate: f64,
    key: u64,
}

impl<C> Dropout<C> {
    /// Each output 0 with probability `rate`, the others scaled by 1 / (1 − rate). The path tells
    /// its masks from those of others.
    ///
    /// # Errors
    /// If the rate is no probability below 1.
    pub fn new(inner: C, p: Scope<'_>, rate: f64) -> Result<Self, Error> {
        Ok(Dropout { inner, rate: probability("the rate of dropout", rate)?, key: p.key() })
    }

    /// What it is around.
    pub fn inner(&self) -> &C {
        &self.inner
    }
}

impl<C: Cell> Cell for Dropout<C> {
    const EXACT: bool = C::EXACT;
    as_inner!(inner: state output initial packed);

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (y, s) = self.inner.step(x, s);
        (y.dropout(self.rate, self.key), s)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (ys, s) = self.inner.sequence(xs, s);
        (ys.dropout_over_time(self.rate, self.key), s)
    }
}

impl<L: Layer> Layer for Dropout<L> {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let ys = self.inner.forward(xs);
        ys.with_values(ys.values().dropout_over_time(self.rate, self.key))
    }
}
