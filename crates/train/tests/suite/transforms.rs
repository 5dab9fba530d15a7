//! Transforms: their equations at any setting, their independence of each other's weights, their
//! edges, and the settings they refuse.

use crate::object::{self, Object, Steps};
use elman_autograd::Params;
use elman_tensor::{Init, Random, Real};
use elman_train::{
    Error, Layout, Schedule, Trainer, Transform, adadelta, adagrad, adam, adamw, clip_norm,
    clip_value, constant, cosine, decay, ema, exponential, freeze, lamb, lion, momentum, nadam,
    nesterov, noise, one_cycle, only, plateau, radam, rmsprop, sgd, sgdw, step_decay, swa, trust,
    warm_restarts, warm_up,
};
use proptest::prelude::*;

/// The updates of five steps of the same random gradients and weights, one after the other.
fn updates<T: Real>(transform: &dyn Object<T>, weights: &[T], grads: &[Vec<T>]) -> Vec<Vec<T>> {
    object::updates(transform, &[("w".to_string(), weights.len())], weights, grads)
}

fn draw(seed: u64, n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut random = Random::new(seed, "transforms", 0);
    let mut normal = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<_>>();
    (normal(n), (0..5).map(|_| normal(n)).collect())
}

/// Each weight gets the update it would get alone, bit for bit.
fn independent(transform: &dyn Object<f64>, seed: u64, n: usize) -> Result<(), TestCaseError> {
    let (w, g) = draw(seed, n);
    let together = updates(transform, &w, &g);
    for i in 0..n {
        let own: Vec<_> = g.iter().map(|g| vec![g[i]]).collect();
        let alone = updates(transform, &w[i..=i], &own);
        for (together, alone) in together.iter().zip(alone) {
            prop_assert_eq!(together[i].to_bits(), alone[0].to_bits());
        }
    }
    Ok(())
}

/// From (step, w, g) with three numbers of memory.
type Equation<'a> = dyn Fn(i32, f64, f64, &mut [f64; 3]) -> f64 + 'a;

