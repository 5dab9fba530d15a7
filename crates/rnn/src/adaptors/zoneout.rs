//! States that stay as they were, at random.

use super::probability;
use crate::cell::Cell;
use crate::state::State;
use elman_autograd::{Error, Scope, Var, rules};
use elman_tensor::Real;
use std::panic::Location;

/// A cell of whose state each element stays as it was with some probability, at each step anew
/// (Krueger et al. 2017). In evaluation each becomes what is expected of it.
///
/// The output of the cell has to be the first part of its state, as it is of the plain cells here.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Elman, Stream, Zoneout};
///
/// // In evaluation a state that stays with probability ¼ goes three quarters of the way.
/// let (cell, mut params) = Params::<f64>::init(1, |p| {
///     Zoneout::new(Elman::new(p.scope("cell"), 1, 1)?, p.scope("zoneout"), 0.25, 0.0)
/// })?;
/// params.values_mut().fill(30.0); // tanh of the sum is 1
/// let mut stream = Stream::new(&params, cell);
/// let way = stream.predict([[1.0], [1.0]]).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(way.concat(), [0.75, 0.9375]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoneout<C> {
    cell: C,
    rates: [f64; 2],
    key: u64,
}

impl<C: Cell> Zoneout<C> {
    /// The output stays with probability `hidden`, what is remembered beside it (the cell of an
    /// LSTM) with probability `cell`. The path tells its masks from those of others.
    ///
    /// # Errors
    /// If a rate is no probability below 1.
    pub fn new(of: C, p: Scope<'_>, hidden: f64, cell: f64) -> Result<Self, Error> {
        let rates = [
            probability("the rate of zoneout", hidden)?,
            probability("the rate of zoneout", cell)?,
        ];
        Ok(Zoneout { cell: of, rates, key: p.key() })
    }
}

impl<C: Cell> Cell for Zoneout<C> {
    const EXACT: bool = C::EXACT;
    as_inner!(cell: state output initial);

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        old: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        let (g, line) = (x.graph(), Location::caller());
        let (y, new) = self.cell.step(x, old.clone());
        let (mut first, mut part) = (None, 0u64);
        let s = new.zip(old, &mut |new, old| {
            let rate = self.rates[usize::from(part > 0)];
            let h = if part == 0 && !new.is(&y) {
                let reason = "wanted a cell whose output is the first part of its state";
                g.refuse("zoneout", reason.into(), line);
                new
            } else if rate == 0.0 {
                new
            } else if g.training() {
                let keys = g.keys(self.key.wrapping_add(part));
                g.apply_at(rules::Zoneout { rate, keys }, [new, old], line)
            } else {
                // Not by operators, in which the line would be lost.
                let [new, old] = [(1.0 - rate, new), (rate, old)]
                    .map(|(c, s)| g.apply_at(rules::Scale(c), [s], line));
                g.apply_at(rules::Add, [old, new], line)
            };
            part += 1;
            first.get_or_insert(h);
            h
        });
        (first.unwrap_or(y), s)
    }
}
