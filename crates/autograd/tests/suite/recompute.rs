//! Segments that are computed twice give what stored ones give.

use elman_autograd::{Error, Grad, Graph, Param, Params, Pass, Tape, Var};
use elman_tensor::{Init, Real, Tensor};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

fn weights() -> ((Param, Param), Params<f64>) {
    Params::init(2, |p| {
        let w = p.weight("w", [3, 3], Init::Normal { std: 0.6 })?;
        Ok((w, p.weight("b", [3], Init::Normal { std: 0.6 })?))
    })
    .unwrap()
}

/// One step with weights, a random mask, and a view.
fn step<'g, T: Real>(
    g: &'g Graph<'g, T>,
    w: (Param, Param),
    x: Var<'g, T>,
    t: usize,
) -> Var<'g, T> {
    let _layer = g.layer(w.0);
    g.time(Some(t));
    let h = (x.dot(g.param(w.0)) + g.param(w.1)).tanh().dropout(0.4, 11);
    (h + x.at(0)).sigmoid()
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Stored,
    Recomputed,
    Nested,
}

/// Four steps, and what is left: values and gradients of weights and of both inputs.
fn run(way: Way) -> (f64, Vec<f64>, Vec<f64>, Vec<f64>) {
    let (w, params) = weights();
    let x = Tensor::from_fn([2, 3], |i| (i as f64).sin()).unwrap();
    let s = Tensor::from_fn([3], |i| 0.5 - i as f64).unwrap();
    let mut tape = Tape::new().seed(6);
    let mut grad = Grad::zeros(&params);
    let mut last = vec![0.0; 6];
    // The second time, what the first has left is no number.
    let mut pass = || {
        tape.poison();
        tape.set_step(0);
        tape.gradient(&params, &mut grad, |g| {
            let (x, s) = (g.wanted(&x), g.wanted(&s));
            let mut h = x * s;
            for t in [0, 2] {
                h = match way {
                    Way::Stored => step(g, w, step(g, w, h, t), t + 1) * s,
                    Way::Recomputed => g.recompute(&[h, s], move |g, x| {
                        step(g, w, step(g, w, x[0], t), t + 1) * x[1]
                    }),
                    Way::Nested => g.recompute(&[h, s], move |g, x| {
                        let h = g.recompute(&[x[0]], move |g, x| step(g, w, x[0], t));
                        g.recompute(&[h], move |g, x| step(g, w, x[0], t + 1)) * x[1]
                    }),
                };
            }
            h.read(&mut last);
            h.square().sum()
        })
        .unwrap()
    };
    let losses = [pass(), pass()];
    assert_eq!(losses[0].to_bits(), losses[1].to_bits());
    let [loss, _] = losses;
    let wanted = |i| tape.wanted(i).unwrap().values().to_vec();
    (loss, last, grad.values().to_vec(), [wanted(0), wanted(1)].concat())
}

#[test]
fn recomputing_changes_no_value_and_no_gradient() {
    let stored = run(Way::Stored);
    for way in [Way::Recomputed, Way::Nested] {
        let again = run(way);
        let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(stored.0.to_bits(), again.0.to_bits());
        assert_eq!(bits(&stored.1), bits(&again.1));
        for (a, b) in [(&stored.2, &again.2), (&stored.3, &again.3)] {
            assert!(a.iter().any(|a| *a != 0.0));
            for (a, b) in a.iter().zip(b) {
                assert!((a - b).abs() <= 1e-12 * (1.0 + a.abs()), "{a} is not {b}");
            }
        }
    }
}

#[test]
fn a_segment_is_computed_once_to_evaluate_and_twice_to_differentiate() {
    let (w, params) = weights();
    let calls = Arc::new(AtomicUsize::new(0));
    let mut tape = Tape::new();
    let segment = |g: &Graph<'_, f64>| {
        let _ = g;
        let calls = calls.clone();
        move || calls.fetch_add(1, Relaxed)
    };
    tape.evaluate(&params, |g| {
        let count = segment(g);
        g.recompute(&[g.param(w.1)], move |_, x| {
            count();
            x[0].sum()
        })
        .item()
    })
    .unwrap();
    assert_eq!(calls.swap(0, Relaxed), 1);
    tape.gradient(&params, &mut Grad::zeros(&params), |g| {
        let count = segment(g);
        g.recompute(&[g.param(w.1)], move |_, x| {
            count();
            x[0].sum()
        })
    })
    .unwrap();
    assert_eq!(calls.load(Relaxed), 2);
}

#[test]
fn operands_of_any_number_and_results_of_any_kind() {
    let (w, params) = weights();
    let mut grad = Grad::zeros(&params);
    let mut tape = Tape::new();
    // Twenty operands, the same Var among them.
    let twenty = tape.gradient(&params, &mut grad, |g| {
        let b = g.param(w.1);
        g.recompute(&[b; 20], |_, x| x.iter().fold(x[0] * 0.0, |sum, &x| sum + x).sum())
    });
    assert!(
        (twenty.unwrap() - 20.0 * params.get(w.1).unwrap().values().iter().sum::<f64>()).abs()
            < 1e-12
    );
    assert_eq!(grad.of(w.1).unwrap().values(), [20.0; 3]);
    // A weight, a view of an operand, no operand at all.
    tape.gradient(&params, &mut grad, |g| {
        let weight = g.recompute(&[], move |g, _| g.param(w.1)).sum();
        let view = g.recompute(&[g.param(w.1)], |_, x| x[0].slice(1, 1)).sum();
        weight + view
    })
    .unwrap();
    assert_eq!(grad.of(w.1).unwrap().values(), [1.0, 2.0, 1.0]);
    // An operand that is a view, and one through which no gradient flows.
    tape.gradient(&params, &mut grad, |g| {
        let b = g.param(w.1);
        g.recompute(&[b.slice(2, 1), b.stop().slice(0, 1)], |_, x| x[0] * x[1]).sum()
    })
    .unwrap();
    let first = params.get(w.1).unwrap().values()[0];
    assert_eq!(grad.of(w.1).unwrap().values(), [0.0, 0.0, first]);
}

