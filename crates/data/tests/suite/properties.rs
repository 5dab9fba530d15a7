//! For any size and any value: a result or an error, never a panic.

use elman_data::{
    Adding, Batch, ContinualReber, CopyMemory, Counting, Dyck2, Echo, EmbeddedReber, Error, Form,
    LIMIT, Layout, LongLag, Lorenz, MackeyGlass, Missing, Mnist1d, Multiplication, Narma10, Parity,
    RandomSequence, Reber, Scaler, Scratch, Sines, SpikeDelays, Split, Table, Target, Task,
    TemporalOrder, Tomita, Windows,
};
use proptest::prelude::*;

/// Sizes with 0 and 1 among them, and sizes whose products overflow or cannot be meant.
fn size() -> impl Strategy<Value = usize> {
    let huge = [LIMIT, LIMIT + 1, usize::MAX / 2 + 1, usize::MAX - 1, usize::MAX];
    prop_oneof![8 => 0usize..12, 1 => prop::sample::select(huge.to_vec())]
}

fn number() -> impl Strategy<Value = f64> {
    let odd = [0.0, -1.0, 1e-300, 1e300, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    prop_oneof![2 => -3.0..3.0, 1 => prop::sample::select(odd.to_vec())]
}

/// A task either refuses, or fills batches of finite numbers as its layout says.
fn sound<K: Task>(task: &K, index: u64) -> Result<(), TestCaseError> {
    let mut batch = Batch::<f32>::new();
    if task.fill(&mut batch, index).is_err() {
        return Ok(());
    }
    let Layout { time, batch: size, features, target, classes } = task.layout().unwrap();
    let shape = batch.x.shape();
    prop_assert_eq!(shape.dims(), [time, size, features]);
    let (steps, width) = match target {
        Target::Sequence(k) => (1, k),
        Target::Steps(steps, k) => (steps, k),
    };
    prop_assert_eq!(batch.y.values().len(), steps * size * width);
    prop_assert_eq!(batch.ids.len(), if classes { steps * size } else { 0 });
    prop_assert_eq!(batch.lengths.len(), size);
    prop_assert!(batch.lengths.iter().all(|&length| length as usize <= time));
    Ok(())
}

/// Constructors and layouts agree about what is possible.
fn agrees<K: Task>(made: Result<K, Error>, index: u64) -> Result<(), TestCaseError> {
    if let Ok(task) = made {
        // Made, so it fits; but do not wait for a gigabyte to be filled.
        let Layout { time, batch, features, .. } = task.layout().unwrap();
        if time.saturating_mul(batch).saturating_mul(features) < 10_000 {
            sound(&task, index)?;
            let mut b = Batch::<f64>::new();
            prop_assert!(index >= 1000 || task.fill(&mut b, index).is_ok());
            prop_assert!(b.x.values().iter().chain(b.y.values()).all(|v| v.is_finite()));
            prop_assert!(task.baseline().unwrap() >= 0.0);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn tasks_of_any_size(
        seed: u64, index in prop_oneof![0..1000u64, any::<u64>()],
        time in size(), batch in size(), k in size(),
    ) {
        agrees(RandomSequence::new(seed, time, batch, k, 2), index)?;
        agrees(Adding::new(seed, time, batch), index)?;
        agrees(Parity::new(seed, time, batch), index)?;
        agrees(CopyMemory::new(seed, time, batch), index)?;
        agrees(Sines::new(seed, time, batch), index)?;
        agrees(Lorenz::new(seed, time, batch).map(|l| Lorenz { washout: 10, ..l }), index)?;
        agrees(MackeyGlass::new(seed, time, batch).map(|m| MackeyGlass { washout: 5, ..m }), index)?;
        agrees(Narma10::new(seed, time, batch).map(|n| Narma10 { washout: 5, ..n }), index)?;
        agrees(Multiplication::new(seed, time, batch), index)?;
        agrees(TemporalOrder::new(seed, time, batch), index)?;
        agrees(LongLag::new(seed, time, batch), index)?;
        agrees(Echo::new(seed, time, k, batch), index)?;
        agrees(SpikeDelays::new(seed, time, batch), index)?;
        agrees(Mnist1d::new(seed, batch), index)?;
        agrees(Reber::new(seed, time, batch), index)?;
        agrees(EmbeddedReber::new(seed, time, batch), index)?;
        agrees(ContinualReber::new(seed, time, batch), index)?;
        agrees(Counting::new(seed, k, (1, time), batch), index)?;
        agrees(Dyck2::new(seed, time, k, batch), index)?;
        agrees(Tomita::new(seed, k, time, batch), index)?;
        for zero in [Adding::new(seed, time, 0), Adding::new(seed, 1, batch), Adding::new(seed, 0, batch)] {
            prop_assert!(zero.is_err());
        }
        if time > LIMIT {
            prop_assert!(Parity::new(seed, time, batch.max(1)).is_err());
            prop_assert!(Narma10::new(seed, 4, 1).unwrap().series(0, time).is_err());
            prop_assert!(Sines::new(seed, 4, 1).unwrap().series(0, time).is_err());
            prop_assert!(Lorenz::new(seed, 4, 1).unwrap().series(0, time).is_err());
            prop_assert!(MackeyGlass::new(seed, 4, 1).unwrap().series(0, time).is_err());
        }
    }

    #[test]
    fn tasks_with_any_fields(
        (a, b, c) in (size(), size(), size()),
        (u, v, w) in (number(), number(), number()),
        time in 0usize..4,
    ) {
        // Sizes that only take time, not memory, are kept small here.
        let small = |n: usize| n % 12;
        sound(&Sines {
            waves: small(a), periods: (u, v), amplitudes: (v, w), noise: w, horizon: b,
            ..Sines::new(1, 3, 2).unwrap()
        }, 0)?;
        sound(&CopyMemory { delay: small(a), length: small(b), symbols: c % 1000, seed: 1, batch: 2 }, 0)?;
        sound(&CopyMemory { delay: a, length: b, symbols: c, seed: 1, batch: 0 }, 0)?;
        let _ = CopyMemory { delay: a, length: b, symbols: c, seed: 1, batch: 2 }.baseline();
        sound(&Lorenz {
            sigma: u, rho: v, beta: w, step: u, washout: small(a), horizon: small(b),
            shift: [u, v, w], scale: [v, w, u], time, ..Lorenz::new(1, 3, 2).unwrap()
        }, 0)?;
        sound(&MackeyGlass {
            beta: u, gamma: v, n: a as u32, tau: small(b), history: (v, w), substeps: small(c),
            washout: small(a), horizon: small(c), time, ..MackeyGlass::new(1, 3, 2).unwrap()
        }, 0)?;
        sound(&TemporalOrder { time: 9 + time, relevant: a, seed: 1, batch: 2 }, 0)?;
        sound(&SpikeDelays { shortest: a, range: b, time, ..SpikeDelays::new(1, 3, 2).unwrap() }, 0)?;
        sound(&Echo { seed: 1, time, delay: a, batch: 2 }, 0)?;
        sound(&Counting { seed: 1, letters: a, n: (b, small(c)), batch: 2 }, 0)?;
        sound(&Dyck2 { seed: 1, time: small(a), depth: b, batch: 2 }, 0)?;
        sound(&Tomita { seed: 1, grammar: a, time: small(b), batch: 2 }, 0)?;
        let _ = SpikeDelays { shortest: a, range: b, ..SpikeDelays::new(1, 30, 2).unwrap() }.baseline();
        let _ = Counting { seed: 1, letters: a, n: (b, small(c)), batch: 2 }.baseline();
        let _ = Dyck2 { seed: 1, time: small(a), depth: b, batch: 2 }.baseline();
        let glass = MackeyGlass::new(1, 3, 2).unwrap();
        for huge in [LIMIT + 1, usize::MAX] {
            let glass = MackeyGlass { tau: huge, ..glass.clone() }.layout().is_err()
                && MackeyGlass { washout: huge, ..glass.clone() }.series(0, time).is_err();
            let lorenz = Lorenz { washout: huge, ..Lorenz::new(1, 3, 2).unwrap() }.baseline();
            let narma = Narma10 { washout: huge, ..Narma10::new(1, 3, 2).unwrap() }.baseline();
            prop_assert!(glass && lorenz.is_err() && narma.is_err());
            prop_assert!(Scratch::default().values(huge).is_err());
            prop_assert!(Scratch::default().order(1, 1, huge).is_err());
        }
    }

    #[test]
    fn layouts_of_any_size(time in size(), batch in size(), features in size(), k in size()) {
        // The element count stays small, or is refused before anything is allocated.
        for target in [Target::Sequence(k), Target::Steps(time, k)] {
            let layout = Layout { time, batch, features, target, classes: true };
            let small = [time, batch, features, k].iter().all(|&n| n < 12);
            let mut b = Batch::<f64>::new();
            let mut rows = 0;
            if small || time.saturating_mul(batch).saturating_mul(features) > LIMIT {
                let filled = b.fill(layout, |_, row, _| {
                    rows += 1;
                    row.x(time - 1, features - 1, 1.0);
                    Ok(())
                });
                prop_assert_eq!(filled.is_ok(), small && time * batch * features * k > 0);
                prop_assert_eq!(filled.is_ok(), rows > 0);
            }
        }
    }

    #[test]
    fn windows_of_any_size(
        rows in 0usize..40, columns in size(), input in size(), horizon in size(),
        stride in size(), from in size(), to in size(), form in 0usize..3,
    ) {
        let series = vec![1.0; rows * columns.min(12)];
        let form = [Form::Direct, Form::Following, Form::Shifted][form];
        let Ok(windows) = Windows::new(&series, columns, input, horizon) else { return Ok(()) };
        prop_assert_eq!(windows.count(), rows - input - horizon + 1);
        let Ok(windows) = windows.stride(stride) else { return Ok(()) };
        let windows = windows.form(form).unwrap();
        let windows = windows.targets(from..to).unwrap_or(windows);
        prop_assert!(windows.start(windows.count() - 1).unwrap() + input + horizon <= rows);
        let mut batch = Batch::<f32>::new();
        windows.fill(&mut batch, 0..windows.count()).unwrap();
        prop_assert!(batch.x.values().iter().chain(batch.y.values()).all(|&v| v == 1.0));
        prop_assert!(windows.fill(&mut batch, 0..windows.count() + 1).is_err());
        prop_assert!(windows.fill(&mut batch, 1..1).is_err());
        sound(&windows.shuffled(1, 2).unwrap(), to as u64)?;
    }

    #[test]
    fn splits_and_scalers(rows in size(), u in number(), v in number(), values in prop::collection::vec(number(), 0..20), columns in size()) {
        if let Ok(split) = Split::fractions(rows, u, v) {
            prop_assert_eq!((split.train.start, split.train.end), (0, split.validation.start));
            prop_assert_eq!((split.validation.end, split.test.end), (split.test.start, rows));
        }
        let fitted = [Scaler::standard(&values, columns), Scaler::range(&values, columns)];
        for scaler in fitted.into_iter().flatten() {
            let mut scaled = values.clone();
            scaler.transform(&mut scaled).unwrap();
            prop_assert!(scaled.iter().all(|z| z.is_finite()));
            scaler.inverse(&mut scaled).unwrap();
            let largest = values.iter().fold(0.0f64, |a, b| a.max(b.abs()));
            prop_assert!(scaled.iter().zip(&values).all(|(a, b)| (a - b).abs() <= 1e-14 * largest));
        }
    }

    #[test]
    fn any_bytes_are_columns_or_an_error(bytes in prop::collection::vec(prop::sample::select(&b"x,1\n\r\" .e\xc3\xa9\xef\xbb\xbf"[..]), 0..40)) {
        for missing in [Missing::Refuse, Missing::Last, Missing::Linear] {
            if let Ok(table) = Table::from_reader("any", &bytes[..], &["x"], missing) {
                prop_assert!(table.values().iter().all(|v| v.is_finite()));
            }
        }
    }

    #[test]
    fn the_line_of_an_error_is_the_line_in_the_file(
        breaks in prop::collection::vec(0usize..4, 1..12),
        bad: prop::sample::Index,
        (before, after, end) in (0usize..3, 0usize..3, 0usize..3),
    ) {
        // Blank lines around, rows with quoted line ends in them, and one bad number.
        let end = ["\n", "\r\n", "\r"][end];
        let (mut text, mut line, mut at) = (format!("{}note,x{end}", end.repeat(before)), before + 2, 0);
        let bad = bad.index(breaks.len());
        for (i, &n) in breaks.iter().enumerate() {
            let number = if i == bad { "?" } else { "1" };
            text += &format!("\"{}\",{number}{end}", end.repeat(n));
            at = if i == bad { line } else { at };
            line += 1 + n;
        }
        text += &end.repeat(after);
        let error = Table::from_reader("f", text.as_bytes(), &["x"], Missing::Last).unwrap_err();
        prop_assert_eq!(error.to_string(), format!("f, line {at}, column `x`: `?` is not a number"));
    }
}

#[test]
fn writing_outside_of_the_layout_is_an_error() {
    let layout =
        Layout { time: 2, batch: 2, features: 1, target: Target::Sequence(1), classes: false };
    let mut batch = Batch::<f64>::new();
    let mut write = |what: &str, t: usize| {
        let filled = batch.fill(layout, |_, row, _| {
            match what {
                "x" => row.x(t, 0, 1.0),
                "y" => row.y(t, 0, 1.0),
                _ => row.id(t, 0),
            }
            Ok(())
        });
        filled.map_err(|e| e.to_string().chars().take(30).collect::<String>())
    };
    assert_eq!((write("x", 1), write("y", 0)), (Ok(()), Ok(())));
    assert_eq!(write("x", 2).unwrap_err(), "a task wrote x[2, 0], outside ");
    assert_eq!(write("y", 1).unwrap_err(), "a task wrote y[1, 0], outside ");
    assert_eq!(write("ids", 0).unwrap_err(), "a task wrote ids[0, 0], outsid");
}
