//! Who helps: workers that look for a computation, and how one is handed to them.

use super::THREADS;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a worker looks for work before it goes to sleep: longer than what lies between two
/// kernels of a small training step, too short to be noticed otherwise.
pub(super) const PATIENCE: Duration = Duration::from_micros(100);

/// A computation: a function of the number of a part.
type Job<'a> = &'a (dyn Fn(usize) + Sync);

pub(super) struct Pool {
    /// Who works here. Whoever has computations done holds the lock meanwhile.
    workers: Mutex<Vec<Worker>>,
    shared: &'static Shared,
}

/// Workers, for as long as this lives.
pub(super) struct Hired {
    workers: MutexGuard<'static, Vec<Worker>>,
    /// How many of them shall help.
    pub(super) helpers: usize,
    shared: &'static Shared,
}

struct Worker {
    thread: Thread,
    asleep: &'static AtomicBool,
}

/// What the workers see.
struct Shared {
    /// The number of the computation, whether it may be entered, and how many workers are in it.
    state: AtomicU64,
    /// The two words of a [`Job`]; meaningful while somebody is in it.
    job: [AtomicPtr<()>; 2],
    count: AtomicU64,
    /// Whether each thread has to take the part of its own number, and no other.
    together: AtomicBool,
    /// A bit for each part that somebody has taken.
    taken: AtomicU64,
    panicked: AtomicBool,
    /// How often somebody was asleep who might have helped.
    missed: AtomicU32,
}

const OPEN: u64 = 1 << 31;
const INSIDE: u64 = OPEN - 1;
const NEXT: u64 = 1 << 32;

impl Pool {
    /// The workers for a computation by so many threads, unless there are none to be had.
    pub(super) fn enter(threads: usize) -> Option<Hired> {
        if threads <= 1 {
            return None;
        }
        static POOL: OnceLock<Pool> = OnceLock::new();
        let pool = POOL.get_or_init(Pool::new);
        let mut workers = match pool.workers.try_lock() {
            Ok(workers) => workers,
            Err(TryLockError::WouldBlock) => return None,
            // A part has panicked once: its thread is gone, the workers are not.
            Err(TryLockError::Poisoned(workers)) => workers.into_inner(),
        };
        while workers.len() + 1 < threads {
            match pool.hire(workers.len() + 1) {
                Some(worker) => workers.push(worker),
                None => break, // No more threads to be had: the ones there are do it.
            }
        }
        let helpers = workers.len().min(threads - 1);
        (helpers > 0).then_some(Hired { workers, helpers, shared: pool.shared })
    }

    fn new() -> Self {
        let shared = Shared {
            state: AtomicU64::new(0),
            job: [const { AtomicPtr::new(std::ptr::null_mut()) }; 2],
            count: AtomicU64::new(0),
            together: AtomicBool::new(false),
            taken: AtomicU64::new(0),
            panicked: AtomicBool::new(false),
            missed: AtomicU32::new(0),
        };
        // The workers live as long as the process.
        Pool { workers: Mutex::new(Vec::new()), shared: Box::leak(Box::new(shared)) }
    }

    fn hire(&self, number: usize) -> Option<Worker> {
        let (shared, asleep) = (self.shared, &*Box::leak(Box::new(AtomicBool::new(false))));
        let name = format!("elman-{number}");
        let thread = thread::Builder::new().name(name).spawn(move || {
            THREADS.set(1);
            shared.work(number, asleep);
        });
        Some(Worker { thread: thread.ok()?.thread().clone(), asleep })
    }
}

impl Hired {
    /// Whether all are awake. Who asks often is answered so in the end.
    pub(super) fn awake(&self) -> bool {
        /// Times out of which one wakes them: it takes as long as many a computation.
        const SELDOM: u32 = 16;
        let asleep = |worker: &&Worker| worker.asleep.load(Ordering::Relaxed);
        let mut sleepers = self.workers.iter().take(self.helpers).filter(asleep).peekable();
        if sleepers.peek().is_none() {
            return true;
        }
        if self.shared.missed.fetch_add(1, Ordering::Relaxed) % SELDOM == SELDOM - 1 {
            sleepers.for_each(|worker| worker.thread.unpark());
        }
        false
    }

