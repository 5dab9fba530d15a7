//! Batches of about equal lengths: every sequence once an epoch, the longest first, little padding.

use elman_data::{Buckets, Error, Order};
use proptest::prelude::*;

/// The batches of an epoch.
fn batches(buckets: &Buckets<'_>, epoch: u64) -> Vec<Vec<usize>> {
    let mut order = Order::new();
    order.shuffle(buckets, epoch).unwrap();
    order.iter().map(<[usize]>::to_vec).collect()
}

proptest! {
    #[test]
    fn each_sequence_once_the_longest_first_and_little_padding(
        lengths in prop::collection::vec(1u32..50, 1..120),
        seed: u64, epoch: u64, batch in 1usize..20, pool in 1usize..9,
    ) {
        let whole = Buckets::new(&lengths, seed, batch).unwrap();
        let spread = lengths.iter().max().unwrap() - lengths.iter().min().unwrap();
        let pools = lengths.len().div_ceil(pool * batch);
        for (buckets, pools) in [(whole, 1), (whole.pools(pool).unwrap(), pools)] {
            let batches = batches(&buckets, epoch);
            prop_assert_eq!(batches.len(), buckets.count());
            prop_assert_eq!(batches.iter().filter(|b| b.len() < batch).count(), usize::from(lengths.len() % batch > 0));
            let mut seen = batches.concat();
            seen.sort_unstable();
            prop_assert!(seen.into_iter().eq(0..lengths.len()));
            let mut padding = 0;
            for rows in &batches {
                prop_assert!(rows.is_sorted_by(|&a, &b| lengths[a] >= lengths[b]));
                padding += rows.iter().map(|&i| lengths[rows[0]] - lengths[i]).sum::<u32>();
            }
            prop_assert!(padding as usize <= pools * batch * spread as usize, "{}", padding);
        }
    }

    #[test]
    fn a_batch_of_one_octave_is_less_than_half_padding(
        lengths in prop::collection::vec(prop_oneof![1u32..9, 1u32..5000, Just(u32::MAX)], 1..120),
        seed: u64, epoch: u64, batch in 1usize..20, pool in 1usize..9,
    ) {
        let buckets = Buckets::new(&lengths, seed, batch).unwrap().octaves();
        for buckets in [buckets, buckets.pools(pool).unwrap()] {
            let batches = batches(&buckets, epoch);
            prop_assert_eq!(batches.len(), buckets.count());
            let mut seen = batches.concat();
            seen.sort_unstable();
            prop_assert!(seen.into_iter().eq(0..lengths.len()));
            for rows in &batches {
                prop_assert!(!rows.is_empty() && rows.len() <= batch);
                prop_assert!(rows.is_sorted_by(|&a, &b| lengths[a] >= lengths[b]));
                prop_assert!(rows.iter().all(|&i| lengths[i] > lengths[rows[0]] / 2));
            }
        }
    }

    #[test]
    fn any_sizes_are_an_order_or_an_error(
        lengths in prop::collection::vec(prop_oneof![Just(0), Just(1), any::<u32>()], 0..5),
        (batch, pool) in (prop_oneof![0usize..3, Just(usize::MAX)], prop_oneof![0usize..3, Just(usize::MAX)]),
    ) {
        let made = Buckets::new(&lengths, 1, batch).and_then(|b| b.pools(pool));
        let wanted = !lengths.is_empty() && !lengths.contains(&0) && batch > 0 && pool > 0;
        prop_assert_eq!(made.is_ok(), wanted);
        if let Ok(buckets) = made {
            prop_assert_eq!(batches(&buckets, u64::MAX).concat().len(), lengths.len());
        }
    }
}

#[test]
fn an_order_is_a_function_of_seed_and_epoch() {
    let lengths: Vec<u32> = (0..60).map(|i| 1 + i % 7).collect();
    let buckets = Buckets::new(&lengths, 7, 4).unwrap();
    let first = batches(&buckets, 3);
    let mut order = Order::new();
    for epoch in [0, 9, 3] {
        order.shuffle(&buckets, epoch).unwrap();
    }
    assert!(order.iter().eq(first.iter().map(Vec::as_slice)));
    assert_eq!((order.get(0), order.get(15)), (Some(&first[0][..]), None));
    assert_ne!(batches(&buckets, 4), first);
    assert_ne!(batches(&Buckets::new(&lengths, 8, 4).unwrap(), 3), first);

    // The batches do not come by length, and rows of one length meet others in other epochs.
    assert!(!first.is_sorted_by_key(|rows| lengths[rows[0]]));
    let sorted = |mut rows: Vec<usize>| {
        rows.sort_unstable();
        rows
    };
    let other: Vec<_> = batches(&buckets, 4).into_iter().map(sorted).collect();
    assert!(first.into_iter().map(sorted).any(|rows| !other.contains(&rows)));
}

/// Numbers that must never change: the order of a run that is continued depends on them.
#[test]
fn the_order_of_today_is_the_order_of_tomorrow() {
    let lengths = [3, 1, 2, 3, 1, 2, 5];
    let found = batches(&Buckets::new(&lengths, 7, 3).unwrap(), 0);
    assert_eq!(found, [vec![2, 5, 1], vec![4], vec![6, 3, 0]]);
}

#[test]
fn pools_mix_rows_of_all_lengths() {
    let lengths: Vec<u32> = (1..=64).collect();
    let sorted = Buckets::new(&lengths, 1, 8).unwrap();
    let ends = |buckets: &Buckets<'_>, epoch| -> Vec<usize> {
        let mut firsts: Vec<_> = batches(buckets, epoch).iter().map(|rows| rows[0]).collect();
        firsts.sort_unstable();
        firsts
    };
    assert_eq!(ends(&sorted, 0), ends(&sorted, 1));
    let pooled = sorted.pools(2).unwrap();
    assert_ne!(ends(&pooled, 0), ends(&pooled, 1));
}

#[test]
fn from_the_second_epoch_on_nothing_is_allocated() {
    let lengths: Vec<u32> = (0..100).map(|i| 1 + i * i % 13).collect();
    let buckets = Buckets::new(&lengths, 1, 8).unwrap().pools(3).unwrap();
    let mut order = Order::new();
    order.shuffle(&buckets, 0).unwrap();
    let allocated = allocation_counter::measure(|| {
        for epoch in 1..5 {
            order.shuffle(&buckets, epoch).unwrap();
            assert_eq!(order.iter().map(<[usize]>::len).sum::<usize>(), 100);
        }
    });
    assert_eq!(allocated.count_total, 0, "{allocated:?}");
}

#[test]
fn what_cannot_be_meant_is_an_error() {
    let said = |made: Result<Buckets<'_>, Error>| made.unwrap_err().to_string();
    assert_eq!(said(Buckets::new(&[], 1, 2)), "Buckets: lengths is []; wanted at least one");
    assert_eq!(
        said(Buckets::new(&[2, 0], 1, 2)),
        "Buckets: the place of a length of 0 is Some(1); wanted none"
    );
    assert_eq!(said(Buckets::new(&[2], 1, 0)), "Buckets: batch is 0; wanted at least 1");
    let pools = Buckets::new(&[2], 1, 1).and_then(|buckets| buckets.pools(0));
    assert_eq!(said(pools), "Buckets: pools is 0; wanted at least 1");
    assert_eq!(Order::new().get(0), None);
}