/// What a transform does to one weight, by its equation.
fn equation(transform: &dyn Object<f64>, seed: u64, f: &Equation<'_>) -> Result<(), TestCaseError> {
    let (w, g) = draw(seed, 3);
    let ours = updates(transform, &w, &g);
    for i in 0..3 {
        let mut memory = [0.0; 3];
        for (step, g) in g.iter().enumerate() {
            let wanted = f(step as i32, w[i], g[i], &mut memory);
            let off = (ours[step][i] - wanted).abs();
            prop_assert!(
                off <= 1e-12 * (1.0 + wanted.abs()),
                "{} is not {}",
                ours[step][i],
                wanted
            );
        }
    }
    Ok(())
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn weights_do_not_know_each_other(seed in any::<u64>(), n in 0usize..40) {
        independent(&sgd(0.1), seed, n)?;
        independent(&momentum(0.9), seed, n)?;
        independent(&nesterov(0.9), seed, n)?;
        independent(&rmsprop(0.1), seed, n)?;
        independent(&adam(0.1), seed, n)?;
        independent(&adamw(0.1, 0.2), seed, n)?;
        independent(&adagrad(0.1), seed, n)?;
        independent(&adadelta(1.0), seed, n)?;
        independent(&nadam(0.1), seed, n)?;
        independent(&radam(0.1), seed, n)?;
        independent(&lion(0.1), seed, n)?;
        independent(&sgdw(0.1, 0.2), seed, n)?;
        independent(&clip_value(0.5), seed, n)?;
        independent(&decay(0.1), seed, n)?;
        independent(&exponential(0.9), seed, n)?;
        let all = decay(0.1).then(momentum(0.5)).then(adam(0.1)).then(rmsprop(0.2));
        independent(&all.then(clip_value(0.1)).then(step_decay(0.5, 2)), seed, n)?;
    }

    #[test]
    fn settings_enter_where_the_equations_say(
        seed in any::<u64>(), rate in 1e-3..1.0f64, a in 0.0f64..0.99, b in 0.0f64..0.999,
        eps in 1e-8..0.5, d in 0.0..0.5,
    ) {
        equation(&sgd(rate), seed, &|_, _, g, _| rate * g)?;
        equation(&momentum(a), seed, &|_, _, g, [v, ..]| { *v = a * *v + g; *v })?;
        equation(&nesterov(a), seed, &|_, _, g, [v, ..]| { *v = a * *v + g; g + a * *v })?;
        equation(&rmsprop(rate).alpha(a).eps(eps), seed, &|_, _, g, [s, ..]| {
            *s = a * *s + (1.0 - a) * g.powi(2);
            rate * g / (s.sqrt() + eps)
        })?;
        let by_hand = |step: i32, g: f64, m: &mut f64, s: &mut f64| {
            *m = a * *m + (1.0 - a) * g;
            *s = b * *s + (1.0 - b) * g.powi(2);
            let (m, s) = (*m / (1.0 - a.powi(step + 1)), *s / (1.0 - b.powi(step + 1)));
            rate * m / (s.sqrt() + eps)
        };
        equation(&adam(rate).betas(a, b).eps(eps), seed, &|t, _, g, [m, s, _]| by_hand(t, g, m, s))?;
        let decayed = |t, w, g, [m, s, _]: &mut [f64; 3]| by_hand(t, g, m, s) + rate * d * w;
        equation(&adamw(rate, d).betas(a, b).eps(eps), seed, &decayed)?;
        equation(&adam(rate).betas(a, b).eps(eps).then(decay(rate * d)), seed, &decayed)?;
        equation(&decay(d).then(sgd(rate)), seed, &|_, w, g, _| rate * (g + d * w))?;
        equation(&sgdw(rate, d), seed, &|_, w, g, _| rate * g + rate * d * w)?;
        equation(&momentum(a).then(sgdw(rate, d)), seed, &|_, w, g, [v, ..]| {
            *v = a * *v + g;
            rate * *v + rate * d * w
        })?;
        equation(&adagrad(rate).eps(eps), seed, &|_, _, g, [s, ..]| {
            *s += g.powi(2);
            rate * g / (s.sqrt() + eps)
        })?;
        equation(&adadelta(rate).rho(a).eps(eps), seed, &|_, _, g, [s, d, _]| {
            *s = a * *s + (1.0 - a) * g.powi(2);
            let v = ((*d + eps) / (*s + eps)).sqrt() * g;
            *d = a * *d + (1.0 - a) * v.powi(2);
            rate * v
        })?;
        equation(&lion(rate).betas(a, b), seed, &|_, _, g, [m, ..]| {
            let step = a * *m + (1.0 - a) * g;
            *m = b * *m + (1.0 - b) * g;
            rate * step.signum()
        })?;
        equation(&nadam(rate).betas(a, b).eps(eps).slowdown(d), seed, &|t, _, g, [m, s, _]| {
            *m = a * *m + (1.0 - a) * g;
            *s = b * *s + (1.0 - b) * g.powi(2);
            let mu = |t: i32| a * (1.0 - 0.96f64.powf(f64::from(t) * d) / 2.0);
            let product = |until: i32| (1..=until).map(mu).product::<f64>();
            let of_mean = mu(t + 2) * *m / (1.0 - product(t + 2));
            let of_gradient = (1.0 - mu(t + 1)) * g / (1.0 - product(t + 1));
            rate * (of_mean + of_gradient) / ((*s / (1.0 - b.powi(t + 1))).sqrt() + eps)
        })?;
        // Of a second beta near 1, five steps are not enough for squares to count.
        for b in [b, 0.9, 0.5, 0.999] {
            equation(&radam(rate).betas(a, b).eps(eps), seed, &|t, _, g, [m, s, _]| {
                *m = a * *m + (1.0 - a) * g;
                *s = b * *s + (1.0 - b) * g.powi(2);
                let (m, free) = (*m / (1.0 - a.powi(t + 1)), 1.0 - b.powi(t + 1));
                let most = 2.0 / (1.0 - b) - 1.0;
                let rho = most - 2.0 * f64::from(t + 1) * b.powi(t + 1) / free;
                if rho <= 5.0 {
                    return rate * m;
                }
                let r = (rho - 4.0) * (rho - 2.0) * most / ((most - 4.0) * (most - 2.0) * rho);
                rate * m * r.sqrt() * free.sqrt() / (s.sqrt() + eps)
            })?;
        }
        equation(&clip_value(d + 0.1), seed, &|_, _, g, _| g.clamp(-d - 0.1, d + 0.1))?;
        equation(&constant(a), seed, &|_, _, g, _| a * g)?;
        equation(&exponential(a), seed, &|t, _, g, _| a.powi(t) * g)?;
        // A schedule after the decay scales both parts, as in PyTorch; one before it does not.
        let half = |t: i32| if t < 3 { 1.0 } else { 0.5 };
        let scaled = adamw(rate, d).betas(a, b).eps(eps).then(step_decay(0.5, 3));
        equation(&scaled, seed, &|t, w, g, memory| half(t) * decayed(t, w, g, memory))?;
        let apart = adam(rate).betas(a, b).eps(eps).then(step_decay(0.5, 3)).then(decay(d));
        equation(&apart, seed, &|t, w, g, [m, s, _]| half(t) * by_hand(t, g, m, s) + d * w)?;
    }

    #[test]
    fn a_clipped_norm_is_at_most_the_limit(seed in any::<u64>(), n in 0usize..40, max in 1e-3..9.0) {
        let (w, g) = draw(seed, n);
        for (g, u) in g.iter().zip(updates(&clip_norm(max), &w, &g)) {
            let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
            let scale = (max / norm(g)).min(1.0);
            let off = u.iter().zip(g).map(|(u, g)| (u - g * scale).abs()).fold(0.0, f64::max);
            prop_assert!(off < 1e-13, "off by {}", off);
            prop_assert!(norm(g) > max || &u == g);
        }
    }

    /// Any setting is either an error or a step without panic.
    #[test]
    fn no_setting_panics(x in any::<[f64; 3]>(), n in any::<u64>()) {
        let run = |trainer: &mut dyn Steps<f32>| {
            let mut params = Params::<f32>::init(1, |p| p.weight("w", [3], Init::Zeros)).unwrap().1;
            let mut step = || trainer.step(&mut params, &|g| g.constant([], 1.0));
            let _ = (0..3).try_for_each(|_| step().map(drop));
        };
        macro_rules! all {
            ($($transform:expr),* $(,)?) => {$(run(&mut Trainer::new($transform));)*};
        }
        let [a, b, c] = x;
        all![
            sgd(a), momentum(a), nesterov(a), rmsprop(a).alpha(b).eps(c),
            adam(a).betas(b, c), adam(a).eps(b), adamw(a, b).eps(c), clip_norm(a), clip_value(a),
            decay(a), constant(a), step_decay(a, n), exponential(a), cosine(n).floor(a), warm_up(n),
            adagrad(a).eps(b), adadelta(a).rho(b).eps(c), nadam(a).betas(b, c),
            nadam(0.1).slowdown(a), radam(a).betas(b, c).eps(0.1), lion(a).betas(b, c),
            lamb(a, b).eps(c), sgdw(a, b), trust(), noise(a).gamma(b).seed(n),
            one_cycle(n).rise(a).start(b).end(c), warm_restarts(n).times(n).floor(a),
            plateau(a, n).threshold(b).floor(c).cooldown(n).of_loss(),
            only("w", sgd(a)), only("x", sgd(a)), freeze("*"),
        ];
        for average in [ema(a), swa(n, n), swa(n, n / 2), swa(0, n)] {
            run(&mut Trainer::new(sgd(0.1)).average(average));
        }
        for step in [0, 1, n.saturating_sub(1), n, n.saturating_add(1), u64::MAX] {
            let cycle = one_cycle(n).rise(a).start(b).end(c);
            let restarts = [n, n % 3].map(|times| warm_restarts(n % 7).times(times).floor(a));
            let schedules: [&dyn Schedule; 8] = [
                &constant(a), &step_decay(a, n), &exponential(a), &cosine(n).floor(a), &warm_up(n),
                &cycle, &restarts[0], &restarts[1],
            ];
            schedules.iter().for_each(|s| { s.factor(step); });
        }
    }
}

