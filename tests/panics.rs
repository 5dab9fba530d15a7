//! Whatever shapes and values public operations are given: an error that names the operation, what
//! it got, and the line in the caller's file, and never a panic; and for sizes that cannot be
//! meant, an error before anything is allocated.

mod support;

use allocation_counter::measure;
use elman::autograd::{self, Site};
use elman::prelude::*;
use elman::rnn::laws::{Sizes, cell_over};
use elman::rnn::{Then, scan};
use elman::train;
use proptest::prelude::*;
use std::panic::Location;
use support::{cases, normal};

/// No case may take more memory than this at any time.
const MEMORY: u64 = 1 << 22;

/// Where an error says it happened.
fn site(error: &Error) -> Option<&'static Location<'static>> {
    use autograd::Error::*;
    let of = |error: &autograd::Error| match error {
        Misfit { site, .. } | TooLarge { site, .. } | NotFinite { site, .. } => Some(site.line),
        ForeignParam { line, .. } | NotScalar { line, .. } | GradLength { line, .. } => Some(*line),
        _ => None,
    };
    match error {
        Error::Autograd(error) | Error::Train(train::Error::Autograd(error)) => of(error),
        Error::Train(train::Error::NotFinite { line, .. }) => Some(*line),
        Error::Train(train::Error::OtherParams { line, .. }) => Some(*line),
        _ => None,
    }
}

/// An error of a recording names a line of this file, and says it in its message.
#[track_caller]
fn ours(error: &Error) -> &'static Location<'static> {
    let line = site(error).unwrap_or_else(|| panic!("without a line: {error}"));
    assert!(line.file().ends_with("tests/panics.rs"), "{error}");
    assert!(error.to_string().contains(&line.to_string()), "{error}");
    line
}

// ---------------------------------------------------------------------------------------------
// The caller's line.

/// Demands that an error names the line of this file that ends in the comment `// mark`, and has
/// some words in its message.
#[track_caller]
fn blames<R, E: Into<Error>>(mark: &str, words: &[&str], result: Result<R, E>) {
    let Err(error) = result else { panic!("no error where {words:?} was wanted") };
    let error = error.into();
    let line = ours(&error).line() as usize;
    let text = include_str!("panics.rs").lines().nth(line - 1).unwrap_or_default();
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

// ---------------------------------------------------------------------------------------------
// Anything at all.

/// Sizes: mostly small, 0 and 1 among them, some that cannot be meant.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        12 => 0usize..4,
        1 => prop_oneof![Just(1 << 40), Just(1 << 62), Just(usize::MAX / 2), Just(usize::MAX)],
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    prop::collection::vec(size(), 0..5).prop_map(|dims| Shape::new(&dims).unwrap())
}

/// Mostly sequences.
fn sequence() -> impl Strategy<Value = Shape> {
    prop_oneof![4 => [size(), size(), size()].prop_map(Shape::from), 1 => shape()]
}

/// A tensor of a shape, unless it cannot be.
fn tensor(shape: Shape) -> Option<Tensor<f64>> {
    match Tensor::zeros(shape) {
        Ok(mut x) => {
            let mut random = Random::new(1, "x", 0);
            x.values_mut().iter_mut().for_each(|x| *x = random.normal());
            Some(x)
        }
        Err(error) => {
            assert!(matches!(error, elman::tensor::Error::TooLarge { .. }), "{error}");
            assert!(shape.len() > 1 << 30, "{error}");
            None
        }
    }
}

/// Numbers for which a length or a flag is wanted: as many, mostly.
fn marks(wanted: usize, off: usize, largest: usize, seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed, "marks", 0);
    let count = if off == 0 { wanted } else { off - 1 };
    (0..count.min(100)).map(|_| random.below(largest.saturating_add(1).min(9)) as u32).collect()
}

/// A model of each kind, if there can be one of these sizes: handed to whoever implements this.
trait Visitor {
    type Output;
    fn visit<C: Cell>(
        self,
        built: Result<(C, Params<f64>), autograd::Error>,
    ) -> Result<Self::Output, Error>;
}

const KINDS: usize = 7;

