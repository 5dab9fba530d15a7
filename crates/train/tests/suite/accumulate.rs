//! Gradients accumulated over unequal parts of a batch are those of the undivided batch.

use elman_autograd::{Grad, Graph, Param, Params, Tape, Var};
use elman_tensor::{Init, Random, Real, Tensor};
use elman_train::{
    Ctc, Now, Trainer, Transform, Weighted, binary_cross_entropy, binary_cross_entropy_balanced,
    cross_entropy, cross_entropy_ignoring, cross_entropy_smoothed, gaussian_nll, huber, ignoring,
    mae, masked, mse, pinball, poisson_nll, sgd,
};
use proptest::prelude::*;

const TIME: usize = 4;
const INPUTS: usize = 3;
const CLASSES: usize = 5;
const CLASS_WEIGHTS: [f64; CLASSES] = [0.3, 1.0, 0.0, 2.5, 7.0];

/// The losses of the crate; the last one is a user's sum of a loss and a penalty.
const LOSSES: usize = 14;

/// Some columns of a batch `[time, rows]`.
struct Part {
    x: Tensor<f64>,
    target: Tensor<f64>,
    ids: Vec<u32>,
    flags: Vec<u32>,
    lengths: Vec<u32>,
}

/// The rows of a batch, each a function of its number, so that parts share them with the whole.
fn part(seed: u64, rows: std::ops::Range<usize>) -> Part {
    let n = rows.len();
    let mut random: Vec<_> = rows.map(|row| Random::new(seed, "row", row as u64)).collect();
    let lengths: Vec<u32> = random.iter_mut().map(|row| row.below(TIME + 1) as u32).collect();
    let (mut x, mut target, mut ids, mut flags) = (vec![], vec![], vec![], vec![]);
    for t in 0..TIME as u32 {
        for (row, &length) in random.iter_mut().zip(&lengths) {
            x.extend((0..INPUTS).map(|_| row.normal()));
            target.extend((0..CLASSES).map(|_| row.uniform(0.0, 1.0)));
            ids.push(row.below(CLASSES) as u32);
            flags.push(u32::from(t < length && row.bernoulli(0.8)));
        }
    }
    let x = Tensor::new([TIME, n, INPUTS], x).unwrap();
    let target = Tensor::new([TIME, n, CLASSES], target).unwrap();
    Part { x, target, ids, flags, lengths }
}

/// A target with a mask, with weights, or with both.
fn counted<'g, Y>(
    target: impl Into<Weighted<'g, f64, Y>>,
    flags: &[u32],
    weights: Var<'g, f64>,
    [mask, weigh]: [bool; 2],
) -> Weighted<'g, f64, Y> {
    let target = target.into().masked(mask.then(|| weights.graph().ids(flags)));
    if weigh { target.weighted(weights) } else { target }
}

/// One of the losses of a linear model, with a mask, with weights of the classes, or with both.
fn loss<'g>(
    g: &'g Graph<'g, f64>,
    w: Param,
    part: &Part,
    which: usize,
    counts: [bool; 2],
) -> Var<'g, f64> {
    let (n, p) = (part.lengths.len(), g.input(&part.x).dot(g.param(w)));
    let weights = part.ids.iter().map(|&id| CLASS_WEIGHTS[id as usize]).collect();
    let weights = g.input(&Tensor::new([TIME, n], weights).unwrap());
    let (ids, t) = (g.ids(&part.ids), g.input(&part.target));
    let classes = |ids: Weighted<'g, f64, _>| counted(ids, &part.flags, weights, counts);
    let numbers = |t: Var<'g, f64>| counted(t, &part.flags, weights, counts);
    match which {
        0 => mse(p, numbers(t)),
        1 => mae(p, numbers(t)),
        2 => huber(p, numbers(t), 0.7),
        3 => gaussian_nll(p, p * -0.3, numbers(t)),
        4 => poisson_nll(p, numbers(t)),
        5 => binary_cross_entropy(p, numbers(t)),
        6 => binary_cross_entropy_balanced(p, numbers(t), 3.0),
        7 => pinball(p, numbers(t.part(2, 0, 1)), [0.1, 0.3, 0.5, 0.7, 0.9]),
        8 => cross_entropy(p, classes(ids.into())),
        9 => cross_entropy_ignoring(p, ids, 1),
        10 => cross_entropy_smoothed(p, classes(ignoring(ids, 1)), 0.1),
        11 | 12 => {
            // Half as many labels as steps.
            let counts_of: Vec<u32> = part.lengths.iter().map(|length| length / 2).collect();
            let label = |(row, step): (usize, u32)| part.ids[step as usize * n + row] % 4 + 1;
            let steps = (0..n).flat_map(|row| (0..counts_of[row]).map(move |step| (row, step)));
            let labels: Vec<u32> = steps.map(label).collect();
            let labels = counted(g.ids(&labels), &part.flags[..n], weights.at(0), counts);
            let settings = Ctc::new(0).per_label(which == 11).zero_infinity(true);
            settings.loss(p, g.ids(&part.lengths), labels, g.ids(&counts_of))
        }
        _ => {
            let loss = mse(p, numbers(t));
            (loss + g.param(w).square().sum()).with_loss_weight(loss.loss_weight())
        }
    }
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn unequal_parts_together_are_the_undivided_batch(
        seed in any::<u64>(), sizes in prop::collection::vec(1usize..5, 1..5),
        which in 0..LOSSES, mask in any::<bool>(), weigh in any::<bool>(),
    ) {
        let (w, mut params) = Params::<f64>::init(seed, |p| {
            p.weight("w", [INPUTS, CLASSES], Init::Normal { std: 1.0 })
        }).unwrap();
        let counts = [mask, weigh];
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
        let whole = part(seed, 0..sizes.iter().sum());
        let all = tape.gradient(&params, &mut grad, |g| loss(g, w, &whole, which, counts)).unwrap();
        // Where nothing counts there is no loss, and nothing that a penalty could be added to.
        prop_assume!(which != 13 || tape.loss_weight() > 0.0);

        let mut trainer = Trainer::new(sgd(1.0).then(SeenLoss(all))).accumulate(sizes.len() as u64);
        let mut start = 0;
        for size in sizes {
            let part = part(seed, start..start + size);
            trainer.step(&mut params, |g| loss(g, w, &part, which, counts)).unwrap();
            start += size;
        }
        let scale = grad.values().iter().fold(1.0, |max: f64, x| max.max(x.abs()));
        for (ours, wanted) in trainer.update().iter().zip(grad.values()) {
            prop_assert!((ours - wanted).abs() <= 1e-12 * scale, "{ours} is not {wanted}");
        }
    }
}