fn factors<const N: usize>(schedule: &dyn Schedule, steps: [u64; N]) -> [f64; N] {
    steps.map(|step| schedule.factor(step))
}

#[test]
fn schedules_at_their_edges() {
    let s = step_decay(0.5, 1500);
    assert_eq!(factors(&s, [0, 1499, 1500, 2999, 3000]), [1.0, 1.0, 0.5, 0.5, 0.25]);
    assert_eq!(factors(&step_decay(0.0, 1), [0, 1, 2]), [1.0, 0.0, 0.0]);
    assert_eq!(factors(&constant(0.3), [0, 7]), [0.3, 0.3]);
    assert_eq!(factors(&exponential(2.0), [0, 1, 2]), [1.0, 2.0, 4.0]);
    assert_eq!(exponential(0.5).factor(u64::MAX), 0.0);
    assert_eq!(exponential(1.0).factor(u64::MAX), 1.0);

    let c = cosine(10).floor(0.2);
    assert_eq!(factors(&c, [0, 10, 11, u64::MAX]), [1.0, 0.2, 0.2, 0.2]);
    assert!((c.factor(5) - 0.6).abs() < 1e-15);
    assert!(c.factor(9) > 0.2);
    assert_eq!(factors(&cosine(1), [0, 1, 2]), [1.0, 0.0, 0.0]);

    assert_eq!(factors(&warm_up(4), [0, 1, 2, 3, 4]), [0.25, 0.5, 0.75, 1.0, 1.0]);
    assert_eq!(factors(&warm_up(1), [0, 1]), [1.0, 1.0]);
    assert_eq!(factors(&warm_up(0), [0, 1]), [1.0, 1.0]);
}

