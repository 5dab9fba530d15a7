//! Layers and sequences, seen from outside: lengths, resets, embeddings, linear maps, one layer
//! after another, states that are carried, and the table of a model's weights.

use crate::support::{bits, normal};
use elman::prelude::*;
use elman::rnn::State;

const TIME: usize = 5;
const BATCH: usize = 4;

#[test]
fn the_last_step_of_each_row() {
    let ((), params) = Params::<f64>::init(0, |_| Ok(())).unwrap();
    let x = Tensor::from_fn([TIME, BATCH, 2], |i| i as f64).unwrap();
    let at = |t: usize, b: usize| [0, 1].map(|i| ((t * BATCH + b) * 2 + i) as f64);
    let w = normal::<f64>([BATCH, 2], "w");
    let lengths = [5, 0, 1, 3];
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
    let (mut last, mut whole) = (Tensor::default(), Tensor::default());
    tape.gradient(&params, &mut grad, |g| {
        let xs = Seq::from(g.wanted(&x));
        whole = xs.last().tensor();
        let y = xs.with_lengths(&lengths).last();
        last = y.tensor();
        (y * g.input(&w)).sum()
    })
    .unwrap();
    assert_eq!(whole.values(), [at(4, 0), at(4, 1), at(4, 2), at(4, 3)].concat());
    assert_eq!(last.shape(), Shape::from([BATCH, 2]));
    assert_eq!(last.values(), [at(4, 0), [0.0; 2], at(0, 2), at(2, 3)].concat());
    // The gradient goes to each row's own end, and nowhere else.
    let mut wanted = vec![0.0; TIME * BATCH * 2];
    for (b, t) in [(0, 4), (2, 0), (3, 2)] {
        let to = (t * BATCH + b) * 2;
        wanted[to..to + 2].copy_from_slice(&w.values()[2 * b..2 * b + 2]);
    }
    assert_eq!(tape.wanted(0).unwrap().values(), wanted);
}

/// What lies past the end of a row reaches nothing: not NaN, not infinity.
#[test]
fn padding_is_not_there() {
    let (model, params) = Params::<f64>::init(1, |p| {
        Ok(Gru::new(p.scope("gru"), 2, 3)?.readout(Linear::new(p.scope("head"), 3, 2)?))
    })
    .unwrap();
    let lengths = [5u32, 0, 1, 3];
    let run = |padding: f64| {
        let mut x = normal::<f64>([TIME, BATCH, 2], "x");
        for (i, x) in x.values_mut().iter_mut().enumerate() {
            if i / 2 / BATCH >= lengths[i / 2 % BATCH] as usize {
                *x = padding;
            }
        }
        let (mut tape, mut grad) = (Tape::new().check(padding == 0.0), Grad::zeros(&params));
        let mut y = Tensor::default();
        let loss = tape.gradient(&params, &mut grad, |g| {
            let ys = Rnn(model).forward(Seq::from(g.wanted(&x)).with_lengths(&lengths));
            y = ys.values().tensor();
            ys.values().square().sum() + ys.last().sum()
        });
        let dx = tape.wanted(0).unwrap().values().to_vec();
        (bits(&[loss.unwrap()]), bits(y.values()), bits(&dx), bits(grad.values()), y)
    };
    let clean = run(0.0);
    for padding in [f64::NAN, f64::INFINITY, 1e300] {
        let dirty = run(padding);
        assert_eq!(clean, (dirty.0, dirty.1, dirty.2, dirty.3, clean.4.clone()));
    }
    // The readout's bias does not show past the end.
    for (i, &y) in clean.4.values().iter().enumerate() {
        let inside = i / 2 / BATCH < lengths[i / 2 % BATCH] as usize;
        assert_eq!(y != 0.0, inside);
    }
}

/// A row with resets is its pieces one after the other, whatever the other rows do.
#[test]
fn a_row_with_resets_is_its_pieces() {
    let (cell, params) = Params::<f64>::init(1, |p| Lstm::new(p.scope("c"), 2, 3)).unwrap();
    let x = normal::<f64>([TIME, 2, 2], "x");
    // The second row begins anew before steps 2 and 3; any number but 0 is a flag.
    let resets = [0, 0, 0, 0, 0, 1, 0, 7, 0, 0];
    let tensors = Tape::new()
        .evaluate(&params, |g| {
            let x = g.input(&x);
            let whole = Rnn(cell).forward(Seq::from(x).with_resets(&resets)).values();
            let plain = Rnn(cell).forward(x).values();
            let pieces = [(0, 2), (2, 1), (3, 2)]
                .map(|(start, len)| Rnn(cell).forward(x.slice(start, len)).values());
            let pieces = g.concat(0, &pieces);
            [
                (whole.part(1, 0, 1), plain.part(1, 0, 1)),
                (whole.part(1, 1, 1), pieces.part(1, 1, 1)),
            ]
            .map(|(a, b)| [a.tensor(), b.tensor()])
        })
        .unwrap();
    for [a, b] in tensors {
        assert_eq!(bits(a.values()), bits(b.values()));
    }
}

