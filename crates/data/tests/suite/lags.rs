//! Tasks of memory, step by step: every target follows from what was told before.

use elman_data::{
    Adding, Batch, Echo, LongLag, Multiplication, PADDING, SpikeDelays, Task, TemporalOrder,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn filled<K: Task>(task: &K) -> Batch<f64> {
    let mut batch = Batch::new();
    task.fill(&mut batch, 0).unwrap();
    batch
}

/// The symbols of row `k`.
fn symbols(batch: &Batch<f64>, k: usize) -> Vec<usize> {
    let (size, width) = (batch.x.shape().dims()[1], batch.x.shape().last());
    let step = |t: usize| &batch.x.values()[(t * size + k) * width..][..width];
    let one_hot = |x: &[f64]| {
        assert_eq!(x.iter().sum::<f64>(), 1.0);
        x.iter().position(|&v| v == 1.0).unwrap()
    };
    (0..batch.lengths[k] as usize).map(|t| one_hot(step(t))).collect()
}

#[test]
fn temporal_order_of_a_hundred_steps_is_that_of_the_paper() {
    for (relevant, windows) in
        [(2, &[(10, 20), (50, 60)][..]), (3, &[(10, 20), (33, 43), (66, 76)])]
    {
        let make = TemporalOrder { relevant, ..TemporalOrder::new(3, 100, 2000).unwrap() };
        let batch = filled(&make);
        let mut seen = vec![BTreeSet::new(); relevant];
        for k in 0..2000 {
            let row = symbols(&batch, k);
            assert_eq!((row[0], row[row.len() - 1]), (6, 7));
            let inner = &row[1..row.len() - 1];
            assert!(inner.iter().all(|&s| s < 6));
            let marks: Vec<_> = (0..row.len()).filter(|&t| [4, 5].contains(&row[t])).collect();
            assert_eq!(marks.len(), relevant);
            let class = marks.iter().fold(0, |class, &t| 2 * class + row[t] - 4);
            assert_eq!(batch.ids[k] as usize, class);
            assert_eq!(batch.y.values()[k * (1 << relevant) + class], 1.0);
            seen.iter_mut().zip(&marks).for_each(|(seen, &t)| _ = seen.insert(t));
        }
        for (seen, &(from, to)) in seen.iter().zip(windows) {
            assert!(seen.iter().copied().eq(from..=to), "{seen:?}");
        }
        let lengths: BTreeSet<u32> = batch.lengths.iter().copied().collect();
        assert!(lengths.into_iter().eq(100..=110));
        for class in 0..1 << relevant {
            let count = batch.ids.iter().filter(|&&id| id == class).count();
            assert!(count.abs_diff(2000 >> relevant) < 100, "{count} of class {class}");
        }
    }
}

#[test]
fn both_values_that_are_marked_make_the_target() {
    let (sums, products) =
        (Adding::new(3, 21, 500).unwrap(), Multiplication::new(3, 21, 500).unwrap());
    for (batch, product) in [(filled(&sums), false), (filled(&products), true)] {
        for k in 0..500 {
            let step = |t: usize| &batch.x.values()[(t * 500 + k) * 2..][..2];
            let marked: Vec<usize> = (0..21).filter(|&t| step(t)[1] == 1.0).collect();
            assert!(marked.len() == 2 && marked[0] < 10 && marked[1] >= 10);
            let [a, b] = [step(marked[0])[0], step(marked[1])[0]];
            assert_eq!(batch.y.values()[k], if product { a * b } else { a + b });
            let low = if product { 0.0 } else { -1.0 };
            assert!((0..21).all(|t| (low..1.0).contains(&step(t)[0])));
        }
    }
}

/// Numbers that must never change: runs of today are compared with runs of tomorrow.
#[test]
fn the_adding_problem_of_today_is_that_of_tomorrow() {
    let batch = filled(&Adding::new(7, 4, 2).unwrap());
    let round =
        |values: &[f64]| values.iter().map(|v| format!("{v:.6}")).collect::<Vec<_>>().join(" ");
    assert_eq!(
        round(batch.x.values()),
        "0.112273 0.000000 -0.026037 0.000000 -0.101801 1.000000 -0.261354 1.000000 \
         0.857792 0.000000 0.181453 0.000000 -0.951633 1.000000 0.592168 1.000000"
    );
    assert_eq!(round(batch.y.values()), "-1.053434 0.330814");
}

proptest! {
    #[test]
    fn the_next_symbol_after_a_long_lag(seed: u64, lag in 1usize..20) {
        let batch = filled(&LongLag::new(seed, lag, 40).unwrap());
        for k in 0..40 {
            let row = symbols(&batch, k);
            prop_assert!([lag - 1, lag].contains(&row[0]));
            prop_assert!(row[1..].iter().copied().eq(0..lag - 1));
            let next: Vec<u32> = (0..lag).map(|t| batch.ids[t * 40 + k]).collect();
            prop_assert!(next[..lag - 1].iter().copied().eq(0..lag as u32 - 1));
            prop_assert_eq!(next[lag - 1] as usize, row[0]);
        }
    }

    #[test]
    fn an_echo_is_what_was_heard(seed: u64, time in 1usize..20, delay in 0usize..20) {
        let Ok(task) = Echo::new(seed, time, delay, 3) else {
            prop_assert!(delay >= time);
            return Ok(());
        };
        let batch = filled(&task);
        let (x, y) = (batch.x.values(), batch.y.values());
        prop_assert!(y[..delay * 3].iter().all(|&y| y == 0.0));
        prop_assert_eq!(&y[delay * 3..], &x[..(time - delay) * 3]);
    }

    #[test]
    fn delays_are_told_when_the_next_spike_comes(
        seed: u64, time in 1usize..60, shortest in 1usize..8, range in 1usize..8,
    ) {
        let task = SpikeDelays { shortest, range, ..SpikeDelays::new(seed, time, 1).unwrap() };
        let batch = filled(&task);
        let (x, y) = (batch.x.values(), batch.y.values());
        prop_assert_eq!((x[0], y[0]), (1.0, 0.0));
        let mut last = 0;
        for t in 1..time {
            if x[t] == 1.0 {
                let late = t - last - shortest;
                prop_assert!(late <= range);
                prop_assert_eq!(y[t], late as f64 / range as f64);
                last = t;
            } else {
                prop_assert_eq!((x[t], y[t]), (0.0, 0.0));
            }
        }
        prop_assert!(time - last <= shortest + range);
    }

    #[test]
    fn short_temporal_orders(seed: u64, time in 10usize..60, relevant in 2usize..=3) {
        let task = TemporalOrder { relevant, ..TemporalOrder::new(seed, time, 20).unwrap() };
        let batch = filled(&task);
        prop_assert!(!batch.ids.contains(&PADDING));
        for k in 0..20 {
            let row = symbols(&batch, k);
            prop_assert!((time..=time + time / 10).contains(&row.len()));
            prop_assert_eq!(row.iter().filter(|&&s| [4, 5].contains(&s)).count(), relevant);
        }
    }
}
