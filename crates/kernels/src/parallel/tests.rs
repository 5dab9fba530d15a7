use super::handover::{HandOver, Worker};
use super::pool::Crew;
use super::sync::PATIENCE;
use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

#[test]
fn every_part_is_done_once() {
    for threads in [1, 2, 3, 8] {
        let _threads = Threads::limit(threads);
        for count in [0, 1, 2, 7, 64, 65] {
            for _ in 0..200 {
                let done: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                run(count, &|i| {
                    done[i].fetch_add(1, Ordering::Relaxed);
                });
                assert!(done.iter().all(|n| n.load(Ordering::Relaxed) == 1));
            }
        }
    }
}

/// Few enough computations for Miri, of every kind.
#[test]
fn small_computations_are_done_once() {
    let _threads = Threads::limit(3);
    for round in 0..8 {
        let done: Vec<_> = (0..5).map(|_| AtomicUsize::new(0)).collect();
        let part = |i: usize| _ = done[i].fetch_add(1, Ordering::Relaxed);
        if round % 2 == 0 {
            run(5, &part)
        } else {
            run_if_awake(5, &part)
        }
        assert!(done.iter().all(|n| n.load(Ordering::Relaxed) == 1));
        let (come, members) = (AtomicUsize::new(0), AtomicUsize::new(0));
        together(3, &|member| {
            members.store(member.of(), Ordering::Relaxed);
            come.fetch_add(1, Ordering::Relaxed);
            member.wait();
            assert_eq!(come.load(Ordering::Relaxed), member.of());
        });
        assert_eq!(come.into_inner(), members.into_inner());
        let caught = catch_unwind(|| run(3, &|i| assert!(i != round % 3)));
        assert!(caught.is_err());
    }
}

#[test]
fn computations_of_several_threads_and_within_each_other_end() {
    let sum = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    run(4, &|i| {
                        run(3, &|j| {
                            sum.fetch_add(i * j, Ordering::Relaxed);
                        });
                    });
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 4 * 500 * 6 * 3);
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
    let _threads = Threads::limit(2);
    for bad in 0..4 {
        let caught = catch_unwind(|| run(4, &|i| assert!(i != bad)));
        assert!(caught.is_err());
    }
    run(4, &|_| ());
}

#[test]
fn members_wait_for_each_other() {
    for threads in [1, 2, 3, 8] {
        let _threads = Threads::limit(threads);
        let come = AtomicUsize::new(0);
        together(threads, &|member| {
            for round in 1..1000 {
                come.fetch_add(1, Ordering::Relaxed);
                member.wait();
                assert_eq!(come.load(Ordering::Relaxed), round * member.of());
                member.wait();
            }
        });
    }
}

#[test]
fn nobody_waits_for_who_panicked() {
    let _threads = Threads::limit(3);
    for bad in 0..3 {
        let caught = catch_unwind(|| {
            together(3, &|member| {
                member.wait();
                // Where another test has the pool, there is one member only.
                if member.number() == bad % member.of() {
                    panic_any(bad);
                }
                member.wait();
            });
        });
        // Not the panic of one who waited.
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&bad));
    }
    run(4, &|_| ());
}

/// Panics with another one of its kind when it is dropped.
struct Relentless;

impl Drop for Relentless {
    fn drop(&mut self) {
        panic_any(Relentless);
    }
}

#[test]
fn a_payload_that_panics_when_dropped_reaches_the_caller() {
    let _threads = Threads::limit(3);
    for helped in [true, false].repeat(4) {
        let here = thread::current().id();
        let panicked = AtomicUsize::new(0);
        let part = |_| {
            if !helped || thread::current().id() != here {
                panicked.fetch_add(1, Ordering::Relaxed);
                panic_any(Relentless);
            }
            thread::sleep(Duration::from_millis(1));
        };
        let computations: [&dyn Fn(); 2] =
            [&|| run(3, &part), &|| together(3, &|member| part(member.number()))];
        for compute in computations {
            panicked.store(0, Ordering::Relaxed);
            let caught = catch_unwind(AssertUnwindSafe(compute));
            match caught {
                Ok(()) => assert_eq!(panicked.load(Ordering::Relaxed), 0),
                Err(payload) => {
                    assert!(payload.is::<Relentless>());
                    std::mem::forget(payload);
                }
            }
        }
    }
    run(4, &|_| ());
}

#[test]
fn a_worker_that_cannot_be_had_is_asked_for_again_now_and_then() {
    let (mut crew, asked) = (Crew::default(), AtomicUsize::new(0));
    let mut held = Vec::new();
    for _ in 0..10 * Crew::CALLS {
        let helpers = crew.grow(2, |number, asleep| {
            assert_eq!(number, 1);
            held.push(Arc::downgrade(&asleep));
            asked.fetch_add(1, Ordering::Relaxed);
            None
        });
        assert_eq!(helpers, 0);
    }
    assert_eq!(asked.into_inner(), 10);
    assert!(held.iter().all(|asleep| asleep.strong_count() == 0));
    // Where there are threads again, it grows.
    assert_eq!(crew.grow(2, |_, _| Some(thread::current())), 2);
}

