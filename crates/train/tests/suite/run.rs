//! Runs: where they stop, what they remember, and that they can be interrupted anywhere.

use elman_autograd::{Param, Params};
use elman_tensor::Init;
use elman_train::{End, Error, Row, Run, RunSnapshot, Snapshot, Trainer, Turn, adam};
use proptest::prelude::*;

fn model() -> (Param, Params<f32>) {
    Params::init(3, |p| p.weight("w", [3, 2], Init::Normal { std: 1.0 })).unwrap()
}

/// Runs to the end without training; the validations give these metrics, one after the other.
/// Returns the steps of the validations.
fn validations(run: &mut Run<f32>, metrics: &[f64]) -> Vec<u64> {
    let (_, mut params) = model();
    let mut steps = Vec::new();
    while let Some(turn) = run.turn().unwrap() {
        match turn {
            Turn::Train { step, .. } => {
                params.values_mut()[0] = step as f32 + 1.0;
                run.trained(1.0);
            }
            Turn::Validate { step, .. } => {
                run.validated(&params, &[("m", metrics[steps.len() % metrics.len()])]).unwrap();
                steps.push(step);
            }
            Turn::Save { .. } => {}
        }
    }
    steps
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_run_stops_where_patience_ends(
        total in 0u64..60, every in 1u64..5, patience in 0u64..5, margin in 0.0..0.4,
        rising in any::<bool>(), metrics in prop::collection::vec(-1.0..1.0, 60),
    ) {
        let mut run = Run::steps(total).validate_every(every).patience(patience).margin(margin);
        if rising {
            run = run.rising();
        }
        let steps = validations(&mut run, &metrics);

        // Where validations would be, and which of them are worth waiting for.
        let last = (!total.is_multiple_of(every) || total == 0).then_some(total);
        let grid: Vec<u64> = (1..=total / every).map(|i| i * every).chain(last).collect();
        let sign = if rising { -1.0 } else { 1.0 };
        let (mut worth, mut mark) = (Vec::new(), f64::INFINITY);
        for m in &metrics[..grid.len()] {
            worth.push(sign * m < mark - margin);
            mark = if sign * m < mark - margin { sign * m } else { mark };
        }
        let stop = (patience as usize..=grid.len())
            .find(|&n| patience > 0 && !worth[n - patience as usize..n].contains(&true));
        let wanted = &grid[..stop.unwrap_or(grid.len())];
        prop_assert_eq!(&steps, wanted);
        let end = if run.done() == total { End::Steps } else { End::Patience };
        prop_assert_eq!((run.end(), run.done()), (Some(end), *wanted.last().unwrap()));

        // The first of the best.
        let seen = metrics[..wanted.len()].iter().map(|m| sign * m);
        let least = seen.clone().fold(f64::INFINITY, f64::min);
        let at = seen.clone().position(|m| m == least).unwrap();
        let best = run.best().unwrap();
        prop_assert_eq!((best.step, best.metric), (wanted[at], metrics[at]));
        let (_, mut params) = model();
        params.values_mut()[0] = if wanted[at] == 0 { params.values()[0] } else { wanted[at] as f32 };
        prop_assert_eq!(&best.weights, params.values());
    }

    /// Every step, validation and save, in their order, and the means of the losses.
    #[test]
    fn turns_and_rows_are_where_they_should_be(
        total in 0u64..40, validate in 0u64..9, save in 0u64..9, record in 0u64..9,
        epoch in 0u64..6,
    ) {
        let steps = Run::<f64>::epochs(total, epoch).total();
        prop_assert_eq!(steps, total * epoch);
        let mut run = Run::epochs(total, epoch)
            .validate_every(validate).save_every(save).record_every(record);
        let (_, params) = model();
        let (params, mut turns) = (params.cast::<f64>(), Vec::new());
        while let Some(turn) = run.turn().unwrap() {
            turns.push(turn);
            match turn {
                Turn::Train { step, .. } => {
                    run.rate(step as f64);
                    run.trained((step * step) as f64);
                }
                Turn::Validate { step, .. } => {
                    prop_assert!(run.validated(&params, &[("m", -(step as f64))]).unwrap());
                }
                Turn::Save { .. } => {}
            }
        }
        let (mut wanted, mut rows, mut from) = (Vec::new(), Vec::new(), 0);
        for step in 0..=steps {
            let at = |every: u64| {
                every > 0 && (step == steps || step > 0 && step.is_multiple_of(every))
            };
            let done = step.checked_div(epoch).unwrap_or(0);
            if at(validate) {
                wanted.push(Turn::Validate { step, epoch: done });
            }
            if at(save) {
                wanted.push(Turn::Save { step, epoch: done, best: at(validate) });
            }
            if step < steps {
                wanted.push(Turn::Train { step, epoch: done, batch: step % epoch });
            }
            let recorded = record > 0 && step > 0 && step.is_multiple_of(record);
            if recorded || at(validate) {
                let sum: u64 = (from..step).map(|s| s * s).sum();
                let loss = (from < step).then(|| sum as f64 / (step - from) as f64);
                let metrics = if at(validate) { vec![-(step as f64)] } else { vec![] };
                let rate = step.checked_sub(1).map(|rate| rate as f64);
                rows.push(Row { step, epoch: done, loss, rate, metrics });
                from = step;
            }
        }
        prop_assert_eq!(turns, wanted);
        prop_assert_eq!(&run.history().rows, &rows);
        prop_assert_eq!(run.history().seconds.len(), rows.len());
    }

    /// Any setting at all comes to an end or to an error.
    #[test]
    fn no_setting_panics(
        steps in prop::sample::select(vec![0, 1, 7, u64::MAX]),
        intervals in prop::array::uniform4(prop::sample::select(vec![0, 1, 3, u64::MAX])),
        margin in prop::num::f64::ANY, metrics in prop::collection::vec(prop::num::f64::ANY, 1..5),
    ) {
        let [validate, save, record, patience] = intervals;
        let mut run = Run::epochs(steps, patience)
            .validate_every(validate).save_every(save).record_every(record)
            .patience(patience).margin(margin);
        let (_, params) = model();
        for metric in metrics.iter().cycle().take(50) {
            match run.turn() {
                Ok(Some(Turn::Train { .. })) => run.trained(*metric as f32),
                Ok(Some(Turn::Validate { .. })) => {
                    if run.validated(&params, &[("m", *metric)]).is_err() {
                        run.stop();
                    }
                }
                Ok(Some(Turn::Save { .. })) => {}
                Ok(None) | Err(_) => break,
            }
        }
    }
}

