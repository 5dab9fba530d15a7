//! Each loss against its equation in plain numbers, with weights and masks, NaN where nothing
//! counts.

use elman_autograd::laws::{self, Function};
use elman_autograd::{Grad, Graph, Ids, Params, Tape, Var};
use elman_tensor::{Random, Real, Tensor};
use elman_train::{
    Weighted, binary_cross_entropy, binary_cross_entropy_balanced, cross_entropy,
    cross_entropy_ignoring, cross_entropy_smoothed, gaussian_nll, huber, ignoring, mae, masked,
    mse, pinball, poisson_nll, weighted,
};
use proptest::prelude::*;

/// How many losses there are, those of classes last.
const LOSSES: usize = 9;
const CLASSES: usize = 3;
const LEVELS: [f64; 3] = [0.1, 0.5, 0.8];
/// As many columns of each prediction.
const WIDTH: usize = 3;

/// One of the losses. Predictions are `[rows, WIDTH]`, or two of them for the normal distribution.
fn loss<'g, T: Real>(
    which: usize,
    p: [Var<'g, T>; 2],
    target: Weighted<'g, T, Var<'g, T>>,
    ids: Weighted<'g, T, Ids<'g, T>>,
) -> Var<'g, T> {
    match which {
        0 => mse(p[0], target),
        1 => mae(p[0], target),
        2 => huber(p[0], target, 0.4),
        3 => gaussian_nll(p[0], p[1], target),
        4 => poisson_nll(p[0], target),
        5 => binary_cross_entropy_balanced(p[0], target, 1.7),
        6 => pinball(p[0], target, LEVELS),
        7 => cross_entropy(p[0], ids),
        _ => cross_entropy_smoothed(p[0], ids, 0.3),
    }
}

/// The losses of one row, each for itself.
fn row(which: usize, p: &[f64], s: &[f64], t: &[f64], id: u32) -> Vec<f64> {
    let each = |f: fn(f64, f64, f64) -> f64| (0..WIDTH).map(|j| f(p[j], s[j], t[j])).collect();
    let lse = p.iter().map(|x| x.exp()).sum::<f64>().ln();
    match which {
        0 => each(|p, _, t| (p - t).powi(2)),
        1 => each(|p, _, t| (p - t).abs()),
        2 => each(|p, _, t| {
            let d = (p - t).abs();
            if d < 0.4 { 0.5 * d * d } else { 0.4 * (d - 0.2) }
        }),
        3 => each(|p, s, t| {
            let density = (-(t - p).powi(2) / (2.0 * s.exp())).exp();
            -(density / (2.0 * std::f64::consts::PI * s.exp()).sqrt()).ln()
        }),
        4 => each(|p, _, t| p.exp() - t * p),
        5 => each(|p, _, t| {
            let q = 1.0 / (1.0 + (-p).exp());
            -(1.7 * t * q.ln() + (1.0 - t) * (1.0 - q).ln())
        }),
        6 => {
            let u = |j: usize| t[0] - p[j];
            (0..WIDTH).map(|j| (LEVELS[j] * u(j)).max((LEVELS[j] - 1.0) * u(j))).collect()
        }
        7 => vec![lse - p[id as usize]],
        _ => {
            let wanted = |j: usize| 0.1 + if j == id as usize { 0.7 } else { 0.0 };
            vec![(0..CLASSES).map(|j| wanted(j) * (lse - p[j])).sum()]
        }
    }
}

/// Predictions, targets and ids of some rows.
struct Data {
    p: [Tensor<f64>; 2],
    t: Tensor<f64>,
    ids: Vec<u32>,
}

fn data(seed: u64, which: usize, rows: usize) -> Data {
    let mut random = Random::new(seed, "weights", which as u64);
    let mut tensor = |width, f: fn(&mut Random) -> f64| {
        Tensor::from_fn([rows, width], |_| f(&mut random)).unwrap()
    };
    let p = [tensor(WIDTH, Random::normal), tensor(WIDTH, Random::normal)];
    let t = tensor(if which == 6 { 1 } else { WIDTH }, |random| random.uniform(0.0, 1.0));
    let ids = (0..rows).map(|_| random.below(CLASSES) as u32).collect();
    Data { p, t, ids }
}

