use crate::{Error, Layout, Row, Scratch, Target, Task, error::want};
use elman_tensor::{Random, Real};

/// Delayed echo: repeat the input of some steps ago, at every step.
///
/// The memory of a network in steps, as Jaeger (2001) measures it. Inputs are uniform,
/// `xₜ ∈ [-1, 1)`:
///
/// ```text
/// yₜ = x_{t-d},    0 for t < d
/// ```
///
/// To answer without an error, a network has to hold `d` numbers at a time.
///
/// `x: [time, batch, 1]`, `y: [time, batch, 1]`.
///
/// **Baseline**: guessing 0 costs the variance of the inputs, 1/3, at all steps but the
/// first `d`, whose target is certain: `(T - d) / 3T`.
///
/// ```
/// use elman_data::{Batch, Echo, Task};
///
/// let mut batch = Batch::<f64>::new();
/// Echo::new(7, 20, 3, 1)?.fill(&mut batch, 0)?;
/// let (x, y) = (batch.x.values(), batch.y.values());
/// assert_eq!(y[..3], [0.0; 3]);
/// assert_eq!(y[3..], x[..17]);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Echo {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps `T`, at least 1.
    pub time: usize,
    /// The delay `d` in steps, below `time`.
    pub delay: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl Echo {
    /// Sequences of `time` steps, and what was heard `delay` steps ago.
    ///
    /// # Errors
    ///
    /// If a size is 0, if the delay is not below `time`, or a batch would be too large.
    pub fn new(seed: u64, time: usize, delay: usize, batch: usize) -> Result<Self, Error> {
        let task = Echo { seed, time, delay, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for Echo {
    fn layout(&self) -> Result<Layout, Error> {
        let &Echo { time, delay, batch, .. } = self;
        want(delay < time, "Echo", "delay", delay, "less than the number of steps")?;
        Ok(Layout { time, batch, features: 1, target: Target::Steps(time, 1), classes: false })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "echo", n);
        for t in 0..self.time {
            let x = random.uniform(-1.0, 1.0);
            row.x(t, 0, x);
            if t + self.delay < self.time {
                row.y(t + self.delay, 0, x);
            }
        }
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok((self.time - self.delay) as f64 / (3.0 * self.time as f64))
    }
}