/// Weights, trainer and run together, as a checkpoint has them.
#[derive(Clone)]
struct Saved(Params<f32>, Snapshot<f32>, RunSnapshot<f32>);

/// A real training, from the start or from where it was interrupted. Returns what is left at each
/// turn, and the turns.
fn training(from: Option<&Saved>) -> (Vec<Saved>, Vec<Turn>) {
    let (w, mut params) = model();
    let mut trainer = Trainer::new(adam(0.2));
    let mut run =
        Run::epochs(6, 5).validate_every(3).save_every(4).record_every(2).patience(4).margin(0.1);
    if let Some(Saved(weights, of_trainer, of_run)) = from {
        params.values_mut().copy_from_slice(weights.values());
        trainer.restore(of_trainer).unwrap();
        run.restore(of_run).unwrap();
    }
    let (mut saved, mut turns) = (Vec::new(), Vec::new());
    let save = |params: &Params<f32>, trainer: &Trainer<f32, _>, run: &Run<f32>| {
        let mut of_run = run.snapshot().clone();
        of_run.history.seconds.iter_mut().for_each(|seconds| *seconds = 0.0);
        Saved(params.clone(), trainer.snapshot(), of_run)
    };
    while let Some(turn) = run.turn().unwrap() {
        saved.push(save(&params, &trainer, &run));
        turns.push(turn);
        match turn {
            Turn::Train { .. } => {
                let loss = trainer.step(&mut params, |g| g.param(w).sin().sum()).unwrap();
                run.rate(0.2 / (1.0 + run.done() as f64));
                run.trained(loss);
            }
            Turn::Validate { .. } => {
                let error = f64::from(params.values().iter().map(|w| w.cos()).sum::<f32>());
                run.validated(&params, &[("error", error), ("other", f64::NAN)]).unwrap();
            }
            Turn::Save { .. } => {}
        }
    }
    saved.push(save(&params, &trainer, &run));
    (saved, turns)
}

#[test]
fn a_run_goes_on_from_any_turn() {
    // Numbers that differ are printed differently; NaN is as good as NaN.
    let print = |Saved(params, trainer, run): &Saved| {
        format!("{:?} {trainer:?} {run:?}", params.values().map_bits())
    };
    let (all, turns) = training(None);
    assert!(turns.len() > 20 && all.len() == turns.len() + 1);
    for (at, saved) in all.iter().enumerate() {
        let (rest, left) = training(Some(saved));
        // What is saved in a save is behind it.
        let behind = at + usize::from(matches!(turns.get(at), Some(Turn::Save { .. })));
        assert_eq!(left, turns[behind..], "from turn {at}");
        for (a, b) in all[behind..].iter().zip(&rest) {
            assert_eq!(print(a), print(b), "from turn {at}");
        }
    }
}

