use crate::{
    Error, Layout, Row, Scratch, Target, Task,
    error::want,
    layout::{length, size, zeros},
};
use elman_tensor::{Random, Real};

/// Measuring spike delays: how long ago was the last spike?
///
/// Gers, Schraudolph and Schmidhuber (2002), the task that they call MSD. The input is a
/// train of spikes, 1 at step 0 and wherever one follows, 0 elsewhere; the delay from each
/// spike to the next is `F + I` steps, with `I` uniform in `0 ..= R`. When a spike comes,
/// the network has to say how late it is:
///
/// ```text
/// yₜ = I / R    if a spike comes at t, I steps later than it might;    0 elsewhere
/// ```
///
/// so the first spike, before which there is none, has target 0. By default `F` = 10 and
/// `R` = 10.
///
/// `x: [time, batch, 1]`, `y: [time, batch, 1]`.
///
/// **Baseline**: the mean variance of `yₜ`, from the chance `uₜ` of a spike at `t`, which
/// obeys `u₀ = 1`, `uₜ = Σ_{i=0..R} u_{t-F-i} / (R + 1)`.
///
/// ```
/// use elman_data::{Batch, SpikeDelays, Task};
///
/// let mut batch = Batch::<f64>::new();
/// SpikeDelays::new(7, 200, 1)?.fill(&mut batch, 0)?;
/// let (x, y) = (batch.x.values(), batch.y.values());
/// let spikes: Vec<usize> = (0..200).filter(|&t| x[t] == 1.0).collect();
/// for pair in spikes.windows(2) {
///     let late = (pair[1] - pair[0] - 10) as f64; // later than it might, by 0 to 10 steps
///     assert_eq!(y[pair[1]], late / 10.0);
/// }
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SpikeDelays {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 1.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// The shortest delay `F` in steps, at least 1; 10.
    pub shortest: usize,
    /// By how many steps `R` the longest delay is longer, at least 1; 10.
    pub range: usize,
}

impl SpikeDelays {
    /// Trains of `time` steps, with delays of 10 to 20.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = SpikeDelays { seed, time, batch, shortest: 10, range: 10 };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for SpikeDelays {
    fn layout(&self) -> Result<Layout, Error> {
        let &SpikeDelays { time, batch, shortest, range, .. } = self;
        want(shortest >= 1, "SpikeDelays", "shortest", shortest, "at least 1")?;
        want(range >= 1, "SpikeDelays", "range", range, "at least 1")?;
        length("SpikeDelays, steps", &[time, shortest, range])?;
        Ok(Layout { time, batch, features: 1, target: Target::Steps(time, 1), classes: false })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "spike delays", n);
        let (mut t, mut late) = (0, 0);
        while t < self.time {
            row.x(t, 0, 1.0);
            row.y(t, 0, late as f64 / self.range as f64);
            late = random.below(self.range + 1);
            t += self.shortest + late;
        }
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        let &SpikeDelays { time, shortest, range, .. } = self;
        // Every pair of a step and a delay is looked at.
        size("SpikeDelays, steps and delays", &[time, range + 1])?;
        let mut u = zeros("SpikeDelays, steps", time)?;
        u[0] = 1.0;
        let mut sum = 0.0;
        for t in shortest..time {
            let (mut mean, mut square) = (0.0, 0.0);
            for i in 0..=range.min(t - shortest) {
                let (chance, y) =
                    (u[t - shortest - i] / (range + 1) as f64, i as f64 / range as f64);
                u[t] += chance;
                mean += chance * y;
                square += chance * y * y;
            }
            sum += square - mean * mean;
        }
        Ok(sum / time as f64)
    }
}
