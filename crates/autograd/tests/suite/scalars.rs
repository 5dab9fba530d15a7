//! Every rule at every scalar: f32 is f64 rounded, forward and backward.

use elman_autograd::{Grad, Graph, Params, Tape, Var};
use elman_tensor::{Dual, Init, Real, Tensor};

/// The `i`-th operation on `a: [3, 4]`, `b: [4]` (positive) and `c: [4, 4]`; `None` past the last.
fn operation<'g, T: Real>(g: &'g Graph<'g, T>, i: usize, x: [Var<'g, T>; 3]) -> Option<Var<'g, T>> {
    let [a, b, c] = x;
    let ids = g.ids(&[2, 0, 2, 1]);
    let flags = g.ids(&[1, 0, 1]);
    Some(match i {
        0 => a + b,
        1 => a - b,
        2 => b * a,
        3 => a / b,
        4 => a + 1.5,
        5 => 1.5 - a,
        6 => a * 0.3,
        7 => 2.0 / b,
        8 => a / 0.7,
        9 => -a,
        10 => a.exp(),
        11 => b.ln(),
        12 => b.sqrt(),
        13 => a.tanh(),
        14 => a.sigmoid(),
        15 => a.relu(),
        16 => a.softplus(),
        17 => a.square(),
        18 => a.abs(),
        19 => a.sum(),
        20 => a.softmax(),
        21 => a.log_softmax(),
        22 => a.dot(c),
        23 => a.dot(b),
        24 => a.mean(),
        25 => a.sum_axis(0),
        26 => a.mean_axis(1),
        27 => a.part(1, 1, 2),
        28 => a.split::<2>()[1],
        29 => a.gather(ids),
        30 => a.select(flags, a * b),
        31 => a.dropout(0.3, 4),
        32 => a.affine(c, a * b, c, b),
        33 => g.concat(0, &[a, c]),
        34 => g.stack(&[a, a * b]),
        35 => a.at(1) * a.slice(1, 2) + a.reshape([2, 6]).at(0).part(0, 1, 4),
        36 => g.recompute(&[a, b], |_, x| (x[0] * x[1]).tanh()),
        _ => return None,
    })
}

/// Output and gradients of one operation, as f64.
fn run<T: Real>(i: usize) -> Option<Vec<f64>> {
    let ((), params) = Params::<T>::init(0, |_| Ok(())).unwrap();
    // Drawn in f32, so that both scalars start from the same numbers.
    let number = |i: usize| ((i as f64 * 2.399).sin() * 1.7) as f32;
    let [a, c] = [[3, 4], [4, 4]].map(|shape| {
        Tensor::<f32>::from_fn(shape, |i| number(i + 7 * shape[0])).unwrap().cast::<T>()
    });
    let b = Tensor::<f32>::from_fn([4], |i| number(i).abs() + 0.4).unwrap().cast::<T>();
    let mut tape = Tape::new();
    let mut out = None;
    tape.gradient(&params, &mut Grad::zeros(&params), |g| {
        let x = [g.wanted(&a), g.wanted(&b), g.wanted(&c)];
        let Some(y) = operation(g, i, x) else { return g.zeros([]) };
        out = Some(y.tensor().into_values());
        (y * y).sum()
    })
    .unwrap();
    let mut out = out?;
    (0..3).for_each(|i| out.extend_from_slice(tape.wanted(i).unwrap().values()));
    Some(out.into_iter().map(Real::to_f64).collect())
}

#[test]
fn at_a_kink_the_tape_and_the_dual_numbers_agree() {
    let (w, mut params) =
        Params::<Dual<f64>>::init(0, |p| p.weight("w", [2], Init::Zeros)).unwrap();
    params.direct(&[1.0, -1.0]).unwrap();
    let mut grad = Grad::zeros(&params);
    let abs = Tape::new().gradient(&params, &mut grad, |g| g.param(w).abs().sum()).unwrap();
    assert_eq!((abs.tangent, grad.values()[0].value), (0.0, 0.0));
    let relu = Tape::new().gradient(&params, &mut grad, |g| g.param(w).relu().sum()).unwrap();
    assert_eq!((relu.tangent, grad.values()[0].value), (0.0, 0.0));
}

#[test]
fn single_precision_is_double_precision_rounded() {
    let mut i = 0;
    while let Some(exact) = run::<f64>(i) {
        let single = run::<f32>(i).unwrap();
        assert_eq!(single.len(), exact.len());
        let scale = exact.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        for (s, e) in single.iter().zip(&exact) {
            assert!((s - e).abs() < 4e-6 * scale, "operation {i}: {s} is not {e}");
        }
        let bits = |x: Vec<f64>| x.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(run::<Dual<f64>>(i).unwrap()), bits(exact), "operation {i}");
        i += 1;
    }
    assert_eq!(i, 37, "operations");
}
