use crate::{Error, Layout, Row, Scratch, Target, Task, error::want};
use elman_tensor::{Random, Real};

/// The adding problem: the sum of the two marked values of a long sequence.
///
/// Hochreiter and Schmidhuber (1997), experiment 4. Values are uniform, `vₜ ∈ [-1, 1)`;
/// markers `mₜ` are 1 at one step of the first half and at one of the second, drawn
/// uniformly, and 0 elsewhere:
///
/// ```text
/// y = v_i + v_j,    i ∈ [0, ⌊T/2⌋),  j ∈ [⌊T/2⌋, T)
/// ```
///
/// The original has sequences of random length, -1 as marker at both ends and the
/// target scaled to `0.5 + (v_i + v_j) / 4`; here the length is fixed and the target
/// is the plain sum, so that errors are in units of the values.
///
/// `x: [time, batch, 2]` is value and marker, `y: [batch, 1]`.
///
/// **Baseline**: guessing 0 costs the variance of the sum, 2 · 1/3 = 2/3.
///
/// ```
/// use elman_data::{Adding, Batch, Task};
///
/// let task = Adding::new(7, 20, 1)?;
/// let mut batch = Batch::<f64>::new();
/// task.fill(&mut batch, 0)?;
/// let sum: f64 = batch.x.values().chunks(2).map(|x| x[0] * x[1]).sum(); // value · marker
/// assert_eq!(batch.y.values(), [sum]);
/// assert_eq!(task.baseline()?, 2.0 / 3.0);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Adding {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 2: one for each half.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl Adding {
    /// The adding problem of `time` steps.
    ///
    /// # Errors
    ///
    /// If `time` is below 2, `batch` is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = Adding { seed, time, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for Adding {
    fn layout(&self) -> Result<Layout, Error> {
        let &Adding { time, batch, .. } = self;
        want(time >= 2, "Adding", "time", time, "at least 2, for a marker in each half")?;
        Ok(Layout { time, batch, features: 2, target: Target::Sequence(1), classes: false })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "adding", n);
        let [a, b] = marked(&mut random, self.time, -1.0, row);
        row.y(0, 0, a + b);
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok(2.0 / 3.0)
    }
}

/// Writes `time` values, uniform in `[low, 1)`, and a marker in each half. The marked values.
pub(crate) fn marked<T: Real>(
    random: &mut Random,
    time: usize,
    low: f64,
    row: &mut Row<'_, T>,
) -> [f64; 2] {
    let half = time / 2;
    let places = [random.below(half), half + random.below(time - half)];
    let mut values = [0.0; 2];
    for t in 0..time {
        let v = random.uniform(low, 1.0);
        row.x(t, 0, v);
        if let Some(i) = places.iter().position(|&place| place == t) {
            row.x(t, 1, 1.0);
            values[i] = v;
        }
    }
    values
}
