//! What goes around a cell, seen through cells whose outputs show what was done to them.

use elman_autograd::{Error, Grad, Params, Tape, Var};
use elman_rnn::{
    Cell, Clipped, Dropout, Layer, Learned, Lstm, Residual, Rnn, Segmented, Seq, Truncated,
    Variational, WeightDrop, Zoneout,
};
use elman_tensor::{Random, Real, Shape, Tensor};

const TIME: usize = 7;
const BATCH: usize = 3;
const SIZE: usize = 40;

/// Outputs its input and counts the steps in its state: y = h′ = x + h.
#[derive(Clone, Copy)]
struct Sum;

impl Cell for Sum {
    type State<'g, T: Real> = [Var<'g, T>; 1];
    fn output(&self) -> usize {
        SIZE
    }
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let h = x + h;
        (h, [h])
    }
}

/// Outputs what it is given, and remembers nothing new.
#[derive(Clone, Copy)]
struct Echo;

impl Cell for Echo {
    type State<'g, T: Real> = [Var<'g, T>; 1];
    fn output(&self) -> usize {
        SIZE
    }
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        (x, s)
    }
}

fn tensor(shape: impl Into<Shape>, name: &str) -> Tensor<f64> {
    let mut random = Random::new(1, name, 0);
    Tensor::from_fn(shape, |_| random.normal()).unwrap()
}

