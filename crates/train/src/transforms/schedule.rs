//! Factors that change with the step.

use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_kernels::each;
use elman_tensor::Real;
use std::f64::consts::PI;

/// A factor of the step, and nothing else: every schedule is a [`Transform`] that multiplies the
/// update by it.
///
/// Its place is *after* the rate: `adam(1e-3).then(cosine(5000))`. Before Adam or RMSprop it would
/// scale the gradient, which they divide out again. Several schedules in a chain multiply, and
/// each counts from the trainer's first step.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Schedule, Trainer, Transform, sgd};
///
/// /// The schedule of Vaswani et al. (2017), without their constant.
/// struct InverseRoot;
///
/// impl Schedule for InverseRoot {
///     fn factor(&self, step: u64) -> f64 {
///         1.0 / (step as f64 + 1.0).sqrt()
///     }
/// }
///
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(sgd(1.0).then(InverseRoot));
/// for step in 0..4 {
///     trainer.step(&mut params, |g| g.param(w))?;
///     assert_eq!(trainer.update(), [InverseRoot.factor(step)]); // the fourth is half of the first
/// }
/// # Ok::<(), elman_train::Error>(())
/// ```
pub trait Schedule: Send + Sync {
    /// The factor at a step; the first is step 0.
    fn factor(&self, step: u64) -> f64;

    /// Whether the settings make sense; asked before the first step.
    ///
    /// # Errors
    /// [`Error::Setting`], which names the setting.
    fn valid(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl<S: Schedule> Transform for S {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        self.valid()
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        let factor = T::from_f64(self.factor(now.step));
        each(update, |g| *g *= factor);
    }
}

/// Half a cosine from one factor to another, at step `i` of `n`.
pub(super) fn half_cosine(from: f64, to: f64, i: f64, n: f64) -> f64 {
    to + (from - to) * ((1.0 + libm::cos(PI * i / n)) / 2.0)
}

/// The same factor always, made by [`constant`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant {
    factor: f64,
}

/// `factor` at every step.
///
/// ```
/// use elman_train::{Schedule, constant};
///
/// assert_eq!([0, 1, 1_000_000].map(|step| constant(0.5).factor(step)), [0.5; 3]);
/// ```
pub fn constant(factor: f64) -> Constant {
    Constant { factor }
}

impl Schedule for Constant {
    fn factor(&self, _: u64) -> f64 {
        self.factor
    }

    fn valid(&self) -> Result<(), Error> {
        Settings("constant").rate("factor", self.factor).map(drop)
    }
}

/// A staircase, made by [`step_decay`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepDecay {
    factor: f64,
    every: u64,
}

/// `factor^⌊step / every⌋`: with `step_decay(0.5, 1500)` steps 0 to 1499 are whole, step 1500 is
/// the first that is halved.
///
/// ```
/// use elman_train::{Schedule, step_decay};
///
/// let halved = step_decay(0.5, 1500);
/// assert_eq!([0, 1499, 1500, 3000].map(|step| halved.factor(step)), [1.0, 1.0, 0.5, 0.25]);
/// ```
pub fn step_decay(factor: f64, every: u64) -> StepDecay {
    StepDecay { factor, every }
}

impl Schedule for StepDecay {
    fn factor(&self, step: u64) -> f64 {
        libm::pow(self.factor, step.checked_div(self.every).unwrap_or(0) as f64)
    }

    fn valid(&self) -> Result<(), Error> {
        Settings("step_decay").rate("factor", self.factor)?;
        Settings("step_decay").steps("every", self.every).map(drop)
    }
}

/// A geometric sequence, made by [`exponential`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    factor: f64,
}

/// `factor^step`. A factor above 1 grows: for finding the largest rate that works.
///
/// ```
/// use elman_train::{Schedule, exponential};
///
/// assert_eq!([0, 1, 2, 3].map(|step| exponential(0.5).factor(step)), [1.0, 0.5, 0.25, 0.125]);
/// ```
pub fn exponential(factor: f64) -> Exponential {
    Exponential { factor }
}

impl Schedule for Exponential {
    fn factor(&self, step: u64) -> f64 {
        libm::pow(self.factor, step as f64)
    }

    fn valid(&self) -> Result<(), Error> {
        Settings("exponential").rate("factor", self.factor).map(drop)
    }
}

/// Half a cosine (Loshchilov & Hutter 2017), made by [`cosine`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cosine {
    steps: u64,
    floor: f64,
}

/// Half a cosine: `floor + (1 − floor) (1 + cos(π step / steps)) / 2`, from 1 at step 0 down to
/// the floor at step `steps`.
///
/// After that it stays at the floor. (PyTorch's `CosineAnnealingLR` would rise again.) The floor
/// is 0 if nothing else is said: then nothing is learned any more.
///
/// ```
/// use elman_train::{Schedule, cosine};
///
/// let falling = cosine(1000);
/// assert_eq!(falling.factor(0), 1.0);
/// assert!((falling.factor(500) - 0.5).abs() < 1e-12);
/// assert!(falling.factor(1000) < 1e-12 && falling.factor(2000) < 1e-12);
/// ```
pub fn cosine(steps: u64) -> Cosine {
    Cosine { steps, floor: 0.0 }
}

impl Cosine {
    /// Where it ends, in [0, 1].
    #[must_use]
    pub fn floor(self, floor: f64) -> Self {
        Cosine { floor, ..self }
    }
}

impl Schedule for Cosine {
    fn factor(&self, step: u64) -> f64 {
        if step >= self.steps {
            return self.floor;
        }
        half_cosine(1.0, self.floor, step as f64, self.steps as f64)
    }

    fn valid(&self) -> Result<(), Error> {
        Settings("cosine").steps("steps", self.steps)?.part("floor", self.floor).map(drop)
    }
}

/// A linear start (Goyal et al. 2017), made by [`warm_up`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    steps: u64,
}

/// A linear start: `min(1, (step + 1) / steps)`, so the first step is not lost, and step
/// `steps − 1` is the first whole one. 0 or 1 steps are no warm-up.
///
/// ```
/// use elman_train::{Schedule, warm_up};
///
/// assert_eq!([0, 1, 3, 4].map(|step| warm_up(4).factor(step)), [0.25, 0.5, 1.0, 1.0]);
/// ```
pub fn warm_up(steps: u64) -> WarmUp {
    WarmUp { steps }
}

impl Schedule for WarmUp {
    fn factor(&self, step: u64) -> f64 {
        if step >= self.steps { 1.0 } else { (step as f64 + 1.0) / self.steps as f64 }
    }
}
