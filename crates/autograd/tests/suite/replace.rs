//! Weights that something else stands for.

use elman_autograd::{Error, Grad, Param, Params, Tape};
use elman_tensor::Init;

fn weights() -> ([Param; 2], Params<f64>) {
    Params::init(2, |p| {
        let init = Init::Normal { std: 1.0 };
        Ok([p.weight("a", [3], init)?, p.weight("b", [3], init)?])
    })
    .unwrap()
}

#[test]
fn a_weight_is_replaced_for_as_long_as_the_result_lives() {
    let ([a, b], params) = weights();
    let [x, y] = [a, b].map(|w| params.get(w).unwrap().values()[0]);
    let found = Tape::new()
        .evaluate(&params, |g| {
            let first = |w| g.param(w).slice(0, 1).sum().item();
            let mut found = vec![first(a)];
            {
                let _outer = g.replace_all([a, b], [2.0 * g.param(a), 3.0 * g.param(b)]);
                found.extend([first(a), first(b)]);
                {
                    // What stands for it can be made of what stood for it before.
                    let _inner = g.replace(a, 10.0 * g.param(a));
                    found.extend([first(a), first(b)]);
                }
                found.extend([first(a), first(b)]);
            }
            found.extend([first(a), first(b)]);
            found
        })
        .unwrap();
    let [x2, y3] = [2.0 * x, 3.0 * y];
    assert_eq!(found, [x, x2, y3, 10.0 * x2, y3, x2, y3, x, y]);
}

#[test]
fn gradients_reach_the_weight_through_what_stands_for_it() {
    let ([a, b], params) = weights();
    let mut grad = Grad::zeros(&params);
    Tape::new()
        .gradient(&params, &mut grad, |g| {
            let product = g.param(a) * g.param(b);
            let _product = g.replace(a, product);
            (g.param(a) * g.param(b)).sum()
        })
        .unwrap();
    let [x, y] = [a, b].map(|w| params.get(w).unwrap().values());
    let by_hand: Vec<f64> = (0..3).map(|i| y[i] * y[i]).collect();
    assert_eq!(grad.of(a).unwrap().values(), by_hand);
    for (g, (x, y)) in grad.of(b).unwrap().values().iter().zip(x.iter().zip(y)) {
        assert!((g - 2.0 * x * y).abs() < 1e-14, "{g}");
    }
}

#[test]
fn what_cannot_be_replaced_is_an_error() {
    let ([a, _], params) = weights();
    let (other, _) = Params::<f64>::init(1, |p| p.weight("other", [3], Init::Zeros)).unwrap();
    let mut tape = Tape::new();
    let shape = tape.evaluate(&params, |g| {
        let _replaced = g.replace(a, g.zeros([4]));
        g.param(a).shape()
    });
    let Err(Error::Misfit { rule: "replace", misfit, .. }) = shape else { panic!("{shape:?}") };
    assert!(misfit.to_string().contains("the shape of the weight, [3]"), "{misfit}");
    let foreign = tape.evaluate(&params, |g| drop(g.replace(other, g.zeros([3]))));
    assert!(matches!(foreign, Err(Error::ForeignParam { .. })), "{foreign:?}");
    // A segment that is computed again would not see it.
    let around = tape.evaluate(&params, |g| {
        let _replaced = g.replace(a, g.zeros([3]));
        g.recompute(&[], move |g, _| g.param(a).sum()).item()
    });
    assert!(matches!(around, Err(Error::Misfit { rule: "segment", .. })), "{around:?}");
    // Within one it is.
    let within = tape.evaluate(&params, |g| {
        let sum = g.recompute(&[g.constant([3], 2.0)], move |g, x| {
            let _replaced = g.replace(a, x[0]);
            g.param(a).sum()
        });
        (sum.item(), g.param(a).tensor().into_values())
    });
    assert_eq!(within, Ok((6.0, params.get(a).unwrap().values().to_vec())));
}
