//! Updates, losses, clipping and schedules against PyTorch's numbers (`tests/reference`).

use crate::object::{LossOf, Steps};
use elman_autograd::Params;
use elman_tensor::{Init, Tensor};
use elman_train::{
    Ctc, Plateau, Schedule, Trainer, Transform, adadelta, adagrad, adam, adamw,
    binary_cross_entropy, binary_cross_entropy_balanced, clip_norm, cosine, cross_entropy,
    cross_entropy_ignoring, cross_entropy_smoothed, ctc, decay, exponential, gaussian_nll, huber,
    ignoring, mae, momentum, mse, nadam, nesterov, one_cycle, plateau, poisson_nll, radam, rmsprop,
    sgd, step_decay, swa, warm_restarts,
};
use std::collections::HashMap;

/// The arrays of a file of reference values, by name.
struct Reference(HashMap<String, Tensor<f64>>);

impl Reference {
    fn read(file: &str) -> Self {
        let path = format!("{}/../../tests/reference/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
        Reference(lines.map(Self::array).collect())
    }

    fn array(line: &str) -> (String, Tensor<f64>) {
        let mut words = line.split(' ');
        let (name, shape) = (words.next().unwrap(), words.next().unwrap());
        let dims: Vec<usize> = match shape {
            "scalar" => Vec::new(),
            _ => shape.split('x').map(|d| d.parse().unwrap()).collect(),
        };
        let values = words.map(|w| w.parse().unwrap()).collect();
        let shape = elman_tensor::Shape::new(&dims).unwrap();
        (name.into(), Tensor::new(shape, values).unwrap())
    }

    fn of(&self, name: &str) -> &Tensor<f64> {
        &self.0[name]
    }

    fn scalar(&self, name: &str) -> f64 {
        self.of(name).values()[0]
    }

    fn ids(&self, name: &str) -> Vec<u32> {
        self.of(name).values().iter().map(|&x| x as u32).collect()
    }
}

/// Each number to a relative error of 1e-12, zeros exactly.
#[track_caller]
fn close(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= 1e-12 * b.abs(), "{what}[{i}]: {a:e} is not {b:e}");
    }
}

/// Steps from `start` with the gradient a cos w + b w: the weights after each of them, and the
/// mean of those after the steps 9, 14 and so on.
fn path(reference: &Reference, update: impl Transform, steps: usize) -> (Vec<f64>, Vec<f64>) {
    path_of(&mut Trainer::new(update).average(swa(9, 5)), reference, steps)
}

fn path_of(
    trainer: &mut dyn Steps<f64>,
    reference: &Reference,
    steps: usize,
) -> (Vec<f64>, Vec<f64>) {
    let (start, a, b) = (reference.of("start"), reference.of("a"), reference.of("b"));
    let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [6], Init::Zeros)).unwrap();
    params.values_mut().copy_from_slice(start.values());
    let mut path = Vec::new();
    for _ in 0..steps {
        let now = params.values().to_vec();
        let slope = |i: usize| a.values()[i] * now[i].cos() + b.values()[i] * now[i];
        let slope = Tensor::new([6], (0..6).map(slope).collect()).unwrap();
        trainer.step(&mut params, &|g| (g.param(w) * g.input(&slope)).sum()).unwrap();
        path.extend_from_slice(params.values());
    }
    (path, trainer.averaged(&params).values().to_vec())
}

/// The weights after ten steps.
fn updated(reference: &Reference, update: impl Transform) -> Vec<f64> {
    path(reference, update, 10).0[54..].to_vec()
}

#[test]
fn updates_are_those_of_pytorch() {
    let reference = &Reference::read("updates.txt");
    let check = |name, ours: Vec<f64>| close(name, &ours, reference.of(name).values());
    check("sgd", updated(reference, sgd(0.05)));
    check("momentum", updated(reference, momentum(0.9).then(sgd(0.05))));
    check("nesterov", updated(reference, nesterov(0.9).then(sgd(0.05))));
    check("rmsprop", updated(reference, rmsprop(0.05)));
    check("adam", updated(reference, adam(0.05)));
    check("adamw", updated(reference, adamw(0.05, 0.01)));
}

