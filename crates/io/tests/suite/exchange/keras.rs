//! Weights of Keras's layers, both ways: `scripts/exchange/keras_weights.py`.

use super::arrays::{deviation, list, same_as_file, text};
use elman_autograd::{Error as Autograd, Params, Scope, Tape, Var};
use elman_io::exchange::Error;
use elman_io::exchange::keras::Weights;
use elman_rnn::{
    Bidirectional, CoupledLstm, Elman, Embedding, Gru, Layer, Linear, Lstm, ResetFirstGru, Rnn,
};
use elman_tensor::{Init, Tensor};

const INPUT: usize = 3;
const HIDDEN: usize = 4;
const SYMBOLS: usize = 6;

/// Reads Keras's weights, compares outputs, and writes the weights again.
fn agrees<M>(
    name: &str,
    build: impl FnOnce(&mut Scope<'_>) -> Result<M, Autograd>,
    weights: impl FnOnce(&M) -> Result<Weights, Error>,
    run: impl for<'g> FnOnce(&M, Var<'g, f64>) -> Var<'g, f64>,
) {
    let (model, mut params) = Params::<f64>::init(9, |p| build(p)).unwrap();
    let weights = weights(&model).unwrap();
    let arrays = list(&format!("keras_{name}.txt"));
    let [x, y] = [&arrays[0].1, &arrays[1].1].map(|x| match x.shape().rank() {
        // Keras has the batch outermost.
        3 => x.swap_outer().unwrap(),
        _ => x.clone(),
    });
    let theirs: Vec<Tensor<f64>> = arrays[2..].iter().map(|(_, array)| array.clone()).collect();
    weights.import(&mut params, &theirs).unwrap();
    let found = Tape::new().evaluate(&params, |g| run(&model, g.input(&x)).tensor());
    let off = deviation(&found.unwrap(), &y);
    assert!(off < 1e-14, "{name}: off by {off:e}");

    let ours = weights.export(&params).unwrap();
    let names: Vec<_> = weights.iter().map(|(name, _)| name).collect();
    let text = text(names.into_iter().zip(&ours));
    same_as_file(&format!("elman_keras_{name}.txt"), text.as_bytes());
    let before = params.clone();
    params.values_mut().fill(f64::NAN);
    weights.import(&mut params, &ours).unwrap();
    assert_eq!(params, before);

    let extra = [&ours[..], &ours[..1]].concat();
    assert!(matches!(weights.import(&mut params, &extra), Err(Error::Extra { .. })));
    let short = &ours[..ours.len() - 1];
    assert!(matches!(weights.import(&mut params, short), Err(Error::Missing { .. })));
    assert_eq!(params, before);
}

#[test]
fn simple() {
    agrees(
        "simple",
        |p| Ok((Elman::new(p.scope("a"), INPUT, HIDDEN)?, Linear::new(p.scope("b"), HIDDEN, 2)?)),
        |&(cell, head)| Ok(Weights::new().recurrent(cell)?.dense(head)),
        |&(cell, head), x| Rnn(cell).then(head).forward(x).values(),
    );
}

#[test]
fn lstm_of_symbols() {
    agrees(
        "lstm",
        |p| {
            let embedding = Embedding::new(p.scope("embedding"), SYMBOLS, INPUT)?;
            let lstm = Lstm::new(p.scope("lstm"), INPUT, HIDDEN)?;
            Ok((embedding, lstm, Linear::new(p.scope("head"), HIDDEN, 2)?))
        },
        |&(embedding, lstm, head)| {
            Ok(Weights::new().embedding(embedding).recurrent(lstm)?.dense(head))
        },
        |&(embedding, lstm, head), x| {
            // [batch, time] to steps of rows.
            let (symbols, sizes) = (x.tensor(), [x.shape().rows(), x.shape().last()]);
            let [batch, time] = sizes;
            let at = |i: usize| symbols.values()[i % batch * time + i / batch] as u32;
            let symbols: Vec<u32> = (0..time * batch).map(at).collect();
            let x = embedding.sequence(x.graph(), &symbols, batch);
            Rnn(lstm).then(head).forward(x).values()
        },
    );
}

#[test]
fn gru_of_both_kinds() {
    agrees(
        "gru_after",
        |p| Ok((Gru::new(p.scope("a"), INPUT, HIDDEN)?, Linear::new(p.scope("b"), HIDDEN, 2)?)),
        |&(cell, head)| Ok(Weights::new().recurrent(cell)?.dense(head)),
        |&(cell, head), x| Rnn(cell).then(head).forward(x).values(),
    );
    agrees(
        "gru_before",
        |p| {
            let cell = ResetFirstGru::new(p.scope("a"), INPUT, HIDDEN)?;
            Ok((cell, Linear::new(p.scope("b"), HIDDEN, 2)?))
        },
        |&(cell, head)| Ok(Weights::new().recurrent(cell)?.dense(head)),
        |&(cell, head), x| Rnn(cell).then(head).forward(x).values(),
    );
}

#[test]
fn levels() {
    agrees(
        "deep",
        |p| {
            let forward = Lstm::new(p.scope("forward"), INPUT, HIDDEN)?;
            let backward = Lstm::new(p.scope("backward"), INPUT, HIDDEN)?;
            let gru = Gru::new(p.scope("gru"), 2 * HIDDEN, HIDDEN)?;
            let head = Linear::unbiased(p.scope("head"), HIDDEN, 2, Init::Zeros)?;
            Ok((forward, backward, gru, head))
        },
        |&(forward, backward, gru, head)| {
            Ok(Weights::new().recurrent((forward, backward))?.recurrent(gru)?.dense(head))
        },
        |&(forward, backward, gru, head), x| {
            let both = Bidirectional::new(forward, backward);
            both.then(Rnn(gru)).then(head).forward(x).values()
        },
    );
}

#[test]
fn what_keras_does_not_have_is_refused() {
    let (cell, _) = Params::<f64>::init(1, |p| CoupledLstm::new(p.scope("a"), 3, 4)).unwrap();
    let error = Weights::new().recurrent(cell).unwrap_err();
    assert_eq!(error, Error::Cell { program: "Keras", cell: "CoupledLstm".into() });
}