fn built<C>(
    build: impl FnOnce(&mut elman_autograd::Scope<'_>) -> Result<C, Error>,
) -> (C, Params<f64>) {
    Params::init(4, build).unwrap()
}

/// Outputs in training, step by step, of inputs that are all ones.
fn trained<C: Cell>(cell: &C, params: &Params<f64>, seed: u64) -> Vec<Vec<f64>> {
    outputs(cell, params, Tape::new().seed(seed), true)
}

fn outputs<C: Cell>(
    cell: &C,
    params: &Params<f64>,
    mut tape: Tape<f64>,
    training: bool,
) -> Vec<Vec<f64>> {
    let ones = Tensor::from_fn([TIME, BATCH, SIZE], |_| 1.0).unwrap();
    let mut y = Tensor::default();
    if training {
        tape.gradient(params, &mut Grad::zeros(params), |g| {
            let (ys, _) = cell.sequence(Seq::from(g.input(&ones)), cell.initial(g, BATCH));
            y = ys.tensor();
            ys.sum()
        })
        .unwrap();
    } else {
        y = tape
            .evaluate(params, |g| {
                cell.sequence(Seq::from(g.input(&ones)), cell.initial(g, BATCH)).0.tensor()
            })
            .unwrap();
    }
    y.values().chunks(BATCH * SIZE).map(<[f64]>::to_vec).collect()
}

/// The share of elements that are 0.
fn zeros(x: &[f64]) -> f64 {
    x.iter().filter(|&&x| x == 0.0).count() as f64 / x.len() as f64
}

#[test]
fn dropout_draws_another_mask_at_each_step_and_leaves_the_state_alone() {
    let (cell, params) = built(|p| Dropout::new(Echo, p.scope("drop"), 0.3));
    let y = trained(&cell, &params, 1);
    for (t, y) in y.iter().enumerate() {
        assert!(y.iter().all(|&y| y == 0.0 || y == 1.0 / 0.7), "step {t}");
        assert!((zeros(y) - 0.3).abs() < 0.16, "{}", zeros(y));
    }
    assert!((1..TIME).all(|t| y[t] != y[0]));
    assert_eq!(y, trained(&cell, &params, 1));
    assert_ne!(y, trained(&cell, &params, 2));
    // What is summed up has never been dropped.
    let (cell, params) = built(|p| Dropout::new(Sum, p.scope("drop"), 0.3));
    for (t, y) in trained(&cell, &params, 1).iter().enumerate() {
        let kept = (t + 1) as f64 * (1.0 / 0.7);
        assert!(y.iter().all(|&y| y == 0.0 || (y - kept).abs() < 1e-12), "step {t}");
    }
    assert_eq!(outputs(&cell, &params, Tape::new(), false)[2], [3.0; BATCH * SIZE]);
}

#[test]
fn variational_masks_stay_the_same_through_a_sequence() {
    let (cell, params) = built(|p| Variational::new(Echo, p.scope("drop"), 0.4, 0.0));
    let y = trained(&cell, &params, 1);
    assert!((zeros(&y[0]) - 0.4).abs() < 0.16, "{}", zeros(&y[0]));
    assert!(y.iter().all(|step| *step == y[0]), "one mask a sequence");
    let rows: Vec<_> = y[0].chunks(SIZE).collect();
    assert!(rows[0] != rows[1] && rows[1] != rows[2], "another one for each row");
    assert_eq!(outputs(&cell, &params, Tape::new(), false)[0], [1.0; BATCH * SIZE]);

    // h′ = 1 + m ∘ h: where the state is dropped it stays 1, elsewhere 1 + 2 h.
    let (cell, params) = built(|p| Variational::new(Sum, p.scope("drop"), 0.0, 0.5));
    let y = trained(&cell, &params, 1);
    assert_eq!(y[0], [1.0; BATCH * SIZE]);
    let dropped: Vec<bool> = y[1].iter().map(|&h| h == 1.0).collect();
    for t in 1..TIME {
        let kept = ((1u32 << (t + 1)) - 1) as f64;
        let wanted = dropped.iter().map(|&dropped| if dropped { 1.0 } else { kept });
        assert_eq!(y[t], wanted.collect::<Vec<_>>(), "step {t}");
    }
    let share = dropped.iter().filter(|&&dropped| dropped).count() as f64 / 120.0;
    assert!((share - 0.5).abs() < 0.16, "{share}");
}

#[test]
fn zoneout_keeps_elements_as_they_were_and_evaluates_to_what_is_expected() {
    let (cell, params) = built(|p| Zoneout::new(Sum, p.scope("zone"), 0.25, 0.0));
    let y = trained(&cell, &params, 1);
    let mut before = vec![0.0; BATCH * SIZE];
    let mut stayed = 0;
    for y in &y {
        for (before, &now) in before.iter_mut().zip(y) {
            assert!(now == *before || now == *before + 1.0, "{before} became {now}");
            stayed += usize::from(now == *before);
            *before = now;
        }
    }
    let share = stayed as f64 / (TIME * BATCH * SIZE) as f64;
    assert!((share - 0.25).abs() < 0.06, "{share}");
    // E[h′] = ¼ h + ¾ (h + 1)
    let evaluated = outputs(&cell, &params, Tape::new(), false);
    for (t, y) in evaluated.iter().enumerate() {
        assert!(y.iter().all(|y| (y - 0.75 * (t + 1) as f64).abs() < 1e-12), "step {t}");
    }
}

#[test]
fn weights_are_dropped_once_a_training_step() {
    let (cell, params) = built(|p| {
        let lstm = Lstm::new(p.scope("lstm"), 2, 6)?;
        let [_, u, _] = lstm.gates().params();
        Ok((lstm, WeightDrop::new(lstm, p.scope("drop"), [u], 0.5)?))
    });
    let (lstm, dropped) = cell;
    let [w, u, b] = lstm.gates().params();
    let x = tensor([TIME, BATCH, 2], "x");
    let (mut tape, mut grad) = (Tape::new().seed(3), Grad::zeros(&params));
    let mut pass = |step: u64| {
        tape.set_step(step);
        let loss = tape.gradient(&params, &mut grad, |g| {
            Rnn(dropped).forward(g.input(&x)).values().square().sum()
        });
        (loss.unwrap(), [w, u, b].map(|w| grad.of(w).unwrap().values().to_vec()))
    };
    let (loss, [dw, du, db]) = pass(0);
    // Half of the recurrent weights have no part in it; the others have as if they were twice as
    // large and these were not there.
    let share = zeros(&du);
    assert!((share - 0.5).abs() < 0.2, "{share}");
    assert!(dw.iter().chain(&db).all(|&g| g != 0.0));
    let mut by_hand = params.clone();
    let range = |values: &[f64]| {
        let start = params.values().windows(values.len()).position(|x| x == values).unwrap();
        start..start + values.len()
    };
    let at = range(params.get(u).unwrap().values());
    for (w, &g) in by_hand.values_mut()[at].iter_mut().zip(&du) {
        *w = if g == 0.0 { 0.0 } else { 2.0 * *w };
    }
    let mut other = Grad::zeros(&by_hand);
    let wanted = Tape::new()
        .gradient(&by_hand, &mut other, |g| Rnn(lstm).forward(g.input(&x)).values().square().sum())
        .unwrap();
    assert_eq!(loss, wanted);
    assert_eq!(dw, other.of(w).unwrap().values());
    for (g, o) in du.iter().zip(other.of(u).unwrap().values()) {
        assert!(*g == 0.0 || *g == 2.0 * o, "{g} {o}");
    }
    assert_eq!(pass(0).0, loss, "the same step draws the same mask");
    assert_ne!(pass(1).0, loss);
    // In evaluation nothing is dropped.
    let [a, b] = Tape::new()
        .evaluate(&params, |g| {
            let x = g.input(&x);
            [Rnn(dropped).forward(x).values().tensor(), Rnn(lstm).forward(x).values().tensor()]
        })
        .unwrap();
    assert_eq!(a, b);
}

/// A sequence of a cell: outputs, and the gradients of inputs and weights.
fn pass<C: Cell>(cell: &C, params: &Params<f64>, marked: bool) -> [Vec<f64>; 3] {
    let x = tensor([TIME, BATCH, 2], "x");
    let w = tensor([TIME, BATCH, cell.output()], "w");
    let (mut tape, mut grad) = (Tape::new().seed(5), Grad::zeros(params));
    let mut y = Tensor::default();
    tape.gradient(params, &mut grad, |g| {
        let mut xs = Seq::from(g.wanted(&x));
        if marked {
            let resets: Vec<u32> = (0..TIME * BATCH).map(|i| u32::from(i % 5 == 4)).collect();
            xs = xs.with_lengths(&[7, 0, 4]).with_resets(&resets);
        }
        let ys = Rnn(cell).forward(xs).values();
        y = ys.tensor();
        (ys * g.input(&w)).sum()
    })
    .unwrap();
    let dx = tape.wanted(0).unwrap().values().to_vec();
    [y.into_values(), dx, grad.values().to_vec()]
}

#[track_caller]
fn close(a: &[f64], b: &[f64], tolerance: f64) {
    let size = a.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
    assert_eq!(a.len(), b.len());
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * size, "element {i}: {a} is not {b}");
    }
}

