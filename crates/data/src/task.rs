use crate::{Batch, Error, Layout, Row, Scratch};
use elman_tensor::Real;

/// An endless supply of batches to learn from, each a pure function of its index.
///
/// A task is plain data with a seed in it. It numbers its sequences 0, 1, 2, ...;
/// batch `i` of size `B` holds the sequences `iB` to `iB + B - 1`. So a batch is its
/// rows: every sequence depends on (seed, number) alone, and drawing them in batches
/// of another size, again, or out of order gives the same bits. Test data is a range
/// of indices that training never reaches, or another seed.
///
/// An own task is a type with two methods, [`layout`](Task::layout) and
/// [`row`](Task::row), and a [`baseline`](Task::baseline) to be measured against:
///
/// ```
/// use elman_data::{Batch, Error, Layout, Row, Scratch, Target, Task};
/// use elman_tensor::{Random, Real};
///
/// /// A random bit, to be recalled after `delay` steps of silence.
/// struct Recall { seed: u64, delay: usize, batch: usize }
///
/// impl Task for Recall {
///     fn layout(&self) -> Result<Layout, Error> {
///         let target = Target::Sequence(1);
///         Ok(Layout { time: self.delay + 1, batch: self.batch, features: 1, target, classes: false })
///     }
///     fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
///         let bit = if Random::new(self.seed, "recall", n).bernoulli(0.5) { 1.0 } else { -1.0 };
///         row.x(0, 0, bit);
///         row.y(0, 0, bit);
///         Ok(())
///     }
///     fn baseline(&self) -> Result<f64, Error> { Ok(1.0) }
/// }
///
/// # fn main() -> Result<(), Error> {
/// let task = Recall { seed: 7, delay: 20, batch: 4 };
/// let mut batch = Batch::<f32>::new();
/// task.fill(&mut batch, 0)?;
/// assert_eq!(batch.x.shape().dims(), [21, 4, 1]);
/// assert_eq!(batch.x.values()[..4], *batch.y.values());
/// # Ok(()) }
/// ```
pub trait Task {
    /// The shapes of every batch.
    ///
    /// # Errors
    ///
    /// If a field of the task is outside of what it may be, or the batch too large.
    fn layout(&self) -> Result<Layout, Error>;

    /// Writes sequence number `n`, which must depend on `n` and the fields only.
    ///
    /// # Errors
    ///
    /// If the sequence cannot be made; each task says when that is.
    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error>;

    /// The expected loss of the best predictor that ignores the sequence: it may
    /// know the time step, but nothing of the inputs. What has not been beaten has
    /// not been learned.
    ///
    /// The mean squared error over all targets; where targets are classes, the mean
    /// cross-entropy in nats. Padding does not count: where rows have lengths, it is the
    /// mean over the steps of all rows.
    ///
    /// # Errors
    ///
    /// As [`layout`](Task::layout), and where it has to be measured as [`row`](Task::row).
    fn baseline(&self) -> Result<f64, Error>;

    /// Fills batch number `index`.
    ///
    /// # Errors
    ///
    /// As [`layout`](Task::layout) and [`row`](Task::row), and if the numbers of the
    /// sequences do not fit 64 bits.
    fn fill<T: Real>(&self, batch: &mut Batch<T>, index: u64) -> Result<(), Error> {
        let layout = self.layout()?;
        let size = layout.batch as u64;
        // Checked for the last row, so that first + k cannot overflow below.
        let last = index.checked_add(1).and_then(|next| next.checked_mul(size));
        crate::error::want(
            last.is_some(),
            "Task::fill",
            "index",
            index,
            "at most 2^64 / batch - 1",
        )?;
        let first = index * size;
        batch.fill(layout, |k, row, scratch| self.row(first + k as u64, row, scratch))
    }
}
