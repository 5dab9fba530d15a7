//! Who helps: workers that look for a computation.

use super::THREADS;
use super::handover::{HandOver, Job, Worker};
use super::sync::{AtomicBool, Builder, Thread};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};

pub(super) struct Pool {
    /// Who works here. Whoever has computations done holds the lock meanwhile.
    crew: Mutex<Crew>,
    shared: &'static HandOver,
}

/// Workers, for as long as this lives.
pub(super) struct Hired {
    crew: MutexGuard<'static, Crew>,
    /// How many of them shall help.
    pub(super) helpers: usize,
    shared: &'static HandOver,
}

/// The workers that there are.
#[derive(Default)]
pub(super) struct Crew {
    workers: Vec<Worker>,
    /// Calls until a thread that was refused is asked for again.
    refused: u32,
    /// How often somebody was asleep who might have helped.
    missed: u32,
}

impl Pool {
    /// The workers for a computation by so many threads, unless there are none to be had.
    pub(super) fn enter(threads: usize) -> Option<Hired> {
        if threads <= 1 {
            return None;
        }
        static POOL: OnceLock<Pool> = OnceLock::new();
        // The workers live as long as the process.
        let pool = POOL.get_or_init(|| Pool {
            crew: Mutex::default(),
            shared: Box::leak(Box::new(HandOver::new(0))),
        });
        let mut crew = match pool.crew.try_lock() {
            Ok(crew) => crew,
            Err(TryLockError::WouldBlock) => return None,
            // A part has panicked once: its thread is gone, the workers are not.
            Err(TryLockError::Poisoned(crew)) => crew.into_inner(),
        };
        let shared = pool.shared;
        let helpers = crew.grow(threads - 1, |number, asleep| spawn(shared, number, asleep));
        (helpers > 0).then_some(Hired { crew, helpers, shared })
    }
}

/// A worker's thread, unless the system refuses it.
fn spawn(shared: &'static HandOver, number: usize, asleep: Arc<AtomicBool>) -> Option<Thread> {
    let thread = Builder::new().name(format!("elman-{number}")).spawn(move || {
        THREADS.set(1);
        let mut done = 0;
        loop {
            done = shared.help(done, number, &asleep);
        }
    });
    Some(thread.ok()?.thread().clone())
}

impl Crew {
    /// Calls after which a refused thread is asked for again: asking takes as long as many a
    /// computation.
    pub(super) const CALLS: u32 = 1 << 12;

    /// Grows up to so many workers, and returns how many of these there are.
    pub(super) fn grow(
        &mut self,
        most: usize,
        mut spawn: impl FnMut(usize, Arc<AtomicBool>) -> Option<Thread>,
    ) -> usize {
        while self.workers.len() < most {
            if self.refused > 0 {
                self.refused -= 1;
                break;
            }
            let asleep = Arc::new(AtomicBool::new(false));
            match spawn(self.workers.len() + 1, asleep.clone()) {
                Some(thread) => self.workers.push(Worker { thread, asleep }),
                None => self.refused = Self::CALLS,
            }
        }
        self.workers.len().min(most)
    }
}

impl Hired {
    /// Itself if all are awake. Who asks often is answered so in the end.
    pub(super) fn awake(mut self) -> Option<Self> {
        /// Times out of which one wakes them: it takes as long as many a computation.
        const SELDOM: u32 = 16;
        let crew = &mut *self.crew;
        let asleep = |worker: &&Worker| worker.asleep.load(Ordering::Relaxed);
        let mut sleepers = crew.workers[..self.helpers].iter().filter(asleep).peekable();
        if sleepers.peek().is_none() {
            return Some(self);
        }
        crew.missed = (crew.missed + 1) % SELDOM;
        if crew.missed == 0 {
            sleepers.for_each(|worker| worker.thread.unpark());
        }
        None
    }

    /// See [`HandOver::run`].
    pub(super) fn run(&mut self, count: usize, together: bool, job: Job<'_>) {
        self.shared.run(&self.crew.workers[..self.helpers], count, together, job);
    }
}