#[test]
fn an_embedding_looks_up() {
    let (symbols, params) =
        Params::<f64>::init(1, |p| Embedding::new(p.scope("symbols"), 4, 3)).unwrap();
    let table = params.get(symbols.param()).unwrap();
    let row = |id: usize| &table.values()[3 * id..3 * id + 3];
    let ids = [2, 0, 2, 3, 2, 1];
    let mut grad = Grad::zeros(&params);
    let (mut flat, mut steps) = (Tensor::default(), Tensor::default());
    Tape::new()
        .gradient(&params, &mut grad, |g| {
            let of = symbols.of(g, &ids);
            flat = of.tensor();
            steps = symbols.sequence(g, &ids, 2).tensor();
            of.sum()
        })
        .unwrap();
    let wanted = ids.map(|id| row(id as usize)).concat();
    assert_eq!((flat.shape(), flat.values()), (Shape::from([6, 3]), &wanted[..]));
    assert_eq!((steps.shape(), steps.values()), (Shape::from([3, 2, 3]), &wanted[..]));
    // A symbol learns as often as it occurs.
    assert_eq!(grad.values(), [1., 1., 1., 1., 1., 1., 3., 3., 3., 1., 1., 1.]);
    let empty = Tape::new()
        .evaluate(&params, |g| [symbols.of(g, &[]).shape(), symbols.sequence(g, &[], 2).shape()]);
    assert_eq!(empty, Ok([Shape::from([0, 3]), Shape::from([0, 2, 3])]));
}

/// y = b + x · W over the innermost axis, whatever comes before it.
#[test]
fn a_linear_map_of_any_rank() {
    let ((linear, unbiased), params) = Params::<f64>::init(1, |p| {
        let linear = Linear::new(p.scope("linear"), 3, 2)?;
        Ok((linear, Linear::unbiased(p.scope("unbiased"), 3, 2, Init::Glorot)?))
    })
    .unwrap();
    assert_eq!((linear.output(), unbiased.params().1), (2, None));
    let weights = |linear: Linear| {
        let (w, b) = linear.params();
        let b = b.map_or(vec![0.0; 2], |b| params.get(b).unwrap().values().to_vec());
        (params.get(w).unwrap().values().to_vec(), b)
    };
    let shapes = [Shape::from([3]), [4, 3].into(), [2, 4, 3].into(), [2, 1, 4, 3].into()];
    for shape in shapes {
        let x = normal::<f64>(shape, "x");
        for linear in [linear, unbiased] {
            let (w, b) = weights(linear);
            let y = Tape::new().evaluate(&params, |g| linear.of(g.input(&x)).tensor()).unwrap();
            assert_eq!(y.shape(), shape.with_last(2));
            for (x, y) in x.values().chunks(3).zip(y.values().chunks(2)) {
                for j in 0..2 {
                    let sum: f64 = b[j] + (0..3).map(|k| x[k] * w[2 * k + j]).sum::<f64>();
                    assert!((sum - y[j]).abs() <= 1e-15 * (1.0 + sum.abs()), "{sum} {}", y[j]);
                }
            }
        }
    }
}