#[test]
fn errors_inside_come_out_with_their_own_line() {
    let (w, params) = weights();
    let mut tape = Tape::new().check(true);
    let mut grad = Grad::zeros(&params);
    let line = line!() + 2;
    let misfit = tape
        .gradient(&params, &mut grad, |g| g.recompute(&[g.param(w.1)], |g, x| x[0] + g.zeros([4])));
    let Err(Error::Misfit { rule: "add", site, .. }) = misfit else { panic!("{misfit:?}") };
    assert_eq!((site.line.file(), site.line.line()), (file!(), line));

    // Found while recomputing: the value is fine, its derivative is not.
    let infinite = tape.gradient(&params, &mut grad, |g| {
        let zeros = g.param(w.1) * 0.0;
        g.recompute(&[zeros], |g, x| {
            let _layer = g.layer("root");
            g.time(Some(4));
            x[0].sqrt().sum()
        })
    });
    let Err(Error::NotFinite { rule: "sqrt", pass: Pass::Backward, site, .. }) = infinite else {
        panic!("{infinite:?}")
    };
    assert_eq!((site.layer.as_deref(), site.time), (Some("root"), Some(4)));

    // A segment must do the same thing twice.
    let calls = AtomicUsize::new(1);
    let fickle = tape.gradient(&params, &mut grad, |g| {
        g.recompute(&[g.param(w.0)], move |_, x| x[0].slice(0, calls.fetch_add(1, Relaxed))).sum()
    });
    assert!(matches!(fickle, Err(Error::Misfit { rule: "segment", .. })), "{fickle:?}");

    // The tape is fit for use afterwards.
    assert!(tape.gradient(&params, &mut grad, |g| g.param(w.0).sum()).is_ok());
}

/// Operands that a segment alone leads to go on adding where the outside has begun, so that bits do
/// not tell whether anything was kept; those that lie in each other, and weights, are added to.
#[test]
fn the_bits_of_gradients_are_those_of_a_pass_that_keeps_everything() {
    let (w, params) = weights();
    let x = Tensor::from_fn([4, 3], |i| (i as f64).cos()).unwrap();
    let run = |again: bool| {
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
        tape.gradient(&params, &mut grad, |g| {
            let x = g.wanted(&x);
            let part = x.slice(1, 2);
            let weight = g.param(w.1);
            let y = if again {
                g.recompute(&[part, weight], move |g, x| {
                    (x[0] * x[0] + x[0].tanh() + x[1]).dot(g.param(w.0))
                })
            } else {
                (part * part + part.tanh() + weight).dot(g.param(w.0))
            };
            // What comes later in the recording adds first.
            (y * y).sum() + (part * part.exp()).sum() + weight.exp().sum()
        })
        .unwrap();
        (tape.wanted(0).unwrap().values().to_vec(), grad.values().to_vec())
    };
    let (kept, again) = (run(false), run(true));
    assert_eq!(kept.0, again.0);
    for (a, b) in kept.1.iter().zip(&again.1) {
        assert!((a - b).abs() <= 1e-14 * (1.0 + a.abs()), "{a} is not {b}");
    }
    // The same memory twice: each share of its gradient counts.
    let mut grad = Grad::zeros(&params);
    let mut tape = Tape::new();
    tape.gradient(&params, &mut grad, |g| {
        let x = g.wanted(&x);
        let (a, b) = (x.slice(0, 3), x.slice(1, 3));
        g.recompute(&[a, b, x], |_, x| (x[0] * 2.0 + x[1] * 3.0).sum() + x[2].sum() * 10.0)
            + x.sum() * 100.0
    })
    .unwrap();
    let wanted = [112.0, 115.0, 115.0, 113.0].map(|g| [g; 3]).concat();
    assert_eq!(tape.wanted(0).unwrap().values(), wanted);
}

#[test]
fn integers_go_into_a_segment() {
    let (w, params) = weights();
    let run = |again: bool| {
        let mut grad = Grad::zeros(&params);
        Tape::new()
            .gradient(&params, &mut grad, |g| {
                let _others = g.ids(&[9, 9]);
                let (ids, flags) = (g.ids(&[2, 0, 2]), g.ids(&[1, 0, 1]));
                let y = if again {
                    let mut items = g.items();
                    items.push(g.param(w.1));
                    items.recompute([ids, flags], move |g, x, [ids, flags]| {
                        let rows = g.param(w.0).gather(ids);
                        rows.select(flags, x[0] + rows)
                    })
                } else {
                    let rows = g.param(w.0).gather(ids);
                    rows.select(flags, g.param(w.1) + rows)
                };
                y.square().sum()
            })
            .unwrap();
        grad.values().to_vec()
    };
    assert_eq!(run(false), run(true));
}
