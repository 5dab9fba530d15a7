//! The line in the caller's file that every error names.

use super::{MEMORY, ours};
use crate::support::normal;
use allocation_counter::measure;
use elman::autograd;
use elman::prelude::*;
use elman::rnn::{Then, scan};

/// Demands that an error names the line of this file that ends in the comment `// mark`, and has
/// some words in its message.
#[track_caller]
fn blames<R, E: Into<Error>>(mark: &str, words: &[&str], result: Result<R, E>) {
    let Err(error) = result else { panic!("no error where {words:?} was wanted") };
    let error = error.into();
    let line = ours(&error).line() as usize;
    let text = include_str!("lines.rs").lines().nth(line - 1).unwrap_or_default();
    assert!(text.ends_with(&format!("// {mark}")), "{error}\nblames line {line}: {text}");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "{message:?} lacks {word:?}");
    }
}

/// A model over 3 inputs, and its weights.
fn model<C: Cell>(
    build: impl FnOnce(&mut Scope<'_>) -> Result<C, autograd::Error>,
) -> (C, Params<f64>) {
    Params::init(1, build).unwrap()
}

fn lstm() -> (Lstm, Params<f64>) {
    model(|p| Lstm::new(p.scope("lstm"), 3, 4))
}

/// Computes something of an input of zeros.
fn evaluate<'p, R>(
    params: &'p Params<f64>,
    shape: impl Into<Shape>,
    f: impl for<'g> FnOnce(Var<'g, f64>) -> R,
) -> Result<R, autograd::Error> {
    let x = Tensor::zeros(shape).unwrap();
    Tape::new().evaluate(params, |g| f(g.input(&x)))
}

/// A cell of a user's own, whose recurrent weight does not fit: `[4, 5]` for a state of 4.
#[derive(Clone, Copy)]
struct Own {
    w: Param,
    u: Param,
}

impl Own {
    fn new(mut p: Scope<'_>) -> Result<Self, autograd::Error> {
        let init = Init::Glorot;
        Ok(Own { w: p.weight("w", [3, 4], init)?, u: p.weight("u", [4, 5], init)? })
    }
}

impl Cell for Own {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        4
    }

    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> [Var<'g, T>; 1] {
        [g.zeros([batch, 4])]
    }

    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = x.graph();
        let a = x.dot(g.param(self.w));
        let b = h.dot(g.param(self.u));
        let h = (a + b).tanh(); // own step
        (h, [h])
    }
}

#[test]
fn the_line_of_a_sequence() {
    let (cell, params) = lstm();
    let words = ["affine", "[2, 5]", "[3, 16]", "layer \"lstm\"", "time step 0"];
    let forward = evaluate(&params, [7, 2, 5], |x| {
        Rnn(cell).forward(x).values().shape() // forward
    });
    blames("forward", &words, forward);
    let run = evaluate(&params, [7, 2, 5], |x| {
        let s = cell.initial(x.graph(), 2);
        Rnn(cell).run(x, s).0.shape() // run
    });
    blames("run", &words, run);
    let scanned = evaluate(&params, [7, 2, 5], |x| {
        let s = cell.initial(x.graph(), 2);
        scan(&cell, x.into(), s).0.shape() // scan
    });
    blames("scan", &words, scanned);
    let borrowed = evaluate(&params, [7, 2, 5], |x| {
        let s = (&&cell).initial(x.graph(), 2);
        (&&cell).sequence(x.into(), s).0.shape() // borrowed
    });
    blames("borrowed", &words, borrowed);

    // A state of another size, and of another batch.
    for batch in [1, 3] {
        let state = evaluate(&params, [7, 2, 3], |x| {
            let s = cell.initial(x.graph(), batch);
            Rnn(cell).run(x, s).0.shape() // state
        });
        blames("state", &["affine", "[2, 3]", &format!("[{batch}, 4]")], state);
    }
    for shape in [Shape::from([2, 3]), Shape::SCALAR, Shape::from([7, 2, 3, 1])] {
        let rank = evaluate(&params, shape, |x| {
            Rnn(cell).forward(x).values().shape() // rank
        });
        blames("rank", &["sequence", "[time, batch, feature]", &shape.to_string()], rank);
    }
}