    pub(super) fn run(&mut self, count: usize, together: bool, job: Job<'_>) {
        let shared = self.shared;
        // SAFETY: a reference to a `dyn Fn` is two pointers, and both are taken as they are.
        let words = unsafe { std::mem::transmute::<Job<'_>, [*mut (); 2]>(job) };
        shared.job.iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
        shared.count.store(count as u64, Ordering::Relaxed);
        shared.together.store(together, Ordering::Relaxed);
        shared.taken.store(0, Ordering::Relaxed);
        // It may be left from a computation in which this thread panicked, too.
        shared.panicked.store(false, Ordering::Relaxed);
        let number = shared.state.load(Ordering::Relaxed) / NEXT;
        shared.state.store(number.wrapping_add(1).wrapping_mul(NEXT) | OPEN, Ordering::SeqCst);
        // However this function is left, nobody is in the computation any more.
        let closed = Closed(shared);
        for worker in self.workers.iter().take(self.helpers) {
            if worker.asleep.load(Ordering::SeqCst) {
                worker.thread.unpark();
            }
        }
        shared.take_parts(0, job);
        drop(closed);
        if shared.panicked.swap(false, Ordering::Relaxed) {
            resume_unwind(Box::new("a part of a computation panicked in another thread"));
        }
    }
}

/// Shuts a computation when dropped, and waits for those who are still in it.
struct Closed<'a>(&'a Shared);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.fetch_and(!OPEN, Ordering::Acquire) & !OPEN;
        let mut looks = 0u32;
        while state & INSIDE != 0 {
            pause(&mut looks);
            state = self.0.state.load(Ordering::Acquire);
        }
    }
}

/// Waits a moment; now and then lets another thread have the core, in case it is needed there.
pub(super) fn pause(looks: &mut u32) {
    *looks = looks.wrapping_add(1);
    if looks.is_multiple_of(1 << 12) { thread::yield_now() } else { std::hint::spin_loop() }
}

impl Shared {
    /// Takes parts, from the one of its own number on, until all are taken; or that one only.
    fn take_parts(&self, own: usize, job: Job<'_>) {
        let count = self.count.load(Ordering::Relaxed) as usize;
        if self.together.load(Ordering::Relaxed) {
            if own < count {
                job(own);
            }
            return;
        }
        for i in 0..count {
            let part = (own + i) % count;
            let bit = 1u64 << part;
            if self.taken.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
                job(part);
            }
        }
    }

    /// The life of a worker.
    fn work(&self, number: usize, asleep: &AtomicBool) {
        let mut done = 0;
        loop {
            let state = self.wait(done, asleep);
            let entered = self.state.compare_exchange_weak(
                state,
                state + 1,
                Ordering::Acquire,
                Ordering::Relaxed,
            );
            if entered.is_err() {
                continue;
            }
            done = state / NEXT;
            let [data, table] = &self.job;
            let words = [data, table].map(|word| word.load(Ordering::Relaxed));
            // SAFETY: the words of a job, of the computation that we are in: who opened it waits
            // until nobody is in it, and what the job refers to lives on his stack until then.
            let job = unsafe { std::mem::transmute::<[*mut (); 2], Job<'_>>(words) };
            let own = AssertUnwindSafe(|| self.take_parts(number, job));
            if catch_unwind(own).is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            self.state.fetch_sub(1, Ordering::Release);
        }
    }

    /// Waits for a computation that may be entered and is not the last one done.
    fn wait(&self, done: u64, asleep: &AtomicBool) -> u64 {
        let news = |state: u64| state & OPEN != 0 && state / NEXT != done;
        let mut since = Instant::now();
        let mut looks = 0u32;
        loop {
            let state = self.state.load(Ordering::Relaxed);
            if news(state) {
                return state;
            }
            pause(&mut looks);
            if looks.is_multiple_of(64) && since.elapsed() > PATIENCE {
                asleep.store(true, Ordering::SeqCst);
                if !news(self.state.load(Ordering::SeqCst)) {
                    thread::park();
                }
                asleep.store(false, Ordering::SeqCst);
                since = Instant::now();
            }
        }
    }
}