fn visit<V: Visitor>(
    kind: usize,
    [input, hidden, output]: [usize; 3],
    visitor: V,
) -> Result<V::Output, Error> {
    fn new<C: Cell>(
        build: impl FnOnce(&mut Scope<'_>) -> Result<C, autograd::Error>,
    ) -> Result<(C, Params<f64>), autograd::Error> {
        Params::init(1, build)
    }
    let head = |p: &mut Scope<'_>| Linear::new(p.scope("head"), hidden, output);
    match kind {
        0 => visitor.visit(new(|p| Elman::new(p.scope("c"), input, hidden))),
        1 => visitor.visit(new(|p| {
            Ok(Elman::with(p.scope("c"), input, hidden, Activation::Relu)?.readout(head(p)?))
        })),
        2 => visitor.visit(new(|p| ConcatElman::new(p.scope("c"), input, hidden))),
        3 => visitor.visit(new(|p| Lstm::new(p.scope("c"), input, hidden))),
        4 => visitor.visit(new(|p| Ok(Gru::new(p.scope("c"), input, hidden)?.readout(head(p)?)))),
        5 => visitor.visit(new(|p| {
            let below = Lstm::new(p.scope("below"), input, hidden)?;
            Ok(below.stack(Gru::new(p.scope("above"), hidden, output)?).readout(head(p)?))
        })),
        _ => visitor.visit(new(|p| {
            let below = Gru::new(p.scope("below"), input, hidden)?;
            Ok(below.stack(Elman::new(p.scope("above"), output, hidden)?))
        })),
    }
}

/// Weights that cannot be: an error of the tensor, without any line.
fn built<R>(result: Result<R, autograd::Error>) -> Result<R, Error> {
    result.map_err(|error| {
        let large = autograd::Error::Tensor(elman::tensor::Error::TooLarge {
            elements: usize::MAX,
            bytes: 8,
        });
        let same = std::mem::discriminant(&error) == std::mem::discriminant(&large);
        assert!(same, "{error}");
        error.into()
    })
}

/// A training step over a sequence.
struct Train<'a> {
    x: &'a Tensor<f64>,
    y: &'a Tensor<f64>,
    lengths: Option<Vec<u32>>,
    resets: Option<Vec<u32>>,
    ids: Vec<u32>,
    loss: usize,
}

impl Visitor for Train<'_> {
    type Output = ();

    fn visit<C: Cell>(
        self,
        built_: Result<(C, Params<f64>), autograd::Error>,
    ) -> Result<(), Error> {
        let (cell, mut params) = built(built_)?;
        let before = params.clone();
        let tape = Tape::new().limit(1 << 20);
        let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2))).with_tape(tape);
        let mut shapes = None;
        let result = trainer.step(&mut params, |g| {
            let (x, y) = (g.input(self.x), g.input(self.y));
            let mut xs = Seq::from(x);
            if let Some(lengths) = &self.lengths {
                xs = xs.with_lengths(lengths);
            }
            if let Some(resets) = &self.resets {
                xs = xs.with_resets(resets);
            }
            let ys = Rnn(&cell).forward(xs);
            shapes = Some((ys.values().shape(), ys.last().shape()));
            match self.loss {
                0 => mse(ys.values(), y),
                1 => mae(ys.last(), y),
                2 => huber(ys.values(), y, 1.0),
                3 => cross_entropy(ys.values(), g.ids(&self.ids)),
                4 => cross_entropy_ignoring(ys.last(), g.ids(&self.ids), 1),
                _ => ys.values().sum() + ys.last().sum(),
            }
        });
        // Whether it should have been possible, seen from outside.
        let (time, batch) = match *self.x.shape().dims() {
            [time, batch, _] => (time, batch),
            _ => (usize::MAX, usize::MAX),
        };
        let marked = self
            .lengths
            .as_ref()
            .is_none_or(|l| l.len() == batch && l.iter().all(|&l| l as usize <= time))
            && self.resets.as_ref().is_none_or(|r| r.len() == time.saturating_mul(batch));
        match result {
            Ok(loss) => {
                assert!(loss.is_finite() && marked);
                let wanted = (
                    Shape::from([time, batch, cell.output()]),
                    Shape::from([batch, cell.output()]),
                );
                assert_eq!(shapes, Some(wanted));
                Ok(())
            }
            Err(error) => {
                let error = Error::from(error);
                ours(&error);
                assert_eq!(params, before);
                Err(error)
            }
        }
    }
}

/// A stream, pushed whatever comes.
struct Push<'a> {
    rows: usize,
    pushes: &'a [usize],
}

