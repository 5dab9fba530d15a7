//! Losses: the laws for what is made of them, their edges, and what they refuse.

use crate::object::LossOf;
use elman_autograd::laws::{self, Function};
use elman_autograd::{Grad, Graph, Ids, Param, Params, Tape, Var};
use elman_tensor::{Init, Random, Real, Tensor};
use elman_train::{
    binary_cross_entropy, cross_entropy, cross_entropy_ignoring, cross_entropy_smoothed,
    gaussian_nll, huber, mae, mse, poisson_nll,
};
use proptest::prelude::*;

fn normal(seed: u64, shape: [usize; 2]) -> Tensor<f64> {
    let mut random = Random::new(seed, "losses", 0);
    Tensor::from_fn(shape, |_| random.normal()).unwrap()
}

/// All losses of a small network, whose prediction is also its own target.
struct Network {
    w: Param,
    ids: Vec<u32>,
}

impl<T: Real> Function<T> for Network {
    fn call<'g>(&self, g: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T> {
        let y = x[0].dot(g.param(self.w));
        let [a, b] = [y.tanh(), y.square()];
        let differences = mse(a, x[1]) + mae(b, x[1]) * 0.3 + huber(a, b, 0.6) - mse(x[1], a);
        let ids = g.ids(&self.ids);
        differences + cross_entropy(y * 3.0, ids) * cross_entropy_ignoring(b, ids, 1)
    }
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_made_of_losses_obeys_the_laws(
        seed in any::<u64>(), rows in 1usize..5, inputs in 0usize..4, classes in 1usize..5,
    ) {
        let (w, params) = Params::<f64>::init(seed, |p| {
            p.weight("w", [inputs, classes], Init::Normal { std: 1.0 })
        }).unwrap();
        let ids = (0..rows).map(|r| ((seed as usize).wrapping_add(r) % classes) as u32).collect();
        let x = [normal(seed, [rows, inputs]), normal(!seed, [rows, classes])];
        laws::function("losses", &params, &x, &Network { w, ids }, 1e-11)
            .map_err(|violation| TestCaseError::fail(violation.to_string()))?;
    }

    /// Whatever is compared, nothing panics, and only equal shapes with elements are accepted.
    #[test]
    fn differences_accept_equal_shapes_only(
        a in prop::collection::vec(0usize..3, 0..=4), b in prop::collection::vec(0usize..3, 0..=4),
        delta in any::<f64>(),
    ) {
        let [a, b] = [a, b].map(|dims| {
            Tensor::<f32>::zeros(elman_tensor::Shape::new(&dims).unwrap()).unwrap()
        });
        let (_, params) = Params::<f32>::init(0, |_| Ok(())).unwrap();
        let fit = a.shape() == b.shape() && !a.shape().is_empty();
        let evaluate = |which| Tape::new().evaluate(&params, |g| {
            let (a, b) = (g.input(&a), g.input(&b));
            match which {
                0 => mse(a, b).item(),
                1 => mae(a, b).item(),
                _ => huber(a, b, delta).item(),
            }
        });
        prop_assert_eq!(evaluate(0).is_ok(), fit);
        prop_assert_eq!(evaluate(1).is_ok(), fit);
        prop_assert_eq!(evaluate(2).is_ok(), fit && delta > 0.0 && delta.is_finite());
    }

    #[test]
    fn classes_are_counted(
        dims in prop::collection::vec(0usize..4, 0..=3), ids in prop::collection::vec(0u32..5, 0..9),
        ignored in prop::option::of(0u32..5),
    ) {
        let shape = elman_tensor::Shape::new(&dims).unwrap();
        let logits = Tensor::<f32>::zeros(shape).unwrap();
        let (_, params) = Params::<f32>::init(0, |_| Ok(())).unwrap();
        let loss = Tape::new().evaluate(&params, |g| {
            let (x, ids) = (g.input(&logits), g.ids(&ids));
            match ignored {
                None => cross_entropy(x, ids).item(),
                Some(ignored) => cross_entropy_ignoring(x, ids, ignored).item(),
            }
        });
        let counted = || ids.iter().filter(|&&id| Some(id) != ignored);
        let fits = !dims.is_empty()
            && ids.len() == shape.rows()
            && counted().all(|&id| (id as usize) < shape.last())
            && (ignored.is_some() || !ids.is_empty());
        prop_assert_eq!(loss.is_ok(), fits);
        if let Ok(loss) = loss {
            let n = counted().count();
            let uniform = if n == 0 { 0.0 } else { (shape.last() as f32).ln() };
            prop_assert!((loss - uniform).abs() < 1e-6, "{} is not {}", loss, uniform);
        }
    }
}

