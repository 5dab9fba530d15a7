//! The quasi-recurrent network.

use super::linear::{at_once, states};
use crate::cell::Cell;
use crate::gate::Gate;
use crate::scan::scan;
use crate::seq::Seq;
use elman_autograd::{Error, Graph, Scope, Var, rules};
use elman_tensor::{Random, Real};

/// The quasi-recurrent network (Bradbury et al. 2017) with a window of two inputs, x and the one
/// before it, x₋, and pooling by a forget and an output gate:
///
/// z, f, o = the three parts of b + x · W + x₋ · U\
/// c′ = σ(f) ∘ c + (1 − σ(f)) ∘ tanh(z)\
/// y = σ(o) ∘ c′
///
/// Weights `w: [in, 3 × hidden]`, `u: [in, 3 × hidden]`, `b: [3 × hidden]` in the order z, f, o.
/// The state is `[c, x]`, `c: [batch, hidden]` and `x: [batch, in]`, the output y. A whole sequence
/// is one product and one pass over its states.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Qrnn, Stream};
///
/// // Behind the 4 numbers of c, the state holds the input before.
/// let (cell, params) = Params::<f32>::init(1, |p| Qrnn::new(p.scope("cell"), 2, 4))?;
/// let stream = Stream::new(&params, cell).warm([[0.1, 0.2], [0.3, 0.4]])?;
/// assert_eq!(stream.output().len(), 4);
/// assert_eq!(stream.state().unwrap()[4..], [0.3, 0.4]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qrnn {
    gates: Gate,
    hidden: usize,
    parallel: bool,
}

impl Qrnn {
    /// A cell, its weights drawn uniformly from ±1/√hidden.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let gates = Gate::drawn(p, [input, input], [3, hidden], |_: &mut Random, _| ())?;
        Ok(Qrnn { gates, hidden, parallel: false })
    }

    /// This cell with whole sequences computed by a parallel scan over time, for few long rows on
    /// many threads: equal to its steps to rounding, not to the bit.
    #[must_use]
    pub fn in_parallel(self) -> Self {
        Qrnn { parallel: true, ..self }
    }

    /// The affine part of z, f and o, with its weights.
    pub fn gates(&self) -> Gate {
        self.gates
    }

    /// What the state is multiplied by, what is added to it, and the output gate.
    #[track_caller]
    fn factors<'g, T: Real>(&self, x: Var<'g, T>, before: Var<'g, T>) -> [Var<'g, T>; 3] {
        let [z, f, o] = self.gates.of(x, before).split();
        let f = f.sigmoid();
        [f, (1.0 - f) * z.tanh(), o.sigmoid()]
    }
}

impl Cell for Qrnn {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.hidden
    }

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> [Var<'g, T>; 2] {
        [g.zeros([batch, self.hidden]), g.zeros([batch, self.gates.hidden()])]
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [c, before]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let [a, b, o] = self.factors(x, before);
        let c = a * c + b;
        let c = c.flush_to_zero();
        (o * c, [c, x.graph().apply(rules::FlushToZero, [x])])
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        [c, before]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        if !at_once(&xs) {
            return scan(self, xs, [c, before]);
        }
        let (g, x, shape) = (xs.graph(), xs.values(), xs.values().shape());
        let first = before.reshape([1, xs.batch(), before.shape().last()]);
        // As states, inputs are flushed: as in a step, apart from what made them.
        let flushed = g.apply(rules::FlushToZero, [x]);
        let mut shifted = g.concat(0, &[first, flushed.slice(0, xs.time() - 1)]);
        if let Some(resets) = xs.resets() {
            let rows = [shape.rows(), shape.last()];
            shifted = g.zeros(rows).select(resets, shifted.reshape(rows)).reshape(shape);
        }
        let [a, b, o] = self.factors(x, shifted);
        let (cs, last) = states(xs, [a, b], c, self.parallel);
        (xs.silenced(o * cs), [last, xs.with_values(flushed).ends(before)])
    }
}