#[test]
fn gradients_whose_squares_overflow_are_clipped() {
    let g = vec![vec![3e30f32, -4e30, 0.0]];
    let [u]: [Vec<f32>; 1] = updates(&clip_norm(5.0), &[0.0f32; 3], &g).try_into().unwrap();
    for (u, wanted) in u.iter().zip([3.0, -4.0, 0.0f32]) {
        assert!((u - wanted).abs() < 1e-5, "{u} is not {wanted}");
    }
    assert_eq!(updates(&clip_norm(f64::INFINITY), &[0.0f32; 3], &g), g);
    assert_eq!(updates(&clip_value(f64::INFINITY), &[0.0f32; 3], &g), g);
    assert_eq!(updates(&clip_norm(1.0), &[0.0f32; 3], &[vec![0.0; 3]]), [[0.0; 3]]);
}

#[test]
fn nothing_is_clipped_into_a_number() {
    let g = vec![vec![f64::NAN, 2.0, f64::NEG_INFINITY]];
    let u = &updates(&clip_value(1.0), &[0.0; 3], &g)[0];
    assert!(u[0].is_nan() && u[1..] == [1.0, -1.0]);
    assert!(updates(&clip_norm(1.0), &[0.0; 3], &g)[0][0].is_nan());
}

#[test]
fn a_transform_may_be_absent() {
    let (w, g) = draw(3, 4);
    let absent: Option<elman_train::Momentum> = None;
    assert_eq!(updates(&absent.then(adam(0.1)), &w, &g), updates(&adam(0.1), &w, &g));
    let present = Some(momentum(0.9)).then(adam(0.1));
    assert_eq!(updates(&present, &w, &g), updates(&momentum(0.9).then(adam(0.1)), &w, &g));
    let layout = Layout::new(&[]);
    assert!(Some(sgd(-1.0)).check(layout).is_err());
    assert!(None::<elman_train::Sgd>.check(layout).is_ok());
}

