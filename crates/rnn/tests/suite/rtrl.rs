//! Learning without the past: beyond its law, what happens at the edges.

use elman_autograd::{Error, Grad, Params, Tape};
use elman_autograd::{Param, Scope};
use elman_rnn::{
    Cell, ConcatElman, Diagonal, DiagonalRtrl, Elman, IndRnn, Learned, Linear, Lru, Lstm, MinGru,
    MinLstm, Rnn, Rtrl, Sru, Stream,
};
use elman_tensor::{Random, Tensor};

fn tensor(shape: [usize; 2], seed: u64) -> Tensor<f64> {
    let mut random = Random::new(seed, "rtrl", 0);
    Tensor::from_fn(shape, |_| random.normal()).unwrap()
}

/// After a reset it begins anew, from an initial state that is learned, too; its state is that of
/// a stream.
#[test]
fn a_new_beginning_forgets_the_past() {
    let (cell, mut params) = Params::<f64>::init(3, |p| {
        let lstm = Lstm::new(p.scope("lstm"), 2, 3)?;
        let learned = Learned::new(lstm, p.scope("start"))?;
        Ok(learned.readout(Linear::new(p.scope("head"), 3, 1)?))
    })
    .unwrap();
    params.values_mut().iter_mut().enumerate().for_each(|(i, w)| *w += (i as f64).sin() * 0.1);
    let mut learning = Rtrl::new(&params, cell, 2).unwrap();
    let round = |learning: &mut Rtrl<f64, _>, fresh: bool| {
        let mut sum = vec![0.0; params.len()];
        let mut stream = Stream::rows(&params, cell, 2);
        for t in 0..6 {
            let (x, mut grad) = (tensor([2, 2], t), Grad::zeros(&params));
            learning.step(&params, &x, &mut grad, |_, y| y.square().sum()).unwrap();
            stream.push(x.values()).unwrap();
            if fresh {
                assert_eq!(Some(learning.state()), stream.state());
            }
            sum.iter_mut().zip(grad.values()).for_each(|(sum, g)| *sum += g);
        }
        sum
    };
    let first = round(&mut learning, true);
    assert_ne!(round(&mut learning, false), first, "the past has its part");
    learning.reset(&params).unwrap();
    assert_eq!(round(&mut learning, true), first);
    // The learned start has a gradient: that of the whole sequence.
    let mut whole = Grad::zeros(&params);
    let x: Vec<f64> = (0..6).flat_map(|t| tensor([2, 2], t).into_values()).collect();
    let x = Tensor::new([6, 2, 2], x).unwrap();
    Tape::new()
        .gradient(&params, &mut whole, |g| {
            let (y, _) = Rnn(cell).run(g.input(&x), cell.initial(g, 2));
            y.square().sum()
        })
        .unwrap();
    for (a, b) in first.iter().zip(whole.values()) {
        assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} is not {b}");
    }
    assert!(first.iter().all(|&g| g != 0.0));
}

#[test]
fn what_does_not_fit_is_an_error_at_the_callers_line_and_changes_nothing() {
    let (cell, params) = Params::<f64>::init(3, |p| ConcatElman::new(p.scope("c"), 2, 3)).unwrap();
    let ((), others) = Params::<f64>::init(3, |_| Ok(())).unwrap();
    let mut learning = Rtrl::new(&params, cell, 1).unwrap();
    let mut grad = Grad::zeros(&params);
    learning.step(&params, &tensor([1, 2], 1), &mut grad, |_, y| y.sum()).unwrap();
    let state = learning.state().to_vec();
    let line = line!() + 2;
    let error = learning
        .step(&params, &tensor([1, 3], 1), &mut grad, |_, y| y.sum())
        .expect_err("3 features for 2");
    let Error::Misfit { site, .. } = error else { panic!("{error}") };
    assert_eq!((site.line.file(), site.line.line()), (file!(), line));
    let error = learning.step(&params, &tensor([1, 2], 1), &mut grad, |_, y| y);
    assert!(matches!(error, Err(Error::NotScalar { .. })), "{error:?}");
    let error = learning.step(&others, &tensor([1, 2], 1), &mut grad, |_, y| y.sum());
    assert!(matches!(error, Err(Error::GradLength { wanted: 24, given: 0, .. })), "{error:?}");
    assert!(learning.reset(&others).is_err());
    assert_eq!(learning.state(), state);
}

