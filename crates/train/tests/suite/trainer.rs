//! The trainer: snapshots, numbers that are not finite, foreign parameters, memory.

use crate::object::Steps;
use elman_autograd::{Grad, Graph, Param, Params, Tape, Var};
use elman_tensor::{Dual, Init, Random, Real, Tensor};
use elman_train::{
    Error, Now, Snapshot, Trainer, Transform, adadelta, adagrad, adam, adamw, clip_norm,
    clip_value, constant, cosine, cross_entropy, decay, ema, exponential, freeze, huber, lamb,
    lion, mae, momentum, mse, nadam, nesterov, noise, one_cycle, only, plateau, radam, rmsprop,
    sgd, sgdw, step_decay, swa, trust, warm_restarts, warm_up,
};
use std::panic::Location;

/// A network with random masks: its steps are equal only if the tape's are.
#[derive(Clone, Copy)]
struct Network {
    w: Param,
    u: Param,
    key: u64,
}

impl Network {
    fn new<T: Real>() -> (Self, Params<T>) {
        Params::init(5, |p| {
            let key = p.scope("dropout").key();
            let init = Init::Normal { std: 1.0 };
            Ok(Network { w: p.weight("w", [3, 4], init)?, u: p.weight("u", [4, 2], init)?, key })
        })
        .unwrap()
    }

    fn loss<'g, T: Real>(self, g: &'g Graph<'g, T>, batch: &Tensor<T>, step: u64) -> Var<'g, T> {
        let h = g.input(batch).dot(g.param(self.w)).tanh().dropout(0.4, self.key);
        let y = h.dot(g.param(self.u));
        let ids = g.ids(&[0, 1, (step % 2) as u32]);
        cross_entropy(y, ids) + mse(y, y.tanh()) + huber(h, h * 0.5, 0.2) + mae(h, h.square())
    }
}

fn batch<T: Real>(step: u64) -> Tensor<T> {
    let mut random = Random::new(1, "batch", step);
    Tensor::from_fn([3, 3], |_| T::from_f64(random.normal())).unwrap()
}

/// Does the steps up to `end`; returns the losses.
fn run<T: Real>(
    trainer: &mut dyn Steps<T>,
    network: &Network,
    params: &mut Params<T>,
    end: u64,
) -> Vec<T> {
    let from = trainer.steps();
    let mut step = |step| {
        let batch = batch(step);
        trainer.step(params, &|g| network.loss(g, &batch, step)).unwrap()
    };
    (from..end).map(&mut step).collect()
}

fn bits<T: Real>(x: &[T]) -> Vec<[u64; 2]> {
    x.iter().map(|x| x.bits()).collect()
}

fn resumes<T: Real, X: Transform + Clone + 'static>(transform: X, buffers: &[&str]) {
    resumes_as::<T>(&|tape| Box::new(Trainer::new(transform.clone()).with_tape(tape)), buffers);
}

/// Seven steps, and the last four of them again from a snapshot: by another trainer, and by the
/// same one.
fn resumes_as<T: Real>(make: &dyn Fn(Tape<T>) -> Box<dyn Steps<T>>, buffers: &[&str]) {
    let make = || make(Tape::new().seed(9));
    let (network, mut params) = Network::new::<T>();
    let mut trainer = make();
    run(&mut *trainer, &network, &mut params, 3);
    let (snapshot, saved) = (trainer.snapshot(), params.clone());
    let names: Vec<_> = snapshot.buffers.iter().map(|(name, _)| name.as_str()).collect();
    let weights = [("w".to_string(), 12), ("u".to_string(), 8)];
    assert_eq!((snapshot.step, &names[..]), (3, buffers));
    assert_eq!(snapshot.weights.as_deref(), Some(&weights[..]));
    assert!(snapshot.buffers.iter().all(|(_, b)| b.iter().any(|b| *b != T::ZERO)), "{names:?}");
    let losses = run(&mut *trainer, &network, &mut params, 7);

    let again = |trainer: &mut dyn Steps<T>| {
        let mut copy = saved.clone();
        trainer.restore(&snapshot);
        assert_eq!(trainer.snapshot(), snapshot);
        assert_eq!(bits(&run(trainer, &network, &mut copy, 7)), bits(&losses));
        assert_eq!(bits(copy.values()), bits(params.values()));
    };
    again(&mut *make());
    let mut other = make();
    run(&mut *other, &network, &mut saved.clone(), 2);
    again(&mut *other);
    let last = trainer.snapshot();
    assert_eq!(other.snapshot(), last);
    again(&mut *trainer);
    assert_eq!(trainer.snapshot(), last);

    // From the beginning.
    trainer.restore(&Snapshot::default());
    let (mut first, mut second) = (Network::new::<T>().1, Network::new::<T>().1);
    run(&mut *trainer, &network, &mut first, 4);
    run(&mut *make(), &network, &mut second, 4);
    assert_eq!(bits(first.values()), bits(second.values()));
}