/// A segment that is computed again draws the masks that it drew when its values were kept.
#[test]
fn dropout_masks_are_the_same_whether_a_pass_is_stored_or_computed_again() {
    let (cells, params) = built(|p| {
        let lstm = Lstm::new(p.scope("lstm"), 2, 4)?;
        let zoned = Zoneout::new(lstm, p.scope("zone"), 0.3, 0.4)?;
        let varied = Variational::new(zoned, p.scope("v"), 0.2, 0.3)?;
        let stored = Dropout::new(varied, p.scope("drop"), 0.5)?;
        Ok((stored, [1, 2, 3, 6].map(|steps| Segmented::of(stored, steps).unwrap())))
    });
    let (stored, recomputed) = cells;
    for marked in [false, true] {
        let [y, dx, dw] = pass(&stored, &params, marked);
        for again in &recomputed {
            let [y2, dx2, dw2] = pass(again, &params, marked);
            assert_eq!(y, y2);
            close(&dx, &dx2, 1e-12);
            close(&dw, &dw2, 1e-12);
        }
    }
}

/// A cell whose sequences go in pieces, all of which are kept.
#[derive(Clone, Copy)]
struct InPieces<C>(C, usize);

impl<C: Cell> Cell for InPieces<C> {
    type State<'g, T: Real> = C::State<'g, T>;
    fn output(&self) -> usize {
        self.0.output()
    }
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: C::State<'g, T>,
    ) -> (Var<'g, T>, C::State<'g, T>) {
        self.0.step(x, s)
    }
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        mut s: C::State<'g, T>,
    ) -> (Var<'g, T>, C::State<'g, T>) {
        let mut ys = Vec::new();
        for start in (0..xs.time()).step_by(self.1) {
            let piece = xs.slice(start, self.1.min(xs.time() - start));
            let (y, next) = self.0.sequence(piece, s);
            ys.push(y);
            s = next;
        }
        (xs.graph().concat(0, &ys), s)
    }
}