/// The gradient of a sequence of 7 steps of 3 rows, with a loss at every step: of the whole, and
/// what the diagonal form adds up.
fn both<C: Diagonal>(build: impl FnOnce(Scope<'_>) -> Result<C, Error>) -> [Vec<f64>; 2] {
    let (cell, mut params) = Params::<f64>::init(3, |p| {
        let cell = build(p.scope("c"))?;
        let head = Linear::new(p.scope("head"), cell.output(), 2)?;
        Ok(cell.readout(head))
    })
    .unwrap();
    params.values_mut().iter_mut().enumerate().for_each(|(i, w)| *w += (i as f64).sin() * 0.2);
    let mut whole = Grad::zeros(&params);
    let x: Vec<f64> = (0..7).flat_map(|t| tensor([3, 2], t).into_values()).collect();
    let x = Tensor::new([7, 3, 2], x).unwrap();
    Tape::new()
        .gradient(&params, &mut whole, |g| {
            let (y, _) = Rnn(&cell).run(g.input(&x), cell.initial(g, 3));
            y.square().sum()
        })
        .unwrap();
    let mut learning = DiagonalRtrl::new(&params, &cell, 3).unwrap();
    let mut sum = Vec::new();
    for _ in 0..2 {
        sum = vec![0.0; params.len()];
        for t in 0..7 {
            let mut grad = Grad::zeros(&params);
            let x = tensor([3, 2], t);
            learning.step(&params, &x, &mut grad, |_, y| y.square().sum()).unwrap();
            sum.iter_mut().zip(grad.values()).for_each(|(sum, g)| *sum += g);
        }
        // The second round begins anew.
        learning.reset(&params).unwrap();
    }
    [whole.values().to_vec(), sum]
}

fn close([whole, sum]: &[Vec<f64>; 2]) -> bool {
    whole.iter().zip(sum).all(|(a, b)| (a - b).abs() <= 1e-10 * (1.0 + a.abs()))
}

#[test]
fn where_units_know_only_themselves_one_derivative_a_weight_is_exact() {
    assert!(close(&both(|p| IndRnn::new(p, 2, 4))));
    assert!(close(&both(|p| MinGru::new(p, 2, 4))));
    assert!(close(&both(|p| MinLstm::new(p, 2, 4))));
    assert!(close(&both(|p| Sru::new(p, 2, 4))));
    assert!(close(&both(|p| Lru::new(p, 2, 4, 3))));
}

/// A cell that says of itself what is not so.
struct Pretends(Elman);

impl Cell for Pretends {
    type State<'g, T: elman_tensor::Real> = [elman_autograd::Var<'g, T>; 1];
    fn output(&self) -> usize {
        self.0.output()
    }
    fn step<'g, T: elman_tensor::Real>(
        &self,
        x: elman_autograd::Var<'g, T>,
        s: [elman_autograd::Var<'g, T>; 1],
    ) -> (elman_autograd::Var<'g, T>, [elman_autograd::Var<'g, T>; 1]) {
        self.0.step(x, s)
    }
}

impl Diagonal for Pretends {
    fn units(&self) -> usize {
        self.0.output()
    }
    fn weights(&self) -> Vec<Param> {
        self.0.gate().params().to_vec()
    }
}

#[test]
fn where_units_know_each_other_it_is_not() {
    assert!(!close(&both(|p| Ok(Pretends(Elman::new(p, 2, 4)?)))));
}

/// A step of which only the derivative of the second row's state fails leaves the first row, too, as
/// it was.
#[test]
fn a_step_that_fails_half_way_changes_nothing() {
    let (cell, mut params) = Params::<f32>::init(3, |p| Lru::new(p.scope("c"), 1, 2, 1)).unwrap();
    let ([.., gamma], (b, c, d)) = (cell.diagonal(), cell.products());
    // States are 0 and outputs small, but what B does to a state is e⁵ x.
    for (weight, value) in
        [(gamma, 5.0), (b[0], 0.0), (b[1], 0.0), (c[0], 1e-10), (c[1], 0.0), (d, 0.0)]
    {
        params.get_mut(weight).unwrap().fill(value);
    }
    let learned = |steps: &[[f32; 2]]| {
        let tape = Tape::new().check(true);
        let mut learning = DiagonalRtrl::new(&params, cell, 2).unwrap().with_tape(tape);
        let mut grad = Grad::zeros(&params);
        let outcomes: Vec<_> = steps
            .iter()
            .map(|x| {
                let x = Tensor::new([2, 1], x.to_vec()).unwrap();
                learning.step(&params, &x, &mut grad, |_, y| y.sum() * 1e-10).is_ok()
            })
            .collect();
        (outcomes, grad.values().to_vec())
    };
    let (outcomes, disturbed) = learned(&[[1.0, 1.0], [1.0, 1e38], [2.0, 1.0]]);
    assert_eq!(outcomes, [true, false, true]);
    assert_eq!(disturbed, learned(&[[1.0, 1.0], [2.0, 1.0]]).1);
    assert!(disturbed.iter().any(|&g| g != 0.0));
}