#[test]
fn every_transform_resumes_with_the_same_bits() {
    resumes::<f64, _>(sgd(0.1), &[]);
    resumes::<f64, _>(momentum(0.9).then(sgd(0.1)), &["momentum.velocity"]);
    resumes::<f64, _>(nesterov(0.9).then(sgd(0.1)), &["nesterov.velocity"]);
    resumes::<f64, _>(rmsprop(0.1), &["rmsprop.square"]);
    resumes::<f64, _>(adam(0.1), &["adam.mean", "adam.square"]);
    resumes::<f64, _>(adamw(0.1, 0.1), &["adam.mean", "adam.square"]);
    resumes::<f64, _>(clip_norm(0.1), &[]);
    resumes::<f64, _>(clip_value(0.1), &[]);
    resumes::<f64, _>(decay(0.1).then(sgd(0.1)), &[]);
    resumes::<f64, _>(sgd(0.1).then(constant(0.5)), &[]);
    resumes::<f64, _>(sgd(0.1).then(step_decay(0.5, 2)), &[]);
    resumes::<f64, _>(sgd(0.1).then(exponential(0.5)), &[]);
    resumes::<f64, _>(sgd(0.1).then(cosine(6)), &[]);
    resumes::<f64, _>(sgd(0.1).then(warm_up(5)), &[]);
    resumes::<f64, _>(
        rmsprop(0.1).then(Some(adam(0.1))),
        &["rmsprop.square", "adam.mean", "adam.square"],
    );
    resumes::<f64, _>(adagrad(0.1), &["adagrad.squares"]);
    resumes::<f64, _>(adadelta(1.0), &["adadelta.square", "adadelta.step"]);
    resumes::<f64, _>(nadam(0.1), &["nadam.mean", "nadam.square", "nadam.free"]);
    resumes::<f32, _>(radam(0.1).betas(0.5, 0.6), &["radam.mean", "radam.square"]);
    resumes::<f64, _>(lion(0.1), &["lion.mean"]);
    resumes::<f64, _>(lamb(0.1, 0.1), &["adam.mean", "adam.square"]);
    resumes::<f64, _>(sgdw(0.1, 0.1), &[]);
    resumes::<f64, _>(trust().then(sgd(0.1)), &[]);
    resumes::<f64, _>(noise(0.1).then(sgd(0.1)), &[]);
    resumes::<f64, _>(sgd(0.1).then(one_cycle(6)), &[]);
    resumes::<f64, _>(sgd(0.1).then(warm_restarts(4)), &[]);
    resumes::<f64, _>(freeze("w").then(sgd(0.1)), &[]);
    let parts = || only("u", nadam(0.1)).then(only("*", only("w", momentum(0.9).then(sgd(0.1)))));
    let buffers = ["nadam.mean", "nadam.square", "nadam.free", "momentum.velocity"];
    resumes::<f64, _>(parts(), &buffers);
    resumes::<f32, _>(parts(), &buffers);
    let long = || clip_norm(1.0).then(momentum(0.5)).then(adam(0.1)).then(warm_up(5));
    let buffers = ["momentum.velocity", "adam.mean", "adam.square"];
    resumes::<f32, _>(long(), &buffers);
    resumes::<Dual<f64>, _>(long(), &buffers);
}