#[test]
fn equal_segments_give_equal_bits_whether_kept_or_computed_again() {
    let (lstm, params) = built(|p| Lstm::new(p.scope("lstm"), 2, 5));
    for marked in [false, true] {
        for steps in 1..=TIME {
            let kept = pass(&InPieces(lstm, steps), &params, marked);
            let again = pass(&Segmented::of(lstm, steps).unwrap(), &params, marked);
            assert_eq!(kept, again, "{steps} steps");
            let whole = pass(&lstm, &params, marked);
            assert_eq!(whole[0], again[0]);
            close(&whole[1], &again[1], 1e-12);
            close(&whole[2], &again[2], 1e-12);
        }
    }
}

#[test]
fn a_truncated_gradient_ends_where_its_piece_begins() {
    let (lstm, params) = built(|p| Lstm::new(p.scope("lstm"), 2, 5));
    let x = tensor([TIME, BATCH, 2], "x");
    // The loss looks at step 4 only, which lies in the piece of steps 3, 4 and 5.
    let gradient = |stop_by_hand: bool| {
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
        tape.gradient(&params, &mut grad, |g| {
            let x = g.wanted(&x);
            if !stop_by_hand {
                let cut = Truncated::new(lstm, 3).unwrap();
                return Rnn(cut).forward(x).values().at(4).square().sum();
            }
            let (_, [h, c]) = Rnn(lstm).run(x.slice(0, 3), lstm.initial(g, BATCH));
            Rnn(lstm).run(x.slice(3, 2), [h.stop(), c.stop()]).0.at(1).square().sum()
        })
        .unwrap();
        (tape.wanted(0).unwrap().values().to_vec(), grad.values().to_vec())
    };
    let (dx, dw) = gradient(false);
    for (t, dx) in dx.chunks(BATCH * 2).enumerate() {
        assert_eq!(dx.iter().any(|&d| d != 0.0), t == 3 || t == 4, "step {t}");
    }
    assert_eq!((dx, dw), gradient(true));
}

