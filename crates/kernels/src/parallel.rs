//! A pool of workers for kernels: started once, awake while there is work, asleep soon after.

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The most threads that one computation is shared by: a part of it for each bit of a word.
pub const MOST_THREADS: usize = 64;
/// How long a worker looks for work before it goes to sleep: longer than what lies between two
/// kernels of a small training step, too short to be noticed otherwise.
const PATIENCE: Duration = Duration::from_micros(100);

thread_local! {
    /// The number of threads that kernels called from this thread may use; 0: as many as cores.
    static THREADS: Cell<usize> = const { Cell::new(0) };
}

/// The number of threads that kernels called from this thread share their work by: what
/// [`Threads`] says, else as many as the machine has cores. It never changes a result.
///
/// ```
/// use elman_kernels::{MOST_THREADS, threads};
///
/// assert!((1..=MOST_THREADS).contains(&threads()));
/// ```
pub fn threads() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    match THREADS.get() {
        0 => *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from)),
        threads => threads,
    }
    .min(MOST_THREADS)
}

/// How many threads kernels may use, for as long as this lives, on the thread that made it.
///
/// ```
/// use elman_kernels::{Threads, threads};
///
/// let outside = threads();
/// {
///     let _one = Threads::limit(1);
///     assert_eq!(threads(), 1);
/// }
/// assert_eq!(threads(), outside);
/// ```
#[derive(Debug)]
#[must_use = "the number holds while this lives"]
pub struct Threads {
    before: usize,
    /// It belongs to its thread.
    _here: PhantomData<*const ()>,
}

impl Threads {
    /// Kernels called from this thread share their work by as many threads, 0 for as many as the
    /// machine has cores. Without it they do so, too.
    pub fn limit(threads: usize) -> Self {
        Threads { before: THREADS.replace(threads), _here: PhantomData }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        THREADS.set(self.before);
    }
}

/// Into how many parts work of so many operations is best cut: 1 where handing one over would take
/// longer than the work.
pub(crate) fn parts(operations: usize, most: usize) -> usize {
    /// Operations that no part has less than.
    const LEAST: usize = 30_000;
    /// Operations of a thread in a nanosecond, about, times how often a part is worth the handing
    /// over.
    const WORTH: usize = 50 * 4;
    if most <= 1 || operations < 2 * LEAST || threads() == 1 {
        return 1;
    }
    let worth = LEAST.max(WORTH * nanoseconds_to_hand_over() as usize);
    (operations / worth).clamp(1, threads()).min(most)
}

/// Calls `part(i)` once for each `i < count`, in several threads where there are any to spare: a
/// pool that is busy with another computation is not waited for.
///
/// Each thread begins with the part of its own number, so that what it finds in its caches is
/// often what it left there.
///
/// # Panics
/// If a part panics.
pub(crate) fn run(count: usize, part: &(dyn Fn(usize) + Sync)) {
    let workers = if count > MOST_THREADS { None } else { Pool::enter(threads().min(count)) };
    match workers {
        Some(mut workers) => workers.run(count, false, part),
        None => (0..count).for_each(part),
    }
}

/// As [`run`], but alone where somebody would have to be woken: for what takes less time than that.
///
/// # Panics
/// If a part panics.
pub(crate) fn run_if_awake(count: usize, part: &(dyn Fn(usize) + Sync)) {
    match Pool::enter(threads().min(count)).filter(Hired::awake) {
        Some(mut workers) => workers.run(count, false, part),
        None => (0..count).for_each(part),
    }
}