/// A step other than the first one is named, too.
#[test]
fn the_time_step_of_a_sequence() {
    struct Growing;
    impl Cell for Growing {
        type State<'g, T: Real> = [Var<'g, T>; 1];
        fn output(&self) -> usize {
            3
        }
        fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> [Var<'g, T>; 1] {
            [g.zeros([batch, 3])]
        }
        fn step<'g, T: Real>(
            &self,
            x: Var<'g, T>,
            [h]: [Var<'g, T>; 1],
        ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
            let y = x + h; // growing
            (y, [x.graph().concat(1, &[h, h])])
        }
    }
    let (cell, params) = model(|_| Ok(Growing));
    let result = evaluate(&params, [7, 2, 3], |x| Rnn(&cell).forward(x).values().shape());
    blames("growing", &["add", "[2, 3]", "[2, 6]", "time step 1"], result);
    // A stream finds at once that the state does not keep its shape.
    let mut stream = Stream::new(&params, &cell);
    let result = stream.push(&[0.0; 3]).map(<[f64]>::to_vec); // state of a stream
    blames("state of a stream", &["state", "[1, 3]", "[1, 6]"], result);
    assert_eq!(stream.state(), None);
}

#[test]
fn the_line_inside_of_a_cell_of_ones_own() {
    let (cell, params) = model(|p| Own::new(p.scope("own")));
    let words = ["add", "[2, 4]", "[2, 5]", "time step 0"];
    let forward = evaluate(&params, [7, 2, 3], |x| Rnn(cell).forward(x).values().shape());
    blames("own step", &words, forward);
    let marked = evaluate(&params, [7, 2, 3], |x| {
        let xs = Seq::from(x).with_lengths(&[3, 4]).with_resets(&[1; 14]);
        Rnn(cell).forward(xs).last().shape()
    });
    blames("own step", &words, marked);

    let (stack, params) = model(|p| {
        let own = Own::new(p.scope("own"))?.stack(Gru::new(p.scope("gru"), 4, 4)?);
        Ok(own.readout(Linear::new(p.scope("head"), 4, 1)?))
    });
    let stacked =
        evaluate(&params, [7, 2, 3], |x| Rnn(stack).then(stack.head).forward(x).values().shape());
    blames("own step", &words, stacked);
    // A readout's and a stack's own step, too.
    let words = ["add", "[1, 4]", "[1, 5]"];
    let mut stream = Stream::new(&params, stack);
    blames("own step", &words, stream.push(&[0.0; 3]).map(<[f64]>::to_vec));
    blames("own step", &words, Stream::new(&params, stack).warm([[0.0; 3]]).map(drop));
    let mut stream = Stream::new(&params, stack);
    blames("own step", &words, stream.predict([[0.0; 3]]).collect::<Result<Vec<_>, _>>());
}

