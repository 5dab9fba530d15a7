//! One random mask a sequence.

use super::{map_first, probability};
use crate::cell::Cell;
use crate::scan::scan;
use crate::seq::Seq;
use elman_autograd::{Error, Scope, Var, rules};
use elman_tensor::Real;
use std::panic::Location;

/// A cell whose inputs, and the output it remembers, are dropped in training by masks that stay the
/// same through a sequence (Gal and Ghahramani 2016): x ∘ m and h ∘ n go into every step.
///
/// What is remembered beside the output (the cell of an LSTM) is not dropped. In evaluation it is
/// the cell itself. Dropping the state goes step by step; dropping inputs alone leaves the cell its
/// fast sequence.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_rnn::{Elman, Layer, Rnn, Variational};
/// use elman_tensor::Tensor;
///
/// // Of 20 inputs some are dropped, the same at all steps: no gradient reaches them at any.
/// let (cell, params) = Params::<f64>::init(1, |p| {
///     Variational::new(Elman::new(p.scope("cell"), 20, 4)?, p.scope("drop"), 0.5, 0.0)
/// })?;
/// let (x, mut tape, mut grad) = (Tensor::zeros([2, 1, 20])?, Tape::new(), Grad::zeros(&params));
/// tape.gradient(&params, &mut grad, |g| Rnn(cell).forward(g.wanted(&x)).values().sum())?;
/// let (first, second) = tape.wanted(0).unwrap().values().split_at(20);
/// let dropped = |dx: &[f64]| dx.iter().map(|dx| *dx == 0.0).collect::<Vec<_>>();
/// assert_eq!(dropped(first), dropped(second));
/// assert!(dropped(first).contains(&true) && dropped(first).contains(&false));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variational<C> {
    cell: C,
    input: f64,
    state: f64,
    key: u64,
}

impl<C: Cell> Variational<C> {
    /// Inputs dropped with probability `input`, the first part of the state with `state`. The path
    /// tells its masks from those of others.
    ///
    /// # Errors
    /// If a rate is no probability below 1.
    pub fn new(cell: C, p: Scope<'_>, input: f64, state: f64) -> Result<Self, Error> {
        let input = probability("the rate of inputs", input)?;
        Ok(Variational {
            cell,
            input,
            state: probability("the rate of the state", state)?,
            key: p.key(),
        })
    }
}

impl<C: Cell> Cell for Variational<C> {
    const EXACT: bool = C::EXACT;
    as_inner!(cell: state output initial packed);

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (g, line) = (x.graph(), Location::caller());
        let drop = |x, rate, key| {
            if rate == 0.0 || !g.training() {
                return x;
            }
            let keys = g.keys_always(key);
            g.apply_at(rules::Dropout { rate, keys, over_time: false }, [x], line)
        };
        let s = map_first(s, |h| drop(h, self.state, self.key.wrapping_add(1)));
        self.cell.step(drop(x, self.input, self.key), s)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let g = xs.graph();
        if !g.training() {
            return self.cell.sequence(xs, s);
        }
        if self.state > 0.0 {
            return scan(self, xs, s);
        }
        let ones = g.constant([xs.batch(), xs.values().shape().last()], 1.0);
        let mask = ones.dropout_always(self.input, self.key);
        self.cell.sequence(xs.with_values(xs.values() * mask), s)
    }
}
