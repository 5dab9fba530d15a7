//! What a run remembers, saved and restored.

use super::{History, Run};
use crate::error::Error;
use crate::layout::Layout;
use crate::trainer::listed;
use elman_autograd::Params;
use elman_tensor::Real;
use std::time::Instant;

/// What a run remembers between two turns, as plain data: see [`Run::snapshot`].
///
/// ```
/// use elman_train::{Run, Turn};
///
/// let mut run = Run::<f64>::steps(10);
/// for _ in 0..3 {
///     run.turn()?;
///     run.trained(1.0);
/// }
/// // Another run, perhaps in another process, goes on where this one is.
/// let mut next = Run::<f64>::steps(10);
/// next.restore(run.snapshot())?;
/// assert_eq!(next.turn()?, Some(Turn::Train { step: 3, epoch: 0, batch: 3 }));
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunSnapshot<T> {
    /// How many steps were done.
    pub step: u64,
    /// How many steps were done at the last validation.
    pub validated: Option<u64>,
    /// How many steps were done at the last save.
    pub saved: Option<u64>,
    /// The best validation, with its weights.
    pub best: Option<Best<T>>,
    /// The metric from which patience counts.
    pub mark: Option<f64>,
    /// How many validations in a row were no better than it.
    pub waits: u64,
    /// The learning rate, if it was told.
    pub rate: Option<f64>,
    /// The sum of the losses since the last row of the history.
    pub losses: f64,
    /// How many these are.
    pub counted: u64,
    /// What was so far. Its seconds are all that differs from run to run.
    pub history: History,
}

/// The best validation of a run.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Run, Turn};
///
/// let (_, mut params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Zeros))?;
/// let mut run = Run::steps(3).validate_every(1);
/// while let Some(turn) = run.turn()? {
///     match turn {
///         Turn::Train { step, .. } => {
///             params.values_mut().fill(step as f64); // 0, 1, 2
///             run.trained(0.0);
///         }
///         _ => drop(run.validated(&params, &[("error", (params.values()[0] - 1.0).abs())])?),
///     }
/// }
/// let best = run.best().unwrap();
/// assert_eq!((best.step, best.metric), (2, 0.0));
/// assert_eq!((&best.paths[..], &best.weights[..]), (&[("w".into(), 2)][..], &[1.0, 1.0][..]));
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Best<T> {
    /// How many steps were done.
    pub step: u64,
    /// The metric that is watched.
    pub metric: f64,
    /// The path of each weight, and how many numbers it has.
    pub paths: Vec<(String, usize)>,
    /// All numbers, in that order.
    pub weights: Vec<T>,
}

impl<T: Real> Best<T> {
    /// The weights as they are now.
    pub(super) fn take(&mut self, step: u64, metric: f64, params: &Params<T>) {
        if self.paths.is_empty() {
            self.paths = listed(params);
        }
        self.weights.clear();
        self.weights.extend_from_slice(params.values());
        (self.step, self.metric) = (step, metric);
    }
}

impl<T> RunSnapshot<T> {
    /// The mean of the losses since the last row.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.counted > 0).then(|| self.losses / self.counted as f64)
    }

    /// An error unless its parts fit together.
    fn check(&self) -> Result<(), Error> {
        let inconsistent = |what, wanted: usize, given: usize| match wanted == given {
            true => Ok(()),
            false => Err(Error::Inconsistent { what, wanted, given }),
        };
        if let Some(best) = &self.best {
            let wanted = Layout::new(&best.paths).len();
            inconsistent("numbers of the best weights", wanted, best.weights.len())?;
        }
        let History { metrics, rows, seconds } = &self.history;
        inconsistent("seconds of the history", rows.len(), seconds.len())?;
        let validated = rows.iter().filter(|row| !row.metrics.is_empty());
        validated.map(|row| row.metrics.len()).try_for_each(|given| {
            inconsistent("metrics in a row of the history", metrics.len(), given)
        })
    }
}

impl<T: Real> Run<T> {
    /// Lends what persists between turns: with the weights and the
    /// [trainer's](crate::Trainer::snapshot), all that is needed to go on with the same bits.
    ///
    /// Settings are not in it, nor that the run was [stopped](Run::stop).
    pub fn snapshot(&self) -> &RunSnapshot<T> {
        &self.state
    }

    /// Goes back, or forth, to a snapshot. Settings may differ: more steps, more patience.
    ///
    /// # Errors
    /// If the parts of the snapshot do not fit together. The run is then as before.
    pub fn restore(&mut self, snapshot: &RunSnapshot<T>) -> Result<(), Error> {
        snapshot.check()?;
        self.state = snapshot.clone();
        (self.stopped, self.asked, self.misuse) = (false, None, None);
        self.begun = Instant::now();
        self.before = snapshot.history.seconds.last().copied().unwrap_or(0.0);
        Ok(())
    }
}
