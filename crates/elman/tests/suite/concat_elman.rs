//! The network that writes the state twice equals an Elman with one recurrent matrix:
//!
//! tanh([x, h] · W + h · U) = tanh(x · W₁ + h · (W₂ + U)) with W₁ and W₂ the upper and lower rows
//! of W.

use crate::support::{cases, deviation, normal};
use elman::prelude::*;
use proptest::prelude::*;

/// Outputs, last state, and the gradients of weights, inputs and initial state.
struct Ran {
    y: Tensor<f64>,
    last: Tensor<f64>,
    grad: Grad<f64>,
    dx: Vec<f64>,
    dh: Vec<f64>,
}

/// A sequence through a cell from a random state, with random cotangents.
fn run<C>(cell: C, params: &Params<f64>, [time, batch, input, hidden]: [usize; 4]) -> Ran
where
    C: for<'g> Cell<State<'g, f64> = [Var<'g, f64>; 1]>,
{
    let x = normal([time, batch, input], "x");
    let h = normal([batch, hidden], "h");
    let (wy, wh) = (normal([time, batch, hidden], "wy"), normal([batch, hidden], "wh"));
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
    let (mut y, mut last) = (Tensor::default(), Tensor::default());
    tape.gradient(params, &mut grad, |g| {
        let (ys, [h]) = Rnn(cell).run(g.wanted(&x), [g.wanted(&h)]);
        (y, last) = (ys.tensor(), h.tensor());
        (ys * g.input(&wy)).sum() + (h * g.input(&wh)).sum()
    })
    .unwrap();
    let (dx, dh) = (tape.wanted(0).unwrap(), tape.wanted(1).unwrap());
    let (dx, dh) = (dx.values().to_vec(), dh.values().to_vec());
    Ran { y, last, grad, dx, dh }
}

proptest! {
    #![proptest_config(cases(64))]
    #[test]
    fn the_doubled_recurrence_is_an_elman(
        time in 0usize..8, batch in 0usize..4, input in 0usize..5, hidden in 1usize..6,
        seed in any::<u64>(),
    ) {
        let sizes = [time, batch, input, hidden];
        let (double, params) = Params::<f64>::init(seed, |p| {
            ConcatElman::new(p.scope("cell"), input, hidden)
        }).unwrap();
        let (single, mut merged) = Params::<f64>::init(0, |p| {
            Elman::new(p.scope("cell"), input, hidden)
        }).unwrap();

        // U of the Elman is W₂ + U, its bias 0.
        let [w, u] = double.params().map(|p| params.get(p).unwrap().values());
        let (upper, lower) = w.split_at(input * hidden);
        let sum: Vec<f64> = lower.iter().zip(u).map(|(w, u)| w + u).collect();
        let [w1, u1, b1] = single.gate().params();
        merged.get_mut(w1).unwrap().copy_from_slice(upper);
        merged.get_mut(u1).unwrap().copy_from_slice(&sum);
        merged.get_mut(b1).unwrap().fill(0.0);

        let (a, b) = (run(double, &params, sizes), run(single, &merged, sizes));
        // N(0, 1) weights are large: rounding grows from step to step.
        let close = |what: &str, a: &[f64], b: &[f64]| {
            let off = deviation(a, b);
            prop_assert!(off <= 1e-10, "{}: off by {:e}", what, off);
            Ok(())
        };
        close("outputs", a.y.values(), b.y.values())?;
        close("last state", a.last.values(), b.last.values())?;
        close("gradient of x", &a.dx, &b.dx)?;
        close("gradient of h", &a.dh, &b.dh)?;

        // The chain rule: both W₂ and U get the gradient of their sum.
        let [dw, du] = double.params().map(|p| a.grad.of(p).unwrap().values());
        let [dw1, du1, _] = single.gate().params().map(|p| b.grad.of(p).unwrap().values());
        let (upper, lower) = dw.split_at(input * hidden);
        close("gradient of the upper rows", upper, dw1)?;
        close("gradient of the lower rows", lower, du1)?;
        close("gradient of the other matrix", du, du1)?;
    }
}