#[test]
fn settings_without_sense_are_errors_at_the_first_step() {
    fn refused(transform: impl Transform, wanted: &str) {
        // Also behind other transforms.
        check(&mut Trainer::new(clip_norm(1.0).then(transform).then(sgd(0.1))), wanted);
    }
    fn check(trainer: &mut dyn Steps<f64>, wanted: &str) {
        let (w, mut params) =
            Params::<f64>::init(0, |p| p.weight("w", [2], Init::Constant(1.0))).unwrap();
        for _ in 0..2 {
            let error = trainer.step(&mut params, &|g| g.param(w).sum()).unwrap_err();
            assert!(matches!(error, Error::Setting { .. }), "{error}");
            assert_eq!(error.to_string(), wanted);
        }
        assert_eq!((params.values(), trainer.steps()), (&[1.0, 1.0][..], 0));
    }
    refused(sgd(-0.1), "sgd: rate must be finite and not negative, got -0.1");
    refused(sgd(f64::NAN), "sgd: rate must be finite and not negative, got NaN");
    refused(momentum(1.0), "momentum: mu must be at least 0 and less than 1, got 1");
    refused(nesterov(-0.5), "nesterov: mu must be at least 0 and less than 1, got -0.5");
    refused(rmsprop(f64::INFINITY), "rmsprop: rate must be finite and not negative, got inf");
    refused(rmsprop(0.1).alpha(1.5), "rmsprop: alpha must be at least 0 and less than 1, got 1.5");
    refused(rmsprop(0.1).eps(0.0), "rmsprop: eps must be finite and more than 0, got 0");
    refused(adam(-1.0), "adam: rate must be finite and not negative, got -1");
    refused(
        adam(0.1).betas(1.0, 0.9),
        "adam: the first beta must be at least 0 and less than 1, got 1",
    );
    refused(
        adam(0.1).betas(0.9, f64::NAN),
        "adam: the second beta must be at least 0 and less than 1, got NaN",
    );
    refused(adam(0.1).eps(-1e-8), "adam: eps must be finite and more than 0, got -0.00000001");
    refused(
        adamw(0.1, 0.1).betas(0.9, 1.0),
        "adamw: the second beta must be at least 0 and less than 1, got 1",
    );
    refused(adamw(0.1, -0.1), "adamw: decay must be finite and not negative, got -0.1");
    refused(clip_norm(0.0), "clip_norm: max must be more than 0, got 0");
    refused(clip_value(f64::NAN), "clip_value: max must be more than 0, got NaN");
    refused(decay(-1.0), "decay: rate must be finite and not negative, got -1");
    refused(constant(-1.0), "constant: factor must be finite and not negative, got -1");
    refused(step_decay(-1.0, 5), "step_decay: factor must be finite and not negative, got -1");
    refused(step_decay(0.5, 0), "step_decay: every must be at least 1, got 0");
    refused(sgdw(-0.1, 0.1), "sgdw: rate must be finite and not negative, got -0.1");
    refused(sgdw(0.1, -0.1), "sgdw: decay must be finite and not negative, got -0.1");
    refused(adagrad(-0.1), "adagrad: rate must be finite and not negative, got -0.1");
    refused(adagrad(0.1).eps(0.0), "adagrad: eps must be finite and more than 0, got 0");
    refused(adadelta(-0.1), "adadelta: rate must be finite and not negative, got -0.1");
    refused(adadelta(1.0).rho(1.0), "adadelta: rho must be at least 0 and less than 1, got 1");
    refused(adadelta(1.0).eps(0.0), "adadelta: eps must be finite and more than 0, got 0");
    refused(nadam(-1.0), "nadam: rate must be finite and not negative, got -1");
    refused(nadam(0.1).slowdown(-1.0), "nadam: slowdown must be finite and not negative, got -1");
    refused(radam(0.1).eps(0.0), "radam: eps must be finite and more than 0, got 0");
    refused(lion(-1.0), "lion: rate must be finite and not negative, got -1");
    refused(
        lion(0.1).betas(0.9, 1.0),
        "lion: the second beta must be at least 0 and less than 1, got 1",
    );
    refused(lamb(-1.0, 0.1), "lamb: rate must be finite and not negative, got -1");
    refused(lamb(0.1, -1.0), "lamb: decay must be finite and not negative, got -1");
    refused(lamb(0.1, 0.1).eps(0.0), "lamb: eps must be finite and more than 0, got 0");
    refused(noise(-1.0), "noise: eta must be finite and not negative, got -1");
    refused(noise(1.0).gamma(-1.0), "noise: gamma must be finite and not negative, got -1");
    refused(one_cycle(0), "one_cycle: steps must be at least 1, got 0");
    refused(one_cycle(9).rise(1.5), "one_cycle: rise must be from 0 to 1, got 1.5");
    refused(one_cycle(9).start(-1.0), "one_cycle: start must be from 0 to 1, got -1");
    refused(one_cycle(9).end(f64::NAN), "one_cycle: end must be from 0 to 1, got NaN");
    refused(warm_restarts(0), "warm_restarts: steps must be at least 1, got 0");
    refused(warm_restarts(9).times(0), "warm_restarts: times must be at least 1, got 0");
    refused(warm_restarts(9).floor(2.0), "warm_restarts: floor must be from 0 to 1, got 2");
    refused(plateau(1.5, 3), "plateau: factor must be from 0 to 1, got 1.5");
    refused(plateau(0.5, 3).threshold(2.0), "plateau: threshold must be from 0 to 1, got 2");
    refused(plateau(0.5, 3).floor(2.0), "plateau: floor must be from 0 to 1, got 2");
    refused(only("w", sgd(-0.1)), "sgd: rate must be finite and not negative, got -0.1");
    refused(exponential(-0.1), "exponential: factor must be finite and not negative, got -0.1");
    refused(cosine(0), "cosine: steps must be at least 1, got 0");
    refused(cosine(5).floor(1.5), "cosine: floor must be from 0 to 1, got 1.5");
}

