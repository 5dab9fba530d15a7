use super::adding::marked;
use crate::{Error, Layout, Row, Scratch, Target, Task, error::want};
use elman_tensor::{Random, Real};

/// The multiplication problem: the product of the two marked values of a long sequence.
///
/// Hochreiter and Schmidhuber (1997), experiment 5: like [adding](crate::Adding), but no
/// sum that a linear memory could gather. Values are uniform, `vₜ ∈ [0, 1)`; markers are 1
/// at one step of the first half and at one of the second, drawn uniformly, and 0 elsewhere:
///
/// ```text
/// y = v_i v_j,    i ∈ [0, ⌊T/2⌋),  j ∈ [⌊T/2⌋, T)
/// ```
///
/// The original has sequences of random length, draws `i` from the first ten steps, and
/// has -1 as marker at both ends; here the length is fixed, as in the adding problem.
///
/// `x: [time, batch, 2]` is value and marker, `y: [batch, 1]`.
///
/// **Baseline**: guessing 1/4 costs the variance of the product, 1/9 - 1/16 = 7/144.
///
/// ```
/// use elman_data::{Batch, Multiplication, Task};
///
/// let task = Multiplication::new(7, 20, 1)?;
/// let mut batch = Batch::<f64>::new();
/// task.fill(&mut batch, 0)?;
/// let marked = batch.x.values().chunks(2).filter(|x| x[1] == 1.0); // value, marker
/// assert_eq!(batch.y.values(), [marked.map(|x| x[0]).product::<f64>()]);
/// assert!((task.baseline()? - 7.0 / 144.0).abs() < 1e-12);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Multiplication {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 2: one for each half.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl Multiplication {
    /// The multiplication problem of `time` steps.
    ///
    /// # Errors
    ///
    /// If `time` is below 2, `batch` is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = Multiplication { seed, time, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for Multiplication {
    fn layout(&self) -> Result<Layout, Error> {
        let &Multiplication { time, batch, .. } = self;
        want(time >= 2, "Multiplication", "time", time, "at least 2, for a marker in each half")?;
        Ok(Layout { time, batch, features: 2, target: Target::Sequence(1), classes: false })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "multiplication", n);
        let [a, b] = marked(&mut random, self.time, 0.0, row);
        row.y(0, 0, a * b);
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok(7.0 / 144.0)
    }
}
