//! Connectionist temporal classification: padding, rows that are impossible, digits, misfits.

use crate::object::LossOf;
use elman_autograd::{Grad, Params, Tape};
use elman_tensor::{Random, Real, Tensor};
use elman_train::{Ctc, ctc, masked, weighted};

/// A loss of logits, and its gradient.
fn gradient<T: Real>(x: &Tensor<f64>, loss: &LossOf<'_, T>) -> (f64, Vec<f64>) {
    let ((), params) = Params::<T>::init(0, |_| Ok(())).unwrap();
    let x = Tensor::from_fn(x.shape(), |i| T::from_f64(x.values()[i])).unwrap();
    let mut tape = Tape::new();
    let value = tape.gradient(&params, &mut Grad::zeros(&params), |g| loss(g, g.wanted(&x)));
    let grad = tape.wanted(0).unwrap().values().iter().map(|d| d.to_f64()).collect();
    (value.unwrap().to_f64(), grad)
}

fn logits(time: usize, batch: usize, classes: usize) -> Tensor<f64> {
    let mut random = Random::new(1, "ctc", 0);
    Tensor::from_fn([time, batch, classes], |_| random.normal()).unwrap()
}

/// Row 1 of three, masked or of weight 0, and what lies past an end, may be NaN.
#[test]
fn padding_reaches_neither_loss_nor_gradient() {
    let x = logits(4, 3, 3);
    let (lengths, labels, counts) = ([4, 3, 2], [1, 2, 2, 1, 2], [2, 1, 2]);
    let mut dirty = x.clone();
    for t in 0..4 {
        for b in (0..3).filter(|&b| b == 1 || t >= lengths[b] as usize) {
            dirty.values_mut()[(t * 3 + b) * 3..][..3].fill(f64::NAN);
        }
    }
    let w = Tensor::new([3], vec![1.0, 0.0, 1.0]).unwrap();
    let run = |x: &Tensor<f64>, mask: bool| {
        gradient::<f64>(x, &|g, x| {
            let [lengths, labels, counts] = [&lengths[..], &labels, &counts].map(|ids| g.ids(ids));
            let labels = match mask {
                true => masked(labels, g.ids(&[1, 0, 1])),
                false => weighted(labels, g.input(&w)),
            };
            ctc(x, lengths, labels, counts, 0)
        })
    };
    let clean = run(&x, true);
    for (x, mask) in [(&x, false), (&dirty, true), (&dirty, false)] {
        assert_eq!(run(x, mask), clean);
    }
    for t in 0..4 {
        for b in 0..3 {
            let inside = b != 1 && t < lengths[b] as usize;
            let row = &clean.1[(t * 3 + b) * 3..][..3];
            assert_eq!(row.iter().any(|d| *d != 0.0), inside);
        }
    }
    // The mean of the two rows that count, each alone.
    let one = |b: usize, labels: &[u32]| {
        let row = |i: usize| x.values()[(i / 3 * 3 + b) * 3 + i % 3];
        let x = Tensor::from_fn([4, 1, 3], row).unwrap();
        gradient::<f64>(&x, &|g, x| {
            ctc(x, g.ids(&[lengths[b]]), g.ids(labels), g.ids(&[labels.len() as u32]), 0)
        })
        .0
    };
    assert!((clean.0 - (one(0, &[1, 2]) + one(2, &[1, 2])) / 2.0).abs() < 1e-15);
}

/// Where all logits of a step are −∞, no class is possible, and so no alignment.
#[test]
fn a_step_without_any_possible_class_makes_its_row_impossible() {
    let inf = f64::INFINITY;
    for at in [0, 2] {
        for all in [false, true] {
            let mut x = logits(3, 2, 3);
            for t in (0..3).filter(|&t| all || t == at) {
                x.values_mut()[t * 6..][..3].fill(-inf);
            }
            for (zero, labels, counts) in
                [(false, &[1, 2][..], [1, 1]), (true, &[1, 2], [1, 1]), (true, &[2], [0, 1])]
            {
                let (loss, grad) = gradient::<f64>(&x, &|g, x| {
                    let [lengths, labels, counts] =
                        [&[3, 3][..], labels, &counts].map(|ids| g.ids(ids));
                    Ctc::new(0).zero_infinity(zero).loss(x, lengths, labels, counts)
                });
                assert_eq!(loss.is_finite(), zero);
                assert!(zero || loss == inf, "{loss}");
                for (i, d) in grad.iter().enumerate() {
                    assert_eq!(*d != 0.0, i % 6 >= 3, "{i}: {d}");
                }
            }
        }
    }
}

#[test]
fn impossible_rows_are_infinite_or_nothing_and_have_no_gradient() {
    let inf = f64::INFINITY;
    let mut x = logits(3, 4, 3);
    // Row 3 can never be in class 2.
    (0..3).for_each(|t| x.values_mut()[(t * 4 + 3) * 3 + 2] = -inf);
    // Two equal labels in two steps, a label in no step, a possible row, an impossible label.
    let (lengths, labels, counts) = ([2, 0, 3, 3], [1, 1, 2, 1, 2], [2, 1, 1, 1]);
    let run = |settings: Ctc| {
        gradient::<f64>(&x, &|g, x| {
            settings.loss(x, g.ids(&lengths), g.ids(&labels), g.ids(&counts))
        })
    };
    let (loss, grad) = run(Ctc::new(0));
    assert_eq!(loss, inf);
    let (zero, same) = run(Ctc::new(0).zero_infinity(true));
    assert!(zero > 0.0 && zero.is_finite());
    assert_eq!(grad, same);
    for (i, d) in grad.iter().enumerate() {
        assert_eq!(*d != 0.0, i / 3 % 4 == 2, "{i}");
    }
}

