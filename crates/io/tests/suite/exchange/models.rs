//! Models that ONNX has operators for, with what they give.

use elman_autograd::{Error, Graph, Params, Scope, Tape, Var};
use elman_io::exchange::Peer;
use elman_io::exchange::onnx::{Export, Past};
use elman_rnn::{
    Activation, Bidirectional, Cell, CoupledLstm, Elman, Embedding, Gru, Layer, Linear, Lstm,
    PeepholeLstm, ResetFirstGru, Rnn, State,
};
use elman_tensor::{Init, Real, Tensor};

pub(crate) const TIME: usize = 5;
pub(crate) const BATCH: usize = 2;
pub(crate) const INPUT: usize = 3;
const HIDDEN: usize = 4;
const SYMBOLS: usize = 6;
const H: [&str; 2] = ["level0.h", "next.level0.h"];
const C: [&str; 2] = ["level0.c", "next.level0.c"];

/// A model, its weights, what it was given, and what it gave.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) export: Export,
    pub(crate) params: Params<f64>,
    pub(crate) arrays: Vec<(String, Tensor<f64>)>,
}

/// Numbers that are no multiples of each other.
fn data<T: Real>(sizes: [usize; 3], phase: f64) -> Tensor<T> {
    Tensor::from_fn(sizes, |i| T::from_f64((phase + i as f64 * 0.7).sin())).unwrap()
}

/// What a model gives, by ONNX's names.
type Outputs<'g> = Vec<(&'static str, Var<'g, f64>)>;

fn case<M>(
    name: impl Into<String>,
    build: impl FnOnce(&mut Scope<'_>) -> Result<M, Error>,
    export: impl FnOnce(Export, &M) -> Export,
    run: impl for<'g> FnOnce(&M, &'g Graph<'g, f64>, Var<'g, f64>) -> Outputs<'g>,
) -> Case {
    let (model, params) = Params::<f64>::init(3, |p| build(p)).unwrap();
    let x = data([TIME, BATCH, INPUT], 0.1);
    let mut arrays = vec![("x".to_owned(), x.clone())];
    let outputs = Tape::new().evaluate(&params, |g| {
        let outputs = run(&model, g, g.input(&x)).into_iter();
        outputs.map(|(name, y)| (name.to_owned(), y.tensor())).collect::<Vec<_>>()
    });
    arrays.extend(outputs.unwrap());
    Case { name: name.into(), export: export(Export::new(), &model), params, arrays }
}

/// A cell with a linear readout.
fn cell<C: Cell + Copy + Into<Peer>>(
    name: &str,
    new: impl FnOnce(Scope<'_>, usize, usize) -> Result<C, Error>,
) -> Case {
    case(
        name,
        |p| {
            let cell = new(p.scope("cell"), INPUT, HIDDEN)?;
            Ok((cell, Linear::new(p.scope("head"), HIDDEN, 2)?))
        },
        |export, (cell, head)| export.level(*cell).head(*head),
        |(cell, head), _, x| vec![("y", Rnn(*cell).then(*head).forward(x).values())],
    )
}

/// A cell whose state is given and taken.
fn streaming<C: Cell + Copy + Into<Peer>>(
    name: &str,
    states: &'static [[&'static str; 2]],
    new: impl FnOnce(Scope<'_>, usize, usize) -> Result<C, Error>,
) -> Case {
    let start: Vec<Tensor<f64>> =
        (0..states.len()).map(|i| data([1, BATCH, HIDDEN], i as f64 + 0.5)).collect();
    let mut case = case(
        name,
        |p| new(p.scope("cell"), INPUT, HIDDEN),
        |export, cell| export.level(*cell).states(),
        |cell, g, x| {
            let mut given = start.iter();
            let s = cell.initial(g, BATCH);
            let s = s.map(&mut |_| g.input(given.next().unwrap()).reshape([BATCH, HIDDEN]));
            let (y, s) = Rnn(*cell).run(x, s);
            let mut outputs = vec![("y", y)];
            let mut names = states.iter();
            s.each(&mut |s| {
                outputs.push((names.next().unwrap()[1], s.reshape([1, BATCH, HIDDEN])));
            });
            outputs
        },
    );
    let names = states.iter().map(|names| names[0].to_owned());
    case.arrays.extend(names.zip(start));
    case
}

