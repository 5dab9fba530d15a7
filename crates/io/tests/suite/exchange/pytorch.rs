//! Weights of PyTorch's modules, both ways: `scripts/exchange/pytorch.py`.

use super::arrays::{deviation, path, read as numbers, same_as_file};
use elman_autograd::{Params, Tape};
use elman_io::exchange::pytorch::{StateDict, read, write};
use elman_io::exchange::{Error, Level, Peer};
use elman_io::{Limits, Scalar};
use elman_rnn::{
    Activation, Bidirectional, Elman, Embedding, Gru, Layer, Linear, Lstm, PeepholeLstm,
    ProjectedLstm, Rnn, Seq,
};
use elman_rnn::{Cell, autograd::Scope};
use elman_tensor::{Init, Shape, Tensor};
use std::collections::BTreeMap;

const INPUT: usize = 3;
const HIDDEN: usize = 4;
const SYMBOLS: usize = 6;

/// The arrays of a file.
fn from<T: Scalar>(file: &[u8]) -> Result<BTreeMap<String, Tensor<T>>, Error> {
    read(file.to_vec(), &Limits::default())
}

/// A stack of so many levels, in one direction or both.
struct Stack<C> {
    levels: Vec<Vec<C>>,
}

impl<C: Cell + Copy + Into<Peer>> Stack<C> {
    fn new(
        p: &mut Scope<'_>,
        levels: usize,
        directions: usize,
        output: usize,
        new: impl Fn(Scope<'_>, usize) -> Result<C, elman_autograd::Error>,
    ) -> Result<Self, elman_autograd::Error> {
        let mut stack = Stack { levels: Vec::new() };
        for level in 0..levels {
            let input = if level == 0 { INPUT } else { directions * output };
            let mut p = p.scope(&format!("level{level}"));
            let cells = (0..directions).map(|i| new(p.scope(["forward", "backward"][i]), input));
            stack.levels.push(cells.collect::<Result<_, _>>()?);
        }
        Ok(stack)
    }

    fn exchanged(&self) -> Vec<Level> {
        let level = |cells: &Vec<C>| match cells[..] {
            [forward, backward] => Level::Both(forward.into(), backward.into()),
            _ => Level::Forward(cells[0].into()),
        };
        self.levels.iter().map(level).collect()
    }
}

impl<C: Cell + Copy> Layer for Stack<C> {
    fn forward<'g, T: elman_tensor::Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        self.levels.iter().fold(xs.into(), |xs, cells| match cells[..] {
            [forward, backward] => Bidirectional::new(forward, backward).forward(xs),
            _ => Rnn(cells[0]).forward(xs),
        })
    }
}

