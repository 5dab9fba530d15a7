//! Transforms that know which numbers belong together: parts, frozen weights, ratios of norms,
//! noise, and the one norm that is of all weights.

use crate::object::{Object, Steps, updates};
use elman_autograd::{Param, Params};
use elman_tensor::{Init, Random, Real};
use elman_train::{
    Error, Layout, Trainer, Transform, adam, adamw, clip_norm, constant, decay, ema, freeze, lamb,
    momentum, nadam, noise, only, plateau, sgd, trust,
};
use proptest::prelude::*;

/// Paths and sizes.
type List = Vec<(String, usize)>;

/// Weights of these sizes, and five gradients.
fn draw(seed: u64, sizes: &[usize]) -> (List, Vec<f64>, Vec<Vec<f64>>) {
    let list: Vec<_> = sizes.iter().enumerate().map(|(i, &n)| (path(i), n)).collect();
    let (n, mut random) = (sizes.iter().sum(), Random::new(seed, "groups", 0));
    let mut normal = || (0..n).map(|_| random.normal()).collect::<Vec<_>>();
    (list, normal(), (0..5).map(|_| normal()).collect())
}

/// Even ones are of the body, odd ones of the head.
fn path(i: usize) -> String {
    format!("{}.{i}", if i.is_multiple_of(2) { "body" } else { "head" })
}

