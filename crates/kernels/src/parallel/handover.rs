//! The hand-over of a computation to workers, and the wait for its end.

use super::MOST_THREADS;
use super::panic::FirstPanic;
use super::sync::{
    AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, LOOKS, Patience, Thread, fence_in_model, park,
    pause,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A computation: a function of the number of a part.
pub(super) type Job<'a> = &'a (dyn Fn(usize) + Sync);

/// What a caller knows of a worker.
pub(super) struct Worker {
    pub(super) thread: Thread,
    pub(super) asleep: Arc<AtomicBool>,
}

/// What caller and workers share.
pub(super) struct HandOver {
    /// The number of the computation, whether it may be entered, and how many workers are in it.
    state: AtomicU64,
    /// The two words of a [`Job`]; meaningful while somebody is in it.
    job: [AtomicPtr<()>; 2],
    count: AtomicU64,
    /// Whether each thread has to take the part of its own number, and no other.
    together: AtomicBool,
    /// A bit for each part that somebody has taken.
    taken: AtomicU64,
    panic: FirstPanic,
}

/// Workers in a computation: [`MOST_THREADS`] at most.
const INSIDE: u64 = OPEN - 1;
const OPEN: u64 = 1 << 7;
/// The other 56 bits count computations, and do not wrap: at one each 10 ns, that takes 22 years. A
/// worker skips a computation with the number of its last one.
const NEXT: u64 = 1 << 8;
const _: () = assert!(MOST_THREADS as u64 <= INSIDE);

impl HandOver {
    /// After `number` computations.
    pub(super) fn new(number: u64) -> Self {
        HandOver {
            state: AtomicU64::new(number * NEXT),
            job: [(); 2].map(|()| AtomicPtr::new(std::ptr::null_mut())),
            count: AtomicU64::new(0),
            together: AtomicBool::new(false),
            taken: AtomicU64::new(0),
            panic: FirstPanic::new(),
        }
    }

    /// Runs the parts of a computation on this thread and on the workers that enter in time. Only
    /// one thread may call it at a time.
    ///
    /// # Panics
    /// If a part panics, with the payload of the first one that does.
    pub(super) fn run(&self, workers: &[Worker], count: usize, together: bool, job: Job<'_>) {
        // SAFETY: a reference to a `dyn Fn` is two pointers, and both are taken as they are.
        let words = unsafe { std::mem::transmute::<Job<'_>, [*mut (); 2]>(job) };
        self.job.iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
        self.count.store(count as u64, Ordering::Relaxed);
        self.together.store(together, Ordering::Relaxed);
        self.taken.store(0, Ordering::Relaxed);
        let number = self.state.load(Ordering::Relaxed) / NEXT;
        // Either this thread sees that a worker sleeps, or the worker sees the computation.
        self.state.store(((number + 1) * NEXT) | OPEN, Ordering::SeqCst);
        fence_in_model();
        // However this function is left, nobody is in the computation any more.
        let closed = Closed(self);
        for worker in workers {
            if worker.asleep.load(Ordering::SeqCst) {
                worker.thread.unpark();
            }
        }
        self.panic.catch(|| self.take_parts(0, job));
        drop(closed);
        self.panic.resume();
    }

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

    /// Helps with one computation after the one with the number `done`, and returns its number.
    pub(super) fn help(&self, done: u64, own: usize, asleep: &AtomicBool) -> u64 {
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
            let _inside = Inside(self);
            let [data, table] = &self.job;
            let words = [data, table].map(|word| word.load(Ordering::Relaxed));
            // SAFETY: the words of a job, of the computation that we are in: who opened it waits
            // until nobody is in it, and what the job refers to lives on his stack until then.
            let job = unsafe { std::mem::transmute::<[*mut (); 2], Job<'_>>(words) };
            self.panic.catch(|| self.take_parts(own, job));
            return state / NEXT;
        }
    }

    /// Waits for a computation that may be entered and is not the last one done.
    fn wait(&self, done: u64, asleep: &AtomicBool) -> u64 {
        let news = |state: u64| state & OPEN != 0 && state / NEXT != done;
        let mut patience = Patience::new();
        loop {
            let state = self.state.load(Ordering::Relaxed);
            if news(state) {
                return state;
            }
            if patience.is_over() {
                asleep.store(true, Ordering::SeqCst);
                fence_in_model();
                if !news(self.state.load(Ordering::SeqCst)) {
                    park();
                }
                asleep.store(false, Ordering::SeqCst);
                patience = Patience::new();
            }
        }
    }
}

/// Shuts a computation when dropped, and waits for those who are still in it.
struct Closed<'a>(&'a HandOver);

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

/// A worker in a computation: leaves it when dropped, also by a panic.
struct Inside<'a>(&'a HandOver);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.state.fetch_sub(1, Ordering::Release);
    }
}

/// Where threads wait for each other.
pub(super) struct Barrier {
    pub(super) count: usize,
    /// How many have come, over all times.
    come: AtomicUsize,
    /// The first panic, after which one of them does not come any more.
    panic: FirstPanic,
}

impl Barrier {
    pub(super) fn new(count: usize) -> Self {
        Barrier { count, come: AtomicUsize::new(0), panic: FirstPanic::new() }
    }

    /// Calls the part of one thread, which returns only after all threads have come: a part that
    /// has not waited for the others does so at its end.
    pub(super) fn part(&self, part: impl FnOnce()) {
        self.panic.catch(|| {
            part();
            if self.come.load(Ordering::Acquire) < self.count {
                self.wait();
            }
        });
    }

    /// Continues the first panic of a [`part`](Self::part), if there was one. All must have returned.
    pub(super) fn resume_panic(&self) {
        self.panic.resume();
    }

    pub(super) fn wait(&self) {
        let come = self.come.fetch_add(1, Ordering::AcqRel);
        let all = come - come % self.count + self.count;
        let mut looks = 0;
        while self.come.load(Ordering::Acquire) < all {
            assert!(!self.panic.is_there(), "another part panicked");
            if looks < LOOKS { looks += 1 } else { pause(&mut looks) }
        }
    }
}
