use crate::{
    Error, Layout, Row, Scratch, Target, Task, error::want, layout::length, moments::Moments,
};
use elman_tensor::{Random, Real};

/// The Mackey-Glass series: a chaotic population with a delay, to be forecast.
///
/// Mackey and Glass (1977), the density of white blood cells whose production answers
/// to their number a time `τ` ago:
///
/// ```text
/// dx/dt = β x(t-τ) / (1 + x(t-τ)ⁿ) - γ x(t)
/// ```
///
/// with β = 0.2, γ = 0.1, n = 10, τ = 17, chaotic from τ = 16.8 on. Integrated by the
/// classical Runge-Kutta method of order 4 in steps of 0.1; half steps of the past are
/// read from its cubic Hermite interpolation, which keeps the order. Sequence `n` has a
/// constant history `x(t ≤ 0)`, uniform in [0.5, 1.5), and is sampled once per unit of
/// time after 500 to 1000 units, their number drawn for each sequence: the series is so
/// nearly periodic that sequences which began together would stay in step for thousands
/// of units. The target is the value 6 units ahead, as in Jang (1993).
///
/// `x: [time, batch, 1]` is x(t), `y: [time, batch, 1]` is x(t + horizon).
///
/// **Baseline**: the variance of the series, about 0.05 by default; measured on 64
/// sequences of 1024 steps.
///
/// ```
/// use elman_data::{Batch, MackeyGlass, Task};
///
/// let task = MackeyGlass::new(7, 50, 1)?;
/// let mut batch = Batch::<f64>::new();
/// task.fill(&mut batch, 0)?;
/// // Six units ahead.
/// assert_eq!(batch.y.values()[..44], batch.x.values()[6..]);
/// assert!(batch.x.values().iter().all(|x| (0.1..1.5).contains(x)));
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MackeyGlass {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 1.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// How many units of time ahead the target is; 6.
    pub horizon: usize,
    /// The production rate β; 0.2.
    pub beta: f64,
    /// The decay rate γ; 0.1.
    pub gamma: f64,
    /// The exponent n; 10.
    pub n: u32,
    /// The delay τ in units of time, at least 1; 17.
    pub tau: usize,
    /// The range of the constant history; (0.5, 1.5).
    pub history: (f64, f64),
    /// Runge-Kutta steps per unit of time, 1 to 1000; 10.
    pub substeps: usize,
    /// The first sample comes after `washout` to twice `washout` units of time; 500.
    pub washout: usize,
}

impl MackeyGlass {
    /// The series with its usual parameters, `time` steps of it.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = MackeyGlass {
            seed,
            time,
            batch,
            horizon: 6,
            beta: 0.2,
            gamma: 0.1,
            n: 10,
            tau: 17,
            history: (0.5, 1.5),
            substeps: 10,
            washout: 500,
        };
        task.layout()?.check()?;
        Ok(task)
    }

    /// The first `len` values of sequence `n`, one per unit of time.
    ///
    /// # Errors
    ///
    /// As [`Task::layout`], [`Error::TooLarge`] if `len` is above [`LIMIT`](crate::LIMIT),
    /// and [`Error::Diverged`] if the parameters let the series grow without bound.
    pub fn series(&self, n: u64, len: usize) -> Result<Vec<f64>, Error> {
        let mut x = crate::layout::zeros("MackeyGlass::series", len)?;
        self.walk(n, len, &mut Scratch::default(), |t, value| x[t] = value)?;
        Ok(x)
    }

    /// Calls `out(t, x(t))` for `len` units of time of sequence `n`.
    fn walk(
        &self,
        n: u64,
        len: usize,
        scratch: &mut Scratch,
        mut out: impl FnMut(usize, f64),
    ) -> Result<(), Error> {
        self.layout()?;
        let what = "MackeyGlass, units of time";
        length(what, &[self.washout, self.washout, len])?;
        let h = 1.0 / self.substeps as f64;
        let mut random = Random::new(self.seed, "mackey-glass", n);
        let (from, to) = self.history;
        let mut x = from + (to - from) * random.uniform(0.0, 1.0);
        let first = self.washout + random.below(self.washout + 1);
        let steps = first + len;

        // Production at grid points and half way to the next, for a delay and one step
        // more: slot j mod ring is step j, so j - τ is slot j + 1.
        let ring = self.tau * self.substeps + 1;
        let (grid, half) = scratch.values(2 * ring)?.split_at_mut(ring);
        grid.fill(self.production(x));
        half.fill(self.production(x));

        let mut j = 0;
        for t in 0..steps {
            if !x.is_finite() {
                let hint = "it takes a smaller beta, or a larger gamma";
                return Err(Error::Diverged { what: "MackeyGlass", series: n, hint });
            }
            if t >= first {
                out(t - first, x);
            }
            for _ in 0..self.substeps {
                let [now, next, after] = [j % ring, (j + 1) % ring, (j + 2) % ring];
                let (a, m, b) = (grid[next], half[next], grid[after]);
                let k1 = a - self.gamma * x;
                let k2 = m - self.gamma * (x + 0.5 * h * k1);
                let k3 = m - self.gamma * (x + 0.5 * h * k2);
                let k4 = b - self.gamma * (x + h * k3);
                let y = x + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
                let slope = b - self.gamma * y;
                half[now] = self.production(0.5 * (x + y) + h / 8.0 * (k1 - slope));
                grid[next] = self.production(y);
                x = y;
                j = next;
            }
        }
        Ok(())
    }

    /// `β x / (1 + xⁿ)`, the power by squaring: `powi` may differ between machines.
    fn production(&self, x: f64) -> f64 {
        let (mut power, mut square, mut n) = (1.0, x, self.n);
        while n > 0 {
            if n & 1 == 1 {
                power *= square;
            }
            square *= square;
            n >>= 1;
        }
        self.beta * x / (1.0 + power)
    }
}

impl Task for MackeyGlass {
    fn layout(&self) -> Result<Layout, Error> {
        let &MackeyGlass { time, batch, tau, substeps, history, .. } = self;
        let what = "MackeyGlass";
        want(tau >= 1, what, "tau", tau, "at least 1")?;
        want((1..=1000).contains(&substeps), what, "substeps", substeps, "1 to 1000")?;
        want(history.0 <= history.1, what, "history", history, "an ordered range")?;
        for (name, x) in [
            ("beta", self.beta),
            ("gamma", self.gamma),
            ("history", history.0),
            ("history", history.1),
        ] {
            want(x.is_finite() && x >= 0.0, what, name, x, "a finite number, not negative")?;
        }
        crate::layout::size("MackeyGlass, steps of the delay", &[2, tau, substeps])?;
        let lengths = [self.washout, self.washout, time, self.horizon];
        length("MackeyGlass, units of time", &lengths)?;
        Ok(Layout { time, batch, features: 1, target: Target::Steps(time, 1), classes: false })
    }

    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let len = length("MackeyGlass, units of time", &[self.time, self.horizon])?;
        self.walk(n, len, scratch, |t, x| {
            if t < self.time {
                row.x(t, 0, x);
            }
            if t >= self.horizon {
                row.y(t - self.horizon, 0, x);
            }
        })
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        let (mut moments, mut scratch) = (Moments::default(), Scratch::default());
        for n in 0..64 {
            self.walk(n, 1024, &mut scratch, |_, x| moments.add(x))?;
        }
        Ok(moments.variance())
    }
}