/// What says how much counts.
enum Count {
    All,
    Rows(Tensor<f64>),
    Flags(Vec<u32>),
    Both(Tensor<f64>, Vec<u32>),
}

/// The loss, and its gradients with respect to predictions, targets and weights.
fn gradient(which: usize, data: &Data, count: &Count) -> (f64, Vec<Vec<f64>>) {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let mut tape = Tape::new();
    let value = tape.gradient(&params, &mut Grad::zeros(&params), |g| {
        let [p, s, t] = [&data.p[0], &data.p[1], &data.t].map(|x| g.wanted(x));
        let (t, ids) = (Weighted::from(t), Weighted::from(g.ids(&data.ids)));
        let (t, ids) = match count {
            Count::All => (t, ids),
            Count::Rows(w) => {
                let w = g.wanted(w);
                (t.weighted(w), ids.weighted(w))
            }
            Count::Flags(flags) => {
                let inside = g.ids(flags);
                (t.masked(inside), ids.masked(inside))
            }
            Count::Both(w, flags) => {
                let (w, inside) = (g.wanted(w), g.ids(flags));
                (t.masked(inside).weighted(w), ids.weighted(w).masked(inside))
            }
        };
        loss(which, [p, s], t, ids)
    });
    let grads = (0..4).map_while(|i| tape.wanted(i)).map(|d| d.values().to_vec()).collect();
    (value.unwrap(), grads)
}

fn bits(x: &[Vec<f64>]) -> Vec<u64> {
    x.iter().flatten().map(|x| x.to_bits()).collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs()))
}

