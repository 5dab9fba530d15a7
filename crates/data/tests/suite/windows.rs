//! Windows at the edges, parts of a split, forms of targets, orders of epochs.

use elman_data::{Batch, Error, Form, Scaler, Split, Task, Windows};

fn counting(n: usize) -> Vec<f64> {
    (0..n).map(|i| i as f64).collect()
}

/// Inputs and targets of window `i`.
fn window(windows: &Windows<'_>, i: usize) -> (Vec<f64>, Vec<f64>) {
    let mut batch = Batch::<f64>::new();
    windows.fill(&mut batch, i..i + 1).unwrap();
    (batch.x.values().to_vec(), batch.y.values().to_vec())
}

#[test]
fn a_series_of_exactly_one_window() {
    let series = counting(5);
    let windows = Windows::new(&series, 1, 3, 2).unwrap();
    assert_eq!(windows.count(), 1);
    assert_eq!(window(&windows, 0), (vec![0.0, 1.0, 2.0], vec![3.0, 4.0]));
    assert_eq!((windows.start(0), windows.start(1)), (Some(0), None));
    assert_eq!(windows.stride(1000).unwrap().count(), 1);
    let short = Windows::new(&series, 1, 4, 2).unwrap_err();
    assert_eq!(short.to_string(), "Windows, input and horizon: 5 rows; wanted at least 6");
}

#[test]
fn strides_reach_the_last_window_that_fits() {
    let series = counting(11);
    for (stride, starts) in [(1, counting(7)), (3, vec![0.0, 3.0, 6.0]), (4, vec![0.0, 4.0])] {
        let windows = Windows::new(&series, 1, 3, 2).unwrap().stride(stride).unwrap();
        let found: Vec<f64> = (0..windows.count()).map(|i| window(&windows, i).0[0]).collect();
        assert_eq!(found, starts);
    }
}

#[test]
fn parts_hold_all_of_their_targets_and_no_others() {
    let series = counting(30);
    let split = Split::fractions(30, 0.5, 0.3).unwrap();
    for form in [Form::Direct, Form::Following, Form::Shifted] {
        let all = Windows::new(&series, 1, 4, 2).unwrap().form(form).unwrap();
        let mut seen = [0; 30];
        for part in [&split.train, &split.validation, &split.test] {
            let windows = all.targets(part.clone()).unwrap();
            for i in 0..windows.count() {
                for target in window(&windows, i).1 {
                    assert!(part.contains(&(target as usize)), "{form:?} {part:?} {target}");
                    seen[target as usize] += 1;
                }
            }
        }
        // Whatever can be a target is one, at the beginning of every part too.
        let first = if form == Form::Shifted { 2 } else { 4 };
        assert!(seen[..first].iter().all(|&n| n == 0) && seen[first..].iter().all(|&n| n > 0));
    }
    let all = Windows::new(&series, 1, 4, 2).unwrap();
    assert_eq!(
        all.targets(29..30).unwrap_err().to_string(),
        "Windows, input and horizon: 5 rows; wanted at least 6"
    );
    assert!(matches!(all.targets(5..31), Err(Error::Parameter { name: "targets", .. })));
    // In parts of one row a window of one target fits.
    assert_eq!(Windows::new(&series, 1, 4, 1).unwrap().targets(29..30).unwrap().count(), 1);
}

#[test]
fn forms_of_targets() {
    // Two columns: 0, 100; 1, 101; ...
    let series: Vec<f64> = (0..8).flat_map(|t| [f64::from(t), f64::from(t + 100)]).collect();
    let windows = Windows::new(&series, 2, 3, 2).unwrap();
    let mut batch = Batch::<f64>::new();

    windows.fill(&mut batch, 1..3).unwrap();
    assert_eq!(batch.x.shape().dims(), [3, 2, 2]);
    assert_eq!(batch.x.values()[..8], [1.0, 101.0, 2.0, 102.0, 2.0, 102.0, 3.0, 103.0]);
    assert_eq!(batch.y.shape().dims(), [2, 4]);
    assert_eq!(batch.y.values(), [4.0, 104.0, 5.0, 105.0, 5.0, 105.0, 6.0, 106.0]);
    assert!(batch.ids.is_empty());

    windows.form(Form::Following).unwrap().fill(&mut batch, 1..3).unwrap();
    assert_eq!(batch.y.shape().dims(), [2, 2, 2]);
    assert_eq!(batch.y.values(), [4.0, 104.0, 5.0, 105.0, 5.0, 105.0, 6.0, 106.0]);

    let second = windows.form(Form::Shifted).unwrap().predicting(&[1]).unwrap();
    second.fill(&mut batch, 1..3).unwrap();
    assert_eq!(batch.x.shape().dims(), [3, 2, 2]);
    assert_eq!(batch.y.shape().dims(), [3, 2, 1]);
    assert_eq!(batch.y.values(), [103.0, 104.0, 104.0, 105.0, 105.0, 106.0]);
    for none in [&[][..], &[2]] {
        assert!(matches!(
            windows.predicting(none),
            Err(Error::Parameter { name: "predicting", .. })
        ));
    }
}

