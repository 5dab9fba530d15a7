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