/// A loss of logits and its gradient.
fn classified<T: Real>(shape: [usize; 2], logits: &[f64], loss: &LossOf<'_, T>) -> (f64, Vec<f64>) {
    let logits = Tensor::new(shape, logits.iter().map(|&x| T::from_f64(x)).collect()).unwrap();
    let (_, params) = Params::<T>::init(0, |_| Ok(())).unwrap();
    let mut tape = Tape::new();
    let value =
        tape.gradient(&params, &mut Grad::zeros(&params), |g| loss(g, g.wanted(&logits))).unwrap();
    let grad = tape.wanted(0).unwrap().values().iter().map(|x| x.to_f64()).collect();
    (value.to_f64(), grad)
}

#[test]
fn huge_logits_keep_their_digits() {
    let logits = [1000.0, -1000.0, 999.0, -1000.0, 1000.0, 1000.0];
    let (loss, grad) = classified::<f64>([2, 3], &logits, &|g, x| cross_entropy(x, g.ids(&[1, 2])));
    let tail = (-1.0f64).exp().ln_1p();
    let exact = ((2000.0 + tail) + 2.0f64.ln()) / 2.0;
    assert!((loss - exact).abs() < 1e-12 * exact, "{loss} is not {exact}");
    let p = 1.0 / (1.0 + (-1.0f64).exp());
    let wanted = [p / 2.0, -0.5, (1.0 - p) / 2.0, 0.0, 0.25, -0.25];
    for (a, b) in grad.iter().zip(wanted) {
        assert!((a - b).abs() < 1e-15, "{a} is not {b}");
    }
}

#[test]
fn a_row_that_is_all_but_certain_still_learns() {
    let (loss, grad) =
        classified::<f32>([1, 2], &[30.0, 0.0], &|g, x| cross_entropy(x, g.ids(&[0])));
    let exact = (-30.0f64).exp();
    for (a, b) in [(loss, exact), (grad[0], -exact), (grad[1], exact)] {
        assert!((a - b).abs() < 1e-5 * exact, "{a:e} is not {b:e}");
    }
}

#[test]
fn ignored_rows_do_not_count() {
    let nan = f64::NAN;
    let logits = [0.0, 1.0, nan, nan, 2.0, 0.5];
    let (loss, grad) = classified::<f64>([3, 2], &logits, &|g, x| {
        cross_entropy_ignoring(x, g.ids(&[1, u32::MAX, 0]), u32::MAX)
    });
    let row = |d: f64| (1.0 + d.exp()).ln();
    assert!((loss - (row(-1.0) + row(-1.5)) / 2.0).abs() < 1e-15);
    assert_eq!(grad[2..4], [0.0, 0.0]);
    assert!(grad[0] > 0.0 && grad[4] < 0.0);

    let all =
        classified::<f64>([2, 2], &[nan; 4], &|g, x| cross_entropy_ignoring(x, g.ids(&[7, 7]), 7));
    assert_eq!(all, (0.0, vec![0.0; 4]));
    let none = classified::<f64>([0, 2], &[], &|g, x| cross_entropy_ignoring(x, g.ids(&[]), 7));
    assert_eq!(none, (0.0, vec![]));
}

#[test]
fn impossible_classes_cost_infinitely_much_but_only_where_they_are_wanted() {
    let inf = f64::INFINITY;
    let (loss, grad) =
        classified::<f64>([1, 3], &[-inf, 0.0, 0.0], &|g, x| cross_entropy(x, g.ids(&[1])));
    assert!((loss - 2.0f64.ln()).abs() < 1e-15);
    assert_eq!(grad, [0.0, -0.5, 0.5]);
    let (loss, _) = classified::<f64>([1, 2], &[-inf, 0.0], &|g, x| cross_entropy(x, g.ids(&[0])));
    assert_eq!(loss, inf);
}

/// A row without any possible class has no gradient, and does not spoil that of the others.
#[test]
fn rows_without_any_possible_class_cost_infinitely_much_and_have_no_gradient() {
    let inf = f64::INFINITY;
    for smoothing in [0.0, 0.1, 1.0] {
        let (loss, grad) = classified::<f64>([2, 2], &[-inf, -inf, 0.5, 0.0], &|g, x| {
            cross_entropy_smoothed(x, g.ids(&[0, 1]), smoothing)
        });
        assert_eq!((loss, &grad[..2]), (inf, &[0.0; 2][..]), "{smoothing}");
        assert!(grad[2..].iter().all(|d| d.is_finite()), "{grad:?}");
    }
    let one = |smoothing| {
        classified::<f64>([1, 2], &[-inf, 0.0], &|g, x| {
            cross_entropy_smoothed(x, g.ids(&[0]), smoothing)
        })
    };
    for smoothing in [0.0, 0.5, 1.0] {
        assert_eq!(one(smoothing).0, inf, "{smoothing}");
    }
}