#[test]
fn best_weights_come_back_to_the_bit() {
    let (_, mut params) = model();
    let mut run = Run::steps(6).validate_every(1);
    let odd = [f32::MIN_POSITIVE / 8.0, -0.0, f32::MAX, 1.0 / 3.0, f32::EPSILON, -7.0];
    while let Some(turn) = run.turn().unwrap() {
        match turn {
            Turn::Train { step, .. } => {
                params.values_mut().fill(step as f32);
                if step == 3 {
                    params.values_mut().copy_from_slice(&odd);
                }
                run.trained(0.0);
            }
            Turn::Validate { step, .. } => {
                let better = run.validated(&params, &[("m", (step as f64 - 4.0).abs())]).unwrap();
                assert_eq!(better, step <= 4);
            }
            Turn::Save { .. } => {}
        }
    }
    let before = params.generation();
    run.restore_best(&mut params).unwrap();
    assert_eq!(params.values().map_bits(), odd.map_bits());
    assert_ne!(params.generation(), before);

    // In other parameters they have no place; without a validation there are none.
    let (_, mut other) =
        Params::<f32>::init(0, |p| p.weight("u", [3, 2], Init::Constant(1.0))).unwrap();
    let error = run.restore_best(&mut other).unwrap_err().to_string();
    assert!(error.starts_with("training of the weight \"w\" of 6 was given \"u\" of 6"), "{error}");
    Run::steps(3).restore_best(&mut other).unwrap();
    assert_eq!(other.values(), [1.0; 6]);
}

trait Bits {
    fn map_bits(&self) -> Vec<u32>;
}

impl<V: AsRef<[f32]> + ?Sized> Bits for V {
    fn map_bits(&self) -> Vec<u32> {
        self.as_ref().iter().map(|x| x.to_bits()).collect()
    }
}

/// A run that waits for a validation after one step.
fn waiting() -> (Run<f32>, Params<f32>) {
    let mut run = Run::steps(2).validate_every(1);
    run.turn().unwrap();
    run.trained(0.5);
    assert_eq!(run.turn().unwrap(), Some(Turn::Validate { step: 1, epoch: 0 }));
    (run, model().1)
}

#[test]
fn a_metric_that_is_not_finite_is_an_error_and_may_be_given_again() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (mut run, params) = waiting();
        let before = run.snapshot().clone();
        let line = line!() + 1;
        let error = run.validated(&params, &[("error", bad), ("other", 1.0)]).unwrap_err();
        let wanted = format!(
            "the metric \"error\" is {bad} at index 0, in step 1 (at {}:{line}:25)",
            file!()
        );
        assert_eq!(error.to_string(), wanted);
        assert_eq!(run.snapshot(), &before);
        assert!(run.validated(&params, &[("error", 1.0), ("other", bad)]).unwrap());
    }
}

#[test]
fn metrics_keep_their_names_and_weights_their_paths() {
    let (mut run, params) = waiting();
    let error = run.validated(&params, &[]).unwrap_err().to_string();
    assert!(error.starts_with("a run of the metrics [] was given [] (at "), "{error}");
    run.validated(&params, &[("a", 1.0), ("b", 2.0)]).unwrap();
    run.turn().unwrap();
    run.trained(0.5);
    run.turn().unwrap();
    let before = run.snapshot().clone();
    for (given, names) in [(&[("a", 1.0)][..], "a"), (&[("b", 1.0), ("a", 2.0)], "b, a")] {
        let error = run.validated(&params, given).unwrap_err().to_string();
        let wanted = format!("a run of the metrics [a, b] was given [{names}] (at ");
        assert!(error.starts_with(&wanted), "{error}");
    }
    let (_, other) = Params::init(0, |p| p.weight("w", [7], Init::Zeros)).unwrap();
    let error = run.validated(&other, &[("a", 0.0), ("b", 2.0)]).unwrap_err().to_string();
    assert!(error.starts_with("training of 6 weights was given parameters of 7"), "{error}");
    assert_eq!(run.snapshot(), &before);
}

