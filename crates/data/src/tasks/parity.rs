use crate::{Error, Layout, Row, Scratch, Target, Task};
use elman_tensor::{Random, Real};

/// Sequential parity: after every bit, whether the number of ones so far is odd.
///
/// Minsky and Papert (1969) showed that parity needs every one of its inputs; told
/// bit by bit it needs one bit of memory that is never forgotten:
///
/// ```text
/// yₜ = y_{t-1} xor xₜ,    y₋₁ = 0,    xₜ ∈ {0, 1} with equal chances
/// ```
///
/// `x: [time, batch, 1]`, `y: [time, batch, 1]` (0 or 1), `ids: [time, batch]`.
///
/// **Baseline**: every parity is as likely as the other, ln 2 = 0.693 nats at every
/// step. (Squared errors of `y` against 1/2 are 0.25, and half of the answers right.)
///
/// ```
/// use elman_data::{Batch, Parity, Task};
///
/// let mut batch = Batch::<f64>::new();
/// Parity::new(7, 20, 1)?.fill(&mut batch, 0)?;
/// let mut ones = 0;
/// for (bit, odd) in batch.x.values().iter().zip(&batch.ids) {
///     ones += *bit as u32;
///     assert_eq!(*odd, ones % 2);
/// }
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Parity {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 1.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl Parity {
    /// Parity of up to `time` bits.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = Parity { seed, time, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for Parity {
    fn layout(&self) -> Result<Layout, Error> {
        let &Parity { time, batch, .. } = self;
        Ok(Layout { time, batch, features: 1, target: Target::Steps(time, 1), classes: true })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "parity", n);
        let mut y = false;
        for t in 0..self.time {
            let x = random.bernoulli(0.5);
            y ^= x;
            row.x(t, 0, f64::from(x));
            row.y(t, 0, f64::from(y));
            row.id(t, u32::from(y));
        }
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok(std::f64::consts::LN_2)
    }
}
