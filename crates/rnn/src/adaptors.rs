//! Cells and layers around other ones.

/// What a cell around another one, `C` in a field, has in common with it: `state`, `output`,
/// `initial`, `step`, `packed`.
macro_rules! as_inner {
    ($inner:tt: $($what:ident)*) => {
        $(as_inner!(@$what $inner);)*
    };
    (@state $inner:tt) => {
        type State<'g, T: Real> = C::State<'g, T>;
    };
    (@output $inner:tt) => {
        fn output(&self) -> usize {
            self.$inner.output()
        }
    };
    (@initial $inner:tt) => {
        #[track_caller]
        fn initial<'g, T: Real>(
            &self,
            g: &'g elman_autograd::Graph<'g, T>,
            batch: usize,
        ) -> Self::State<'g, T> {
            self.$inner.initial(g, batch)
        }
    };
    (@step $inner:tt) => {
        #[track_caller]
        fn step<'g, T: Real>(
            &self,
            x: Var<'g, T>,
            s: Self::State<'g, T>,
        ) -> (Var<'g, T>, Self::State<'g, T>) {
            self.$inner.step(x, s)
        }
    };
    (@packed $inner:tt) => {
        fn packed<T: Real>(
            &self,
            params: &elman_autograd::Params<T>,
            batch: usize,
        ) -> Option<Box<dyn crate::packed::Packed<T>>> {
            self.$inner.packed(params, batch)
        }
    };
}
pub(crate) use as_inner;

mod clipped;
mod dropout;
mod learned;
mod residual;
mod segmented;
mod skip;
mod truncated;
mod variational;
mod weight_drop;
mod zoneout;

pub use clipped::Clipped;
pub use dropout::Dropout;
pub use learned::Learned;
pub use residual::Residual;
pub use segmented::Segmented;
pub use skip::Skip;
pub use truncated::Truncated;
pub use variational::Variational;
pub use weight_drop::WeightDrop;
pub use zoneout::Zoneout;

use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Error, Var};
use elman_tensor::Real;
use std::panic::Location;

/// The rate of a random mask: at least 0, and below 1.
fn probability(what: &'static str, rate: f64) -> Result<f64, Error> {
    if (0.0..1.0).contains(&rate) {
        return Ok(rate);
    }
    Err(Error::Setting { what, wanted: "at least 0 and below 1", given: rate.to_string() })
}

/// The number of steps of a piece: 1 at least.
fn some_steps(what: &'static str, steps: usize) -> Result<usize, Error> {
    if steps > 0 {
        return Ok(steps);
    }
    Err(Error::Setting { what, wanted: "at least 1 step", given: steps.to_string() })
}

/// The first Var of a state replaced.
fn map_first<'g, T: Real, S: State<'g, T>>(s: S, f: impl FnOnce(Var<'g, T>) -> Var<'g, T>) -> S {
    let mut f = Some(f);
    s.map(&mut |s| match f.take() {
        Some(f) => f(s),
        None => s,
    })
}

/// A sequence piece by piece, each with the time step marked at which it begins.
struct Pieces<'g, T: Real> {
    xs: Seq<'g, T>,
    /// Where the next piece begins.
    start: usize,
    /// The time step that was marked around the sequence.
    outside: Option<usize>,
}

impl<'g, T: Real> Pieces<'g, T> {
    #[track_caller]
    fn new(xs: Seq<'g, T>) -> Self {
        xs.check("sequence", Location::caller());
        Pieces { xs, start: 0, outside: xs.graph().now() }
    }

    /// The time step at which the next piece begins.
    fn now(&self) -> usize {
        self.outside.unwrap_or(0).saturating_add(self.start)
    }

    /// The next piece, of so many steps or as many as are left; `None` at the end, and after a
    /// failure.
    #[track_caller]
    fn next(&mut self, steps: usize) -> Option<Seq<'g, T>> {
        let left = self.xs.time() - self.start;
        if left == 0 || self.xs.graph().failed() {
            self.xs.graph().time(self.outside);
            return None;
        }
        self.xs.graph().time(Some(self.now()));
        let piece = self.xs.slice(self.start, steps.min(left));
        self.start += steps.min(left);
        Some(piece)
    }
}