impl Visitor for Push<'_> {
    type Output = ();

    fn visit<C: Cell>(
        self,
        built_: Result<(C, Params<f64>), autograd::Error>,
    ) -> Result<(), Error> {
        let (cell, params) = built(built_)?;
        let out = cell.output().saturating_mul(self.rows);
        let mut stream = Stream::rows(&params, &cell, self.rows);
        let x = [0.5; 12];
        let mut worked = Ok(());
        for &len in self.pushes {
            let before = stream.state().map(<[f64]>::to_vec);
            match stream.push(&x[..len]) {
                Ok(y) => assert_eq!(y.len(), out),
                Err(error) => {
                    worked = Err(error.into());
                    ours(worked.as_ref().unwrap_err());
                    assert_eq!(stream.state().map(<[f64]>::to_vec), before);
                }
            }
        }
        for y in stream.predict(self.pushes.iter().map(|&len| &x[..len])) {
            match y {
                Ok(y) => assert_eq!(y.len(), out),
                Err(error) => drop(ours(&error.into())),
            }
        }
        stream.reset();
        assert_eq!((stream.state(), stream.output()), (None, &[][..]));
        match stream.warm(self.pushes.iter().map(|&len| &x[..len])) {
            Ok(stream) => {
                for y in stream.free_run().take(3) {
                    match y {
                        Ok(y) => assert_eq!(y.len(), out),
                        Err(error) => drop(ours(&error.into())),
                    }
                }
            }
            Err(error) => drop(ours(&error.into())),
        }
        for y in Stream::rows(&params, &cell, self.rows).free_run().take(3) {
            match y {
                Ok(y) => assert_eq!(y.len(), out),
                Err(error) => drop(ours(&error.into())),
            }
        }
        worked
    }
}

