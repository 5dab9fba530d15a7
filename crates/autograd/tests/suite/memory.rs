//! Memory is taken once, and what lies in it does not matter.

use elman_autograd::{Grad, Graph, Param, Params, Tape, Var};
use elman_tensor::{Init, Real, Tensor};

fn weights() -> ((Param, Param), Params<f64>) {
    Params::init(2, |p| {
        let w = p.weight("w", [8, 8], Init::Orthogonal { gain: 1.0 })?;
        Ok((w, p.weight("b", [8], Init::Normal { std: 0.6 })?))
    })
    .unwrap()
}

/// Twenty steps of everything that has memory of its own.
fn everything<'g, T: Real>(g: &'g Graph<'g, T>, w: (Param, Param), x: &Tensor<T>) -> Var<'g, T> {
    let x = g.wanted(x);
    let ids = g.ids(&[1, 0, 2]);
    let mut h = g.state(3, 8);
    let mut outputs = g.items();
    for t in 0..20 {
        g.time(Some(t));
        let _layer = g.layer(w.0);
        h = x.affine(g.param(w.0), h, g.param(w.0), g.param(w.1)).tanh().dropout(0.2, 1);
        h = g.recompute(&[h], move |g, x| {
            g.recompute(&[x[0]], |_, x| x[0].sigmoid()) * x[0].dot(g.param(w.0))
        });
        let [a, b] = h.split();
        h = g.concat(1, &[b, a]).gather(ids).select(ids, h);
        outputs.push(h);
    }
    let all = outputs.stack();
    (all.log_softmax().mean_axis(0) + all.sum_axis(0)).square().mean()
}

#[test]
fn from_the_second_pass_on_nothing_is_allocated() {
    let (w, params) = weights();
    let x = Tensor::from_fn([3, 8], |i| (i as f64).cos()).unwrap();
    let mut tape = Tape::new().check(true);
    let mut grad = Grad::zeros(&params);
    tape.gradient(&params, &mut grad, |g| everything(g, w, &x)).unwrap();
    let again = allocation_counter::measure(|| {
        for _ in 0..3 {
            tape.gradient(&params, &mut grad, |g| everything(g, w, &x)).unwrap();
            tape.evaluate(&params, |g| everything(g, w, &x).item()).unwrap();
        }
    });
    assert_eq!(again.count_total, 0, "{again:?}");
}

#[test]
fn an_evaluation_takes_memory_for_values_only() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let mut tape = Tape::new();
    let memory = allocation_counter::measure(|| {
        tape.evaluate(&params, |g| {
            let x = Tensor::scalar(1.0);
            (0..10_000).fold(g.wanted(&x), |x, _| x * 1.5 + 1.0).item()
        })
        .unwrap();
    });
    // 20 001 numbers of 8 bytes, in a buffer that grows by doubling.
    assert!(memory.bytes_max < 3 * 20_001 * 8, "{memory:?}");
}

#[test]
fn poison_changes_nothing() {
    let (w, params) = weights();
    let x = Tensor::from_fn([3, 8], |i| (i as f64).cos()).unwrap();
    let mut tape = Tape::new();
    let mut pass = |poison: bool| {
        if poison {
            tape.poison();
        }
        tape.set_step(0);
        let mut grad = Grad::zeros(&params);
        let loss = tape.gradient(&params, &mut grad, |g| everything(g, w, &x)).unwrap();
        let inputs = tape.wanted(0).unwrap().values().to_vec();
        let all = [&[loss][..], grad.values(), &inputs].concat();
        all.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    let clean = pass(false);
    assert_eq!(pass(true), clean);
    assert_eq!(pass(true), clean);
}

#[test]
fn a_million_records_need_no_stack() {
    let run = || {
        let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros)).unwrap();
        params.values_mut()[0] = 1.0;
        let mut grad = Grad::zeros(&params);
        let loss = Tape::new()
            .gradient(&params, &mut grad, |g| (0..1_000_000).fold(g.param(w), |x, _| x + 1.0));
        (loss, grad.values()[0])
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(run).unwrap();
    assert_eq!(thread.join().unwrap(), (Ok(1_000_001.0), 1.0));
}

#[test]
fn a_tape_shrinks_and_grows_with_its_recordings() {
    let (w, params) = weights();
    let mut tape = Tape::new();
    let mut grad = Grad::zeros(&params);
    let mut of = |rows: usize| {
        let x = Tensor::from_fn([rows, 8], |i| (i as f64).cos()).unwrap();
        tape.gradient(&params, &mut grad, |g| g.input(&x).dot(g.param(w.0)).square().sum())
            .unwrap()
            .to_bits()
    };
    let (large, small) = (of(50), of(2));
    assert_eq!((of(50), of(2), of(0)), (large, small, 0f64.to_bits()));
}