/// A count that wraps would make a worker skip a computation.
#[test]
fn a_computation_after_any_number_of_them_is_entered() {
    for number in [0, u64::from(u32::MAX) - 1, u64::from(u32::MAX), 1 << 40] {
        let (shared, asleep) = (Arc::new(HandOver::new(number)), Arc::new(AtomicBool::new(false)));
        let helped = {
            let (shared, asleep) = (shared.clone(), asleep.clone());
            thread::spawn(move || shared.help(0, 1, &asleep))
        };
        let workers = [Worker { thread: helped.thread().clone(), asleep }];
        let (come, begin) = (AtomicBool::new(false), Instant::now());
        shared.run(&workers, 2, true, &|i| match i {
            0 => {
                while !come.load(Ordering::Relaxed) && begin.elapsed().as_secs() < 20 {
                    std::hint::spin_loop();
                }
            }
            _ => come.store(true, Ordering::Relaxed),
        });
        assert!(come.into_inner(), "nobody came after {number} computations");
        assert_eq!(helped.join().unwrap(), number + 1);
    }
}

#[test]
fn a_sleeper_is_woken() {
    let _threads = Threads::limit(2);
    // Whoever is hired only now has not slept yet.
    run(2, &|_| ());
    // Another test may have the pool, but not for so long.
    for _ in 0..20_000 {
        let (here, there) = (thread::current().id(), AtomicBool::new(false));
        thread::sleep(3 * PATIENCE);
        run(2, &|_| {
            there.fetch_or(thread::current().id() != here, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
        });
        if there.into_inner() {
            return;
        }
    }
    panic!("nobody came to help");
}
/// Whatever came before, and however long the workers have slept: all parts are done, once.
#[test]
fn computations_of_every_kind_end_in_every_order() {
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for _ in 0..20_000 {
        let _threads = Threads::limit(1 + draw(4) as usize);
        let (count, waits) = (1 + draw(9) as usize, draw(4) as usize);
        let done = AtomicUsize::new(0);
        let add = |n| _ = done.fetch_add(n, Ordering::Relaxed);
        if draw(2) == 0 {
            run(count, &|_| add(1));
            assert_eq!(done.into_inner(), count);
        } else {
            together(count, &|member| {
                (0..waits).for_each(|_| member.wait());
                // As many as they are, of whom each adds its share of 24.
                add(24 / member.of());
            });
            assert_eq!(done.into_inner(), 24);
        }
        // The patience of workers ends before, within and behind this.
        if draw(16) == 0 {
            let until = Instant::now() + 2 * PATIENCE * draw(100) as u32 / 100;
            while Instant::now() < until {
                std::hint::spin_loop();
            }
        }
    }
}

#[test]
fn parts_are_done_once_whether_anybody_is_awake_or_not() {
    for threads in [1, 2, 3] {
        let _threads = Threads::limit(threads);
        for round in 0..60 {
            let count = [1, 5, 64, 65][round % 4];
            let done: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            run_if_awake(count, &|i| {
                done[i].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|n| n.load(Ordering::Relaxed) == 1));
            if round % 20 == 0 {
                thread::sleep(10 * PATIENCE); // all fall asleep
            }
        }
    }
}

#[test]
fn who_is_asked_often_enough_wakes_up() {
    let _threads = Threads::limit(2);
    run(2, &|_| ());
    thread::sleep(100 * PATIENCE);
    let helped = || {
        let here = thread::current().id();
        let others = AtomicUsize::new(0);
        run_if_awake(2, &|_| {
            others.fetch_add(usize::from(thread::current().id() != here), Ordering::Relaxed);
            // Shorter than who is awake stays so, and long enough to come for.
            spin(PATIENCE / 5);
        });
        others.into_inner() > 0
    };
    assert!((0..1_000_000).any(|_| helped()));
}

#[test]
fn the_hand_over_is_measured_once() {
    let _threads = Threads::limit(2);
    // Other tests have the pool at times, and two threads may begin on one core: the system takes
    // them apart where both have work.
    let measured = (0..60_000).find_map(|_| {
        run(2, &|_| spin(10 * PATIENCE));
        Some(nanoseconds_to_hand_over()).filter(|&t| t != USUAL_HAND_OVER)
    });
    assert!(measured.is_some_and(|t| t > 0));
    assert!((0..1000).all(|_| Some(nanoseconds_to_hand_over()) == measured));
}

/// Works for some time.
fn spin(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::hint::spin_loop();
    }
}
