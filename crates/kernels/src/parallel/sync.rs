//! Atomics, locks and parking: those of the standard library or, in the model, those of loom.

#[cfg(all(test, loom))]
pub(super) use loom::{
    sync::Mutex,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize},
    thread::{Builder, Thread, park},
};
#[cfg(not(all(test, loom)))]
pub(super) use std::{
    sync::Mutex,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize},
    thread::{Builder, Thread, park},
};

use std::time::{Duration, Instant};

/// How long a worker looks for work before it goes to sleep: longer than what lies between two
/// kernels of a small training step, too short to be noticed otherwise.
pub(super) const PATIENCE: Duration = Duration::from_micros(100);

/// Whether loom runs the threads. It has no clock, and needs a yield wherever a thread waits.
const MODEL: bool = cfg!(all(test, loom));

/// How often a waiting thread loads an atomic before it pauses: a pause of the processor takes longer.
pub(super) const LOOKS: u32 = if MODEL { 0 } else { 1 << 8 };

/// Belongs between a sequentially consistent store and a load of the same kind: loom orders these
/// by fences only. Outside of loom it does nothing.
pub(super) fn fence_in_model() {
    #[cfg(all(test, loom))]
    loom::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

/// Waits a moment; now and then lets another thread have the core, in case it is needed there.
pub(super) fn pause(looks: &mut u32) {
    *looks = looks.wrapping_add(1);
    #[cfg(all(test, loom))]
    loom::thread::yield_now();
    #[cfg(not(all(test, loom)))]
    if looks.is_multiple_of(1 << 12) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

/// How long a worker has looked for work.
pub(super) struct Patience {
    since: Instant,
    looks: u32,
}

impl Patience {
    pub(super) fn new() -> Self {
        Patience { since: Instant::now(), looks: 0 }
    }

    /// Waits a moment, and returns whether it is time to sleep.
    pub(super) fn is_over(&mut self) -> bool {
        pause(&mut self.looks);
        MODEL || self.looks.is_multiple_of(64) && self.since.elapsed() > PATIENCE
    }
}
