//! A pool of workers for kernels: started once, awake while there is work, asleep soon after.

mod handover;
#[cfg(all(test, loom))]
mod model;
mod panic;
mod pool;
mod sync;

use crate::THRESHOLD_DIVISOR;
use handover::Barrier;
use pool::{Hired, Pool};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The most threads that one computation is shared by: a part of it for each bit of a word.
pub const MOST_THREADS: usize = 64;

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
    const LEAST: usize = 30_000 / THRESHOLD_DIVISOR;
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
    run_by(enter(count), count, part);
}

/// As [`run`], but alone where somebody would have to be woken: for what takes less time than that.
///
/// # Panics
/// If a part panics.
pub(crate) fn run_if_awake(count: usize, part: &(dyn Fn(usize) + Sync)) {
    run_by(enter(count).and_then(Hired::awake), count, part);
}

/// Workers for `count` parts; none for more parts than a word has bits.
fn enter(count: usize) -> Option<Hired> {
    if count > MOST_THREADS { None } else { Pool::enter(threads().min(count)) }
}

fn run_by(workers: Option<Hired>, count: usize, part: &(dyn Fn(usize) + Sync)) {
    match workers {
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
    let member = move |number| barrier.part(|| part(&Member { number, barrier }));
    match workers {
        Some(mut workers) => workers.run(count, true, &member),
        None => member(0),
    }
    barrier.resume_panic();
}

/// What [`nanoseconds_to_hand_over`] says as long as it could not be measured: a number that clocks
/// do not give.
const USUAL_HAND_OVER: u64 = 1001;

/// Nanoseconds that it takes to hand a part to a worker who is awake, and to hear of its end: a
/// hundred where two cores share a cache, and some thousand where they do not. It is measured
/// once, and decides about nothing but who computes.
pub(crate) fn nanoseconds_to_hand_over() -> u64 {
    /// 0 as long as there is none.
    static MEASURED: AtomicU64 = AtomicU64::new(0);
    /// When it is tried again, and how much later once more.
    static AGAIN: Mutex<Option<(Instant, Duration)>> = Mutex::new(None);
    /// How long after the first failure.
    const SOON: Duration = Duration::from_millis(10);
    // Miri's clock counts what it interprets.
    let measured = if cfg!(miri) { 1 } else { MEASURED.load(Ordering::Relaxed) };
    if measured > 0 {
        return measured;
    }
    let Some(workers) = Pool::enter(2) else { return USUAL_HAND_OVER };
    let mut again = AGAIN.lock().unwrap_or_else(PoisonError::into_inner);
    let (now, wait) = (Instant::now(), again.map_or(SOON, |(_, wait)| 2 * wait));
    if again.is_some_and(|(then, _)| now < then) {
        return USUAL_HAND_OVER;
    }
    *again = Some((now + wait, wait));
    let Some(measured) = measure(workers) else { return USUAL_HAND_OVER };
    MEASURED.store(measured, Ordering::Relaxed);
    measured
}

/// Measures the nanoseconds of a hand-over, unless the worker has no core of its own meanwhile.
fn measure(mut workers: Hired) -> Option<u64> {
    /// How often it is tried: the first times it has to wake somebody.
    const TIMES: usize = 200;
    /// How long, if others want the cores at the moment.
    const LIMIT: Duration = Duration::from_millis(5);
    /// What takes as long may have been two threads that take turns on one core. The system leaves
    /// it so while both want to run; who sleeps for a moment wakes up where a core is free.
    const SAME_CORE: Duration = Duration::from_micros(50);
    /// Nanoseconds that no hand-over takes: what takes longer has waited for a core. Believed, it
    /// would have everything computed alone from then on.
    const TOO_LONG: u64 = 10_000;
    let begin = Instant::now();
    let tries = (0..TIMES).take_while(|&i| i == 0 || begin.elapsed() < LIMIT);
    let least = tries.map(|_| {
        // Both have to come: else the caller would be gone before the worker has heard of it.
        let barrier = Barrier::new(2);
        let start = Instant::now();
        workers.run(2, true, &|_| barrier.wait());
        let taken = start.elapsed();
        if taken > SAME_CORE {
            thread::sleep(Duration::from_nanos(1));
        }
        taken.as_nanos() as u64
    });
    least.min().map(|least| least.max(1)).filter(|&least| least < TOO_LONG)
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

/// Pointers into memory of which each part writes its own share.
pub(crate) struct Apart<T>(pub(crate) T);

impl<T> Apart<T> {
    pub(crate) fn get(&self) -> &T {
        &self.0
    }
}

// SAFETY: whoever makes one cuts its memory so that no part reads or writes what another writes.
unsafe impl<T> Sync for Apart<T> {}

#[cfg(all(test, not(loom)))]
mod tests;
