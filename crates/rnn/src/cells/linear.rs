//! What cells whose state is a linear recurrence have in common.

use crate::seq::Seq;
use elman_autograd::{Var, rules};
use elman_tensor::Real;

/// All states of `h′ = a ∘ h + b`, flushed to zero, and the one that each row ends with, from the `a` and `b` of all
/// steps, `[time, batch, n]`: with the bits of its steps, or by a parallel scan. Rows start anew
/// from 0.
#[track_caller]
pub(super) fn states<'g, T: Real>(
    xs: Seq<'g, T>,
    [mut a, b]: [Var<'g, T>; 2],
    h: Var<'g, T>,
    parallel: bool,
) -> (Var<'g, T>, Var<'g, T>) {
    if let Some(resets) = xs.resets() {
        let (shape, rows) = (a.shape(), [a.shape().rows(), a.shape().last()]);
        a = xs.graph().zeros(rows).select(resets, a.reshape(rows)).reshape(shape);
    }
    let states = xs.graph().apply(rules::Recurrence { parallel }, [a, b, h]);
    (states, xs.with_values(states).ends(h))
}

/// Whether a whole sequence can be computed at once: there are steps, and nothing has failed.
#[track_caller]
pub(super) fn at_once<T: Real>(xs: &Seq<'_, T>) -> bool {
    xs.check("sequence", std::panic::Location::caller());
    xs.time() > 0 && !xs.graph().failed()
}

/// A cell of one state whose `factors` a and b are all that tells it from others: h′ = a ∘ h + b,
/// and the output h′.
macro_rules! linear_cell {
    ($cell:ident) => {
        impl Cell for $cell {
            type State<'g, T: Real> = [Var<'g, T>; 1];

            fn output(&self) -> usize {
                self.b.shape().last() / Self::PARTS
            }

            #[track_caller]
            fn step<'g, T: Real>(
                &self,
                x: Var<'g, T>,
                [h]: [Var<'g, T>; 1],
            ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
                let [a, b] = self.factors(x);
                let h = a * h + b;
                let h = h.flush_to_zero();
                (h, [h])
            }

            #[track_caller]
            fn sequence<'g, T: Real>(
                &self,
                xs: crate::seq::Seq<'g, T>,
                [h]: [Var<'g, T>; 1],
            ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
                if !super::linear::at_once(&xs) {
                    return crate::scan::scan(self, xs, [h]);
                }
                let factors = self.factors(xs.values());
                let (hs, last) = super::linear::states(xs, factors, h, self.parallel);
                (xs.silenced(hs), [last])
            }
        }
    };
}
pub(super) use linear_cell;
