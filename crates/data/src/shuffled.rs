use crate::{Error, Layout, Row, Scratch, Task, Windows, moments::Moments};
use elman_tensor::Real;

/// Windows in a shuffled order: a series as a [`Task`].
///
/// The windows of epoch `e` come in an order that is a pure function of (seed, `e`),
/// each exactly once. Epochs follow each other without a seam: sequence `n` is window
/// `n mod count` of epoch `⌊n / count⌋`, so every batch is full, and one batch may hold
/// the end of an epoch and the beginning of the next.
///
/// **Baseline**: the mean squared error of guessing, for every target of a window, its
/// mean over all windows.
///
/// ```
/// use elman_data::{Batch, Task, Windows};
///
/// // Four windows of one value and the next: in an epoch each comes once, in any order.
/// let series = [0.0, 1.0, 2.0, 3.0, 4.0];
/// let shuffled = Windows::new(&series, 1, 1, 1)?.shuffled(7, 4)?;
/// let mut batch = Batch::<f64>::new();
/// for epoch in 0..3 {
///     shuffled.fill(&mut batch, epoch)?;
///     let (x, y) = (batch.x.values(), batch.y.values());
///     assert!(x.iter().zip(y).all(|(x, y)| *y == x + 1.0));
///     assert_eq!(x.iter().sum::<f64>(), 6.0);
/// }
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shuffled<'a> {
    /// What is shuffled.
    pub windows: Windows<'a>,
    /// The order depends on (seed, epoch).
    pub seed: u64,
    /// Windows in a batch.
    pub batch: usize,
}

impl Task for Shuffled<'_> {
    fn layout(&self) -> Result<Layout, Error> {
        self.windows.layout(self.batch)
    }

    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let count = self.windows.count();
        let (epoch, place) = (n / count as u64, (n % count as u64) as usize);
        let window = scratch.order(self.seed, epoch, count)?[place];
        self.windows.write(window, row)
    }

    fn baseline(&self) -> Result<f64, Error> {
        let layout = self.layout()?;
        layout.check()?;
        let (steps, width) = layout.target.sizes();
        let mut moments =
            vec![Moments::default(); crate::layout::size("targets", &[steps, width])?];
        for i in 0..self.windows.count() {
            self.windows.each_target(i, |t, k, value| moments[t * width + k].add(value));
        }
        Ok(moments.iter().map(Moments::variance).sum::<f64>() / moments.len() as f64)
    }
}