properties! {
    /// The mean of the rows that count, by their weights; NaN in the others changes nothing.
    #[test]
    fn losses_are_weighted_means(
        seed in any::<u64>(), which in 0..LOSSES,
        weights in prop::collection::vec(prop_oneof![Just(0.0), 0.1f64..3.0], 1..7),
        masked in any::<bool>(),
    ) {
        let rows = weights.len();
        let mut data = data(seed, which, rows);
        let (mut top, mut total) = (0.0, 0.0);
        for r in 0..rows {
            let part = |x: &Tensor<f64>| x.at(r).unwrap().values().to_vec();
            let of = row(which, &part(&data.p[0]), &part(&data.p[1]), &part(&data.t), data.ids[r]);
            let w = if masked { weights[r].ceil().min(1.0) } else { weights[r] };
            top += w * of.iter().sum::<f64>();
            total += w * of.len() as f64;
        }
        let wanted = if total == 0.0 { 0.0 } else { top / total };
        let count = if masked {
            Count::Flags(weights.iter().map(|w| w.ceil() as u32).collect())
        } else {
            Count::Rows(Tensor::new([rows], weights.clone()).unwrap())
        };
        let clean = gradient(which, &data, &count);
        prop_assert!(near(clean.0, wanted), "{} is not {}", clean.0, wanted);
        for r in (0..rows).filter(|&r| weights[r] == 0.0) {
            for x in data.p.iter_mut().chain([&mut data.t]) {
                let width = x.shape().last();
                x.values_mut()[r * width..(r + 1) * width].fill(f64::NAN);
            }
        }
        let dirty = gradient(which, &data, &count);
        prop_assert_eq!(clean.0.to_bits(), dirty.0.to_bits());
        prop_assert_eq!(bits(&clean.1), bits(&dirty.1));
        for (r, w) in weights.iter().enumerate() {
            let width = clean.1[0].len() / rows;
            let zero = clean.1[0][r * width..(r + 1) * width].iter().all(|d| *d == 0.0);
            prop_assert!(*w > 0.0 || zero);
        }
    }

    /// Weights of 1 have the bits of none; weights for elements are those for their rows; a mask
    /// is weights of 0 and 1.
    #[test]
    fn ones_change_no_bit(seed in any::<u64>(), which in 0..LOSSES, flags in prop::collection::vec(0u32..2, 1..6)) {
        let rows = flags.len();
        let data = data(seed, which, rows);
        let bits = |count: &Count| {
            let (loss, grads) = gradient(which, &data, count);
            (loss.to_bits(), bits(&grads[..3]))
        };
        let ones = Tensor::from_fn([rows], |_| 1.0).unwrap();
        let all = bits(&Count::All);
        prop_assert_eq!(&all, &bits(&Count::Rows(ones.clone())));
        prop_assert_eq!(&all, &bits(&Count::Flags(vec![7; rows])));
        let part = Tensor::from_fn([rows], |r| f64::from(flags[r])).unwrap();
        let wanted = bits(&Count::Rows(part.clone()));
        prop_assert_eq!(&wanted, &bits(&Count::Flags(flags.clone())));
        prop_assert_eq!(&wanted, &bits(&Count::Both(ones, flags.clone())));
        prop_assert_eq!(&wanted, &bits(&Count::Both(part, vec![1; rows])));
        let column = Tensor::from_fn([rows, 1], |r| f64::from(flags[r])).unwrap();
        prop_assert_eq!(&wanted, &bits(&Count::Rows(column)));
        if which < 7 {
            let each = Tensor::from_fn([rows, WIDTH], |i| f64::from(flags[i / WIDTH])).unwrap();
            prop_assert_eq!(&wanted, &bits(&Count::Rows(each)));
            let each = flags.iter().flat_map(|&flag| [flag; WIDTH]).collect();
            prop_assert_eq!(&wanted, &bits(&Count::Flags(each)));
        }
    }

    /// Whatever the shapes of weights, and however many flags, there is no panic, and only those
    /// that are for rows or elements are accepted.
    #[test]
    fn weights_fit_rows_or_elements(
        dims in prop::collection::vec(0usize..3, 0..=3), w in prop::collection::vec(0usize..3, 0..=4),
        flags in 0usize..9,
    ) {
        let [x, weights] = [&dims, &w].map(|dims| {
            Tensor::<f32>::zeros(elman_tensor::Shape::new(dims).unwrap()).unwrap()
        });
        let ((), params) = Params::<f32>::init(0, |_| Ok(())).unwrap();
        let evaluate = |mask: bool| Tape::new().evaluate(&params, |g| {
            let x = g.input(&x);
            if mask {
                mse(x, masked(x, g.ids(&vec![1; flags]))).item()
            } else {
                mse(x, weighted(x, g.input(&weights))).item()
            }
        });
        let (rows, mut column) = (dims.split_last().map_or(&[][..], |(_, rows)| rows), dims.clone());
        match column.last_mut() {
            Some(last) => *last = 1,
            None => column.push(1),
        }
        let fits = w == dims || w == rows || w == column;
        prop_assert_eq!(evaluate(false).is_ok(), fits, "{:?}", evaluate(false));
        let count = |dims: &[usize]| dims.iter().product::<usize>();
        prop_assert_eq!(evaluate(true).is_ok(), flags == count(&dims) || flags == count(rows));
    }
}

/// All losses of one prediction, its targets and weights.
struct Everything {
    ids: Vec<u32>,
    inside: Vec<u32>,
}

impl<T: Real> Function<T> for Everything {
    fn call<'g>(&self, g: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T> {
        let &[p, s, t, w] = x else { return g.absent() };
        let (ids, inside, w) = (g.ids(&self.ids), g.ids(&self.inside), w.square());
        (0..LOSSES).fold(g.zeros([]), |sum, which| {
            let t = if which == 6 { t.part(1, 0, 1) } else { t.sigmoid() };
            sum + loss(which, [p, s], weighted(t, w).masked(inside), weighted(ids, w)).square()
        })
    }
}

properties! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_made_of_weighted_losses_obeys_the_laws(
        seed in any::<u64>(), inside in prop::collection::vec(0u32..2, 2..5),
    ) {
        let rows = inside.len();
        let Data { p: [p, s], t, ids } = data(seed, 0, rows);
        let ((), params) = Params::<f64>::init(seed, |_| Ok(())).unwrap();
        let w = Tensor::from_fn([rows], |r| 0.5 + r as f64).unwrap();
        laws::function("weighted losses", &params, &[p, s, t, w], &Everything { ids, inside }, 1e-11)
            .map_err(|violation| TestCaseError::fail(violation.to_string()))?;
    }
}

