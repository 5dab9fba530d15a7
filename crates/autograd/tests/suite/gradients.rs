//! Gradients against values derived by hand; views; inputs; second derivatives.

use elman_autograd::{Error, Grad, Graph, Param, Params, Tape, Var};
use elman_tensor::{Dual, Init, Real, Shape, Tensor};

/// Two weights of two numbers each.
fn two() -> ((Param, Param), Params<f64>) {
    let (handles, mut params) = Params::init(1, |p| {
        let a = p.weight("a", [2], Init::Zeros)?;
        Ok((a, p.weight("b", [2], Init::Zeros)?))
    })
    .unwrap();
    params.values_mut().copy_from_slice(&[0.5, -1.0, 2.0, 0.25]);
    (handles, params)
}

fn near(left: &[f64], right: &[f64]) {
    assert_eq!(left.len(), right.len());
    for (l, r) in left.iter().zip(right) {
        assert!((l - r).abs() <= 1e-14 * (1.0 + r.abs()), "{left:?} is not {right:?}");
    }
}

#[test]
fn a_composed_expression_has_the_gradient_derived_by_hand() {
    let ((a, b), params) = two();
    let mut grad = Grad::zeros(&params);
    let mut tape = Tape::new();
    // L = Σ (a b − eᵃ) / b + ln b
    let loss = tape
        .gradient(&params, &mut grad, |g| {
            let (a, b) = (g.param(a), g.param(b));
            ((a * b - a.exp()) / b + b.ln()).sum()
        })
        .unwrap();
    let (mut value, mut wanted) = (0.0, vec![0.0; 4]);
    for (i, (a, b)) in [(0.5f64, 2.0f64), (-1.0, 0.25)].into_iter().enumerate() {
        value += (a * b - a.exp()) / b + b.ln();
        wanted[i] = 1.0 - a.exp() / b;
        wanted[2 + i] = a.exp() / (b * b) + 1.0 / b;
    }
    near(&[loss], &[value]);
    near(grad.values(), &wanted);
    near(grad.of(b).unwrap().values(), &wanted[2..]);
    near(&[grad.norm()], &[wanted.iter().map(|x| x * x).sum::<f64>().sqrt()]);
}

#[test]
fn a_value_used_twice_gets_both_shares_and_a_gradient_starts_at_zero() {
    let ((a, b), params) = two();
    let mut grad = Grad::zeros(&params);
    grad.values_mut().fill(77.0);
    let mut tape = Tape::new();
    for _ in 0..2 {
        // L = Σ a² + a through another value: 2a + 1; b is not used.
        tape.gradient(&params, &mut grad, |g| {
            let _ = g.param(b);
            let a = g.param(a);
            (a * a).sum() + a.sum()
        })
        .unwrap();
        near(grad.values(), &[2.0, -1.0, 0.0, 0.0]);
    }
}

#[test]
fn a_weight_alone_can_be_the_loss() {
    let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [1], Init::Zeros)).unwrap();
    params.values_mut()[0] = 3.0;
    let mut grad = Grad::zeros(&params);
    assert_eq!(Tape::new().gradient(&params, &mut grad, |g| g.param(w)), Ok(3.0));
    assert_eq!(grad.values(), [1.0]);
    assert_eq!(Tape::new().gradient(&params, &mut grad, |g| g.param(w).stop()), Ok(3.0));
    assert_eq!(grad.values(), [0.0]);
}

#[test]
fn inputs_have_gradients_where_they_are_wanted() {
    let ((a, _), params) = two();
    let mut grad = Grad::zeros(&params);
    let mut tape = Tape::new();
    let x = Tensor::new([2], vec![3.0, 5.0]).unwrap();
    assert!(tape.wanted(0).is_none());
    tape.gradient(&params, &mut grad, |g| {
        let (p, q, r) = (g.wanted(&x), g.input(&x), g.wanted(&x));
        (g.param(a) * p * q + r).sum()
    })
    .unwrap();
    near(tape.wanted(0).unwrap().values(), &[0.5 * 3.0, -5.0]);
    near(tape.wanted(1).unwrap().values(), &[1.0, 1.0]);
    assert_eq!(tape.wanted(0).unwrap().shape(), Shape::from([2]));
    assert!(tape.wanted(2).is_none());

    // Neither an evaluation nor a failure leaves any, not even old ones.
    tape.evaluate(&params, |g| g.wanted(&x).sum().item()).unwrap();
    assert!(tape.wanted(0).is_none());
    for failing in [0, 1] {
        tape.gradient(&params, &mut grad, |g| g.wanted(&x).sum()).unwrap();
        assert!(tape.wanted(0).is_some());
        let failed = tape.gradient(&params, &mut grad, |g| {
            let x = g.wanted(&x);
            if failing == 0 { x } else { x + g.zeros([3]) }
        });
        assert!(failed.is_err() && tape.wanted(0).is_none());
    }
}