#[test]
fn sums_and_averages_resume_with_the_same_bits() {
    fn momentous<T: Real>(tape: Tape<T>) -> Trainer<T, impl Transform> {
        Trainer::new(momentum(0.9).then(sgd(0.1))).with_tape(tape)
    }
    let buffers = ["momentum.velocity", "ema.mean"];
    resumes_as::<f64>(&|tape| Box::new(momentous(tape).average(ema(0.9))), &buffers);
    let buffers = ["momentum.velocity", "swa.mean"];
    resumes_as::<f32>(&|tape| Box::new(momentous(tape).average(swa(1, 2))), &buffers);
    let sums = ["momentum.velocity", "accumulate.gradient", "accumulate.loss", "accumulate.weight"];
    for batches in [2, 3] {
        resumes_as::<f32>(&|tape| Box::new(momentous(tape).accumulate(batches)), &sums);
    }
    let all = [
        "adam.mean",
        "adam.square",
        "accumulate.gradient",
        "accumulate.loss",
        "accumulate.weight",
        "ema.mean",
    ];
    let parts = |tape| Trainer::new(only("w", clip_norm(0.1).then(adam(0.1)))).with_tape(tape);
    resumes_as::<f64>(&|tape| Box::new(parts(tape).accumulate(2).average(ema(0.9))), &all);
}

/// Stopped after any step, with a metric that was reported and not heard yet.
#[test]
fn a_plateau_resumes_with_the_same_bits() {
    let (network, first) = Network::new::<f32>();
    let plateaus = [plateau(0.5, 0).cooldown(1), plateau(0.5, 1), plateau(0.9, 0).of_loss()];
    for (plateau, batches) in plateaus.into_iter().zip([1, 2, 3]) {
        let make = || Trainer::new(sgd(0.1).then(plateau)).accumulate(batches);
        let go = |trainer: &mut Trainer<f32, _>, params: &mut Params<f32>, end: u64| {
            for step in trainer.steps()..end {
                run(trainer, &network, params, step + 1);
                trainer.report([3.0, 2.0, 2.0, 2.5, 1.0][step as usize % 5]);
            }
        };
        let (mut whole, mut params) = (make(), first.clone());
        go(&mut whole, &mut params, 12);
        for stop in 0..12 {
            let (mut trainer, mut copy) = (make(), first.clone());
            go(&mut trainer, &mut copy, stop);
            let mut other = make();
            other.restore(&trainer.snapshot()).unwrap();
            go(&mut other, &mut copy, 12);
            assert_eq!(bits(copy.values()), bits(params.values()));
            assert_eq!(other.snapshot(), whole.snapshot());
        }
        assert!(
            whole
                .snapshot()
                .buffers
                .iter()
                .any(|(name, b)| { name == "plateau.falls" && b[0] > 0.0 })
        );
    }
}

#[test]
fn a_snapshot_of_something_else_is_refused() {
    let (network, params) = Network::new::<f64>();
    let mut momentous = Trainer::new(momentum(0.9).then(sgd(0.1)));
    run(&mut momentous, &network, &mut params.clone(), 2);
    let snapshot = momentous.snapshot();

    let mut other = Trainer::new(rmsprop(0.1));
    let refused = |trainer: &mut Trainer<f64, _>, snapshot: &Snapshot<f64>| {
        let before = trainer.snapshot();
        let error = trainer.restore(snapshot).unwrap_err();
        assert!(matches!(error, Error::OtherSnapshot { .. }));
        assert_eq!(trainer.snapshot(), before);
        error.to_string()
    };
    let wanted = "a snapshot of 20 weights with momentum.velocity [20] does not fit a trainer of \
                  20 weights with rmsprop.square [20]";
    assert_eq!(refused(&mut other, &snapshot), wanted);
    run(&mut other, &network, &mut params.clone(), 1);
    assert_eq!(refused(&mut other, &snapshot), wanted);
    let mut cut = other.snapshot();
    cut.buffers[0].1.pop();
    refused(&mut other, &cut);
    let mut more = other.snapshot();
    more.weights = Some(vec![("w".into(), 21)]);
    more.buffers[0].1.push(0.0);
    refused(&mut other, &more);
    more.weights = Some(vec![("w".into(), usize::MAX), ("u".into(), usize::MAX)]);
    refused(&mut other, &more);
    more.weights = None;
    refused(&mut other, &more);

    // Settings and transforms without memory may change.
    let mut slower = Trainer::new(momentum(0.5).then(sgd(0.01)).then(cosine(50)));
    slower.restore(&snapshot).unwrap();
    assert_eq!(slower.steps(), 2);
    let error = Trainer::new(momentum(2.0)).restore(&snapshot).unwrap_err();
    assert!(matches!(error, Error::Setting { .. }));
}

