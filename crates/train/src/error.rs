//! What can go wrong with a training step.

use std::fmt;
use std::panic::Location;

/// What was found not to be finite.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Error, Quantity, Trainer, sgd};
///
/// // √0 is finite, its slope is not.
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let failed = Trainer::new(sgd(0.1)).step(&mut params, |g| g.param(w).sqrt()).unwrap_err();
/// let Error::NotFinite { quantity, .. } = failed else { panic!("{failed}") };
/// assert_eq!(quantity, Quantity::Gradient("w".into()));
/// assert_eq!(quantity.to_string(), r#"the gradient of "w""#);
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quantity {
    /// The loss.
    Loss,
    /// The gradient with respect to the weight of this path.
    Gradient(String),
    /// The update of the weight of this path, from a finite gradient.
    Update(String),
    /// The metric of this name, of a validation.
    Metric(String),
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::Loss => write!(f, "the loss"),
            Quantity::Gradient(path) => write!(f, "the gradient of {path:?}"),
            Quantity::Update(path) => write!(f, "the update of {path:?}"),
            Quantity::Metric(name) => write!(f, "the metric {name:?}"),
        }
    }
}

/// A training step could not be done. The weights are as they were before it.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, adam, decay, momentum, only, sgd};
///
/// let (w, mut params) =
///     Params::<f64>::init(0, |p| p.scope("lstm").weight("w", [], Init::Zeros))?;
/// let failed = Trainer::new(momentum(1.5).then(sgd(0.1))).step(&mut params, |g| g.param(w));
/// let sentence = "momentum: mu must be at least 0 and less than 1, got 1.5";
/// assert_eq!(failed.unwrap_err().to_string(), sentence);
///
/// let misspelt = adam(1e-3).then(only("lsmt.*", decay(1e-5)));
/// let failed = Trainer::new(misspelt).step(&mut params, |g| g.param(w));
/// assert_eq!(failed.unwrap_err().to_string(), r#"only: no weight fits "lsmt.*""#);
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The loss or its gradient could not be computed: the first misfit of the recording.
    #[error(transparent)]
    Autograd(#[from] elman_autograd::Error),
    /// A transform, a decoder or a run has a setting that makes no sense. A transform's is found at
    /// the first step, a run's at the first turn.
    #[error("{transform}: {setting} must be {wanted}, got {given}")]
    Setting {
        /// The transform, or the decoder, or the run.
        transform: &'static str,
        /// Its setting.
        setting: &'static str,
        /// What it may be.
        wanted: &'static str,
        /// What it was.
        given: f64,
    },
    /// A transform is meant for weights that the model has not. Found at the first step.
    #[error("{transform}: no weight fits {pattern:?}")]
    NoWeight {
        /// The transform.
        transform: &'static str,
        /// Its pattern.
        pattern: String,
    },
    /// A number is infinite or NaN. [`Trainer::guard`](crate::Trainer::guard) says what then
    /// still holds; [`Tape::check`](elman_autograd::Tape::check) finds the rule it comes from.
    #[error("{quantity} is {value} at index {index}, in step {step} (at {line})")]
    NotFinite {
        /// What.
        quantity: Quantity,
        /// The first such element within it, row-major.
        index: usize,
        /// Its value.
        value: f64,
        /// The number of the step, counted from 0.
        step: u64,
        /// The line that asked for the step.
        line: &'static Location<'static>,
    },
    /// A trainer or a run was given other parameters than those it began with.
    #[error("training of {wanted} weights was given parameters of {given} (at {line})")]
    OtherParams {
        /// The number of weights it began with.
        wanted: usize,
        /// The number of weights it was given.
        given: usize,
        /// The line that asked for the step.
        line: &'static Location<'static>,
    },
    /// A trainer or a run was given parameters, or a snapshot, of weights with other paths or sizes
    /// than those it began with.
    #[error("training of the weight {wanted} was given {given} in its place (at {line})")]
    OtherWeight {
        /// The first weight that is not found where it was: path and size.
        wanted: String,
        /// What lies there.
        given: String,
        /// The line that asked for the step, the snapshot or the average.
        line: &'static Location<'static>,
    },
    /// The count of steps, perhaps one from a snapshot, cannot be increased.
    #[error("expected a trainer of fewer than {step} steps, got one of {step} (at {line})")]
    StepLimit {
        /// How many steps were done, by the trainer's count.
        step: u64,
        /// The line that asked for the step.
        line: &'static Location<'static>,
    },
    /// A snapshot was taken of another chain of transforms, or for another number of weights.
    #[error("a snapshot of {given} does not fit a trainer of {wanted}")]
    OtherSnapshot {
        /// What the trainer keeps.
        wanted: String,
        /// What the snapshot holds.
        given: String,
    },
    /// A run was asked for the next turn before it was told what came of the last, or was told
    /// what it had not asked for.
    #[error("after {step} steps the run waited for `{wanted}`, not for `{given}` (at {line})")]
    OutOfTurn {
        /// The method that should have been called.
        wanted: &'static str,
        /// The method that was called.
        given: &'static str,
        /// How many steps were done.
        step: u64,
        /// The line that called it.
        line: &'static Location<'static>,
    },
    /// A validation has no metric, or others than those before.
    #[error("a run of the metrics [{wanted}] was given [{given}] (at {line})")]
    OtherMetrics {
        /// The names of the metrics before; empty at the first validation, which wants at least
        /// one of any name.
        wanted: String,
        /// The names that were given.
        given: String,
        /// The line that gave them.
        line: &'static Location<'static>,
    },
    /// A snapshot of a run has parts that do not fit together.
    #[error("a snapshot of a run has {given} {what}, wanted {wanted}")]
    Inconsistent {
        /// Which part.
        what: &'static str,
        /// How many there should be.
        wanted: usize,
        /// How many there are.
        given: usize,
    },
}

