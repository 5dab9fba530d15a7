use crate::{
    Error, Layout, Row, Scratch, Target, Task,
    error::want,
    layout::{length, zeros},
};
use elman_tensor::{Random, Real};
use std::f64::consts::TAU;

/// Noisy mixtures of sines, to be continued: every sequence has waves of its own.
///
/// Superimposed oscillations as in Jaeger and Haas (2004), with noise on top:
///
/// ```text
/// s(t) = Σₖ aₖ sin(2π t / pₖ + φₖ),    xₜ = s(t) + σ εₜ,    yₜ = s(t + h)
/// ```
///
/// with `K` waves, amplitudes `aₖ` and periods `pₖ` uniform in their ranges, phases
/// `φₖ` uniform on the circle, and standard normal `εₜ`. The target is the mixture
/// without its noise, so that a loss of zero is not out of reach by design. By default
/// `K` = 2, `p` in [10, 50) steps, `a` in [0.5, 1), `σ` = 0.1, `h` = 1.
///
/// `x: [time, batch, 1]`, `y: [time, batch, 1]`.
///
/// **Baseline**: phases are uniform, so the best guess is 0 and costs
/// `E[s²] = K E[a²] / 2 = K (a₀² + a₀ a₁ + a₁²) / 6`, 0.583 by default.
///
/// ```
/// use elman_data::{Batch, Sines, Task};
///
/// // Without noise the target is the next input.
/// let task = Sines { noise: 0.0, ..Sines::new(7, 20, 1)? };
/// let mut batch = Batch::<f64>::new();
/// task.fill(&mut batch, 0)?;
/// assert_eq!(batch.y.values()[..19], batch.x.values()[1..]);
/// assert!((task.baseline()? - 2.0 * (0.25 + 0.5 + 1.0) / 6.0).abs() < 1e-12);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sines {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 1.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// The number of waves `K`, at least 1; 2.
    pub waves: usize,
    /// The range of periods in steps, above 0; (10, 50).
    pub periods: (f64, f64),
    /// The range of amplitudes; (0.5, 1).
    pub amplitudes: (f64, f64),
    /// The standard deviation `σ` of the noise, at least 0; 0.1.
    pub noise: f64,
    /// How many steps ahead `h` the target is; 1.
    pub horizon: usize,
}

impl Sines {
    /// Mixtures of two waves, `time` steps of them.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let (periods, amplitudes) = ((10.0, 50.0), (0.5, 1.0));
        let task =
            Sines { seed, time, batch, waves: 2, periods, amplitudes, noise: 0.1, horizon: 1 };
        task.layout()?.check()?;
        Ok(task)
    }

    /// The first `len` noisy values `x` of sequence `n`.
    ///
    /// # Errors
    ///
    /// As [`Task::layout`], or if `len` is above [`LIMIT`](crate::LIMIT).
    pub fn series(&self, n: u64, len: usize) -> Result<Vec<f64>, Error> {
        let mut x = zeros("Sines::series", len)?;
        self.walk(n, len, &mut Scratch::default(), |t, value, _| x[t] = value)?;
        Ok(x)
    }

    /// Calls `out(t, xₜ, yₜ)` for `time` steps of sequence `n`.
    fn walk(
        &self,
        n: u64,
        time: usize,
        scratch: &mut Scratch,
        mut out: impl FnMut(usize, f64, f64),
    ) -> Result<(), Error> {
        self.layout()?;
        length("Sines, steps", &[time, self.horizon])?;
        let mut random = Random::new(self.seed, "sines", n);
        let between = |(lo, hi): (f64, f64), u: f64| lo + (hi - lo) * u;
        let waves = scratch.values(3 * self.waves)?;
        for wave in waves.chunks_exact_mut(3) {
            wave[0] = between(self.amplitudes, random.uniform(0.0, 1.0));
            wave[1] = between(self.periods, random.uniform(0.0, 1.0));
            wave[2] = random.uniform(0.0, TAU);
        }
        let s = |t: usize| -> f64 {
            waves.chunks_exact(3).map(|w| w[0] * libm::sin(TAU * t as f64 / w[1] + w[2])).sum()
        };
        for t in 0..time {
            out(t, s(t) + self.noise * random.normal(), s(t + self.horizon));
        }
        Ok(())
    }
}

impl Task for Sines {
    fn layout(&self) -> Result<Layout, Error> {
        let &Sines { time, batch, waves, periods, amplitudes, noise, horizon, .. } = self;
        // Bounds on the numbers keep every value finite.
        let ordered = |(lo, hi): (f64, f64)| lo <= hi && lo.abs() <= 1e100 && hi.abs() <= 1e100;
        want(waves >= 1, "Sines", "waves", waves, "at least 1")?;
        length("Sines, numbers of waves", &[waves, waves, waves])?;
        let wanted = "an ordered range of periods, at least 1e-3 steps";
        want(ordered(periods) && periods.0 >= 1e-3, "Sines", "periods", periods, wanted)?;
        want(
            ordered(amplitudes),
            "Sines",
            "amplitudes",
            amplitudes,
            "an ordered range, at most 1e100",
        )?;
        want((0.0..=1e100).contains(&noise), "Sines", "noise", noise, "between 0 and 1e100")?;
        length("Sines, steps", &[time, horizon])?;
        Ok(Layout { time, batch, features: 1, target: Target::Steps(time, 1), classes: false })
    }

    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.walk(n, self.time, scratch, |t, x, y| {
            row.x(t, 0, x);
            row.y(t, 0, y);
        })
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        let (a0, a1) = self.amplitudes;
        Ok(self.waves as f64 * (a0 * a0 + a0 * a1 + a1 * a1) / 6.0)
    }
}