/// Checks the loss that transforms receive.
struct SeenLoss(f64);

impl Transform for SeenLoss {
    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], _: &mut [T]) {
        let (seen, wanted) = (now.loss.to_f64(), self.0);
        assert!((seen - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "{seen} is not {wanted}");
    }
}

/// Nothing counts in any part: nothing is learned, and nothing is NaN.
#[test]
fn parts_in_which_nothing_counts_leave_the_weights_alone() {
    let (w, mut params) =
        Params::<f32>::init(0, |p| p.weight("w", [], Init::Constant(2.0))).unwrap();
    let mut trainer = Trainer::new(sgd(1.0)).accumulate(2);
    for _ in 0..2 {
        let loss = trainer
            .step(&mut params, |g| mse(g.param(w).reshape([1]), masked(g.zeros([1]), g.ids(&[0]))));
        assert_eq!(loss, Ok(0.0));
    }
    assert_eq!((params.values(), trainer.update()), (&[2.0][..], &[0.0][..]));
}

/// The weight of a loss is that of one number, and no nonsense.
#[test]
fn weights_of_losses_are_checked() {
    let ((), none) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let refused = |shape: [usize; 1], weight: f64| {
        let error = Tape::new().evaluate(&none, |g| g.zeros(shape).with_loss_weight(weight).item());
        error.unwrap_err().to_string()
    };
    let error = refused([2], 1.0);
    assert!(error.contains("with_loss_weight") && error.contains("1 element, got 2"), "{error}");
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        let wanted = format!("expected a finite weight of at least 0, got {weight}");
        let error = refused([1], weight);
        assert!(error.contains(&wanted), "{error}");
    }
}

/// The weight of a loss is that of the recording it belongs to, and passes through a segment.
#[test]
fn weights_of_losses_last_as_long_as_their_recording() {
    let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros)).unwrap();
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
    tape.gradient(&params, &mut grad, |g| {
        let loss = mse(g.param(w) + g.zeros([7]), g.zeros([7]));
        assert_eq!((loss.loss_weight(), (loss * 2.0).loss_weight()), (7.0, 1.0));
        loss
    })
    .unwrap();
    assert_eq!(tape.loss_weight(), 7.0);
    tape.gradient(&params, &mut grad, |g| {
        g.recompute(&[g.param(w)], |g, w| mse(w[0] + g.zeros([5]), g.zeros([5])))
    })
    .unwrap();
    assert_eq!(tape.loss_weight(), 5.0);
    tape.gradient(&params, &mut grad, |g| g.param(w).square()).unwrap();
    assert_eq!(tape.loss_weight(), 1.0);
}

/// A snapshot without the weights of losses, as it was at first, is restored between two updates.
#[test]
fn snapshots_without_weights_are_restored_between_updates() {
    let (w, start) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros)).unwrap();
    let new = || Trainer::<f64, _>::new(sgd(0.1)).accumulate(2);
    for steps in [2, 3] {
        let (mut params, mut trainer) = (start.clone(), new());
        let step = |trainer: &mut Trainer<f64, _>, params: &mut Params<f64>| {
            trainer.step(params, |g| (g.param(w) - 1.0).square()).unwrap();
        };
        (0..steps).for_each(|_| step(&mut trainer, &mut params));
        let mut snapshot = trainer.snapshot();
        snapshot.buffers.retain(|(name, _)| name != "accumulate.weight");
        let mut restored = new();
        let result = restored.restore(&snapshot);
        assert_eq!(result.is_ok(), steps == 2, "{steps}: {result:?}");
        if steps == 2 {
            let mut again = params.clone();
            (0..2).for_each(|_| step(&mut trainer, &mut params));
            (0..2).for_each(|_| step(&mut restored, &mut again));
            assert_eq!(params.values(), again.values());
        }
    }
}