#[test]
fn one_layer_after_another() {
    #[derive(Clone, Copy)]
    struct Doubled;
    impl Layer for Doubled {
        fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
            let xs = xs.into();
            xs.with_values(xs.values() * 2.0)
        }
    }
    let ((a, b, c), params) = Params::<f64>::init(1, |p| {
        let a = Rnn(Elman::new(p.scope("a"), 2, 3)?);
        Ok((a, Rnn(Gru::new(p.scope("b"), 3, 4)?), Linear::new(p.scope("c"), 4, 1)?))
    })
    .unwrap();
    let x = normal::<f64>([TIME, BATCH, 2], "x");
    let lengths = [5, 0, 1, 3];
    let model = a.then(Doubled).then(b.then(c));
    let (y, z, lengths_after) = Tape::new()
        .evaluate(&params, |g| {
            let xs = Seq::from(g.input(&x)).with_lengths(&lengths);
            let y = model.forward(xs);
            let z = c.forward(b.forward(Doubled.forward(a.forward(xs))));
            (y.last().tensor(), z.last().tensor(), y.lengths().map(|l| l.with(<[u32]>::to_vec)))
        })
        .unwrap();
    assert_eq!(bits(y.values()), bits(z.values()));
    assert_eq!(lengths_after, Some(lengths.to_vec()), "lengths go along");
    // It equals the stack of its cells where nothing is in between.
    let stack = Rnn(a.0.stack(b.0));
    let same = Tape::new().evaluate(&params, |g| {
        let xs = Seq::from(g.input(&x)).with_lengths(&lengths);
        [stack.forward(xs), a.then(b).forward(xs)].map(|y| y.values().tensor())
    });
    let [y, z] = same.unwrap();
    assert_eq!(bits(y.values()), bits(z.values()));
}

/// A long sequence learned in pieces: each begins in the state in which the last one ended.
#[test]
fn a_state_that_is_carried() {
    let (stack, params) = Params::<f32>::init(1, |p| {
        Ok(Lstm::new(p.scope("below"), 2, 3)?.stack(Gru::new(p.scope("above"), 3, 4)?))
    })
    .unwrap();
    let x = normal::<f32>([12, 3, 2], "x");
    let whole = Tape::new()
        .evaluate(&params, |g| Rnn(stack).forward(g.input(&x)).values().tensor())
        .unwrap();

    let mut tape = Tape::new();
    let mut carried: Vec<Tensor<f32>> = Vec::new();
    let mut outputs = Vec::new();
    for piece in x.values().chunks(4 * 3 * 2) {
        let piece = Tensor::new([4, 3, 2], piece.to_vec()).unwrap();
        let mut grad = Grad::zeros(&params);
        let mut last = Vec::new();
        tape.gradient(&params, &mut grad, |g| {
            let mut start = carried.iter();
            let s = stack.initial(g, 3);
            let s = s.map(&mut |s| start.next().map_or(s, |s| g.input(s)));
            let (ys, s) = Rnn(stack).run(g.input(&piece), s);
            outputs.extend(ys.tensor().into_values());
            s.each(&mut |s| last.push(s.tensor()));
            ys.square().mean()
        })
        .unwrap();
        carried = last;
        assert!(grad.norm() > 0.0);
    }
    assert_eq!(carried.len(), 3, "h and c of the cell below, h of the one above");
    assert_eq!(bits(&outputs), bits(whole.values()));
}

#[test]
fn the_table_of_a_model() {
    let (_, params) = Params::<f32>::init(1, |p| {
        let symbols = Embedding::new(p.scope("symbols"), 27, 8)?;
        let below = Lstm::new(p.scope("lstm"), 8, 16)?;
        let above = Gru::new(p.scope("gru"), 16, 5)?;
        let model = below.stack(above).readout(Linear::new(p.scope("head"), 5, 27)?);
        Ok((symbols, model))
    })
    .unwrap();
    let table = params.summary().to_string();
    let lines: Vec<Vec<&str>> = table.lines().map(|l| l.split_whitespace().collect()).collect();
    let wanted = [
        "weight shape count",
        "symbols.table [27, 8] 216",
        "lstm.w [8, 64] 512",
        "lstm.u [16, 64] 1024",
        "lstm.b [64] 64",
        "gru.candidate.w [16, 5] 80",
        "gru.candidate.b [5] 5",
        "gru.candidate.u [5, 5] 25",
        "gru.candidate.c [5] 5",
        "gru.w [16, 10] 160",
        "gru.u [5, 10] 50",
        "gru.b [10] 10",
        "head.b [27] 27",
        "head.w [5, 27] 135",
        "total 2313",
    ];
    let wanted: Vec<Vec<&str>> = wanted.iter().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(lines, wanted, "\n{table}");
    assert_eq!(params.len(), 2313);
    // Columns are aligned: counts end in one column.
    let widths: Vec<usize> = table.lines().map(|line| line.trim_end().len()).collect();
    assert!(widths.iter().all(|&w| w == widths[0]), "\n{table}");
    // Parts of a model by their paths.
    let paths = |pattern: &str| params.find(pattern).map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(paths("lstm.*"), ["lstm.w", "lstm.u", "lstm.b"]);
    assert_eq!(paths("*.b"), ["lstm.b", "gru.candidate.b", "gru.b", "head.b"]);
}
