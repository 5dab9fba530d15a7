use crate::{Error, Layout, Row, Scratch, Target, Task};
use elman_tensor::{Random, Real};

/// A random sequence in, another random sequence out.
///
/// The first exercise of many texts on recurrent networks, and of the one that this
/// project began with: inputs and targets are independent and uniform in `[-1, 1)`.
/// One fixed batch can be learned by heart, and the loss shows that gradients flow.
/// From one batch to the next there is nothing to learn, so the loss on fresh batches
/// cannot fall below the baseline: a loss that does is a leak.
///
/// `x: [time, batch, input]`, `y: [time, batch, output]`.
///
/// **Baseline**: guessing 0 costs the variance of the targets, 1/3.
///
/// ```
/// use elman_data::{Batch, RandomSequence, Task};
///
/// let task = RandomSequence::new(7, 20, 4, 3, 2)?;
/// let mut batch = Batch::<f32>::new();
/// task.fill(&mut batch, 0)?;
/// assert_eq!(batch.x.shape().dims(), [20, 4, 3]);
/// assert_eq!(batch.y.shape().dims(), [20, 4, 2]);
/// assert_eq!(task.baseline()?, 1.0 / 3.0);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RandomSequence {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 1.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// Inputs a step.
    pub input: usize,
    /// Targets a step.
    pub output: usize,
}

impl RandomSequence {
    /// Random sequences of `time` steps with `input` inputs and `output` targets.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(
        seed: u64,
        time: usize,
        batch: usize,
        input: usize,
        output: usize,
    ) -> Result<Self, Error> {
        let task = RandomSequence { seed, time, batch, input, output };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for RandomSequence {
    fn layout(&self) -> Result<Layout, Error> {
        let &RandomSequence { time, batch, input, output, .. } = self;
        let target = Target::Steps(time, output);
        Ok(Layout { time, batch, features: input, target, classes: false })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "random sequence", n);
        for t in 0..self.time {
            (0..self.input).for_each(|i| row.x(t, i, random.uniform(-1.0, 1.0)));
            (0..self.output).for_each(|k| row.y(t, k, random.uniform(-1.0, 1.0)));
        }
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok(1.0 / 3.0)
    }
}