/// A loss of some operands.
type LossOf<'a, T> = dyn for<'g> Fn(&'g Graph<'g, T>, &[Var<'g, T>]) -> Var<'g, T> + 'a;

/// One loss of one row of numbers, and its gradients.
fn one<T: Real>(x: &[&[f64]], loss: &LossOf<'_, T>) -> (f64, Vec<Vec<f64>>) {
    let ((), params) = Params::<T>::init(0, |_| Ok(())).unwrap();
    let x: Vec<Tensor<T>> =
        x.iter().map(|x| Tensor::from_fn([x.len()], |i| T::from_f64(x[i])).unwrap()).collect();
    let mut tape = Tape::new();
    let value = tape.gradient(&params, &mut Grad::zeros(&params), |g| {
        let x: Vec<_> = x.iter().map(|x| g.wanted(x)).collect();
        loss(g, &x)
    });
    let grads = (0..x.len()).map(|i| tape.wanted(i).unwrap());
    let grads = grads.map(|d| d.values().iter().map(|d| d.to_f64()).collect()).collect();
    (value.unwrap().to_f64(), grads)
}

#[track_caller]
fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * b.abs(), "{a:e} is not {b:e}");
}

#[test]
fn certain_logits_keep_their_digits_and_huge_ones_do_not_overflow() {
    for (x, t) in [(30.0, 1.0), (-30.0, 0.0)] {
        let (loss, grads) = one::<f32>(&[&[x], &[t]], &|_, x| binary_cross_entropy(x[0], x[1]));
        close(loss, (-30.0f64).exp(), 1e-5);
        close(grads[0][0], -x.signum() * (-30.0f64).exp(), 1e-5);
    }
    for (x, t, wanted) in [(1e4, 0.25, 7500.0), (-1e4, 0.25, 2500.0)] {
        let (loss, grads) = one::<f32>(&[&[x], &[t]], &|_, x| binary_cross_entropy(x[0], x[1]));
        close(loss, wanted, 1e-6);
        close(grads[0][0], if x > 0.0 { 0.75 } else { -0.25 }, 1e-6);
    }
    let inf = f64::INFINITY;
    for (x, t) in [(inf, 1.0), (-inf, 0.0)] {
        let (loss, grads) = one::<f64>(&[&[x], &[t]], &|_, x| binary_cross_entropy(x[0], x[1]));
        assert_eq!((loss, grads[0][0]), (0.0, 0.0));
    }
    let (loss, grads) = one::<f64>(&[&[-inf, 0.0], &[0.0, 0.0]], &|_, x| poisson_nll(x[0], x[1]));
    assert_eq!((loss, &grads[0]), (0.5, &vec![0.0, 0.5]));
    let (loss, grads) =
        one::<f32>(&[&[30.0, 0.0]], &|g, x| cross_entropy_smoothed(x[0], g.ids(&[0]), 0.0));
    close(loss, (-30.0f64).exp(), 1e-5);
    close(grads[0][0], -(-30.0f64).exp(), 1e-5);
    let (loss, grads) =
        one::<f32>(&[&[3e4, 0.0]], &|g, x| cross_entropy_smoothed(x[0], g.ids(&[0]), 0.1));
    close(loss, 1500.0, 1e-6);
    close(grads[0][0], 0.05, 1e-6);
}