/// ∂/∂h of the sum of outputs of h′ = x + h after 7 steps: 7, 6, … without a limit; messages of at
/// most 2 with one.
#[test]
fn messages_are_cut_at_every_step() {
    let gradient = |limit: f64| {
        let (cell, params) = built(|_| Clipped::new(Sum, limit));
        let (mut tape, x) = (Tape::new(), tensor([TIME, 1, SIZE], "x"));
        tape.gradient(&params, &mut Grad::zeros(&params), |g| {
            Rnn(cell).forward(g.wanted(&x)).values().sum()
        })
        .unwrap();
        let dx = tape.wanted(0).unwrap();
        dx.values().chunks(SIZE).map(|dx| dx[0]).collect::<Vec<_>>()
    };
    assert_eq!(gradient(f64::INFINITY), [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    assert_eq!(gradient(2.0), [3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 1.0]);
    assert_eq!(gradient(0.0), [1.0; TIME]);
}

#[test]
fn a_learned_start_is_the_same_weight_for_all_rows_and_all_new_starts() {
    let (cell, mut params) = built(|p| Learned::new(Sum, p.scope("start")));
    let start = cell.start();
    assert_eq!(params.get(start).unwrap().values(), [0.0; SIZE]);
    params.values_mut().fill(5.0);
    let zeros = Tensor::zeros([TIME, 2, SIZE]).unwrap();
    let mut grad = Grad::zeros(&params);
    let mut y = Tensor::default();
    Tape::new()
        .gradient(&params, &mut grad, |g| {
            // The second row starts anew twice.
            let mut resets = [0; TIME * 2];
            (resets[2 * 2 + 1], resets[2 * 5 + 1]) = (1, 1);
            let ys = Rnn(cell).forward(Seq::from(g.input(&zeros)).with_resets(&resets)).values();
            y = ys.tensor();
            ys.at(1).sum() + ys.at(6).sum()
        })
        .unwrap();
    assert!(y.values().iter().all(|&y| y == 5.0));
    // Both rows at step 1 and both at step 6 come from it.
    assert_eq!(grad.of(start).unwrap().values(), [4.0; SIZE]);
}

#[test]
fn settings_that_make_no_sense_are_errors() {
    let refused = |error: Result<(), Error>, what: &str| {
        let error = error.expect_err(what).to_string();
        assert!(error.contains(what), "{error}");
    };
    for rate in [1.0, -0.1, f64::NAN] {
        let new = |f: fn(elman_autograd::Scope<'_>, f64) -> Result<(), Error>| {
            Params::<f64>::init(1, |p| f(p.scope("a"), rate)).map(drop)
        };
        refused(new(|p, rate| Dropout::new(Sum, p, rate).map(drop)), "the rate of dropout");
        refused(new(|p, rate| Zoneout::new(Sum, p, rate, 0.0).map(drop)), "the rate of zoneout");
        refused(new(|p, rate| Zoneout::new(Sum, p, 0.0, rate).map(drop)), "the rate of zoneout");
        refused(new(|p, rate| Variational::new(Sum, p, rate, 0.0).map(drop)), "inputs");
        refused(new(|p, rate| Variational::new(Sum, p, 0.0, rate).map(drop)), "the state");
        refused(new(|p, rate| WeightDrop::new(Sum, p, [], rate).map(drop)), "weights");
    }
    refused(Truncated::new(Sum, 0).map(drop), "at least 1 step, got 0");
    refused(Segmented::of(Sum, 0).map(drop), "at least 1 step, got 0");
    refused(Clipped::new(Sum, -1.0).map(drop), "at least 0, got -1");
}

/// What does not fit is reported at the line of whoever used it.
#[test]
fn misfits_are_found_at_the_callers_line() {
    let ((residual, zoned, dropped, segments), params) = built(|p| {
        let lstm = Lstm::new(p.scope("lstm"), 2, 5)?;
        let [_, u, _] = lstm.gates().params();
        let echo = Zoneout::new(Echo, p.scope("zone"), 0.1, 0.0)?;
        let segments = Segmented::of(lstm, 2)?;
        let dropped = WeightDrop::new(segments, p.scope("drop"), [u], 0.5)?;
        Ok((Residual(lstm), echo, dropped, segments))
    });
    let x = tensor([TIME, BATCH, 2], "x");
    let wide = tensor([TIME, BATCH, SIZE], "x");
    let mut grad = Grad::zeros(&params);
    let line = line!();
    let errors = [
        Tape::new()
            .gradient(&params, &mut grad, |g| Rnn(residual).forward(g.input(&x)).values().sum()),
        Tape::new()
            .gradient(&params, &mut grad, |g| Rnn(zoned).forward(g.input(&wide)).values().sum()),
        Tape::new()
            .gradient(&params, &mut grad, |g| Rnn(dropped).forward(g.input(&x)).values().sum()),
        Tape::new()
            .gradient(&params, &mut grad, |g| Rnn(segments).forward(g.input(&wide)).values().sum()),
    ];
    for (error, rule) in errors.into_iter().zip(["residual", "zoneout", "segment", "affine"]) {
        let Err(Error::Misfit { rule: found, site, .. }) = error else { panic!("{error:?}") };
        assert_eq!((found, site.line.file()), (rule, file!()));
        assert!(site.line.line() > line, "{site:?}");
    }
}