/// One operation of a random program over a stack of Vars.
fn apply<'g>(
    g: &'g Graph<'g, f64>,
    op: usize,
    [a, b, c]: [Var<'g, f64>; 3],
    [n, m]: [usize; 2],
    shape: Shape,
) -> Var<'g, f64> {
    match op {
        0 => a + b,
        1 => a - b,
        2 => a * b,
        3 => a / b,
        4 => -a + 1.0,
        5 => 1.0 - a * 2.0,
        6 => 2.0 / a / 3.0,
        7 => a.exp().ln(),
        8 => a.square().sqrt(),
        9 => a.tanh().sigmoid(),
        10 => a.relu().softplus().abs(),
        11 => a.sum(),
        12 => a.mean(),
        13 => a.sum_axis(n),
        14 => a.mean_axis(n),
        15 => a.softmax(),
        16 => a.log_softmax(),
        17 => a.dot(b),
        18 => a.part(n, m, 2),
        19 => a.part(0, n, m),
        20 => a.split::<2>()[1],
        21 => a.split::<0>().first().copied().unwrap_or(b),
        22 => a.at(n),
        23 => a.slice(n, m),
        24 => a.reshape(shape),
        25 => a.stop(),
        26 => a.affine(b, c, b, g.absent()),
        27 => a.affine(b, g.absent(), g.absent(), c),
        28 => g.concat(n, &[a, b, c]),
        29 => g.concat(n, &[]),
        30 => g.stack(&[a, b]),
        31 => g.stack(&[]),
        32 => g.zeros(shape),
        33 => a.gather(g.ids(&[n.min(9) as u32, m.min(9) as u32])),
        34 => a.select(g.ids(&[1, 0]), b),
        35 => a.dropout(0.5, 1),
        36 => a.dropout(m as f64, 1),
        37 => g.recompute(&[a, b], |_, x| x[0] + x[1]),
        38 => a.reshape([a.shape().len()]),
        39 => g.constant([], a.item()),
        40 => Seq::from(a).last(),
        41 => Seq::from(a).with_lengths(&[1, 1]).last(),
        42 => Seq::from(a).with_resets(&[1, 1]).values(),
        43 => {
            let mut items = g.items();
            items.push(a);
            items.push(b);
            items.stack()
        }
        _ => {
            let mut to = [0.0; 4];
            a.read(&mut to);
            g.constant(shape, to[0])
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    /// Cells of any size over sequences of any shape, with any lengths, resets and losses.
    #[test]
    fn training_on_anything(
        kind in 0..KINDS, sizes in [size(), size(), size()], x in sequence(), y in shape(),
        fitting in 0usize..5, seed in any::<u64>(), off in [0usize..9, 0usize..9, 0usize..9],
        loss in 0usize..6,
    ) {
        let count = measure(|| {
            // Mostly the features fit, so that the error, if there is one, comes later.
            let x = if fitting > 0 && x.rank() == 3 { x.with_last(sizes[0]) } else { x };
            let (Some(x), Some(y)) = (tensor(x), tensor(y)) else { return };
            let dims = x.shape().dims().to_vec();
            let [time, batch] = [0, 1].map(|axis| dims.get(axis).copied().unwrap_or(0));
            let off = off.map(|off| off.saturating_sub(5));
            let some = |bit: u64| seed >> bit & 1 == 1;
            let train = Train {
                x: &x,
                y: &y,
                lengths: some(0).then(|| marks(batch, off[0], time, seed)),
                resets: some(1).then(|| marks(time.saturating_mul(batch), off[1], 1, seed)),
                ids: marks(time.saturating_mul(batch), off[2], 3, seed),
                loss,
            };
            let _ = visit(kind, sizes, train);
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }

    /// The same, where everything fits: it works.
    #[test]
    fn training_on_what_fits(
        kind in 0..KINDS - 1, sizes in [0usize..4, 0usize..4, 1usize..4], time in 0usize..4,
        batch in 0usize..4, seed in any::<u64>(),
    ) {
        let x = tensor(Shape::from([time, batch, sizes[0]])).unwrap();
        let some = |bit: u64| seed >> bit & 1 == 1;
        let train = Train {
            x: &x,
            y: &x,
            lengths: some(0).then(|| marks(batch, 0, time, seed)),
            resets: some(1).then(|| marks(time * batch, 0, 1, seed)),
            ids: Vec::new(),
            loss: 5,
        };
        let sizes = if kind == 5 { [sizes[0], sizes[1], sizes[1]] } else { sizes };
        visit(kind, sizes, train).map_err(|error| TestCaseError::fail(error.to_string()))?;
    }

    #[test]
    fn streaming_anything(
        kind in 0..KINDS, sizes in [size(), size(), size()], rows in size(),
        pushes in prop::collection::vec(0usize..=12, 0..4), fitting in any::<bool>(),
    ) {
        let fit = sizes[0].saturating_mul(rows);
        let pushes = if fitting && fit <= 12 { vec![fit; 3] } else { pushes };
        let count = measure(|| {
            let worked = visit(kind, sizes, Push { rows, pushes: &pushes });
            if fitting && fit <= 12 && (1..9).contains(&rows) && kind < 5 && sizes.iter().all(|&n| n < 9) {
                assert!(worked.is_ok(), "{worked:?}");
            }
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }

    /// Random programs over the operations of a recording.
    #[test]
    fn computing_anything(
        inputs in prop::collection::vec(shape(), 3),
        program in prop::collection::vec((0usize..45, any::<[u8; 3]>(), [size(), size()], shape()), 1..8),
    ) {
        let count = measure(|| {
            let tensors: Vec<_> = inputs.into_iter().filter_map(tensor).collect();
            let (w, params) = Params::<f64>::init(1, |p| p.weight("w", [2, 2], Init::Glorot)).unwrap();
            let (mut tape, mut grad) = (Tape::new().limit(1 << 20), Grad::zeros(&params));
            let result = tape.gradient(&params, &mut grad, |g| {
                let mut stack = vec![g.param(w), g.constant([2, 2], 0.5), g.absent()];
                stack.extend(tensors.iter().map(|x| g.wanted(x)));
                for (op, operands, sizes, shape) in program {
                    let pick = operands.map(|i| stack[i as usize % stack.len()]);
                    stack.push(apply(g, op, pick, sizes, shape));
                }
                stack.pop().unwrap().sum()
            });
            if let Err(error) = result {
                ours(&error.into());
            }
        });
        prop_assert!(count.bytes_max < 2 * MEMORY, "{:?}", count);
    }

    /// Symbols and shapes of an embedding, a linear map, gates.
    #[test]
    fn layers_of_any_size(
        sizes in [size(), size(), size()], ids in prop::collection::vec(0u32..5, 0..6),
        batch in size(), x in shape(),
    ) {
        let count = measure(|| {
            let [symbols, size, gates] = sizes;
            let table = Params::<f64>::init(1, |p| Embedding::new(p.scope("e"), symbols, size));
            if let Ok((table, params)) = built(table) {
                let result = Tape::new().limit(1 << 20).evaluate(&params, |g| {
                    (table.of(g, &ids).shape(), table.sequence(g, &ids, batch).shape())
                });
                match result {
                    Ok((flat, _)) => assert_eq!(flat, Shape::from([ids.len(), size])),
                    Err(error) => drop(ours(&error.into())),
                }
            }
            let Some(x) = tensor(x) else { return };
            let linear = Params::<f64>::init(1, |p| Linear::new(p.scope("l"), symbols, size));
            if let Ok((linear, params)) = built(linear) {
                let result = Tape::new().limit(1 << 20).evaluate(&params, |g| {
                    (linear.of(g.input(&x)).shape(), linear.forward(g.input(&x)).last().shape())
                });
                match result {
                    Ok((y, _)) => assert_eq!(y, x.shape().with_last(size)),
                    Err(error) => drop(ours(&error.into())),
                }
            }
            let gate = Params::<f64>::init(1, |p| Gate::several(p.scope("g"), symbols, size, gates));
            if let Ok((gate, params)) = gate {
                let result = Tape::new().limit(1 << 20).evaluate(&params, |g| {
                    gate.of(g.input(&x), g.zeros([2, size])).shape()
                });
                if let Err(error) = result {
                    ours(&error.into());
                }
            }
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }

    /// Tensors and initial weights of any shape.
    #[test]
    fn tensors_of_any_shape(a in shape(), b in shape(), given in 0usize..9, axis in size(), which in 0usize..7) {
        let count = measure(|| {
            assert_eq!(Tensor::new(a, vec![0.0; given]).is_ok(), a.len() == given);
            let init = [
                Init::Zeros, Init::Constant(1.0), Init::inverse_root(axis), Init::Normal { std: 1.0 },
                Init::Glorot, Init::He, Init::Orthogonal { gain: 1.0 },
            ][which];
            for blocks in [0, 1, 2, axis] {
                if let Ok(w) = init.tensor::<f64>(a, blocks, &mut Random::new(1, "w", 0)) {
                    assert_eq!(w.shape(), a);
                }
            }
            let weight = Params::<f32>::init(1, |p| p.gates("w", a, axis, init));
            assert!(weight.is_err() || a.len() < 1000);
            let Some(x) = tensor(a) else { return };
            assert_eq!(x.at(axis).is_some(), a.get(0).is_some_and(|n| axis < n));
            assert_eq!(x.to_matrix().is_ok(), a.rank() == 2);
            assert_eq!(x.swap_outer().is_ok(), a.rank() >= 2);
            assert_eq!(x.clone().reshape(b).is_ok(), a.len() == b.len());
            let mut y = x.clone();
            if y.resize(b).is_err() {
                assert_eq!(x, y);
            }
            let _ = (a.without(axis), a.with(axis, given), a.after(axis), a.stacked(axis));
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }

    /// Tasks of any size: a batch, or an error.
    #[test]
    fn tasks_of_any_size(time in size(), batch in size(), which in 0usize..8, index in any::<u64>()) {
        fn fill(task: Result<impl Task, elman::data::Error>, time: usize, batch: usize, index: u64) {
            let Ok(task) = task else { return };
            let mut filled = Batch::<f32>::new();
            for index in [0, index] {
                if task.fill(&mut filled, index).is_ok() {
                    let sizes = [0, 1].map(|axis| filled.x.shape().get(axis).unwrap());
                    assert!(sizes[0] >= time.min(4) && sizes[1] == batch, "{sizes:?}");
                }
            }
            let _ = task.baseline();
        }
        let count = measure(|| match which {
            0 => fill(Adding::new(1, time, batch), time, batch, index),
            1 => fill(CopyMemory::new(1, time, batch), time, batch, index),
            2 => fill(Parity::new(1, time, batch), time, batch, index),
            3 => fill(Sines::new(1, time, batch), time, batch, index),
            4 => fill(Lorenz::new(1, time, batch), time, batch, index),
            5 => fill(MackeyGlass::new(1, time, batch), time, batch, index),
            6 => fill(Narma10::new(1, time, batch), time, batch, index),
            _ => {
                let series = [0.5; 12];
                let _ = Split::at(series.len(), time, batch);
                let _ = Scaler::standard(&series, time).and_then(|s| s.transform(&mut [1.0; 4]));
                let Ok(windows) = Windows::new(&series, 1, time, batch) else { return };
                let mut filled = Batch::<f32>::new();
                let _ = windows.fill(&mut filled, 0..time);
                let _ = windows.fill(&mut filled, 0..windows.count());
            }
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }
}

/// Laws of sizes that cannot be meant.
#[test]
fn laws_of_any_size() {
    for [time, batch, input] in
        [[usize::MAX, 0, 3], [1 << 63, 4, 0], [2, usize::MAX, 3], [1 << 40, 1, 0], [0, 1 << 40, 3]]
    {
        let sizes = Sizes { time, batch, input };
        let count = measure(|| {
            let result = cell_over("lstm", sizes, 1, |p| Lstm::new(p.scope("c"), input, 4));
            assert_eq!(result.unwrap_err().law, "shape");
        });
        assert!(count.bytes_max < MEMORY, "{count:?}");
    }
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

/// A site says all it knows.
#[test]
fn a_site_in_words() {
    let line = Location::caller();
    let site = Site { line, layer: Some("lstm".into()), time: Some(3) };
    assert_eq!(site.to_string(), format!("at {line}, layer \"lstm\", time step 3"));
}
