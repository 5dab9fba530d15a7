//! What a run asks for, and why it ends.

/// What is to be done now: see [`Run::turn`](crate::Run::turn).
///
/// ```
/// use elman_autograd::Params;
/// use elman_train::{Run, Turn};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let mut run = Run::steps(2).validate_every(2).save_every(2);
/// let mut order = Vec::new();
/// while let Some(turn) = run.turn()? {
///     order.push(turn);
///     match turn {
///         Turn::Train { .. } => run.trained(1.0),
///         Turn::Validate { .. } => drop(run.validated(&none, &[("error", 1.0)])?),
///         Turn::Save { .. } => {}
///     }
/// }
/// assert_eq!(order, [
///     Turn::Train { step: 0, epoch: 0, batch: 0 },
///     Turn::Train { step: 1, epoch: 0, batch: 1 },
///     Turn::Validate { step: 2, epoch: 0 },
///     Turn::Save { step: 2, epoch: 0, best: true },
/// ]);
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A step of training, answered by [`Run::trained`](crate::Run::trained).
    Train {
        /// How many steps were done.
        step: u64,
        /// How many epochs were done; 0 where there are none.
        epoch: u64,
        /// How many steps of this epoch were done.
        batch: u64,
    },
    /// A look at data that is not learned from, answered by
    /// [`Run::validated`](crate::Run::validated).
    Validate {
        /// How many steps were done.
        step: u64,
        /// How many epochs were done.
        epoch: u64,
    },
    /// A save of everything that persists; it needs no answer.
    Save {
        /// How many steps were done.
        step: u64,
        /// How many epochs were done.
        epoch: u64,
        /// Whether these are the best weights so far.
        best: bool,
    },
}

impl Turn {
    /// The method of a run that answers it.
    pub(super) fn answer(self) -> &'static str {
        match self {
            Turn::Train { .. } => "trained",
            Turn::Validate { .. } => "validated",
            Turn::Save { .. } => "turn",
        }
    }
}

/// Why a run ends.
///
/// ```
/// use elman_train::{End, Run};
///
/// let mut run = Run::<f32>::steps(1000);
/// while run.turn()?.is_some() {
///     run.trained(1.0);
///     if run.done() == 10 {
///         run.stop();
///     }
/// }
/// assert_eq!((run.end(), run.done()), (Some(End::Stopped), 10));
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All steps were done.
    Steps,
    /// Too many validations in a row were no better.
    Patience,
    /// It was [stopped](crate::Run::stop).
    Stopped,
}