#[test]
fn variances_may_be_of_any_size() {
    let nll = |m: f64, s: f64, t: f64| {
        let (loss, grads) = one::<f32>(&[&[m], &[s], &[t]], &|_, x| gaussian_nll(x[0], x[1], x[2]));
        (loss, grads[0][0], grads[1][0], grads[2][0])
    };
    let constant = (2.0 * std::f64::consts::PI).ln() / 2.0;
    close(nll(1.0, 0.0, 1.0).0, constant, 1e-6);
    // The square of the difference alone underflows, and e⁻ˢ overflows.
    let (loss, dm, ds, dt) = nll(1e-30, -140.0, 0.0);
    let z2 = 1e-60 * 140.0f64.exp();
    close(loss, constant + (z2 - 140.0) / 2.0, 1e-6);
    close(ds, (1.0 - z2) / 2.0, 1e-6);
    assert!(dm > 0.0 && dt == -dm);
    for s in [-3000.0, 3000.0] {
        let (loss, dm, ds, dt) = nll(0.5, s, 0.5);
        close(loss, constant + s / 2.0, 1e-6);
        assert_eq!((dm, ds, dt), (0.0, 0.5, 0.0));
    }
    let (loss, dm, ds, _) = nll(0.0, 3000.0, 1.0);
    close(loss, constant + 1500.0, 1e-6);
    assert_eq!((dm, ds), (0.0, 0.5));
}

#[test]
fn pinball_is_least_at_the_quantile() {
    let t: Vec<f64> = (0..100).map(|i| i as f64).collect();
    let at = |p: f64| {
        let p = vec![p; 100];
        one::<f64>(&[&p, &t], &|_, x| {
            pinball(x[0].reshape([100, 1]), x[1].reshape([100, 1]), [0.9])
        })
        .0
    };
    let best = (0..100).min_by(|&a, &b| at(f64::from(a)).total_cmp(&at(f64::from(b)))).unwrap();
    assert!((89..=90).contains(&best), "{best}");
    assert_eq!(at(50.0), (0.9 * 1225.0 + 0.1 * 1275.0) / 100.0);
}

#[test]
fn smoothing_goes_with_ignored_rows() {
    let nan = f64::NAN;
    let x: &[f64] = &[0.3, -1.0, nan, nan, 0.7, 0.1];
    let smooth = |ids: &[u32]| {
        one::<f64>(&[x], &|g, x| {
            cross_entropy_smoothed(x[0].reshape([3, 2]), ignoring(g.ids(ids), 9), 0.2)
        })
    };
    let row = |a: f64, b: f64| 0.9 * (1.0 + (b - a).exp()).ln() + 0.1 * (1.0 + (a - b).exp()).ln();
    let (loss, grads) = smooth(&[0, 9, 1]);
    close(loss, (row(0.3, -1.0) + row(0.1, 0.7)) / 2.0, 1e-15);
    assert_eq!(grads[0][2..4], [0.0, 0.0]);
    assert!(grads[0].iter().sum::<f64>().abs() < 1e-15);
    assert_eq!(smooth(&[9, 9, 9]), (0.0, vec![vec![0.0; 6]]));
    // Masks beside it: what lies in both counts.
    let (loss, _) = one::<f64>(&[x], &|g, x| {
        let ids = ignoring(g.ids(&[0, 9, 1]), 9).masked(g.ids(&[1, 1, 0]));
        cross_entropy_smoothed(x[0].reshape([3, 2]), ids, 0.2)
    });
    close(loss, row(0.3, -1.0), 1e-15);
    // An id behind a mask may be anything.
    let (loss, _) = one::<f64>(&[x], &|g, x| {
        cross_entropy(x[0].reshape([3, 2]), masked(g.ids(&[0, 77, u32::MAX]), g.ids(&[1, 0, 0])))
    });
    close(loss, (1.0 + (-1.3f64).exp()).ln(), 1e-15);
    let ((old, _), (new, _)) = (
        one::<f64>(&[x], &|g, x| {
            cross_entropy_ignoring(x[0].reshape([3, 2]), g.ids(&[0, 9, 1]), 9)
        }),
        one::<f64>(&[x], &|g, x| {
            cross_entropy(x[0].reshape([3, 2]), ignoring(g.ids(&[0, 9, 1]), 9))
        }),
    );
    assert_eq!(old.to_bits(), new.to_bits());
}