#[test]
fn more_updates_are_those_of_pytorch_after_every_step() {
    let reference = &Reference::read("optimizers.txt");
    let check = |name, (ours, _): (Vec<f64>, Vec<f64>)| {
        close(name, &ours, reference.of(name).values());
    };
    check("adagrad", path(reference, adagrad(0.2), 20));
    check("adadelta", path(reference, adadelta(1.0), 20));
    check("nadam", path(reference, nadam(0.05), 20));
    check("radam", path(reference, radam(0.05), 20));
    let sgd = || decay(0.01).then(momentum(0.9)).then(sgd(0.05));
    check("sgd", path(reference, sgd(), 20));
    close("swa", &path(reference, sgd(), 20).1, reference.of("swa").values());
}

/// The value of a loss, and its gradient with respect to the weight `w` that is made of `x`.
fn gradient(x: &Tensor<f64>, loss: &LossOf<'_, f64>) -> (f64, Vec<f64>) {
    let (w, mut params) =
        Params::<f64>::init(0, |p| p.weight("w", x.shape(), Init::Zeros)).unwrap();
    params.values_mut().copy_from_slice(x.values());
    let mut trainer = Trainer::new(sgd(0.0));
    let value = trainer.step(&mut params, |g| loss(g, g.param(w))).unwrap();
    (value, trainer.grad().values().to_vec())
}

#[test]
fn losses_are_those_of_pytorch() {
    let reference = &Reference::read("losses.txt");
    let (p, t) = (reference.of("prediction"), reference.of("target"));
    let check = |name: &str, (loss, grad): (f64, Vec<f64>)| {
        close(name, &[loss], reference.of(name).values());
        close(name, &grad, reference.of(&format!("{name}_grad")).values());
    };
    check("mse", gradient(p, &|g, p| mse(p, g.input(t))));
    check("l1", gradient(p, &|g, p| mae(p, g.input(t))));
    check("huber", gradient(p, &|g, p| huber(p, g.input(t), 0.7)));
    let ignored = reference.scalar("ignored") as u32;
    for name in ["ce", "ce_huge"] {
        let (logits, ids) =
            (reference.of(&format!("{name}_logits")), reference.ids(&format!("{name}_ids")));
        check(name, gradient(logits, &|g, x| cross_entropy_ignoring(x, g.ids(&ids), ignored)));
    }
    // The rows that count, alone.
    let (rows, ids): (Vec<_>, Vec<_>) = reference
        .of("ce_logits")
        .values()
        .chunks(4)
        .zip(reference.ids("ce_ids"))
        .filter(|&(_, id)| id != ignored)
        .unzip();
    let logits = Tensor::new([rows.len(), 4], rows.concat()).unwrap();
    let (loss, _) = gradient(&logits, &|g, x| cross_entropy(x, g.ids(&ids)));
    close("ce without ignored rows", &[loss], reference.of("ce").values());
}

#[test]
fn likelihoods_are_those_of_pytorch() {
    let reference = &Reference::read("likelihoods.txt");
    let check = |name: &str, (loss, grad): (f64, Vec<f64>)| {
        close(name, &[loss], reference.of(name).values());
        close(name, &grad, reference.of(&format!("{name}_grad")).values());
    };
    let [x, s, t, mean] = ["x", "s", "t", "mean"].map(|name| reference.of(name));
    let (counts, chances) = (reference.of("counts"), reference.of("probabilities"));
    check("gaussian", gradient(mean, &|g, m| gaussian_nll(m, g.input(s), g.input(t))));
    let (_, grad) = gradient(s, &|g, s| gaussian_nll(g.input(mean), s, g.input(t)));
    close("gaussian, log-variance", &grad, reference.of("gaussian_grad_s").values());
    check("poisson", gradient(s, &|g, s| poisson_nll(s, g.input(counts))));
    check("binary", gradient(x, &|g, x| binary_cross_entropy(x, g.input(chances))));
    check("balanced", gradient(x, &|g, x| binary_cross_entropy_balanced(x, g.input(chances), 2.5)));
    let (ids, ignored) = (reference.ids("ids"), reference.scalar("ignored") as u32);
    check(
        "smoothed",
        gradient(x, &|g, x| cross_entropy_smoothed(x, ignoring(g.ids(&ids), ignored), 0.1)),
    );
}

/// Differences of probabilities: to 1e-12 of the largest number.
#[track_caller]
fn near(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let scale = theirs.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= 1e-12 * scale, "{what}[{i}]: {a:e} is not {b:e}");
    }
}