#[test]
fn other_parameters_are_an_error() {
    let (network, mut params) = Network::new::<f64>();
    let mut trainer = Trainer::new(adam(0.1));
    run(&mut trainer, &network, &mut params, 1);
    let (w, mut other) = Params::<f64>::init(0, |p| p.weight("w", [7], Init::Zeros)).unwrap();
    let (error, line) = (trainer.step(&mut other, |g| g.param(w).sum()).unwrap_err(), line!());
    let place = format!("{}:{line}:", file!());
    let error = error.to_string();
    assert!(error.starts_with("training of 20 weights was given parameters of 7"), "{error}");
    assert!(error.contains(&place), "{error}");
    // As many numbers, under other names.
    let (u, mut named) = Params::<f64>::init(0, |p| {
        p.weight("w", [3, 4], Init::Zeros)?;
        p.weight("head", [8], Init::Zeros)
    })
    .unwrap();
    let error = trainer.step(&mut named, |g| g.param(u).sum()).unwrap_err().to_string();
    let wanted = "training of the weight \"u\" of 8 was given \"head\" of 8 in its place (at ";
    assert!(error.starts_with(wanted) && error.contains(file!()), "{error}");
    assert_eq!(trainer.averaged(&named).unwrap_err().to_string()[..wanted.len()], *wanted);
    let mut snapshot = trainer.snapshot();
    snapshot.weights.as_mut().unwrap()[1].0 = "head".into();
    assert_eq!(trainer.restore(&snapshot).unwrap_err().to_string()[..wanted.len()], *wanted);
    // It goes on with its own.
    run(&mut trainer, &network, &mut params, 2);
    assert_eq!(other.values(), [0.0; 7]);
}

/// Multiplies the update by infinity from step 2 on.
#[derive(Clone)]
struct Explode;

impl Transform for Explode {
    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        if now.step >= 2 {
            update.iter_mut().for_each(|u| *u *= T::from_f64(f64::INFINITY));
        }
    }
}

/// A trainer after one step, the weights, and what a bad step says. The step must change nothing.
fn bad_step(
    values: [f64; 3],
    loss: for<'g> fn(Var<'g, f64>, Var<'g, f64>) -> Var<'g, f64>,
) -> (String, &'static Location<'static>) {
    let (w, mut params) = Params::<f64>::init(0, |p| {
        Ok([p.weight("a", [1], Init::Zeros)?, p.scope("b").weight("c", [2], Init::Zeros)?])
    })
    .unwrap();
    let mut trainer = Trainer::new(momentum(0.9).then(sgd(0.1)));
    trainer.step(&mut params, |g| g.param(w[0]).sum() * g.param(w[1]).sum()).unwrap();
    params.values_mut().copy_from_slice(&values);
    let before = (params.values().to_vec(), trainer.snapshot());
    let error = trainer.step(&mut params, |g| loss(g.param(w[0]), g.param(w[1]))).unwrap_err();
    assert_eq!((params.values().to_vec(), trainer.snapshot()), before);
    let Error::NotFinite { line, .. } = error else { panic!("{error}") };
    trainer.step(&mut params, |g| g.param(w[0]).sum()).unwrap();
    assert_eq!(trainer.steps(), 2);
    (error.to_string(), line)
}

#[test]
fn numbers_that_are_not_finite_touch_nothing() {
    let (error, line) = bad_step([-1.0, 2.0, 3.0], |a, _| a.ln().sum());
    let place = format!("(at {line})");
    assert!(error.starts_with("the loss is NaN at index 0, in step 1 (at "), "{error}");
    assert!(error.ends_with(&place) && line.file() == file!());

    let (error, _) = bad_step([1.0, 2.0, 0.0], |_, c| c.sqrt().sum());
    assert!(error.starts_with("the gradient of \"b.c\" is inf at index 1, in step 1"), "{error}");
    let (error, _) = bad_step([0.0, 2.0, 0.0], |a, _| a.sqrt().sum());
    assert!(error.starts_with("the gradient of \"a\" is inf at index 0, in step 1"), "{error}");
}