/// A loss that cannot be, and its line.
type Misfit<'a> = dyn for<'g> Fn(&'g Graph<'g, f64>) -> (Var<'g, f64>, u32) + 'a;

#[test]
fn misfits_say_what_was_wanted() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let x = Tensor::<f64>::zeros([2, 3]).unwrap();
    #[track_caller]
    fn check(params: &Params<f64>, wanted: &[&str], f: &Misfit<'_>) {
        let mut line = 0;
        let error = Tape::new().evaluate(params, |g| line = f(g).1).unwrap_err().to_string();
        let place = format!("{}:{line}:", file!());
        for part in wanted.iter().copied().chain([place.as_str()]) {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
    }
    check(&params, &["mse", "wanted weights [2] or [2, 3]"], &|g| {
        let x = g.input(&x);
        (mse(x, weighted(x, g.zeros([3]))), line!())
    });
    check(&params, &["mae", "4 flags for 6 losses in 2 rows"], &|g| {
        let x = g.input(&x);
        (mae(x, masked(x, g.ids(&[1; 4]))), line!())
    });
    check(&params, &["ids", "2 integers meet 3"], &|g| {
        let (x, a, b) = (g.input(&x), g.ids(&[1, 1]), g.ids(&[1, 1, 1]));
        (mse(x, masked(x, a).masked(b)), line!())
    });
    check(&params, &["gaussian_nll", "equal shapes", "[2, 3]", "[2]"], &|g| {
        let x = g.input(&x);
        (gaussian_nll(x, g.zeros([2]), x), line!())
    });
    check(&params, &["poisson_nll", "equal shapes", "[3, 2]"], &|g| {
        let x = g.input(&x);
        (poisson_nll(x, x.reshape([3, 2])), line!())
    });
    check(&params, &["binary_cross_entropy", "equal shapes"], &|g| {
        (binary_cross_entropy(g.input(&x), g.zeros([])), line!())
    });
    check(&params, &["binary_cross_entropy", "positive", "-1"], &|g| {
        let x = g.input(&x);
        (binary_cross_entropy_balanced(x, x, -1.0), line!())
    });
    check(&params, &["pinball", "level", "1.5"], &|g| {
        (pinball(g.input(&x), g.zeros([2, 1]), [0.1, 0.5, 1.5]), line!())
    });
    check(&params, &["pinball", "[.., 2]", "[2, 3]"], &|g| {
        (pinball(g.input(&x), g.zeros([2, 1]), [0.1, 0.5]), line!())
    });
    check(&params, &["pinball", "[.., 1]"], &|g| {
        (pinball(g.input(&x), g.zeros([2]), [0.1, 0.5, 0.9]), line!())
    });
    check(&params, &["cross_entropy", "smoothing", "1.1"], &|g| {
        let (x, ids) = (g.input(&x), g.ids(&[0, 1]));
        (cross_entropy_smoothed(x, ids, 1.1), line!())
    });
    check(&params, &["cross_entropy", "id 3 of 3 classes"], &|g| {
        let (x, ids) = (g.input(&x), masked(g.ids(&[9, 3]), g.ids(&[0, 1])));
        (cross_entropy(x, ids), line!())
    });
}

#[test]
fn nothing_counts_for_nothing() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let empty = Tape::new().evaluate(&params, |g| {
        let (none, flags) = (g.zeros([0, 3]), g.ids(&[]));
        let one = g.zeros([0, 1]);
        [
            mse(none, weighted(none, g.zeros([0]))).item(),
            gaussian_nll(none, none, masked(none, flags)).item(),
            pinball(none, masked(one, flags), [0.2, 0.5, 0.9]).item(),
            pinball(g.zeros([2, 0]), masked(g.zeros([2, 1]), g.ids(&[1, 1])), []).item(),
            cross_entropy(none, masked(flags, flags)).item(),
        ]
    });
    assert_eq!(empty.unwrap(), [0.0; 5]);
    let inside = None;
    let x = Tensor::<f64>::zeros([0, 3]).unwrap();
    let error = Tape::new().evaluate(&params, |g| {
        let x = g.input(&x);
        mse(x, masked(x, inside)).item()
    });
    assert!(error.unwrap_err().to_string().contains("no elements"));
}
