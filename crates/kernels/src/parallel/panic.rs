//! The first panic of several threads, which continues in one of them.

use super::sync::{AtomicBool, Mutex};
use std::any::Any;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

type Payload = Box<dyn Any + Send>;

/// The first panic of several threads.
pub(super) struct FirstPanic {
    payload: Mutex<Option<Payload>>,
    /// Whether there is one; set after the payload.
    there: AtomicBool,
}

impl FirstPanic {
    pub(super) fn new() -> Self {
        FirstPanic { payload: Mutex::new(None), there: AtomicBool::new(false) }
    }

    /// Calls a function; if it is the first that panics, keeps the payload.
    pub(super) fn catch(&self, part: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(part)) {
            self.keep(payload);
        }
    }

    #[cold]
    fn keep(&self, payload: Payload) {
        let mut first = self.payload.lock().unwrap_or_else(PoisonError::into_inner);
        let later = if first.is_none() { first.replace(payload) } else { Some(payload) };
        drop(first);
        self.there.store(true, Ordering::Relaxed);
        // Dropping a payload may panic, with a payload that may do the same: that one is leaked.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(later))) {
            forget(payload);
        }
    }

    /// Whether a function has panicked.
    pub(super) fn is_there(&self) -> bool {
        self.there.load(Ordering::Relaxed)
    }

    /// Continues the first panic, if there was one. All functions must have returned.
    pub(super) fn resume(&self) {
        if self.is_there() {
            self.there.store(false, Ordering::Relaxed);
            let mut first = self.payload.lock().unwrap_or_else(PoisonError::into_inner);
            let payload = first.take();
            drop(first);
            if let Some(payload) = payload {
                resume_unwind(payload);
            }
        }
    }
}