#[test]
fn the_line_through_layers() {
    // The stack's upper cell, the readout and the next layer read another size than they get.
    let (stack, params) =
        model(|p| Ok(Elman::new(p.scope("below"), 3, 4)?.stack(Gru::new(p.scope("above"), 5, 2)?)));
    let stacked = evaluate(&params, [7, 2, 3], |x| {
        Rnn(stack).forward(x).values().shape() // stack
    });
    blames("stack", &["affine", "[2, 4]", "[5, 4]", "layer \"above\""], stacked);
    let step = evaluate(&params, [2, 3], |x| {
        let s = stack.initial(x.graph(), 2);
        stack.step(x, s).0.shape() // stack's step
    });
    blames("stack's step", &["affine", "[2, 4]", "[5, 4]", "layer \"above\""], step);

    let (read, params) = model(|p| {
        Ok(ConcatElman::new(p.scope("cell"), 3, 4)?.readout(Linear::new(p.scope("head"), 6, 1)?))
    });
    let words = ["affine", "[7, 2, 4]", "[6, 1]", "layer \"head\""];
    let readout = evaluate(&params, [7, 2, 3], |x| {
        Rnn(read).forward(Seq::from(x).with_lengths(&[1, 2])).values().shape() // readout
    });
    blames("readout", &words, readout);
    let then: Then<_, Then<_, _>> = Rnn(read.cell).then(read.head.then(read.head));
    let then = evaluate(&params, [7, 2, 3], |x| {
        then.forward(x).values().shape() // then
    });
    blames("then", &words, then);
    let linear = evaluate(&params, [7, 4], |x| {
        read.head.of(x).shape() // linear
    });
    blames("linear", &["affine", "[7, 4]", "[6, 1]"], linear);
    let concat = evaluate(&params, [7, 2, 4], |x| {
        Rnn(read.cell).forward(x).values().shape() // concat
    });
    blames("concat", &["dot", "[2, 8]", "[7, 4]", "layer \"cell\""], concat);
}

#[test]
fn the_line_of_lengths_and_resets() {
    let (cell, params) = lstm();
    for (lengths, says) in
        [(&[1, 2, 3][..], "3 lengths for 2 rows"), (&[], "0 lengths"), (&[1, 8], "length 8 of 7")]
    {
        let result = evaluate(&params, [7, 2, 3], |x| {
            Seq::from(x).with_lengths(lengths).last().shape() // lengths
        });
        blames("lengths", &["lengths", says], result);
    }
    let result = evaluate(&params, [7, 2, 3], |x| {
        Seq::from(x).with_resets(&[0; 13]).last().shape() // resets
    });
    blames("resets", &["resets", "13 flags for 14 steps"], result);
    let result = evaluate(&params, [2, 3], |x| {
        Seq::from(x).with_lengths(&[]).last().shape() // lengths of a matrix
    });
    blames("lengths of a matrix", &["lengths", "[2, 3]"], result);
    let result = evaluate(&params, [2, 3], |x| {
        Seq::from(x).with_resets(&[0; 6]).last().shape() // resets of a matrix
    });
    blames("resets of a matrix", &["resets", "[2, 3]"], result);
    // Values of other steps than the marks.
    let result = evaluate(&params, [7, 2, 3], |x| {
        let xs = Seq::from(x).with_lengths(&[7, 7]);
        Rnn(cell).forward(xs.with_values(x.slice(0, 6))).last().shape() // values
    });
    blames("values", &["sequence", "[7, 2, 3]", "[6, 2, 3]"], result);
    // Sizes that cannot be meant, of nothing.
    for shape in [[usize::MAX, 2, 0], [1 << 40, 0, 3], [usize::MAX, 0, 0]] {
        let count = measure(|| {
            let result = evaluate(&params, shape, |x| {
                Seq::from(x).with_lengths(&[1, 1]).last().shape() // endless lengths
            });
            blames("endless lengths", &["lengths", &Shape::from(shape).to_string()], result);
            let result = evaluate(&params, shape, |x| {
                Rnn(cell).forward(x).last().shape() // endless
            });
            blames("endless", &["sequence", &Shape::from(shape).to_string()], result);
        });
        assert!(count.bytes_max < MEMORY, "{count:?}");
    }
    let result = evaluate(&params, [0, 1 << 20, 1 << 20], |x| {
        Seq::from(x).last().shape() // last
    });
    blames("last", &["constant", "[1048576, 1048576]"], result);
}

/// The memory that lengths and resets need is asked for on the caller's behalf.
#[test]
fn the_line_of_a_limit() {
    let (cell, params) = lstm();
    let x = Tensor::<f64>::zeros([7, 2, 3]).unwrap();
    let mut lines = Vec::new();
    // However much there is: either it suffices, or this file is named.
    for bytes in (0..20_000).step_by(16) {
        let result = Tape::new().limit(bytes).evaluate(&params, |g| {
            let xs = Seq::from(g.input(&x)).with_lengths(&[3, 7]).with_resets(&[1; 14]);
            Rnn(cell).forward(xs).last().shape()
        });
        match result {
            Ok(shape) => assert_eq!(shape, Shape::from([2, 4])),
            Err(error) => lines.push(ours(&error.into()).line()),
        }
    }
    lines.dedup();
    assert_eq!(lines.len(), 2, "the line of the input and the lengths, then that of the cell");
}