#[test]
fn rows_without_steps_labels_or_classes() {
    let x = logits(3, 2, 2);
    let loss = |lengths: [u32; 2]| {
        gradient::<f64>(&x, &|g, x| ctc(x, g.ids(&lengths), g.ids(&[]), g.ids(&[0, 0]), 1))
    };
    assert_eq!(loss([0, 0]), (0.0, vec![0.0; 12]));
    let blank = |t: usize, b: usize| {
        let [a, c] = [x.values()[(t * 2 + b) * 2], x.values()[(t * 2 + b) * 2 + 1]];
        (1.0 + (a - c).exp()).ln()
    };
    let wanted = (blank(0, 0) + (0..3).map(|t| blank(t, 1)).sum::<f64>()) / 2.0;
    assert!((loss([1, 3]).0 - wanted).abs() < 1e-14);
    // A blank alone is certain.
    let alone =
        gradient::<f64>(&logits(3, 1, 1), &|g, x| ctc(x, g.ids(&[3]), g.ids(&[]), g.ids(&[0]), 0));
    assert_eq!(alone, (0.0, vec![0.0; 3]));
    // No rows: nothing to average over, unless there is a mask.
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let empty = |mask: bool| {
        Tape::new().evaluate(&params, |g| {
            let (x, none) = (g.zeros([3, 0, 2]), g.ids(&[]));
            if mask {
                ctc(x, none, masked(none, none), none, 0).item()
            } else {
                ctc(x, none, none, none, 0).item()
            }
        })
    };
    assert_eq!(empty(true), Ok(0.0));
    assert!(empty(false).unwrap_err().to_string().contains("no elements"));
}

/// The likeliest path keeps the digits of how unlikely the others are, and large logits do not
/// overflow.
#[test]
fn certain_rows_keep_their_digits() {
    let x = Tensor::new([2, 1, 2], vec![0.0, 30.0, 30.0, 0.0]).unwrap();
    // Label then blank; the path of two labels is as unlikely as that of two blanks, and counts.
    let run = |g: &Tensor<f64>| {
        gradient::<f32>(g, &|g, x| ctc(x, g.ids(&[2]), g.ids(&[1]), g.ids(&[1]), 0)).0
    };
    let exact = (-30.0f64).exp();
    let loss = run(&x);
    assert!((loss - exact).abs() < 1e-4 * exact, "{loss:e} is not {exact:e}");
    let huge = Tensor::new([2, 1, 2], vec![1e30, -1e30, 1e30, -1e30]).unwrap();
    let (loss, grad) =
        gradient::<f32>(&huge, &|g, x| ctc(x, g.ids(&[2]), g.ids(&[1]), g.ids(&[1]), 0));
    assert!((loss - 2e30).abs() < 1e-5 * 2e30, "{loss:e}");
    assert!(grad.iter().all(|d| d.is_finite()));
}

#[test]
fn misfits_say_what_does_not_fit() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let x = Tensor::<f64>::zeros([3, 2, 4]).unwrap();
    /// Lengths, labels, label lengths.
    type Ids = [&'static [u32]; 3];
    let given: [(Ids, u32, &str); 8] = [
        ([&[3], &[1, 2], &[1, 1]], 0, "1 lengths for 2 rows"),
        ([&[3, 3], &[1, 2], &[1, 1, 0]], 0, "3 label lengths for 2 rows"),
        ([&[3, 4], &[1, 2], &[1, 1]], 0, "length 4 of 3 steps"),
        ([&[3, 3], &[1, 2], &[1, 2]], 0, "2 labels for rows of 3 together"),
        ([&[3, 3], &[1, 4], &[1, 1]], 0, "label 4 of 4 classes"),
        ([&[3, 3], &[1, 2], &[1, 1]], 4, "blank 4 of 4 classes"),
        ([&[3, 3], &[1, 2], &[1, 1]], 2, "the blank, 2, is among the labels"),
        ([&[3, u32::MAX], &[1, u32::MAX], &[u32::MAX; 2]], 0, "length 4294967295"),
    ];
    for (ids, blank, words) in given {
        let mut line = 0;
        let error = Tape::new().evaluate(&params, |g| {
            let [lengths, labels, counts] = ids.map(|ids| g.ids(ids));
            line = line!() + 1;
            ctc(g.input(&x), lengths, labels, counts, blank).item()
        });
        let error = error.unwrap_err().to_string();
        for part in ["ctc", "[3, 2, 4]", words, &format!("{}:{line}:", file!())] {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
    }
    let flat = Tape::new().evaluate(&params, |g| {
        let none = g.ids(&[]);
        ctc(g.zeros([3, 4]), none, none, none, 0).item()
    });
    assert!(flat.unwrap_err().to_string().contains("[time, batch, classes]"));
    let rows = Tape::new().evaluate(&params, |g| {
        let (x, two) = (g.input(&x), g.ids(&[1, 1]));
        ctc(x, two, masked(g.ids(&[1, 2]), g.ids(&[1, 1, 1])), two, 0).item()
    });
    assert!(rows.unwrap_err().to_string().contains("3 flags for 2 losses"));
}