#[test]
fn an_update_that_is_not_finite_spares_the_weights() {
    let (w, mut params) =
        Params::<f32>::init(0, |p| p.weight("w", [2], Init::Constant(1.0))).unwrap();
    let mut trainer = Trainer::new(sgd(0.125).then(Explode));
    for _ in 0..2 {
        trainer.step(&mut params, |g| g.param(w).sum()).unwrap();
    }
    let error = trainer.step(&mut params, |g| g.param(w).sum()).unwrap_err().to_string();
    assert!(error.starts_with("the update of \"w\" is inf at index 0, in step 2"), "{error}");
    assert_eq!((params.values(), trainer.steps()), (&[0.75, 0.75][..], 2));
    assert_eq!(trainer.grad().values(), [1.0, 1.0]);
}

#[test]
fn the_guard_can_be_taken_away() {
    let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [2], Init::Zeros)).unwrap();
    let mut trainer = Trainer::new(sgd(0.1)).guard(false);
    let loss = trainer.step(&mut params, |g| g.param(w).ln().sum()).unwrap();
    assert_eq!((loss, trainer.steps()), (f64::NEG_INFINITY, 1));
    assert!(params.values().iter().all(|w| !w.is_finite()));
}

#[test]
fn a_misfit_is_an_error_and_no_step() {
    let (network, mut params) = Network::new::<f64>();
    let mut trainer = Trainer::new(adam(0.1));
    run(&mut trainer, &network, &mut params, 2);
    let before = (params.clone(), trainer.snapshot());
    let mut line = 0;
    let error = trainer.step(&mut params, |g| {
        let (w, u) = (g.param(network.w), g.param(network.u));
        line = line!() + 1;
        mse(w, u)
    });
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Autograd(elman_autograd::Error::Misfit { .. })));
    let error = error.to_string();
    for part in ["mse", "[3, 4]", "[4, 2]", &format!("{}:{line}:", file!())] {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
    let vector = trainer.step(&mut params, |g| g.param(network.w)).unwrap_err();
    assert!(matches!(vector, Error::Autograd(elman_autograd::Error::NotScalar { .. })));
    assert_eq!((params, trainer.snapshot()), before);
}

#[test]
fn gradient_and_update_are_lent() {
    let (w, mut params) =
        Params::<f64>::init(0, |p| p.weight("w", [2], Init::Constant(1.0))).unwrap();
    let mut trainer = Trainer::new(clip_norm(1.0).then(sgd(0.5)));
    assert!(trainer.update().is_empty() && trainer.grad().values().is_empty());
    let slope = Tensor::new([2], vec![3.0, 4.0]).unwrap();
    trainer.step(&mut params, |g| (g.param(w) * g.input(&slope)).sum()).unwrap();
    assert_eq!((trainer.grad().values(), trainer.grad().norm()), (&[3.0, 4.0][..], 5.0));
    for (u, wanted) in trainer.update().iter().zip([0.3, 0.4]) {
        assert!((u - wanted).abs() < 1e-15);
    }
    assert_eq!(params.values()[0], 1.0 - trainer.update()[0]);
    let value = trainer.tape_mut().evaluate(&params, |g| g.param(w).sum().item()).unwrap();
    assert_eq!(value, params.values()[0] + params.values()[1]);
}

#[test]
fn no_weights_at_all_are_trained_in_peace() {
    let (_, mut params) = Params::<f32>::init(0, |_| Ok(())).unwrap();
    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(0.1)).then(cosine(5)));
    for step in 0..3 {
        assert_eq!(trainer.step(&mut params, |g| g.constant([], 2.0)).unwrap(), 2.0);
        assert_eq!(trainer.steps(), step + 1);
    }
}