/// Reads PyTorch's weights, compares outputs, and writes the weights again.
fn agrees<C: Cell + Copy + Into<Peer>>(
    name: &str,
    [levels, directions, output]: [usize; 3],
    new: impl Fn(Scope<'_>, usize) -> Result<C, elman_autograd::Error>,
) {
    let ((embedding, stack, head), mut params) = Params::<f64>::init(9, |p| {
        let embedding = match name {
            "lstm" => Some(Embedding::new(p.scope("embedding"), SYMBOLS, INPUT)?),
            _ => None,
        };
        let stack = Stack::new(p, levels, directions, output, new)?;
        let p = p.scope("head");
        let read = directions * output;
        let head = match name {
            "unbiased" => Linear::unbiased(p, read, 2, Init::Zeros)?,
            _ => Linear::new(p, read, 2)?,
        };
        Ok((embedding, stack, head))
    })
    .unwrap();
    let mut dict = StateDict::new();
    if let Some(embedding) = embedding {
        dict = dict.embedding("embedding", embedding);
    }
    let dict = dict.recurrent("rnn", &stack.exchanged()).unwrap().linear("head", head);

    let file = std::fs::read(path(&format!("torch_{name}.safetensors"))).unwrap();
    dict.import(&mut params, &from(&file).unwrap()).unwrap();
    let arrays = numbers(&format!("torch_{name}.txt"));
    let x = &arrays["x"];
    let y = Tape::new().evaluate(&params, |g| {
        let x = match embedding {
            Some(embedding) => {
                let ids: Vec<u32> = x.values().iter().map(|&id| id as u32).collect();
                embedding.sequence(g, &ids, x.shape().last())
            }
            None => g.input(x),
        };
        head.forward(stack.forward(x)).values().tensor()
    });
    let off = deviation(&y.unwrap(), &arrays["y"]);
    assert!(off < 1e-14, "{name}: off by {off:e}");

    let ours = dict.export(&params).unwrap();
    same_as_file(&format!("elman_{name}.safetensors"), &write(&ours).unwrap());
    // What went out comes in as the same bits.
    let before = params.clone();
    params.values_mut().fill(f64::NAN);
    dict.import(&mut params, &ours).unwrap();
    assert_eq!(params, before);
}

#[test]
fn rnn() {
    agrees("rnn_tanh", [1, 1, HIDDEN], |p, input| Elman::new(p, input, HIDDEN));
    agrees("rnn_relu", [1, 1, HIDDEN], |p, input| Elman::with(p, input, HIDDEN, Activation::Relu));
}

#[test]
fn lstm() {
    agrees("lstm", [1, 1, HIDDEN], |p, input| Lstm::new(p, input, HIDDEN));
    agrees("deep_lstm", [2, 2, HIDDEN], |p, input| Lstm::new(p, input, HIDDEN));
    agrees("projected", [2, 1, 2], |p, input| ProjectedLstm::new(p, input, HIDDEN, 2));
}

#[test]
fn gru() {
    agrees("gru", [1, 1, HIDDEN], |p, input| Gru::new(p, input, HIDDEN));
    agrees("deep_gru", [3, 2, HIDDEN], |p, input| Gru::new(p, input, HIDDEN));
    agrees("unbiased", [1, 1, HIDDEN], |p, input| Gru::new(p, input, HIDDEN));
}

/// Arrays are all there and all used, or nothing happens.
#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let (lstm, mut params) =
        Params::<f32>::init(1, |p| Lstm::new(p.scope("lstm"), INPUT, HIDDEN)).unwrap();
    let dict = StateDict::new().recurrent("rnn", &[lstm.into()]).unwrap();
    let good = dict.export(&params).unwrap();
    let before = params.clone();
    let mut refused = |change: fn(&mut BTreeMap<String, Tensor<f32>>)| {
        let mut arrays = good.clone();
        arrays.values_mut().for_each(|array| array.values_mut().fill(7.0));
        change(&mut arrays);
        let error = dict.import(&mut params, &arrays).unwrap_err();
        assert_eq!(params, before);
        error
    };
    let missing = refused(|arrays| drop(arrays.remove("rnn.weight_hh_l0")));
    let wanted = Shape::from([16, 4]);
    assert_eq!(missing, Error::Missing { name: "rnn.weight_hh_l0".into(), wanted });
    let extra = refused(|arrays| drop(arrays.insert("rnn.weight_hh_l1".into(), Tensor::default())));
    assert_eq!(extra, Error::Extra { name: "rnn.weight_hh_l1".into() });
    let turned = refused(|arrays| {
        arrays.insert("rnn.weight_ih_l0".into(), Tensor::zeros([3, 16]).unwrap());
    });
    assert!(matches!(turned, Error::Shape { given, .. } if given == Shape::from([3, 16])));

    let (_, mut other) = Params::<f32>::init(1, |p| Lstm::new(p.scope("other"), 3, 4)).unwrap();
    assert!(matches!(dict.import(&mut other, &good), Err(Error::Foreign { .. })));
    let twice = dict.clone().recurrent("rnn", &[lstm.into()]).unwrap();
    assert!(matches!(twice.export(&params), Err(Error::Duplicate { .. })));
}

/// Cells and stacks that PyTorch does not have.
#[test]
fn what_pytorch_does_not_have_is_refused() {
    let ((small, large, gru, peepholes, gelu), _) = Params::<f64>::init(1, |p| {
        Ok((
            Lstm::new(p.scope("small"), 3, 4)?,
            Lstm::new(p.scope("large"), 4, 5)?,
            Gru::new(p.scope("gru"), 4, 4)?,
            PeepholeLstm::new(p.scope("peepholes"), 3, 4)?,
            Elman::with(p.scope("gelu"), 3, 4, Activation::Gelu)?,
        ))
    })
    .unwrap();
    let refused = |levels: &[Level]| StateDict::new().recurrent("rnn", levels).unwrap_err();
    let uneven = |what| Error::Uneven { module: "rnn".into(), level: 1, what };
    assert_eq!(refused(&[small.into(), large.into()]), uneven("its units"));
    assert_eq!(refused(&[small.into(), gru.into()]), uneven("its kind of cell"));
    assert_eq!(refused(&[small.into(), (small, small).into()]), uneven("its directions"));
    assert_eq!(refused(&[small.into(), small.into()]), uneven("what it reads"));
    let cell = |cell: &str| Error::Cell { program: "PyTorch", cell: cell.into() };
    assert_eq!(refused(&[peepholes.into()]), cell("PeepholeLstm"));
    assert_eq!(refused(&[gelu.into()]), cell("Elman with Gelu"));
}

/// Files of other scalars are rounded, those of other types refused, and what ends too early is no
/// file.
#[test]
fn files() {
    let file = std::fs::read(path("torch_gru.safetensors")).unwrap();
    let (exact, rounded) = (from::<f64>(&file).unwrap(), from::<f32>(&file).unwrap());
    for (name, array) in &exact {
        assert_eq!(array.cast::<f32>(), rounded[name]);
    }
    let short = write(&rounded).unwrap();
    assert_eq!(from::<f32>(&short).unwrap(), rounded);
    for len in 0..file.len() {
        assert!(matches!(from::<f64>(&file[..len]), Err(Error::File(_))), "{len} bytes");
    }
    let header = br#"{"steps":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}}"#;
    let whole = [&(header.len() as u64).to_le_bytes(), &header[..], &[0; 8]].concat();
    let error = from::<f32>(&whole).unwrap_err().to_string();
    assert!(error.contains("steps") && error.contains("U64"), "{error}");
}