/// Calls `part` in up to `most` threads at the same time, who can wait for each other: how many
/// they are, they are told.
///
/// # Panics
/// If a part panics.
pub(crate) fn together(most: usize, part: &(dyn Fn(&Member<'_>) + Sync)) {
    let workers = Pool::enter(most.min(threads()));
    let count = workers.as_ref().map_or(1, |workers| workers.helpers + 1);
    let barrier = Barrier::new(count);
    // All that the others read on their way to the part lies together.
    let barrier = &barrier;
    let member = move |number| {
        let _whole = Whole(barrier);
        part(&Member { number, barrier });
        // Nobody leaves before all have come: who has not waited for the others does it now.
        if barrier.come.load(Ordering::Acquire) < count {
            barrier.wait();
        }
    };
    match workers {
        Some(mut workers) => workers.run(count, true, &member),
        None => member(0),
    }
}

/// What [`nanoseconds_to_hand_over`] says as long as it could not be measured: a number that clocks
/// do not give.
const USUAL_HAND_OVER: u64 = 1001;

/// Nanoseconds that it takes to hand a part to a worker who is awake, and to hear of its end: a
/// hundred where two cores share a cache, and some thousand where they do not. It is measured
/// once, and decides about nothing but who computes.
pub(crate) fn nanoseconds_to_hand_over() -> u64 {
    /// How often it is tried: the first times it has to wake somebody.
    const TIMES: usize = 200;
    static MEASURED: OnceLock<u64> = OnceLock::new();
    if let Some(&measured) = MEASURED.get() {
        return measured;
    }
    let Some(mut workers) = Pool::enter(2) else { return USUAL_HAND_OVER };
    let least = (0..TIMES).map(|_| {
        // Both have to come: else the caller would be gone before the worker has heard of it.
        let barrier = Barrier::new(2);
        let start = Instant::now();
        workers.run(2, true, &|_| barrier.wait());
        start.elapsed().as_nanos() as u64
    });
    *MEASURED.get_or_init(|| least.min().unwrap_or(USUAL_HAND_OVER))
}

/// One of the threads that compute something together.
pub(crate) struct Member<'a> {
    number: usize,
    barrier: &'a Barrier,
}

impl Member<'_> {
    /// Its number, from 0 on.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// How many they are.
    pub(crate) fn of(&self) -> usize {
        self.barrier.count
    }

    /// Waits until all have come here; what they wrote before, all see after.
    pub(crate) fn wait(&self) {
        self.barrier.wait();
    }
}

/// Where threads wait for each other.
struct Barrier {
    count: usize,
    /// How many have come, over all times.
    come: AtomicUsize,
    /// Whether one of them will not come any more.
    broken: AtomicBool,
}

impl Barrier {
    fn new(count: usize) -> Self {
        Barrier { count, come: AtomicUsize::new(0), broken: AtomicBool::new(false) }
    }

    fn wait(&self) {
        let come = self.come.fetch_add(1, Ordering::AcqRel);
        let all = come - come % self.count + self.count;
        let mut looks = 0;
        while self.come.load(Ordering::Acquire) < all {
            assert!(!self.broken.load(Ordering::Relaxed), "another part panicked");
            // A moment is shorter than a pause of the processor.
            if looks < 1 << 8 { looks += 1 } else { pause(&mut looks) }
        }
    }
}

/// Breaks a barrier if dropped by a panic: nobody shall wait for who does not come.
struct Whole<'a>(&'a Barrier);

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.broken.store(true, Ordering::Relaxed);
        }
    }
}

/// Pointers into memory of which each part writes its own share.
pub(crate) struct Apart<T>(pub(crate) T);

impl<T> Apart<T> {
    pub(crate) fn get(&self) -> &T {
        &self.0
    }
}

// SAFETY: whoever makes one cuts its memory so that no part reads or writes what another writes.
unsafe impl<T> Sync for Apart<T> {}

/// A computation: a function of the number of a part.
type Job<'a> = &'a (dyn Fn(usize) + Sync);

struct Pool {
    /// Who works here. Whoever has computations done holds the lock meanwhile.
    workers: Mutex<Vec<Worker>>,
    shared: &'static Shared,
}

/// Workers, for as long as this lives.
struct Hired {
    workers: MutexGuard<'static, Vec<Worker>>,
    /// How many of them shall help.
    helpers: usize,
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
    fn enter(threads: usize) -> Option<Hired> {
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
    fn awake(&self) -> bool {
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

    fn run(&mut self, count: usize, together: bool, job: Job<'_>) {
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
fn pause(looks: &mut u32) {
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

#[cfg(test)]
mod tests;