/// Once gradients are 0, memory goes to 0, and is never too small for fast arithmetic.
#[test]
fn memory_that_vanishes_becomes_zero() {
    fn vanishes<T: Real>(transform: impl Transform) {
        let (w, mut params) =
            Params::<T>::init(1, |p| p.weight("w", [4], Init::Constant(1.0))).unwrap();
        let mut trainer = Trainer::new(transform);
        for step in 0..15_000 {
            // Gradients of 1e-3 to 1e-12 first, and then none.
            let size = if step < 10 { 10f64.powi(-3 - step) } else { 0.0 };
            trainer.step(&mut params, |g| size * g.param(w).sum()).unwrap();
            if step % 100 == 0 {
                let buffers = trainer.snapshot().buffers;
                let mut memory = buffers.iter().flat_map(|(_, buffer)| buffer);
                assert!(memory.all(|m| *m == T::ZERO || m.abs() >= T::FLUSH_BELOW));
            }
        }
        let buffers = trainer.snapshot().buffers;
        assert!(buffers.iter().flat_map(|(_, buffer)| buffer).all(|m| *m == T::ZERO));
    }
    vanishes::<f32>(momentum(0.99));
    vanishes::<f32>(nesterov(0.99));
    vanishes::<f32>(adam(1e-3).betas(0.9, 0.99));
    vanishes::<f32>(rmsprop(1e-3));
    vanishes::<f32>(adadelta(1.0));
    vanishes::<f32>(lion(1e-3));
}
