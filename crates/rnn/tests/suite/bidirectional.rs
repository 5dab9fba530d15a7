//! Both directions against each row read by itself, forwards and backwards, in plain loops.

use elman_autograd::{Error, Grad, Params, Tape};
use elman_rnn::{Bidirectional, Cell, Gru, Layer, Lstm, Merge, Seq, State};
use elman_tensor::{Random, Shape, Tensor};

const TIME: usize = 5;
const INPUT: usize = 2;
const LENGTHS: [u32; 4] = [5, 0, 1, 3];

type Model = Bidirectional<Lstm, Gru>;

fn model() -> (Model, Params<f64>) {
    Params::init(3, |p| {
        let forward = Lstm::new(p.scope("f"), INPUT, 3)?;
        Ok(Bidirectional::new(forward, Gru::new(p.scope("b"), INPUT, 3)?))
    })
    .unwrap()
}

fn normal(shape: impl Into<Shape>) -> Tensor<f64> {
    let mut random = Random::new(1, "bidirectional", 0);
    Tensor::from_fn(shape, |_| random.normal()).unwrap()
}

/// The steps of a row, `[time, 1, in]`.
fn row(x: &Tensor<f64>, b: usize, steps: impl Iterator<Item = usize>) -> Tensor<f64> {
    let batch = x.shape().get(1).unwrap();
    let steps: Vec<_> = steps.collect();
    let values = steps.iter().flat_map(|t| x.values()[(t * batch + b) * INPUT..][..INPUT].to_vec());
    Tensor::new([steps.len(), 1, INPUT], values.collect()).unwrap()
}

/// The outputs of a cell on one row, and its last state.
fn alone<C: Cell>(cell: &C, params: &Params<f64>, x: &Tensor<f64>) -> (Vec<f64>, Vec<f64>) {
    Tape::new()
        .evaluate(params, |g| {
            let (y, s) = cell.sequence(Seq::from(g.input(x)), cell.initial(g, 1));
            let mut last = Vec::new();
            s.each(&mut |s| last.extend(s.tensor().into_values()));
            (y.tensor().into_values(), last)
        })
        .unwrap()
}

/// Outputs `[time][row][feature]` and last states of both directions, `[part][row][unit]`.
type Outcome = (Tensor<f64>, Vec<Tensor<f64>>, Vec<Tensor<f64>>);

fn together(model: &Model, params: &Params<f64>, x: &Tensor<f64>, lengths: &[u32]) -> Outcome {
    Tape::new()
        .evaluate(params, |g| {
            let xs = Seq::from(g.input(x)).with_lengths(lengths);
            let start = (model.forward.initial(g, 4), model.backward.initial(g, 4));
            let (y, (a, b)) = model.run(xs, start);
            (y.tensor(), a.map(|s| s.tensor()).to_vec(), b.map(|s| s.tensor()).to_vec())
        })
        .unwrap()
}

/// A row that is read backwards begins at its own last step: not in the padding behind it.
#[test]
fn a_reversed_row_starts_at_its_own_end() {
    let (model, params) = model();
    let x = normal([TIME, 4, INPUT]);
    let (y, _, _) = together(&model, &params, &x, &LENGTHS);
    for (b, &length) in LENGTHS.iter().enumerate() {
        let length = length as usize;
        let (forward, _) = alone(&model.forward, &params, &row(&x, b, 0..length));
        let (backward, _) = alone(&model.backward, &params, &row(&x, b, (0..length).rev()));
        for t in 0..TIME {
            let found = &y.values()[(t * 4 + b) * 6..][..6];
            if t < length {
                let wanted = [&forward[3 * t..][..3], &backward[3 * (length - 1 - t)..][..3]];
                assert_eq!(found, wanted.concat(), "row {b}, step {t}");
            } else {
                assert_eq!(found, [0.0; 6], "row {b}, past its end at {t}");
            }
        }
    }
}

