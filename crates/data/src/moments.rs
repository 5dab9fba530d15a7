/// Mean and variance of numbers that come one by one (Welford 1962): no sum of
/// squares, so nothing cancels.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    pub(crate) fn add(&mut self, x: f64) {
        let d = x - self.mean;
        self.count += 1.0;
        self.mean += d / self.count;
        self.squares += d * (x - self.mean);
    }

    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    /// The mean squared deviation from the mean; 0 of no numbers.
    pub(crate) fn variance(&self) -> f64 {
        self.squares / self.count.max(1.0)
    }
}