#[test]
fn steps_after_the_first_allocate_nothing() {
    fn check(transform: impl Transform) {
        steps(&mut Trainer::new(transform).accumulate(3).average(ema(0.9)));
    }
    fn steps(trainer: &mut dyn Steps<f32>) {
        let (network, mut params) = Network::new::<f32>();
        let batches: Vec<_> = (0..30).map(batch).collect();
        let mut step = |t: usize| {
            trainer.report(1.0);
            trainer.step(&mut params, &|g| network.loss(g, &batches[t], t as u64)).unwrap();
        };
        step(0);
        let count = allocation_counter::measure(|| (1..30).for_each(&mut step));
        assert_eq!((count.count_total, count.bytes_total), (0, 0));
    }
    check(clip_norm(1.0).then(adam(0.01)).then(step_decay(0.5, 10)).then(warm_up(5)));
    check(clip_value(1.0).then(decay(0.1)).then(momentum(0.9)).then(sgd(0.01)).then(cosine(20)));
    check(nesterov(0.9).then(rmsprop(0.01)).then(exponential(0.9)).then(constant(0.5)));
    check(Some(adamw(0.01, 0.1)).then(None::<elman_train::ClipNorm>));
    check(noise(0.1).then(adagrad(0.1)).then(adadelta(0.1)).then(plateau(0.5, 3).of_loss()));
    check(freeze("w").then(nadam(0.1)).then(lion(0.1)).then(one_cycle(20)).then(sgdw(0.1, 0.1)));
    check(only("u*", only("*", radam(0.1))).then(lamb(0.1, 0.1)).then(warm_restarts(3)));
    // The counter counts.
    assert!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1]))).count_total > 0);
}

/// A gradient from elsewhere makes the step that the same gradient of the tape makes.
#[test]
fn a_step_by_a_gradient_that_is_given() {
    let (w, params) = Params::<f64>::init(3, |p| p.weight("w", [3], Init::Glorot)).unwrap();
    let (mut a, mut b) = (params.clone(), params.clone());
    let chain = || clip_norm(0.5).then(adam(0.1)).then(step_decay(0.5, 2));
    let (mut own, mut given) = (Trainer::new(chain()), Trainer::new(chain()));
    for _ in 0..5 {
        let loss = own.step(&mut a, |g| g.param(w).square().sum()).unwrap();
        given.step_by(&mut b, loss, &own.grad().clone()).unwrap();
        assert_eq!(a.values(), b.values());
    }
    assert_eq!((own.steps(), own.snapshot()), (given.steps(), given.snapshot()));
    let short = Grad::zeros(&Params::<f64>::init(0, |_| Ok(())).unwrap().1);
    let error = given.step_by(&mut b, 0.0, &short).unwrap_err();
    assert!(error.to_string().contains("3"), "{error}");
    let mut infinite = own.grad().clone();
    infinite.values_mut()[1] = f64::INFINITY;
    assert!(given.step_by(&mut b, 0.0, &infinite).is_err());
    assert_eq!((a.values(), 5), (b.values(), given.steps()));
}

/// The count of steps of a snapshot may be any number, and is never exceeded.
#[test]
fn the_last_step_that_can_be_counted_is_the_last() {
    let (network, first) = Network::new::<f32>();
    let schedules = || warm_up(5).then(step_decay(0.5, 3)).then(exponential(0.9)).then(cosine(6));
    let chain = || adam(0.1).then(nadam(0.1)).then(schedules()).then(noise(0.1)).then(one_cycle(6));
    let make =
        || Trainer::new(chain().then(warm_restarts(4).times(2))).accumulate(3).average(swa(1, 2));
    let mut trainer = make();
    let mut params = first.clone();
    run(&mut trainer, &network, &mut params, 2);
    let mut snapshot = trainer.snapshot();
    for step in [u64::MAX - 2, u64::MAX - 1, u64::MAX] {
        snapshot.step = step;
        let mut other = make();
        other.restore(&snapshot).unwrap();
        let before = params.values().to_vec();
        let done = other.step(&mut params, |g| g.param(network.w).sum());
        if step < u64::MAX {
            done.unwrap();
            continue;
        }
        let error = done.unwrap_err();
        assert!(matches!(error, Error::StepLimit { step: u64::MAX, .. }), "{error}");
        assert!(error.to_string().contains("fewer than 18446744073709551615 steps"), "{error}");
        assert_eq!((bits(params.values()), other.steps()), (bits(&before), step));
    }
}
