use crate::{Error, layout::length};
use elman_tensor::{Random, reserve};

/// Memory that a task may use while it writes a row, kept from batch to batch.
///
/// What it holds between rows is never needed for a result, only for speed: rows
/// stay pure functions of their number.
///
/// ```
/// use elman_data::Scratch;
///
/// let mut scratch = Scratch::default();
/// assert_eq!(scratch.values(3)?, [0.0; 3]);
/// let first = scratch.order(7, 0, 100)?.to_vec();
/// assert_ne!(scratch.order(7, 1, 100)?, first); // of another epoch
/// assert_eq!(scratch.order(7, 0, 100)?, first);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    values: Vec<f64>,
    order: Vec<usize>,
    /// What `order` is the order of: seed, epoch, size.
    key: Option<(u64, u64, usize)>,
}

impl Scratch {
    /// `len` numbers, all zero.
    ///
    /// # Errors
    ///
    /// If `len` is above [`LIMIT`](crate::LIMIT), or there is no memory for them.
    pub fn values(&mut self, len: usize) -> Result<&mut [f64], Error> {
        self.values.clear();
        reserve(&mut self.values, length("scratch", &[len])?)?;
        self.values.resize(len, 0.0);
        Ok(&mut self.values)
    }

    /// The numbers below `n` in the shuffled order of an epoch: a pure function of
    /// (`seed`, `epoch`, `n`), in which each appears exactly once.
    ///
    /// It is computed when another epoch begins, and kept until then.
    ///
    /// # Errors
    ///
    /// If `n` is above [`LIMIT`](crate::LIMIT), or there is no memory for the order.
    pub fn order(&mut self, seed: u64, epoch: u64, n: usize) -> Result<&[usize], Error> {
        if self.key != Some((seed, epoch, n)) {
            self.key = None;
            self.order.clear();
            reserve(&mut self.order, length("order", &[n])?)?;
            self.order.extend(0..n);
            Random::new(seed, "order", epoch).shuffle(&mut self.order);
            self.key = Some((seed, epoch, n));
        }
        Ok(&self.order)
    }
}
