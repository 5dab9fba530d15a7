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
