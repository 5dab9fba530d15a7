use crate::{
    Error, Layout, Row, Scratch, Target, Task, error::want, layout::length, moments::Moments,
};
use elman_tensor::{Random, Real};

/// The Lorenz system: three chaotic variables, to be forecast.
///
/// Lorenz (1963), convection in a layer of air:
///
/// ```text
/// dx/dt = σ (y - x),    dy/dt = x (ρ - z) - y,    dz/dt = x y - β z
/// ```
///
/// with σ = 10, ρ = 28, β = 8/3, integrated by the classical Runge-Kutta method of
/// order 4 in steps of 0.01. Sequence `n` begins at a random point of the box
/// [-15, 15) × [-20, 20) × [10, 40) and is sampled at every step after the first 2000.
/// Batches hold `(state - shift) / scale`; the default shift and scale give every
/// variable mean 0 and variance 1 on the attractor. [`Lorenz::series`] is not scaled.
///
/// `x: [time, batch, 3]` is the state, `y: [time, batch, 3]` the state `horizon` steps later.
///
/// **Baseline**: the variance of the scaled variables, 1 by default; measured on 64
/// sequences of 4096 steps.
///
/// ```
/// use elman_data::{Batch, Lorenz, Task};
///
/// let task = Lorenz::new(7, 50, 1)?;
/// let mut batch = Batch::<f64>::new();
/// task.fill(&mut batch, 0)?;
/// // The target is the next state, scaled as the input is.
/// assert_eq!(batch.y.values()[..49 * 3], batch.x.values()[3..]);
/// // Where x = y = 0, convection stands still and z decays.
/// let [dx, dy, dz] = task.velocity([0.0, 0.0, 3.0]);
/// assert_eq!((dx, dy), (0.0, 0.0));
/// assert!((dz + 8.0).abs() < 1e-12); // −β z
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Lorenz {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 1.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// How many steps ahead the target is; 1.
    pub horizon: usize,
    /// The Prandtl number σ; 10.
    pub sigma: f64,
    /// The Rayleigh number ρ, relative to the onset of convection; 28.
    pub rho: f64,
    /// The geometry β of the rolls; 8/3.
    pub beta: f64,
    /// The time step; 0.01.
    pub step: f64,
    /// Steps before the first sample; 2000.
    pub washout: usize,
    /// What is subtracted from the state in batches; its mean.
    pub shift: [f64; 3],
    /// What the state is divided by in batches, not 0; its standard deviation.
    pub scale: [f64; 3],
}

impl Lorenz {
    /// The system with Lorenz's parameters, `time` steps of it.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = Lorenz {
            seed,
            time,
            batch,
            horizon: 1,
            sigma: 10.0,
            rho: 28.0,
            beta: 8.0 / 3.0,
            step: 0.01,
            washout: 2000,
            shift: [0.0, 0.0, 23.55],
            scale: [7.92, 9.01, 8.62],
        };
        task.layout()?.check()?;
        Ok(task)
    }

    /// The velocity of a state: the right-hand side of the equations.
    pub fn velocity(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        [self.sigma * (y - x), x * (self.rho - z) - y, x * y - self.beta * z]
    }

    /// The state one time step later: one step of Runge-Kutta.
    pub fn advance(&self, s: [f64; 3]) -> [f64; 3] {
        let h = self.step;
        let along = |k: [f64; 3], h: f64| std::array::from_fn(|i| s[i] + h * k[i]);
        let k1 = self.velocity(s);
        let k2 = self.velocity(along(k1, 0.5 * h));
        let k3 = self.velocity(along(k2, 0.5 * h));
        let k4 = self.velocity(along(k3, h));
        std::array::from_fn(|i| s[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
    }

    /// The first `len` states of sequence `n`, unscaled: `[len, 3]`, row-major.
    ///
    /// # Errors
    ///
    /// As [`Task::layout`], [`Error::TooLarge`] if `3 len` is above
    /// [`LIMIT`](crate::LIMIT), and [`Error::Diverged`] if the time step is too long
    /// for the parameters.
    pub fn series(&self, n: u64, len: usize) -> Result<Vec<f64>, Error> {
        let size = crate::layout::size("Lorenz::series", &[len, 3])?;
        let mut states = crate::layout::zeros("Lorenz::series", size)?;
        self.walk(n, len, |t, s| states[3 * t..3 * t + 3].copy_from_slice(&s))?;
        Ok(states)
    }

    /// Calls `out(t, state)` for `len` steps of sequence `n`.
    fn walk(&self, n: u64, len: usize, mut out: impl FnMut(usize, [f64; 3])) -> Result<(), Error> {
        self.layout()?;
        let steps = length("Lorenz, steps", &[self.washout, len])?;
        let mut random = Random::new(self.seed, "lorenz", n);
        let mut s =
            [(-15.0, 15.0), (-20.0, 20.0), (10.0, 40.0)].map(|(lo, hi)| random.uniform(lo, hi));
        for t in 0..steps {
            if s.iter().any(|v| !v.is_finite()) {
                let hint = "it takes a shorter time step";
                return Err(Error::Diverged { what: "Lorenz", series: n, hint });
            }
            if t >= self.washout {
                out(t - self.washout, s);
            }
            s = self.advance(s);
        }
        Ok(())
    }

    /// A state as batches hold it.
    fn scaled(&self, s: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|i| (s[i] - self.shift[i]) / self.scale[i])
    }
}

impl Task for Lorenz {
    fn layout(&self) -> Result<Layout, Error> {
        let &Lorenz { time, batch, .. } = self;
        for (name, x) in
            [("sigma", self.sigma), ("rho", self.rho), ("beta", self.beta), ("step", self.step)]
        {
            want(x.is_finite(), "Lorenz", name, x, "a finite number")?;
        }
        let finite = |v: [f64; 3]| v.iter().all(|x| x.is_finite());
        let nonzero = finite(self.scale) && self.scale.iter().all(|x| x.abs() >= 1e-100);
        want(finite(self.shift), "Lorenz", "shift", self.shift, "finite numbers")?;
        want(nonzero, "Lorenz", "scale", self.scale, "finite numbers, none of them 0")?;
        length("Lorenz, steps", &[self.washout, time, self.horizon])?;
        Ok(Layout { time, batch, features: 3, target: Target::Steps(time, 3), classes: false })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        let len = length("Lorenz, steps", &[self.time, self.horizon])?;
        self.walk(n, len, |t, s| {
            for (i, v) in self.scaled(s).into_iter().enumerate() {
                if t < self.time {
                    row.x(t, i, v);
                }
                if t >= self.horizon {
                    row.y(t - self.horizon, i, v);
                }
            }
        })
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        let mut moments = [Moments::default(); 3];
        for n in 0..64 {
            self.walk(n, 4096, |_, s| {
                moments.iter_mut().zip(self.scaled(s)).for_each(|(m, v)| m.add(v));
            })?;
        }
        Ok(moments.iter().map(Moments::variance).sum::<f64>() / 3.0)
    }
}