/// A network that reads numbers in their units and the steps of two columns, and whose outputs are
/// added to values of the past.
fn units() -> Case {
    let (mean, scale, steps) = ([0.5, -2.0, 100.0], [2.0, 0.25, 30.0], [0.5, 8.0]);
    let (base, size) = ([7.0, 0.0, -1.0, 0.25], [3.0, 0.5, 1.0, 20.0]);
    let past = [(2, 3), (0, 0), (1, 1), (1, 7)];
    // What each column is at a step, or one that is not there.
    let at = |x: &Tensor<f64>, t: usize, back: usize, b: usize, c: usize| {
        let t = if t < back { t } else { t - back };
        x.values()[(t * BATCH + b) * INPUT + c]
    };
    case(
        "units",
        |p| {
            let gru = Gru::new(p.scope("gru"), INPUT + 2, HIDDEN)?;
            Ok((gru, Linear::new(p.scope("head"), HIDDEN, 4)?))
        },
        |export, &(gru, head)| {
            let past = past.map(|(column, back)| Past { column, back });
            let export = export.level(gru).head(head).inputs(&mean, &scale).steps(&steps);
            export.outputs(&base, &size).past(past).note("columns", "three")
        },
        |&(gru, head), g, x| {
            let x = x.tensor();
            let features = Tensor::from_fn([TIME, BATCH, INPUT + 2], |i| {
                let (t, b, f) = (i / (INPUT + 2) / BATCH, i / (INPUT + 2) % BATCH, i % (INPUT + 2));
                match f.checked_sub(INPUT) {
                    None => (at(&x, t, 0, b, f) - mean[f]) / scale[f],
                    Some(c) => (at(&x, t, 0, b, c) - at(&x, t, 1, b, c)) / steps[c],
                }
            });
            let y = Rnn(gru).then(head).forward(g.input(&features.unwrap())).values().tensor();
            let y = Tensor::from_fn([TIME, BATCH, 4], |i| {
                let (t, b, o) = (i / 4 / BATCH, i / 4 % BATCH, i % 4);
                base[o] + size[o] * y.values()[i] + at(&x, t, past[o].1, b, past[o].0)
            });
            vec![("y", g.input(&y.unwrap()))]
        },
    )
}

/// The probabilities of three classes at the end of each row.
fn classes() -> Case {
    case(
        "classes",
        |p| {
            let forward = Gru::new(p.scope("forward"), INPUT, HIDDEN)?;
            let backward = Gru::new(p.scope("backward"), INPUT, HIDDEN)?;
            Ok((forward, backward, Linear::new(p.scope("head"), 2 * HIDDEN, 3)?))
        },
        |export, &(forward, backward, head)| {
            let export = export.level((forward, backward)).head(head);
            export.inputs(&[0.1, 0.2, 0.3], &[0.5, 1.5, 2.5]).softmax().last()
        },
        |&(forward, backward, head), g, x| {
            let x = x.tensor();
            let scaled = Tensor::from_fn(x.shape(), |i| {
                let c = i % INPUT;
                (x.values()[i] - [0.1, 0.2, 0.3][c]) / [0.5, 1.5, 2.5][c]
            });
            let both = Bidirectional::new(forward, backward).forward(g.input(&scaled.unwrap()));
            vec![("y", head.of(both.last_of_both(HIDDEN)).softmax())]
        },
    )
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = vec![
        cell("lstm", Lstm::new),
        cell("peephole_lstm", PeepholeLstm::new),
        cell("coupled_lstm", CoupledLstm::new),
        cell("gru", Gru::new),
        cell("reset_first_gru", ResetFirstGru::new),
    ];
    let activations = [
        ("tanh", Activation::Tanh),
        ("relu", Activation::Relu),
        ("identity", Activation::Identity),
        ("sigmoid", Activation::Sigmoid),
        ("softplus", Activation::Softplus),
        ("softsign", Activation::Softsign),
        ("leaky_relu", Activation::LeakyRelu(0.25)),
        ("elu", Activation::Elu(0.75)),
    ];
    for (name, activation) in activations {
        cases.push(cell(&format!("elman_{name}"), |p, input, hidden| {
            Elman::with(p, input, hidden, activation)
        }));
    }
    cases.push(case(
        "stack",
        |p| {
            let below = Lstm::new(p.scope("below"), INPUT, HIDDEN)?;
            let above = Gru::new(p.scope("above"), HIDDEN, 3)?;
            Ok((below, above, Linear::unbiased(p.scope("head"), 3, 2, Init::Glorot)?))
        },
        |export, &(below, above, head)| export.level(below).level(above).head(head),
        |&(below, above, head), _, x| {
            vec![("y", Rnn(below.stack(above).readout(head)).forward(x).values())]
        },
    ));
    cases.push(case(
        "both_directions",
        |p| {
            let forward = Lstm::new(p.scope("forward"), INPUT, HIDDEN)?;
            let backward = Gru::new(p.scope("backward"), INPUT, 3)?;
            Ok((forward, backward, Linear::new(p.scope("head"), HIDDEN + 3, 2)?))
        },
        |export, &(forward, backward, head)| export.level((forward, backward)).head(head),
        |&(forward, backward, head), _, x| {
            vec![("y", Bidirectional::new(forward, backward).then(head).forward(x).values())]
        },
    ));
    let symbols: Vec<u32> = (0..TIME * BATCH).map(|i| (i * i % SYMBOLS) as u32).collect();
    let mut embedded = case(
        "embedding",
        |p| {
            let embedding = Embedding::new(p.scope("embedding"), SYMBOLS, INPUT)?;
            Ok((embedding, Gru::new(p.scope("gru"), INPUT, HIDDEN)?))
        },
        |export, &(embedding, gru)| export.embedding(embedding).level(gru),
        |(embedding, gru), g, _| {
            vec![("y", Rnn(*gru).forward(embedding.sequence(g, &symbols, BATCH)).values())]
        },
    );
    let symbols = symbols.iter().map(|&id| f64::from(id)).collect();
    embedded.arrays[0].1 = Tensor::new([TIME, BATCH], symbols).unwrap();
    cases.push(embedded);
    cases.push(units());
    cases.push(classes());
    cases.push(streaming("lstm_states", &[H, C], Lstm::new));
    cases.push(streaming("gru_states", &[H], Gru::new));
    cases
}