#[test]
fn alignments_are_those_of_pytorch() {
    let reference = &Reference::read("ctc.txt");
    for name in ["plain", "repeats", "lengths", "huge", "impossible", "long"] {
        let of = |what: &str| format!("{name}_{what}");
        let blank = reference.scalar(&of("blank")) as u32;
        let (lengths, labels) = (reference.ids(&of("lengths")), reference.ids(&of("labels")));
        let counts = reference.ids(&of("counts"));
        let check = |kind: &str, per_label: bool| {
            let settings = Ctc::new(blank).per_label(per_label).zero_infinity(true);
            let (loss, grad) = gradient(reference.of(&of("logits")), &|g, x| {
                let [lengths, labels, counts] = [&lengths, &labels, &counts].map(|ids| g.ids(ids));
                let loss = settings.loss(x, lengths, labels, counts);
                if per_label && name != "impossible" {
                    ctc(x, lengths, labels, counts, blank) * 0.5 + loss * 0.5
                } else {
                    loss
                }
            });
            let theirs = reference.of(&of(kind)).values();
            let mean = theirs.iter().sum::<f64>() / theirs.len() as f64;
            close(&of(kind), &[loss], &[mean]);
            near(&of(kind), &grad, reference.of(&of(&format!("{kind}_grad"))).values());
        };
        check("mean", true);
        check("none", false);
    }
}

#[test]
fn clipping_is_that_of_pytorch() {
    let reference = &Reference::read("clip.txt");
    let clipped = |x: &Tensor<f64>| {
        let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [6], Init::Zeros)).unwrap();
        let mut trainer = Trainer::new(clip_norm(reference.scalar("max_norm")));
        trainer.step(&mut params, |g| (g.param(w) * g.input(x)).sum()).unwrap();
        (trainer.grad().norm(), trainer.update().to_vec())
    };
    for name in ["over", "under"] {
        let (norm, update) = clipped(reference.of(name));
        close(name, &[norm], reference.of(&format!("{name}_norm")).values());
        // PyTorch divides by norm + 1e-6 where it clips.
        let theirs = if name == "over" { (norm + 1e-6) / norm } else { 1.0 };
        let wanted = reference.of(&format!("{name}_clipped"));
        let wanted: Vec<_> = wanted.values().iter().map(|x| x * theirs).collect();
        close(name, &update, &wanted);
    }
}

#[test]
fn schedules_are_those_of_pytorch() {
    let reference = &Reference::read("clip.txt");
    let check = |name, steps: u64, schedule: &dyn Schedule| {
        let ours: Vec<_> = (0..steps).map(|t| schedule.factor(t)).collect();
        close(name, &ours, &reference.of(name).values()[..steps as usize]);
    };
    check("step_lr", 12, &step_decay(0.5, 3));
    check("exponential_lr", 12, &exponential(0.9));
    // At step 10 both are 0; then PyTorch's rises again.
    check("cosine_lr", 11, &cosine(10));
    assert_eq!(cosine(10).factor(11), 0.0);
}

#[test]
fn rates_are_those_of_pytorch() {
    let reference = &Reference::read("rates.txt");
    let check = |name, schedule: &dyn Schedule| {
        let wanted = reference.of(name).values();
        let ours: Vec<_> = (0..wanted.len() as u64).map(|t| schedule.factor(t)).collect();
        close(name, &ours, wanted);
    };
    check("one_cycle", &one_cycle(20));
    check("one_cycle_steep", &one_cycle(17).rise(0.15).start(0.25).end(0.05));
    check("restarts", &warm_restarts(6));
    check("restarts_longer", &warm_restarts(3).times(2).floor(0.1));

    // What is subtracted of a gradient of 1, after each metric.
    let factors = |transform: Plateau, reported: fn(f64) -> f64, loss: fn(f64) -> f64| {
        let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros)).unwrap();
        let mut trainer = Trainer::new(transform);
        let step = |&metric: &f64| {
            trainer.report(reported(metric));
            let value = loss(metric);
            trainer.step(&mut params, |g| g.param(w) - g.param(w).stop() + value).unwrap();
            trainer.update()[0]
        };
        reference.of("metric").values().iter().map(step).collect::<Vec<_>>()
    };
    let reported = factors(plateau(0.5, 2), |metric| metric, |_| 0.0);
    close("plateau", &reported, reference.of("plateau").values());
    let of_loss = factors(plateau(0.5, 2).of_loss(), |_| 0.0, |metric| metric);
    close("plateau of the loss", &of_loss, reference.of("plateau").values());
    let accurate = plateau(0.3, 1).rising().threshold(0.05).cooldown(3).floor(0.01);
    let rising = factors(accurate, |metric| 4.0 - metric, |_| 0.0);
    close("plateau_rising", &rising, reference.of("plateau_rising").values());
}
