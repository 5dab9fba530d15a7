//! What a run asks for, and why it ends.

/// What is to be done now: see [`Run::turn`](crate::Run::turn).
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All steps were done.
    Steps,
    /// Too many validations in a row were no better.
    Patience,
    /// It was [stopped](crate::Run::stop).
    Stopped,
}
