use crate::{Error, Layout, Row, Scratch, Target, Task, layout::length, moments::Moments};
use elman_tensor::{Random, Real};

/// NARMA-10: a nonlinear moving average of its own past and of its input's.
///
/// Atiya and Parlos (2000), the system of order 10:
///
/// ```text
/// y(t+1) = 0.3 y(t) + 0.05 y(t) Σ_{i=0..9} y(t-i) + 1.5 u(t-9) u(t) + 0.1
/// ```
///
/// with `u` uniform in [0, 0.5) and `y` = 0 before the first step it applies to. The
/// system is not stable for all inputs: about once in 60 000 steps `y` passes 1, from
/// where it may grow without bound. A sequence in which that happens is drawn again, as
/// a whole, so `y` lies in [0, 1]. The first 200 steps are left out.
///
/// `x: [time, batch, 1]` is u(t), `y: [time, batch, 1]` is y(t+1), which follows from it.
///
/// **Baseline**: the variance of `y`, about 0.012; measured on 64 sequences of 1024 steps.
///
/// ```
/// use elman_data::Narma10;
///
/// let (u, y) = Narma10::new(7, 20, 1)?.series(0, 20)?;
/// let t = 15; // y[t - 1] is y(t)
/// let sum: f64 = (0..10).map(|i| y[t - 1 - i]).sum();
/// let next = 0.3 * y[t - 1] + 0.05 * y[t - 1] * sum + 1.5 * u[t - 9] * u[t] + 0.1;
/// assert!((y[t] - next).abs() < 1e-12);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Narma10 {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 1.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// Steps before the first of the sequence; 200.
    pub washout: usize,
}

/// How often a sequence that passes 1 is drawn again before it is an error.
const DRAWS: u64 = 100;

impl Narma10 {
    /// Sequences of `time` steps.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = Narma10 { seed, time, batch, washout: 200 };
        task.layout()?.check()?;
        Ok(task)
    }

    /// The first `len` inputs u(t) and targets y(t+1) of sequence `n`.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if `len` is above half of [`LIMIT`](crate::LIMIT), and
    /// [`Error::Diverged`] if no draw stays below 1, to be reckoned with from a
    /// length of about 300 000 on.
    pub fn series(&self, n: u64, len: usize) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let mut scratch = Scratch::default();
        let (u, y) = self.draw(n, len, &mut scratch)?;
        Ok((u.to_vec(), y.to_vec()))
    }

    /// Inputs and targets of sequence `n`, `len` each.
    fn draw<'s>(
        &self,
        n: u64,
        len: usize,
        scratch: &'s mut Scratch,
    ) -> Result<(&'s [f64], &'s [f64]), Error> {
        // u before t = 0, and y before t = 10, are there so that no index is special.
        let steps = length("NARMA-10, steps", &[self.washout, len, 10])?;
        let size = crate::layout::size("NARMA-10, values", &[2, steps])?;
        let (u, y) = scratch.values(size)?.split_at_mut(steps);
        let mut random = Random::new(self.seed, "narma-10", n);
        let stays = (0..DRAWS).any(|_| {
            y.fill(0.0);
            u[..9].fill_with(|| random.uniform(0.0, 0.5));
            (9..steps - 1).all(|t| {
                u[t] = random.uniform(0.0, 0.5);
                let sum: f64 = (0..10).map(|i| y[t - i]).sum();
                y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * sum + 1.5 * u[t - 9] * u[t] + 0.1;
                y[t + 1] <= 1.0
            })
        });
        if !stays {
            let hint = "it takes a shorter sequence";
            return Err(Error::Diverged { what: "NARMA-10", series: n, hint });
        }
        let first = 9 + self.washout;
        Ok((&u[first..first + len], &y[first + 1..first + 1 + len]))
    }
}

impl Task for Narma10 {
    fn layout(&self) -> Result<Layout, Error> {
        let &Narma10 { time, batch, washout, .. } = self;
        let steps = length("NARMA-10, steps", &[washout, time, 10])?;
        crate::layout::size("NARMA-10, values", &[2, steps])?;
        Ok(Layout { time, batch, features: 1, target: Target::Steps(time, 1), classes: false })
    }

    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let (u, y) = self.draw(n, self.time, scratch)?;
        for (t, (&u, &y)) in u.iter().zip(y).enumerate() {
            row.x(t, 0, u);
            row.y(t, 0, y);
        }
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        let (mut moments, mut scratch) = (Moments::default(), Scratch::default());
        for n in 0..64 {
            self.draw(n, 1024, &mut scratch)?.1.iter().for_each(|&y| moments.add(y));
        }
        Ok(moments.variance())
    }
}
