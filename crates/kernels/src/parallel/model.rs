//! The hand-over in loom, which tries the interleavings of two threads up to a number of
//! preemptions, and for each load the stores that it may see.

use super::Apart;
use super::handover::{Barrier, HandOver, Worker};
use super::sync::{AtomicBool, Builder};
use loom::cell::UnsafeCell;
use loom::model::Builder as Model;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Hands computations to a worker, and then one that ends it.
fn check(preemptions: usize, compute: fn(&HandOver, &[Worker])) {
    let mut model = Model::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let shared = Arc::new(HandOver::new(0));
        let asleep = Arc::new(AtomicBool::new(false));
        // Only the worker uses it, so it is not part of the model.
        let ends = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let thread = {
            let (shared, asleep, ends) = (shared.clone(), asleep.clone(), ends.clone());
            let work = move || {
                let mut done = 0;
                while !ends.load(Ordering::Relaxed) {
                    done = shared.help(done, 1, &asleep);
                }
            };
            Builder::new().spawn(work).unwrap()
        };
        let workers = [Worker { thread: thread.thread().clone(), asleep }];
        compute(&shared, &workers);
        let barrier = Barrier::new(2);
        shared.run(&workers, 2, true, &|number| {
            barrier.part(|| _ = ends.fetch_or(number == 1, Ordering::Relaxed));
        });
        barrier.resume_panic();
        thread.join().unwrap();
    });
}

/// Runs the parts of a computation, each of which writes to memory of its own.
fn parts(shared: &HandOver, workers: &[Worker], count: usize) {
    let done = Apart((0..count).map(|_| UnsafeCell::new(0)).collect::<Vec<_>>());
    shared.run(workers, count, false, &|i| {
        // SAFETY: no other thread uses it meanwhile, which loom checks.
        done.get()[i].with_mut(|done| unsafe { *done += 1 });
    });
    for done in done.get() {
        // SAFETY: as above.
        assert_eq!(done.with(|done| unsafe { *done }), 1);
    }
}

#[test]
fn every_part_is_done_once_and_seen() {
    check(2, |shared, workers| parts(shared, workers, 2));
}

#[test]
fn computations_follow_each_other() {
    check(2, |shared, workers| {
        parts(shared, workers, 1);
        parts(shared, workers, 1);
    });
}

#[test]
fn members_see_what_others_wrote_before_they_waited() {
    check(2, |shared, workers| {
        let barrier = Barrier::new(2);
        let written = Apart([(); 2].map(|()| UnsafeCell::new(0)));
        shared.run(workers, 2, true, &|number| {
            barrier.part(|| {
                // SAFETY: each writes its own, and reads the other's after the barrier.
                unsafe {
                    written.get()[number].with_mut(|to| *to = 1 + number);
                    barrier.wait();
                    assert_eq!(written.get()[1 - number].with(|from| *from), 2 - number);
                }
            });
        });
        barrier.resume_panic();
    });
}

#[test]
fn a_panic_reaches_the_caller_and_the_next_computation_runs() {
    check(2, |shared, workers| {
        let bad = |i| {
            if i == 1 {
                panic_any(7)
            }
        };
        let caught = catch_unwind(AssertUnwindSafe(|| shared.run(workers, 2, false, &bad)));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&7));
        parts(shared, workers, 1);
    });
}