/// The last state of the backward direction has read the whole row and ends at its first step; a
/// row of no steps keeps the initial state.
#[test]
fn final_states_are_taken_from_the_right_ends() {
    let (model, params) = model();
    let x = normal([TIME, 4, INPUT]);
    let (y, forward, backward) = together(&model, &params, &x, &LENGTHS);
    for (b, &length) in LENGTHS.iter().enumerate() {
        let length = length as usize;
        let of = |s: &[Tensor<f64>]| {
            s.iter().flat_map(|s| s.values()[3 * b..][..3].to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(of(&forward), alone(&model.forward, &params, &row(&x, b, 0..length)).1);
        let reversed = row(&x, b, (0..length).rev());
        assert_eq!(of(&backward), alone(&model.backward, &params, &reversed).1);
        if length > 0 {
            // What it gives at the first step is its last state, and not that of the padding.
            assert_eq!(of(&backward), y.values()[b * 6 + 3..][..3]);
        } else {
            assert_eq!((of(&forward), of(&backward)), (vec![0.0; 6], vec![0.0; 3]));
        }
    }
}

/// NaN in the padding reaches no output and no gradient, also where all rows are padding.
#[test]
fn rows_of_no_steps_and_batches_of_nothing_but_padding() {
    let (model, params) = model();
    for lengths in [[5, 0, 0, 2], [0; 4]] {
        let mut x = normal([TIME, 4, INPUT]);
        for (i, x) in x.values_mut().iter_mut().enumerate() {
            let (t, b) = (i / INPUT / 4, i / INPUT % 4);
            if t >= lengths[b] as usize {
                *x = f64::NAN;
            }
        }
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
        let loss = tape.gradient(&params, &mut grad, |g| {
            let xs = Seq::from(g.wanted(&x)).with_lengths(&lengths);
            model.forward(xs).values().square().sum()
        });
        assert_eq!(loss.unwrap() > 0.0, lengths[0] > 0);
        assert_eq!(grad.norm() > 0.0, lengths[0] > 0);
        let dx = tape.wanted(0).unwrap();
        for (i, &dx) in dx.values().iter().enumerate() {
            let (t, b) = (i / INPUT / 4, i / INPUT % 4);
            assert!(dx.is_finite() && (dx != 0.0) == (t < lengths[b] as usize), "{t} {b} {dx}");
        }
    }
}

/// A row that starts anew in the middle is two rows, in both directions.
#[test]
fn a_new_start_is_a_border_for_both_directions() {
    let (model, params) = model();
    let x = normal([TIME, 1, INPUT]);
    let pieces = [0..2, 2..4, 4..5];
    let (whole, pieces) = Tape::new()
        .evaluate(&params, |g| {
            let xs = Seq::from(g.input(&x)).with_resets(&[0, 0, 1, 0, 1]);
            let x = g.input(&x);
            let piece = |t: std::ops::Range<usize>| model.forward(x.slice(t.start, t.len()));
            let pieces = pieces.map(|t| piece(t).values().tensor().into_values());
            (model.forward(xs).values().tensor(), pieces)
        })
        .unwrap();
    assert_eq!(whole.values(), pieces.concat());
}

#[test]
fn outputs_are_merged_in_four_ways() {
    let (model, params) = model();
    let x = normal([TIME, 4, INPUT]);
    let merged = |merge| {
        let model = model.merge(merge);
        let y = Tape::new().evaluate(&params, |g| model.forward(g.input(&x)).values().tensor());
        y.unwrap()
    };
    let both = merged(Merge::Concat);
    let pairs = both.values().chunks(6).flat_map(|y| (0..3).map(|i| (y[i], y[3 + i])));
    let pairs: Vec<_> = pairs.collect();
    let by = |f: fn(f64, f64) -> f64| pairs.iter().map(|&(y, z)| f(y, z)).collect::<Vec<_>>();
    assert_eq!(merged(Merge::Sum).values(), by(|y, z| y + z));
    assert_eq!(merged(Merge::Mean).values(), by(|y, z| 0.5 * (y + z)));
    assert_eq!(merged(Merge::Product).values(), by(|y, z| y * z));
}

#[test]
fn sizes_that_do_not_fit_are_errors_with_the_callers_line() {
    let (model, params) = Params::<f64>::init(3, |p| {
        let forward = Gru::new(p.scope("f"), INPUT, 3)?;
        Ok(Bidirectional::new(forward, Gru::new(p.scope("b"), INPUT, 4)?).merge(Merge::Sum))
    })
    .unwrap();
    let x = normal([TIME, 4, INPUT]);
    let line = line!() + 2;
    let error = Tape::new()
        .evaluate(&params, |g| model.forward(g.input(&x)).values().shape())
        .expect_err("3 and 4 outputs have no sum");
    let Error::Misfit { rule: "add", site, .. } = error else { panic!("{error}") };
    assert_eq!((site.line.file(), site.line.line()), (file!(), line));
}