#[test]
fn the_line_of_a_stream() {
    let (cell, params) = lstm();
    let mut stream = Stream::rows(&params, cell, 2);
    let words = ["affine", "[2, 4]", "[3, 16]", "layer \"lstm\""];
    let push = stream.push(&[0.0; 8]).map(<[f64]>::to_vec); // push
    blames("push", &words, push);
    let push = stream.push(&[0.0; 7]).map(<[f64]>::to_vec); // odd
    blames("odd", &["push", "[7]", "2 rows"], push);
    let predict = stream.predict([[0.0; 8]]).collect::<Result<Vec<_>, _>>(); // predict
    blames("predict", &words, predict);
    let odd = stream.predict([[0.0; 7]]).map(|y| y.map(drop)).next().unwrap(); // odd predict
    blames("odd predict", &["push", "[7]", "2 rows"], odd);
    let warm = stream.warm([[0.0; 8]]).map(drop); // warm
    blames("warm", &words, warm);
    // Four outputs are no three inputs.
    let run = Stream::new(&params, cell).free_run().take(2).collect::<Result<Vec<_>, _>>(); // run on
    blames("run on", &["affine", "[1, 4]", "[3, 16]"], run);
    let huge = Stream::rows(&params, cell, usize::MAX);
    let huge = huge.free_run().take(2).collect::<Result<Vec<_>, _>>(); // huge run
    blames("huge run", &["free_run", "[18446744073709551615, 4]"], huge);
    let mut huge = Stream::rows(&params, cell, usize::MAX);
    let push = huge.push(&[]).map(<[f64]>::to_vec); // huge push
    blames("huge push", &["constant", "[18446744073709551615, 4]"], push);

    let (other, _) = model(|p| Lstm::new(p.scope("other"), 3, 4));
    let mut stream = Stream::new(&params, other);
    let push = stream.push(&[0.0; 3]).map(<[f64]>::to_vec); // foreign
    blames("foreign", &["belongs to other parameters", "[3, 16]"], push);
    let mut stream = Stream::new(&params, other);
    let predict = stream.predict([[0.0; 3]]).collect::<Result<Vec<_>, _>>(); // foreign predict
    blames("foreign predict", &["belongs to other parameters", "[3, 16]"], predict);
}

#[test]
fn the_line_of_an_embedding() {
    let (symbols, params) = Params::<f64>::init(1, |p| Embedding::new(p.scope("e"), 5, 2)).unwrap();
    let mut tape = Tape::new();
    let result = tape.evaluate(&params, |g| {
        symbols.of(g, &[0, 5]).shape() // symbol
    });
    blames("symbol", &["gather", "[5, 2]", "layer \"e\""], result);
    let result = tape.evaluate(&params, |g| {
        symbols.sequence(g, &[0, 1, 2], 2).shape() // symbols
    });
    blames("symbols", &["embedding", "3 symbols", "2 rows"], result);
    let result = tape.evaluate(&params, |g| {
        symbols.sequence(g, &[0, 1, 2], 0).shape() // no rows
    });
    blames("no rows", &["embedding", "3 symbols", "0 rows"], result);
}