#[test]
fn every_epoch_has_each_window_once_in_its_own_order() {
    let series = counting(20);
    let windows = Windows::new(&series, 1, 3, 1).unwrap();
    let count = windows.count() as u64; // 17, batches of 5: epochs end inside a batch
    // One batch for all: an order that it remembers must not be taken for another.
    let mut batch = Batch::<f64>::new();
    let mut starts = |seed: u64| -> Vec<usize> {
        let task = windows.shuffled(seed, 5).unwrap();
        let mut starts = Vec::new();
        for index in 0..count {
            task.fill(&mut batch, index).unwrap();
            starts.extend(batch.x.values()[..5].iter().map(|&x| x as usize));
        }
        starts
    };
    let drawn = starts(1);
    let epochs: Vec<&[usize]> = drawn.chunks_exact(17).collect();
    for (e, epoch) in epochs.iter().enumerate() {
        let mut sorted = epoch.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..17).collect::<Vec<_>>(), "epoch {e}");
        assert_ne!(sorted, *epoch, "epoch {e} is not shuffled");
        assert!(epochs[..e].iter().all(|other| other != epoch), "epoch {e} repeats an order");
    }
    assert_eq!(drawn, starts(1));
    assert_ne!(drawn[..17], starts(2)[..17]);
    assert_ne!(starts(3)[68..], starts(4)[68..]);
    let other = windows.stride(2).unwrap().shuffled(4, 9).unwrap();
    other.fill(&mut batch, 4).unwrap();
    assert_eq!(batch.x.values()[..9].iter().sum::<f64>(), 72.0);
}

#[test]
fn more_rows_in_a_batch_than_windows() {
    let series = counting(5);
    let task = Windows::new(&series, 1, 3, 1).unwrap().shuffled(1, 7).unwrap();
    let mut batch = Batch::<f64>::new();
    task.fill(&mut batch, 0).unwrap();
    let starts = &batch.x.values()[..7];
    assert!(starts[..6].chunks(2).all(|epoch| epoch[0] + epoch[1] == 1.0), "{starts:?}");
}

#[test]
fn values_that_are_not_finite_are_found_before_they_spread() {
    let mut series = counting(10);
    series[7] = f64::NAN;
    let error = Windows::new(&series, 2, 1, 1).unwrap_err();
    assert!(matches!(error, Error::NotFiniteValue { row: 3, column: 1, .. }), "{error}");
    assert!(matches!(Scaler::standard(&series, 1), Err(Error::NotFiniteValue { row: 7, .. })));
    let partial = Windows::new(&series, 3, 1, 1).unwrap_err();
    assert_eq!(partial.to_string(), "Windows: 10 values are not whole rows of 3 columns");
}

#[test]
fn scalers() {
    let values = [1.0, 10.0, 2.0, 10.0, 6.0, 10.0];
    let standard = Scaler::standard(&values, 2).unwrap();
    assert_eq!((standard.mean(), standard.scale()[1]), (&[3.0, 10.0][..], 1.0));
    // Deviations -2, -1, 3: variance 14/3.
    assert!((standard.scale()[0] - (14.0f64 / 3.0).sqrt()).abs() < 1e-15);
    let mut scaled = values;
    standard.transform(&mut scaled).unwrap();
    assert!((scaled[0] + scaled[2] + scaled[4]).abs() < 1e-15 && scaled[1] == 0.0);
    standard.inverse(&mut scaled).unwrap();
    assert!(scaled.iter().zip(values).all(|(a, b)| (a - b).abs() < 1e-14));

    let mut ranged = values;
    Scaler::range(&values, 2).unwrap().transform(&mut ranged).unwrap();
    assert_eq!(ranged, [-1.0, 0.0, -0.6, 0.0, 1.0, 0.0]);

    // The sum of three times 0.1 is not 0.3, but a constant has to become 0 exactly.
    let constant = Scaler::standard(&[0.1; 3], 1).unwrap();
    assert_eq!((constant.mean(), constant.scale()), (&[0.1][..], &[1.0][..]));
    // Squares that underflow, and squares that overflow.
    assert_eq!(Scaler::standard(&[1e-300, 2e-300], 1).unwrap().scale(), [1.0]);
    assert!(matches!(
        Scaler::standard(&[-1e300, 1e300], 1),
        Err(Error::Parameter { name: "scale", .. })
    ));
    assert!(matches!(Scaler::standard(&[], 1), Err(Error::TooShort { .. })));
    assert!(matches!(Scaler::range(&[1.0], 0), Err(Error::Parameter { name: "columns", .. })));
    let odd = standard.transform(&mut [1.0f32; 3]).unwrap_err();
    assert_eq!(odd.to_string(), "Scaler::transform: 3 values are not whole rows of 2 columns");
}

#[test]
fn splits() {
    let thirds = Split::fractions(10, 0.7, 0.3).unwrap();
    assert_eq!((thirds.train, thirds.validation, thirds.test), (0..7, 7..10, 10..10));
    // 0.29 * 100 is a little less than 29.
    assert_eq!(Split::fractions(100, 0.29, 0.0).unwrap().train, 0..29);
    let nothing = Split::fractions(0, 0.5, 0.1).unwrap();
    assert_eq!((nothing.train, nothing.test), (0..0, 0..0));
    for (train, validation) in
        [(-0.1, 0.5), (0.5, 1.1), (0.6, 0.5), (f64::NAN, 0.1), (0.1, f64::INFINITY)]
    {
        assert!(matches!(Split::fractions(10, train, validation), Err(Error::Parameter { .. })));
    }
    assert!(Split::at(10, 5, 4).is_err() && Split::at(10, 5, 11).is_err());
    assert!(Split::at(10, 10, 10).is_ok() && Split::at(10, 0, 0).is_ok());
}