/// The settings of a transform or a decoder, being checked.
pub(crate) struct Settings(pub(crate) &'static str);

impl Settings {
    /// A setting for which something has to hold.
    pub(crate) fn require(
        &self,
        holds: bool,
        setting: &'static str,
        wanted: &'static str,
        given: f64,
    ) -> Result<&Self, Error> {
        let Settings(transform) = *self;
        if holds { Ok(self) } else { Err(Error::Setting { transform, setting, wanted, given }) }
    }

    /// Finite, 0 or more: rates and factors.
    pub(crate) fn rate(&self, setting: &'static str, x: f64) -> Result<&Self, Error> {
        self.require(x >= 0.0 && x.is_finite(), setting, "finite and not negative", x)
    }

    /// At least 0 and less than 1: how much of a mean is kept.
    pub(crate) fn memory(&self, setting: &'static str, x: f64) -> Result<&Self, Error> {
        self.require((0.0..1.0).contains(&x), setting, "at least 0 and less than 1", x)
    }

    /// From 0 to 1.
    pub(crate) fn part(&self, setting: &'static str, x: f64) -> Result<&Self, Error> {
        self.require((0.0..=1.0).contains(&x), setting, "from 0 to 1", x)
    }

    /// Finite, more than 0.
    pub(crate) fn positive(&self, setting: &'static str, x: f64) -> Result<&Self, Error> {
        self.require(x > 0.0 && x.is_finite(), setting, "finite and more than 0", x)
    }

    /// More than 0; infinite is no limit.
    pub(crate) fn limit(&self, setting: &'static str, x: f64) -> Result<&Self, Error> {
        self.require(x > 0.0, setting, "more than 0", x)
    }

    /// A number of steps, 1 or more.
    pub(crate) fn steps(&self, setting: &'static str, n: u64) -> Result<&Self, Error> {
        self.require(n > 0, setting, "at least 1", n as f64)
    }
}