#[test]
fn answers_come_in_turn() {
    let (mut run, params) = waiting();
    let waited = |error: Error, wanted: &str| {
        let error = error.to_string();
        assert!(error.starts_with(&format!("after 1 steps the run waited for {wanted} (at ")));
        assert!(error.contains(file!()), "{error}");
    };
    waited(run.turn().unwrap_err(), "`validated`, not for `turn`");
    run.trained(9.0);
    waited(run.turn().unwrap_err(), "`validated`, not for `trained`");
    run.validated(&params, &[("m", 1.0)]).unwrap();
    waited(run.validated(&params, &[("m", 1.0)]).unwrap_err(), "`turn`, not for `validated`");
    assert_eq!(run.turn().unwrap(), Some(Turn::Train { step: 1, epoch: 0, batch: 1 }));
    waited(run.validated(&params, &[("m", 1.0)]).unwrap_err(), "`trained`, not for `validated`");
    assert_eq!((run.done(), run.loss(), run.history().rows.len()), (1, Some(0.5), 1));
}

#[test]
fn settings_without_sense_are_errors() {
    let refused = |mut run: Run<f32>, wanted: &str| {
        assert_eq!(run.turn().unwrap_err().to_string(), wanted);
    };
    let wanted = "run: patience must be 0 where there are no validations, got 3";
    refused(Run::steps(5).patience(3), wanted);
    let run = || Run::steps(5).validate_every(1);
    refused(run().margin(-1.0), "run: margin must be finite and not negative, got -1");
    refused(run().margin(f64::NAN), "run: margin must be finite and not negative, got NaN");
}

#[test]
fn a_run_that_is_stopped_saves_and_can_go_on() {
    let (_, params) = model();
    for answered in [false, true] {
        let settings = || Run::<f32>::steps(9).validate_every(4).save_every(100);
        let mut run = settings();
        while run.done() < 4 {
            run.turn().unwrap();
            run.trained(0.5);
        }
        assert_eq!((run.turn().unwrap(), run.end()), (Some(validate(4)), None));
        run.stop();
        assert_eq!(run.end(), Some(End::Stopped));
        if answered {
            run.validated(&params, &[("m", 1.0)]).unwrap();
        }
        let save = Turn::Save { step: 4, epoch: 0, best: answered };
        assert_eq!(run.turn().unwrap(), Some(save));
        assert_eq!((run.turn().unwrap(), run.turn().unwrap()), (None, None));
        let mut other = settings();
        other.restore(run.snapshot()).unwrap();
        let train = Turn::Train { step: 4, epoch: 0, batch: 4 };
        assert_eq!(other.turn().unwrap(), Some(if answered { train } else { validate(4) }));
        assert!(other.seconds() >= run.history().seconds.last().copied().unwrap_or(0.0));
    }
}

fn validate(step: u64) -> Turn {
    Turn::Validate { step, epoch: 0 }
}

#[test]
fn a_run_that_lost_patience_goes_on_with_more() {
    let mut run = Run::<f32>::steps(8).validate_every(2).patience(1);
    assert_eq!(validations(&mut run, &[1.0]), [2, 4]);
    assert_eq!(run.end(), Some(End::Patience));
    let mut more = Run::steps(8).validate_every(2).patience(3);
    more.restore(run.snapshot()).unwrap();
    assert_eq!(validations(&mut more, &[1.0]), [6, 8]);
}

#[test]
fn snapshots_whose_parts_do_not_fit_are_refused() {
    let (mut run, params) = waiting();
    run.validated(&params, &[("m", 1.0)]).unwrap();
    let refused = |change: fn(&mut RunSnapshot<f32>), wanted: &str| {
        let mut torn = run.snapshot().clone();
        change(&mut torn);
        let mut other = Run::steps(2).validate_every(1);
        assert_eq!(other.restore(&torn).unwrap_err().to_string(), wanted);
        assert_eq!(other.snapshot(), &RunSnapshot::default());
    };
    refused(
        |s| s.best.as_mut().unwrap().weights.truncate(5),
        "a snapshot of a run has 5 numbers of the best weights, wanted 6",
    );
    refused(
        |s| s.history.seconds.clear(),
        "a snapshot of a run has 0 seconds of the history, wanted 1",
    );
    refused(
        |s| s.history.rows[0].metrics.push(0.0),
        "a snapshot of a run has 2 metrics in a row of the history, wanted 1",
    );
}

#[test]
fn turns_between_validations_allocate_nothing() {
    let (_, params) = model();
    let mut run = Run::<f32>::steps(1000).validate_every(100).save_every(30);
    let mut steps = |n| {
        for _ in 0..n {
            match run.turn().unwrap() {
                Some(Turn::Train { .. }) => run.trained(0.5),
                Some(Turn::Validate { .. }) => {
                    run.validated(&params, &[("m", 1.0)]).unwrap();
                }
                _ => {}
            }
        }
    };
    // A validation, and the 98 turns behind it.
    steps(104);
    let count = allocation_counter::measure(|| steps(98));
    assert_eq!((count.count_total, count.bytes_total), (0, 0));
}