#[test]
fn the_line_of_a_loss() {
    let (cell, mut params) = lstm();
    let x = Tensor::<f64>::zeros([7, 2, 3]).unwrap();
    let (y, none) = (Tensor::zeros([7, 2, 3]).unwrap(), Tensor::zeros([0, 2, 4]).unwrap());
    let mut trainer = Trainer::new(sgd(0.1));
    let mut step = |which: usize| {
        trainer.step(&mut params, |g| {
            let (ys, y) = (Rnn(cell).forward(g.input(&x)).values(), g.input(&y));
            let none = g.input(&none);
            match which {
                0 => mse(ys, y),                                     // mse
                1 => mae(ys, y),                                     // mae
                2 => huber(ys, ys, -1.0),                            // huber
                3 => mse(none, none),                                // nothing
                4 => cross_entropy(ys, g.ids(&[0; 13])),             // ids
                5 => cross_entropy(ys, g.ids(&[4; 14])),             // class
                6 => cross_entropy_ignoring(ys, g.ids(&[4; 14]), 3), // ignored
                7 => ys.mean() + none.mean(),                        // mean
                _ => ys.sum(),
            }
        })
    };
    blames("mse", &["mse", "[7, 2, 4]", "[7, 2, 3]"], step(0));
    blames("mae", &["mae", "[7, 2, 4]", "[7, 2, 3]"], step(1));
    blames("huber", &["huber", "delta", "-1"], step(2));
    blames("nothing", &["mse", "[0, 2, 4]", "no elements"], step(3));
    blames("ids", &["cross_entropy", "[7, 2, 4]", "13 ids for 14 rows"], step(4));
    blames("class", &["cross_entropy", "[7, 2, 4]", "id 4 of 4 classes"], step(5));
    blames("ignored", &["cross_entropy", "id 4 of 4 classes"], step(6));
    blames("mean", &["mean", "[0, 2, 4]"], step(7));
    assert!(step(8).is_ok(), "the trainer goes on after errors");
}

#[test]
fn the_line_of_a_step() {
    let (cell, mut params) = lstm();
    let before = params.clone();
    let x = Tensor::<f64>::zeros([7, 2, 3]).unwrap();
    let mut trainer = Trainer::new(sgd(0.1));
    let result = trainer.step(&mut params, |g| Rnn(cell).forward(g.input(&x)).values()); // loss
    blames("loss", &["one number", "[7, 2, 4]"], result);
    let result = trainer.step(&mut params, |g| g.constant([], f64::NAN)); // not finite
    blames("not finite", &["the loss is NaN", "step 0"], result);
    let (_, mut others) = model(|p| Gru::new(p.scope("gru"), 3, 4));
    let result = trainer.step(&mut others, |g| g.constant([], 0.0)); // others
    blames("others", &["128 weights", "parameters of"], result);
    let mut foreign = Trainer::new(sgd(0.1));
    let result = foreign.step(&mut others, |g| {
        Rnn(cell).forward(g.input(&x)).values().sum() // other model
    });
    blames("other model", &["belongs to other parameters"], result);
    assert_eq!(params, before, "no error has touched a weight");
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&others));
    let result = tape.gradient(&params, &mut grad, |g| g.constant([], 0.0)); // gradient
    blames("gradient", &["a gradient of"], result);
    // The check names rule, layer and time step of the first number that is not finite.
    let mut x = normal::<f64>([7, 2, 3], "x");
    x.values_mut()[2 * 2 * 3] = f64::INFINITY;
    let result = Tape::new().check(true).evaluate(&params, |g| {
        let xs = g.zeros([7, 2, 3]) + g.zeros([7, 2, 3]).exp().ln() / 0.0; // check
        Rnn(cell).forward(xs).last().sum().item()
    });
    blames("check", &["NaN at index 0", "forward"], result);
    let result = trainer.with_tape(Tape::new().limit(1000)).step(&mut params, |g| {
        Rnn(cell).forward(g.input(&x)).values().sum() // limit
    });
    blames("limit", &["would grow the tape beyond its limit of 1000 bytes"], result);
}

/// A mark of time that is as late as can be.
#[test]
fn the_end_of_time() {
    let (cell, params) = lstm();
    for t in [usize::MAX, usize::MAX - 1] {
        let result = evaluate(&params, [7, 2, 3], |x| {
            x.graph().time(Some(t));
            Rnn(cell).forward(x).last().shape()
        });
        assert_eq!(result, Ok(Shape::from([2, 4])));
    }
}