/// What belongs to the head of a vector, or to the body.
fn part(list: &[(String, usize)], x: &[f64], of: &str) -> Vec<f64> {
    let layout = Layout::new(list);
    let own = layout.iter().filter(|(path, _)| path.starts_with(of));
    own.flat_map(|(_, range)| x[range].to_vec()).collect()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn close(a: &[f64], b: &[f64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        prop_assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{} is not {}", a, b);
    }
    Ok(())
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A transform of a part does what it does with a model of that part alone, bit for bit, and
    /// leaves the rest alone.
    #[test]
    fn a_part_is_a_model_of_its_own(
        seed in any::<u64>(), sizes in prop::collection::vec(0usize..5, 1..6),
    ) {
        let check = |transform: &dyn Object<f64>, inner: [&dyn Object<f64>; 2]| {
            let (list, w, g) = draw(seed, &sizes);
            let heads: Vec<_> =
                list.iter().filter(|(path, _)| path.starts_with("head")).cloned().collect();
            let own: Vec<_> = g.iter().map(|g| part(&list, g, "head")).collect();
            let alone = updates(transform, &heads, &part(&list, &w, "head"), &own);
            for inner in inner {
                let inner = updates(inner, &list, &w, &g);
                for ((u, alone), g) in inner.iter().zip(&alone).zip(&g) {
                    prop_assert_eq!(&part(&list, u, "head"), alone);
                    prop_assert_eq!(part(&list, u, "body"), part(&list, g, "body"));
                }
            }
            Ok(())
        };
        macro_rules! all {
            ($($transform:expr),* $(,)?) => {$({
                let x = $transform;
                check(&x, [&only("head.*", x), &only("*", only("head*", x))])?;
            })*};
        }
        all![
            constant(0.1), adamw(0.1, 0.1), clip_norm(0.5), lamb(0.1, 0.2), noise(0.3),
            clip_norm(0.5).then(nadam(0.1)).then(decay(0.1)),
        ];
    }

    /// One factor for all weights. (A factor for each, as if every weight was clipped by its own
    /// norm, would turn the direction of the gradient.)
    #[test]
    fn the_norm_that_is_clipped_is_that_of_all_weights(
        seed in any::<u64>(), sizes in prop::collection::vec(0usize..5, 2..6), max in 0.1..3.0,
    ) {
        let (list, w, g) = draw(seed, &sizes);
        for (u, g) in updates(&clip_norm(max), &list, &w, &g).iter().zip(&g) {
            let scale = (max / norm(g)).min(1.0);
            close(u, &g.iter().map(|g| g * scale).collect::<Vec<_>>())?;
        }
    }

    #[test]
    fn each_weight_has_its_own_ratio(
        seed in any::<u64>(), sizes in prop::collection::vec(0usize..5, 1..6),
        rate in 1e-3..1.0, d in 0.0..0.5, a in 0.0..0.99, b in 0.0..0.999, eps in 1e-8..0.5,
    ) {
        let (list, w, g) = draw(seed, &sizes);
        let ratio = |w: &[f64], u: &[f64]| {
            if norm(w) > 0.0 && norm(u) > 0.0 { norm(w) / norm(u) } else { 1.0 }
        };
        for (u, g) in updates(&trust(), &list, &w, &g).iter().zip(&g) {
            for (_, range) in Layout::new(&list).iter() {
                let (w, g) = (&w[range.clone()], &g[range.clone()]);
                close(&u[range], &g.iter().map(|x| ratio(w, g) * x).collect::<Vec<_>>())?;
            }
        }
        let (mut m, mut s) = (vec![0.0; w.len()], vec![0.0; w.len()]);
        let ours = updates(&lamb(rate, d).betas(a, b).eps(eps), &list, &w, &g);
        for (step, (u, g)) in ours.iter().zip(&g).enumerate() {
            let t = step as i32 + 1;
            let raw: Vec<_> = (0..w.len()).map(|i| {
                m[i] = a * m[i] + (1.0 - a) * g[i];
                s[i] = b * s[i] + (1.0 - b) * g[i].powi(2);
                let (m, s) = (m[i] / (1.0 - a.powi(t)), s[i] / (1.0 - b.powi(t)));
                m / (s.sqrt() + eps) + d * w[i]
            }).collect();
            for (_, range) in Layout::new(&list).iter() {
                let (w, r) = (&w[range.clone()], &raw[range.clone()]);
                close(&u[range], &r.iter().map(|x| rate * ratio(w, r) * x).collect::<Vec<_>>())?;
            }
        }
    }

    /// Of nothing but the seed, the path and the step.
    #[test]
    fn noise_has_its_key(seed in any::<u64>(), eta in 0.0..1.0, gamma in 0.0..2.0) {
        let (list, w, g) = draw(seed, &[2, 3, 4]);
        let transform = noise(eta).gamma(gamma).seed(seed);
        for (step, (u, g)) in updates(&transform, &list, &w, &g).iter().zip(&g).enumerate() {
            let std = (eta / (step as f64 + 1.0).powf(gamma)).sqrt();
            for (path, range) in Layout::new(&list).iter() {
                let (name, kind) = (elman_tensor::hash(path), elman_tensor::hash("noise"));
                let mut random = Random::keyed(seed, name, step as u64, kind);
                let wanted: Vec<_> =
                    g[range.clone()].iter().map(|g| g + std * random.normal()).collect();
                close(&u[range], &wanted)?;
            }
        }
    }
}

/// A body and a head.
fn model<T: Real>() -> ([Param; 2], Params<T>) {
    Params::init(0, |p| {
        let body = p.scope("body").weight("w", [2], Init::Constant(0.3))?;
        Ok([body, p.scope("head").weight("w", [2], Init::Constant(-0.7))?])
    })
    .unwrap()
}

/// The bits of weights before and after seven steps, and of their mean.
fn trained<T: Real>(trainer: &mut dyn Steps<T>, values: &[f64]) -> [Vec<[u64; 2]>; 3] {
    let ([body, head], mut params) = model::<T>();
    params.values_mut().iter_mut().zip(values).for_each(|(w, &x)| *w = T::from_f64(x));
    let bits = |params: &Params<T>| params.values().iter().map(|w| w.bits()).collect();
    let before = bits(&params);
    for _ in 0..7 {
        trainer
            .step(&mut params, &|g| {
                let (b, h) = (g.param(body), g.param(head));
                (b - 3.0).square().sum() + (b * h).sum() + h.square().sum()
            })
            .unwrap();
    }
    [before, bits(&params), bits(&trainer.averaged(&params))]
}

#[test]
fn frozen_weights_keep_every_bit_whatever_follows() {
    fn check<T: Real, X: Transform + Clone>(transform: X) {
        for values in [[0.1, 1.0 / 3.0, 0.5, 0.7], [-0.0, 0.0, 0.5, 0.7], [1e15, -1e-40, 0.5, 0.7]]
        {
            let mut trainer = Trainer::new(transform.clone()).average(ema(0.9));
            let [before, after, average] = trained::<T>(&mut trainer, &values);
            assert_eq!(before[..2], after[..2]);
            assert_eq!(before[..2], average[..2]);
            assert!(before[2] != after[2] && before[3] != after[3]);
        }
    }
    check::<f32, _>(freeze("body.*").then(sgd(0.01)).then(decay(0.1)));
    check::<f64, _>(freeze("body.*").then(sgd(0.01)).then(noise(0.1)));
    check::<f64, _>(freeze("body.w").then(adam(0.1)).then(decay(0.1)).then(constant(0.5)));
    check::<f64, _>(momentum(0.9).then(decay(0.1)).then(freeze("b*")).then(adamw(0.1, 0.1)));
    check::<f32, _>(lamb(0.1, 0.1).then(only("body.*", freeze("*").then(decay(1.0)))));
    check::<f32, _>(sgd(0.01).then(only("*", Some(freeze("body.w")))).then(decay(0.1)));
}

#[test]
fn frozen_weights_count_in_the_norms_before_them_only() {
    let (list, w, g) = draw(1, &[3, 3]);
    let before = &updates(&freeze("body.*").then(clip_norm(0.1)), &list, &w, &g)[0];
    let after = &updates(&clip_norm(0.1).then(freeze("body.*")), &list, &w, &g)[0];
    assert!((norm(before) - 0.1).abs() < 1e-15);
    assert!((norm(after) - 0.1 * norm(&g[0][3..]) / norm(&g[0])).abs() < 1e-15);
    assert_eq!([&before[..3], &after[..3]], [[0.0; 3], [0.0; 3]]);
}

#[test]
fn clipping_is_global_in_a_trainer_too() {
    let ([body, head], mut params) = model::<f64>();
    let mut trainer = Trainer::new(clip_norm(1.0));
    trainer
        .step(&mut params, |g| (g.param(body) * 30.0).sum() + (g.param(head) * 40.0).sum())
        .unwrap();
    let scale = 1.0 / (2.0 * 30.0f64.powi(2) + 2.0 * 40.0f64.powi(2)).sqrt();
    for (u, g) in trainer.update().iter().zip([30.0, 30.0, 40.0, 40.0]) {
        assert!((u - g * scale).abs() < 1e-15, "{u} is not {}", g * scale);
    }
}

#[test]
fn ratios_of_huge_and_tiny_norms_are_ratios() {
    let list = [("w".to_string(), 2), ("zero".to_string(), 1), ("none".to_string(), 0)];
    for (w, g) in [(3e-30f32, 1e30f32), (3e30, 1e25), (2e-30, 1e-32), (1.0, 1e-35)] {
        let weights = [w, -w, 0.0];
        let u = &updates(&trust(), &list, &weights, &[vec![g, g, 5.0]])[0];
        assert!((u[0] / w - 1.0).abs() < 1e-5, "{u:?} is not of the size of {w}");
        assert_eq!((u[0], u[2]), (u[1], 5.0));
    }
    let none = updates(&trust(), &list, &[1.0f32, 1.0, 1.0], &[vec![0.0, 0.0, f32::NAN]]);
    assert!(none[0][..2] == [0.0, 0.0] && none[0][2].is_nan());
}

#[test]
fn noise_is_of_its_step_and_repeats() {
    let (list, w, g) = draw(2, &[100, 100]);
    let same = vec![g[0].clone(); 5];
    let a = updates(&noise(0.5), &list, &w, &same);
    assert_eq!(a, updates(&noise(0.5), &list, &w, &same));
    assert_ne!(a, updates(&noise(0.5).seed(1), &list, &w, &same));
    assert_ne!(a[0], a[1]);
    assert_eq!(updates(&noise(0.0), &list, &w, &g), g);
}

#[test]
fn a_pattern_that_fits_nothing_is_an_error() {
    fn refused(transform: impl Transform, wanted: &str) {
        check(&mut Trainer::new(sgd(0.1).then(transform)), wanted);
    }
    fn check(trainer: &mut dyn Steps<f64>, wanted: &str) {
        let ([body, _], mut params) = model::<f64>();
        let error = trainer.step(&mut params, &|g| g.param(body).sum()).unwrap_err();
        assert!(matches!(error, Error::NoWeight { .. }), "{error}");
        assert_eq!((error.to_string().as_str(), trainer.steps()), (wanted, 0));
    }
    refused(only("haed.*", sgd(0.1)), "only: no weight fits \"haed.*\"");
    refused(freeze("body"), "freeze: no weight fits \"body\"");
    refused(only("head.*", freeze("body.*")), "freeze: no weight fits \"body.*\"");
    refused(only("head.*", only("body.*", plateau(0.5, 1))), "only: no weight fits \"body.*\"");
}