/// What is certain and wrong costs infinitely much, and is never NaN: in every likelihood.
#[test]
fn impossible_targets_cost_infinitely_much() {
    let inf = f64::INFINITY;
    let of = |p: f64, t: f64, loss: fn(Var<'_, f64>, f64) -> f64| {
        let ((), none) = Params::<f64>::init(0, |_| Ok(())).unwrap();
        Tape::new().evaluate(&none, |g| loss(g.constant([1], p), t)).unwrap()
    };
    let binary: fn(Var<'_, f64>, f64) -> f64 =
        |x, t| binary_cross_entropy(x, x.graph().constant([1], t)).item();
    let poisson: fn(Var<'_, f64>, f64) -> f64 =
        |x, t| poisson_nll(x, x.graph().constant([1], t)).item();
    let gaussian: fn(Var<'_, f64>, f64) -> f64 =
        |s, t| gaussian_nll(s.graph().zeros([1]), s, s.graph().constant([1], t)).item();
    assert_eq!(
        [of(-inf, 1.0, binary), of(inf, 0.0, binary), of(-inf, 0.0, binary)],
        [inf, inf, 0.0]
    );
    assert_eq!([of(-inf, 1.0, poisson), of(-inf, 0.0, poisson)], [inf, 0.0]);
    assert_eq!([of(-inf, 1.0, gaussian), of(inf, 1.0, gaussian)], [inf, inf]);
}

/// A user's own function around a loss: the line that is reported is in here.
fn own_loss<'g>(x: Var<'g, f64>, ids: Ids<'g, f64>) -> (Var<'g, f64>, u32) {
    (cross_entropy(x, ids), line!())
}

#[test]
fn misfits_name_the_loss_the_shapes_and_the_line() {
    let (_, params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let (a, b) = (normal(0, [2, 3]), normal(0, [3, 2]));
    #[track_caller]
    fn check(params: &Params<f64>, wanted: &[&str], f: &dyn for<'g> Fn(&'g Graph<'g, f64>) -> u32) {
        let mut line = 0;
        let error = Tape::new().evaluate(params, |g| line = f(g)).unwrap_err().to_string();
        let place = format!("{}:{line}:", file!());
        for part in wanted.iter().copied().chain([place.as_str()]) {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
    }
    check(&params, &["mse", "[2, 3]", "[3, 2]"], &|g| {
        let (a, b) = (g.input(&a), g.input(&b));
        (mse(a, b), line!()).1
    });
    check(&params, &["mae", "[2, 3]", "[3, 2]"], &|g| {
        let (a, b) = (g.input(&a), g.input(&b));
        (mae(a, b), line!()).1
    });
    check(&params, &["huber", "[2, 3]", "[3, 2]"], &|g| {
        let (a, b) = (g.input(&a), g.input(&b));
        (huber(a, b, 1.0), line!()).1
    });
    check(&params, &["huber", "delta", "-1"], &|g| {
        let a = g.input(&a);
        (huber(a, a, -1.0), line!()).1
    });
    check(&params, &["cross_entropy", "id 3 of 3 classes", "[2, 3]"], &|g| {
        own_loss(g.input(&a), g.ids(&[0, 3])).1
    });
    check(&params, &["cross_entropy", "3 ids for 2 rows", "[2, 3]"], &|g| {
        own_loss(g.input(&a), g.ids(&[0, 1, 2])).1
    });
    check(&params, &["cross_entropy", "id 4 of 3 classes", "[2, 3]"], &|g| {
        let (x, ids) = (g.input(&a), g.ids(&[9, 4]));
        (cross_entropy_ignoring(x, ids, 9), line!()).1
    });
    check(&params, &["mse", "no elements", "[0]"], &|g| {
        let nothing = g.zeros([0]);
        (mse(nothing, nothing), line!()).1
    });
}

#[test]
fn ids_of_another_recording_are_refused() {
    let (_, params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let x = normal(0, [2, 3]);
    let mut line = 0;
    let inner = Tape::new().evaluate(&params, |outer| {
        let ids = outer.ids(&[0, 1]);
        Tape::new().evaluate(&params, |g| {
            let (x, _) = (g.input(&x), g.ids(&[2, 2]));
            line = line!() + 1;
            cross_entropy(x, ids).item()
        })
    });
    let error = inner.unwrap().unwrap_err().to_string();
    for part in ["cross_entropy", "must belong to this recording", &format!("{}:{line}:", file!())]
    {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
}
