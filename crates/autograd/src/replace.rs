//! Weights that something else stands for.

use crate::error::Error;
use crate::graph::Graph;
use crate::params::Param;
use crate::var::Var;
use elman_tensor::Real;
use std::panic::Location;

impl<'g, T: Real> Graph<'g, T> {
    /// Has `x`, of the same shape, stand for a weight in what follows, until the result is dropped:
    /// whoever asks for the weight gets it. So layers that know nothing of it work with weights
    /// that are masked, or computed from others.
    ///
    /// ```
    /// use elman_autograd::{Grad, Params, Tape};
    /// use elman_tensor::Init;
    ///
    /// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Constant(3.0)))?;
    /// let mut grad = Grad::zeros(&params);
    /// let loss = Tape::new().gradient(&params, &mut grad, |g| {
    ///     let _doubled = g.replace(w, 2.0 * g.param(w));
    ///     g.param(w).sum()
    /// })?;
    /// assert_eq!((loss, grad.values()), (12.0, &[2.0, 2.0][..]));
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    ///
    /// Replacements end in the reverse order of their beginning. A segment that is
    /// [recomputed](Graph::recompute) must not lie within one, but one may lie within a segment.
    #[track_caller]
    #[must_use = "the weight is itself again when the result is dropped"]
    pub fn replace(&'g self, param: Param, x: Var<'g, T>) -> Replaced<'g, T> {
        const NAME: &str = "replace";
        let (before, line) = (self.replaced.get(), Location::caller());
        if !self.params().knows(&param) {
            self.fail(Error::ForeignParam { shape: param.shape(), line });
        }
        if x.shape() != param.shape() && !self.failed() {
            let reason = format!("wanted the shape of the weight, {}", param.shape());
            x.misfit(NAME, reason, line);
        }
        if self.owns(NAME, &[x], line)
            && !self.failed()
            && let Some(mut arena) = self.lend(NAME, line)
        {
            arena.replaced.truncate(before);
            arena.replaced.push((param.index, x.place));
            self.replaced.set(before + 1);
        }
        Replaced { graph: self, before }
    }

    /// [`replace`](Graph::replace) for several weights at once.
    #[track_caller]
    #[must_use = "the weights are themselves again when the result is dropped"]
    pub fn replace_all<const N: usize>(
        &'g self,
        params: [Param; N],
        x: [Var<'g, T>; N],
    ) -> Replaced<'g, T> {
        let all = Replaced { graph: self, before: self.replaced.get() };
        for (param, x) in params.into_iter().zip(x) {
            // Ends with all of them.
            std::mem::forget(self.replace(param, x));
        }
        all
    }

    /// Whether any weight is replaced.
    pub(crate) fn replaces(&self) -> bool {
        self.replaced.get() > 0
    }

    /// What stands for a weight, if anything does.
    #[track_caller]
    pub(crate) fn replacement(&'g self, param: &Param) -> Option<Var<'g, T>> {
        let arena = self.look("param", Location::caller())?;
        let latest = arena.replaced[..self.replaced.get()].iter().rev();
        let place = latest.into_iter().find(|(index, _)| *index == param.index)?.1;
        Some(Var { graph: self, place })
    }
}

/// While this lives, something stands for a weight: made by [`Graph::replace`].
pub struct Replaced<'g, T: Real> {
    graph: &'g Graph<'g, T>,
    before: usize,
}

impl<T: Real> Drop for Replaced<'_, T> {
    fn drop(&mut self) {
        let now = self.graph.replaced.get();
        self.graph.replaced.set(now.min(self.before));
    }
}