#[test]
fn views_are_their_parents_memory() {
    let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [3, 2], Init::Zeros)).unwrap();
    params.values_mut().copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let mut grad = Grad::zeros(&params);
    let mut tape = Tape::new();
    let mut check = |f: for<'g> fn(Var<'g, f64>) -> Var<'g, f64>, value, wanted: [f64; 6]| {
        // Of a weight, and of a value computed from it.
        let direct = tape.gradient(&params, &mut grad, |g| f(g.param(w)).sum()).unwrap();
        near(&[direct], &[value]);
        near(grad.values(), &wanted);
        tape.gradient(&params, &mut grad, |g| f(g.param(w) * 1.0).sum()).unwrap();
        near(grad.values(), &wanted);
    };
    check(|w| w.at(1), 7.0, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    check(|w| w.slice(1, 2).at(1), 11.0, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    check(|w| w.at(0) * w.at(0) + w.at(2), 16.0, [2.0, 4.0, 0.0, 0.0, 1.0, 1.0]);
    check(|w| w.reshape([2, 3]).at(1).square(), 77.0, [0.0, 0.0, 0.0, 8.0, 10.0, 12.0]);
    check(|w| w * w.stop(), 91.0, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    check(|w| w.slice(3, 0), 0.0, [0.0; 6]);
    check(|w| w.slice(0, 3).reshape([6]).slice(2, 3), 12.0, [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
}

#[test]
fn values_leave_as_copies_in_the_same_pass() {
    let ((a, b), params) = two();
    let mut grad = Grad::zeros(&params);
    let (mut item, mut read, mut tensor) = (0.0, [0.0; 2], Tensor::default());
    Tape::new()
        .gradient(&params, &mut grad, |g| {
            let y = g.param(a) * g.param(b);
            y.read(&mut read);
            item = y.at(1).item();
            tensor = y.reshape([1, 2]).tensor();
            y.sum()
        })
        .unwrap();
    assert_eq!((item, read), (-0.25, [1.0, -0.25]));
    assert_eq!(tensor, Tensor::new([1, 2], vec![1.0, -0.25]).unwrap());
}

#[test]
fn evaluation_is_the_same_forward_pass() {
    let ((a, b), params) = two();
    let mut tape = Tape::new();
    let evaluated = tape.evaluate(&params, |g| {
        assert!(!g.training());
        (g.param(a) * g.param(b)).dropout(0.9, 1).sum().item()
    });
    assert_eq!(evaluated, Ok(0.75));
    let g = tape.begin(&params);
    let again = (g.param(a) * g.param(b)).sum().item();
    assert_eq!(again, 0.75);
    assert_eq!(tape.end(g), Ok(()));
    let g = tape.begin(&params);
    let _ = g.param(a) + g.zeros([7]);
    assert!(matches!(tape.end(g), Err(Error::Misfit { .. })));
}

/// A small network: Σ softmax(tanh(x · w)) ∘ x, squared.
fn network<'g, T: Real>(g: &'g Graph<'g, T>, w: Param, x: &Tensor<f64>) -> Var<'g, T> {
    let x = g.input(&x.cast::<T>());
    let h = x.dot(g.param(w)).tanh();
    (h.softmax() * x + h.log_softmax()).square().mean()
}

#[test]
fn a_hessian_vector_product_is_the_difference_of_gradients() {
    let (w, params) =
        Params::<f64>::init(3, |p| p.weight("w", [3, 3], Init::Normal { std: 0.7 })).unwrap();
    let x = Tensor::from_fn([2, 3], |i| (i as f64 * 1.7).sin()).unwrap();
    let v: Vec<f64> = (0..9).map(|i| (i as f64 * 0.9).cos()).collect();

    let mut lifted = params.cast::<Dual<f64>>();
    lifted.direct(&v).unwrap();
    let mut grad = Grad::zeros(&lifted);
    let loss = Tape::new().gradient(&lifted, &mut grad, |g| network(g, w, &x)).unwrap();
    let product: Vec<f64> = grad.tangents().collect();

    let mut tape = Tape::new();
    let mut at = |h: f64| {
        let mut moved = params.clone();
        moved.values_mut().iter_mut().zip(&v).for_each(|(w, v)| *w += h * v);
        let mut grad = Grad::zeros(&moved);
        let loss = tape.gradient(&moved, &mut grad, |g| network(g, w, &x)).unwrap();
        (loss, grad.values().to_vec())
    };
    let h = 1e-5;
    let ((high, up), (low, down), (here, plain)) = (at(h), at(-h), at(0.0));
    assert_eq!(loss.value.to_bits(), here.to_bits());
    assert!((loss.tangent - (high - low) / (2.0 * h)).abs() < 1e-9);
    for i in 0..9 {
        assert_eq!(grad.values()[i].value.to_bits(), plain[i].to_bits());
        let slope = (up[i] - down[i]) / (2.0 * h);
        assert!((product[i] - slope).abs() < 1e-8, "{i}: {} is not {slope}", product[i]);
    }
    assert!(product.iter().any(|p| p.abs() > 1e-2), "{product:?}");
}

#[test]
fn integers_come_in_are_viewed_and_made_into_others() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let table = Tensor::from_fn([4, 2], |i| i as f64).unwrap();
    let got = Tape::new().evaluate(&params, |g| {
        let ids = g.ids(&[3, 0, 1]);
        assert_eq!((ids.len(), ids.is_empty(), ids.range().bound()), (3, false, 4));
        let part = ids.part(1, 2).unwrap();
        assert_eq!(part.with(<[u32]>::to_vec), [0, 1]);
        // The bound is the part's own: a smaller table will do.
        assert_eq!(part.range().bound(), 2);
        assert!(ids.part(2, 2).is_none() && ids.part(usize::MAX, 2).is_none());
        assert!(ids.part(3, 0).unwrap().is_empty());
        let doubled = part.map(|i, id| 2 * id + i as u32);
        assert_eq!(doubled.with(<[u32]>::to_vec), [0, 3]);
        // Of several others, and as many as are wanted.
        let sums = g.ids_of([ids, part], 2, |i, [a, b]| 10 * a[i] + b[i]);
        assert_eq!(sums.with(<[u32]>::to_vec), [30, 1]);
        assert!(g.ids_of([], 0, |_, []| 7).is_empty());
        let rows = g.input(&table).gather(doubled);
        let small = g.input(&table).slice(0, 2).gather(part);
        (rows.tensor().into_values(), small.tensor().into_values())
    });
    assert_eq!(got, Ok((vec![0.0, 1.0, 6.0, 7.0], vec![0.0, 1.0, 2.0, 3.0])));
}

#[test]
fn a_sum_over_time_does_not_depend_on_the_batch() {
    let ((), params) = Params::<f32>::init(0, |_| Ok(())).unwrap();
    let time = 45;
    let both = Tensor::<f32>::from_fn([time, 2], |i| (i as f32 * 0.37).sin()).unwrap();
    let one = Tensor::from_fn([time, 1], |t| both.values()[2 * t]).unwrap();
    let mut tape = Tape::new();
    let mut summed =
        |x: &Tensor<f32>| tape.evaluate(&params, |g| g.input(x).sum_axis(0).at(0).item()).unwrap();
    assert_eq!(summed(&both).to_bits(), summed(&one).to_bits());
}

#[test]
fn a_gradient_is_cut_where_it_passes() {
    let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [4], Init::Zeros)).unwrap();
    let slopes = Tensor::new([4], vec![0.5, -7.0, 2.0, f64::INFINITY]).unwrap();
    let mut grad = Grad::zeros(&params);
    let mut clipped = |limit: f64| {
        let (mut tape, w) = (Tape::new(), w);
        let pass = tape.gradient(&params, &mut grad, |g| {
            (g.param(w).clip_gradient(limit) * g.input(&slopes)).sum()
        });
        pass.map(|_| grad.values().to_vec())
    };
    assert_eq!(clipped(2.0), Ok(vec![0.5, -2.0, 2.0, 2.0]));
    assert_eq!(clipped(f64::INFINITY), Ok(slopes.values().to_vec()));
    for limit in [-1.0, f64::NAN] {
        let error = clipped(limit).unwrap_err();
        assert!(matches!(error, Error::Misfit { rule: "clip_gradient", .. }), "{error}");
    }
}
