//! A vector for each symbol.

use elman_autograd::{Error, Graph, Param, Params, Scope, Var};
use elman_tensor::{Init, Real};
use std::panic::Location;

/// A table `[symbols, size]` of learned vectors, drawn from the standard normal distribution.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::Embedding;
///
/// let (letters, params) = Params::<f32>::init(1, |p| Embedding::new(p.scope("letters"), 26, 5))?;
/// // Two rows of three steps, step by step.
/// let shape = Tape::new().evaluate(&params, |g| {
///     letters.sequence(g, &[7, 0, 4, 1, 24, 2], 2).shape()
/// })?;
/// assert_eq!(shape.dims(), [3, 2, 5]);
/// assert_eq!(letters.row(&params, 7).map(<[f32]>::len), Some(5));
/// assert_eq!(letters.row(&params, 26), None);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedding {
    table: Param,
}

impl Embedding {
    /// A table of `symbols` vectors.
    ///
    /// # Errors
    /// If the table cannot be created.
    pub fn new(mut p: Scope<'_>, symbols: usize, size: usize) -> Result<Self, Error> {
        Ok(Embedding { table: p.weight("table", [symbols, size], Init::Normal { std: 1.0 })? })
    }

    /// The table.
    pub fn param(&self) -> Param {
        self.table
    }

    /// The vector of one symbol, for pushing into a [`Stream`](crate::Stream); `None` if there is
    /// no such symbol, or if the parameters are others.
    pub fn row<'p, T: Real>(&self, params: &'p Params<T>, id: u32) -> Option<&'p [T]> {
        let (size, id) = (self.table.shape().last(), id as usize);
        let table = params.get(self.table)?.values();
        let start = id.checked_mul(size)?;
        (id < self.table.shape().rows()).then(|| table.get(start..start + size))?
    }

    /// The vectors of some symbols: `[ids, size]`.
    #[track_caller]
    pub fn of<'g, T: Real>(&self, g: &'g Graph<'g, T>, ids: &[u32]) -> Var<'g, T> {
        let _layer = g.layer(self.table);
        g.param(self.table).gather(g.ids(ids))
    }

    /// The vectors of a batch of sequences of symbols, step by step: `[time, batch, size]`.
    #[track_caller]
    pub fn sequence<'g, T: Real>(
        &self,
        g: &'g Graph<'g, T>,
        ids: &[u32],
        batch: usize,
    ) -> Var<'g, T> {
        let time = ids.len().checked_div(batch).unwrap_or(0);
        if time * batch != ids.len() {
            let reason = format!("{} symbols are no whole steps of {batch} rows", ids.len());
            g.refuse("embedding", reason, Location::caller());
        }
        self.of(g, ids).reshape([time, batch, self.table.shape().last()])
    }
}
