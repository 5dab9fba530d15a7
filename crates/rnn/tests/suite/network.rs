//! Networks that are put together when the program runs, beside the same ones written down.

use elman_autograd::{Error, Grad, Params, Tape};
use elman_rnn::{
    Activation, AnyCell, Architecture, Bidirectional, Cell, Deep, Elman, Embedding, ForgetBias,
    Gru, Input, Kind, Layer, LayerSettings, Linear, Lstm, Network, NetworkLayer, Rnn, Seq, Stream,
};
use elman_tensor::Tensor;

const TIME: usize = 6;
const BATCH: usize = 3;

fn network(architecture: &Architecture) -> Result<(Network, Params<f32>), Error> {
    Params::init(5, |p| Network::new(p, architecture))
}

/// Two features, `[time, batch, 2]`. Always these: sines of the compiler and those of the library
/// may differ in the last place.
#[inline(never)]
fn inputs() -> Result<Tensor<f32>, Error> {
    Ok(Tensor::from_fn([TIME, BATCH, 2], |i| (i as f32 * 0.7).sin())?)
}

/// The outputs, the loss and its gradient of a layer that reads two features.
fn run(layer: &impl Layer, params: &Params<f32>) -> Result<(Vec<f32>, f32, Vec<f32>), Error> {
    let x = inputs()?;
    let (mut outputs, mut grad) = (Vec::new(), Grad::zeros(params));
    let loss = Tape::new().gradient(params, &mut grad, |g| {
        let y = layer.forward(g.input(&x)).values();
        outputs.resize(y.shape().len(), 0.0);
        y.read(&mut outputs);
        y.square().mean()
    })?;
    Ok((outputs, loss, grad.values().to_vec()))
}

#[test]
fn a_network_is_its_parts() -> Result<(), Error> {
    let chrono = Some(ForgetBias::Chrono { longest: 20.0 });
    let (made, params) = network(&Architecture {
        input: Input::Features(2),
        layers: vec![
            LayerSettings { forget_bias: chrono, ..LayerSettings::new(Kind::Lstm, 5) },
            LayerSettings { bidirectional: true, ..LayerSettings::new(Kind::Gru, 4) },
            LayerSettings {
                activation: Some(Activation::Relu),
                ..LayerSettings::new(Kind::Elman, 3)
            },
        ],
        outputs: Some(2),
    })?;
    let (written, same) = Params::<f32>::init(5, |p| {
        let first = Lstm::with(p.scope("layer0"), 2, 5, ForgetBias::Chrono { longest: 20.0 })?;
        let mut both = p.scope("layer1");
        let forward = Gru::new(both.scope("forward"), 5, 4)?;
        let second = Bidirectional::new(forward, Gru::new(both.scope("backward"), 5, 4)?);
        let third = Elman::with(p.scope("layer2"), 8, 3, Activation::Relu)?;
        let head = Linear::new(p.scope("head"), 3, 2)?;
        Ok(Rnn(first).then(second).then(Rnn(third)).then(head))
    })?;
    assert_eq!(params, same);
    assert_eq!(run(&made, &params)?, run(&written, &same)?);
    Ok(())
}

/// What a network says of rows of several lengths is what each direction, alone on the steps of a
/// row, comes to at its own end.
#[test]
fn each_direction_is_read_at_its_own_end() -> Result<(), Error> {
    let both = LayerSettings { bidirectional: true, ..LayerSettings::new(Kind::Gru, 4) };
    for layer in [both.clone(), LayerSettings { bidirectional: false, ..both }] {
        let (network, params) = network(&Architecture {
            input: Input::Features(2),
            layers: vec![layer],
            outputs: Some(2),
        })?;
        // Padding may be anything.
        let lengths = [TIME as u32, 0, 2];
        let number = |t: usize, b: usize, f: usize| ((t * 7 + b * 3 + f) as f32).sin();
        let x = Tensor::from_fn([TIME, BATCH, 2], |i| {
            let (t, b, f) = (i / BATCH / 2, i / 2 % BATCH, i % 2);
            if t < lengths[b] as usize { number(t, b, f) } else { f32::NAN }
        })?;
        let found = Tape::new().evaluate(&params, |g| {
            network.ends(Seq::from(g.input(&x)).with_lengths(&lengths)).tensor()
        })?;
        let mut wanted = Vec::new();
        for (b, &length) in lengths.iter().enumerate() {
            let length = length as usize;
            let row = |back: bool| {
                Tensor::from_fn([length, 1, 2], |i| {
                    number(if back { length - 1 - i / 2 } else { i / 2 }, b, i % 2)
                })
            };
            let (row, back) = (row(false)?, row(true)?);
            let y = Tape::new().evaluate(&params, |g| {
                let end = |cell: &AnyCell, x| Rnn(cell).forward(g.input(x)).last();
                let ends = match &network.layers()[0] {
                    NetworkLayer::Forward(cell) => end(cell.inner(), &row),
                    NetworkLayer::Both(both) => {
                        let Bidirectional { forward, backward, .. } = both.inner();
                        g.concat(1, &[end(forward, &row), end(backward, &back)])
                    }
                };
                network.head().map(|head| head.of(ends).tensor())
            })?;
            wanted.extend(y.unwrap_or_default().into_values());
        }
        assert_eq!(found.values(), wanted);
    }
    Ok(())
}

/// Without any steps there is nothing to know.
#[test]
fn the_end_of_no_steps_is_zero() -> Result<(), Error> {
    let layer = LayerSettings { bidirectional: true, ..LayerSettings::new(Kind::Lstm, 4) };
    let (input, layers) = (Input::Features(2), vec![layer]);
    let (network, params) = network(&Architecture { input, layers, outputs: None })?;
    let x = Tensor::new([0, 3, 2], Vec::new())?;
    let y = Tape::new().evaluate(&params, |g| network.ends(g.input(&x)).tensor())?;
    assert_eq!((y.shape().dims(), y.values()), (&[3, 8][..], &[0.0; 24][..]));
    Ok(())
}

#[test]
fn every_kind_runs_and_streams_what_it_runs() -> Result<(), Error> {
    for &kind in Kind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
        let (cell, params) = Params::<f32>::init(3, |p| {
            AnyCell::new(p.scope("cell"), 2, &LayerSettings::new(kind, 4))
        })?;
        assert_eq!((cell.kind(), cell.output()), (kind, 4));
        let (outputs, ..) = run(&Rnn(&cell), &params)?;
        let mut stream = Stream::rows(&params, &cell, BATCH);
        let x = inputs()?;
        let steps = x.values().chunks(BATCH * 2).zip(outputs.chunks(BATCH * 4));
        for (t, (x, y)) in steps.enumerate() {
            assert_eq!(stream.push(x)?, y, "{kind} at step {t}");
        }
    }
    Ok(())
}

#[test]
fn symbols_go_through_their_vectors() -> Result<(), Error> {
    let architecture = |input| Architecture {
        input,
        layers: vec![LayerSettings::new(Kind::Gru, 4)],
        outputs: None,
    };
    let (made, params) = network(&architecture(Input::Symbols { count: 7, size: 2 }))?;
    let ids: Vec<u32> = (0..(TIME * BATCH) as u32).map(|i| i % 7).collect();
    let (table, gru) = Params::<f32>::init(5, |p| {
        let table = Embedding::new(p.scope("embedding"), 7, 2)?;
        Ok((table, Gru::new(p.scope("layer0"), 2, 4)?))
    })?
    .0;
    let [a, b] = Tape::new().evaluate(&params, |g| {
        let made = made.forward(made.symbols(g, &ids, BATCH)).values();
        let written = Rnn(gru).forward(table.sequence(g, &ids, BATCH)).values();
        [made, written].map(|y| {
            let mut values = vec![0.0; y.shape().len()];
            y.read(&mut values);
            values
        })
    })?;
    assert_eq!(a, b);

    let (made, params) = network(&architecture(Input::Features(2)))?;
    let refused = Tape::new().evaluate(&params, |g| made.symbols(g, &ids, BATCH).time());
    assert!(refused.is_err_and(|e| e.to_string().contains("reads numbers, not symbols")));
    Ok(())
}

#[test]
fn a_stream_of_a_network_has_the_bits_of_its_sequences() -> Result<(), Error> {
    for outputs in [None, Some(3)] {
        let (made, params) = network(&Architecture {
            input: Input::Features(2),
            layers: vec![
                LayerSettings { dropout: 0.5, ..LayerSettings::new(Kind::Lstm, 5) },
                LayerSettings::new(Kind::Qrnn, 4),
                LayerSettings::new(Kind::Gru, 4),
            ],
            outputs,
        })?;
        let x = inputs()?;
        let whole = Tape::new().evaluate(&params, |g| {
            let y = made.forward(g.input(&x)).values();
            let mut values = vec![0.0; y.shape().len()];
            y.read(&mut values);
            values
        })?;
        let mut stream = Stream::rows(&params, made.online()?, BATCH);
        let steps: Result<Vec<_>, _> = stream.predict(x.values().chunks(BATCH * 2)).collect();
        assert_eq!(steps?.concat(), whole);
    }
    Ok(())
}

/// The sentence that an error says.
fn said<V>(result: Result<V, Error>) -> String {
    result.err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn what_cannot_be_is_refused() {
    let one = |layer: LayerSettings| {
        let layers = vec![layer];
        said(network(&Architecture { input: Input::Features(2), layers, outputs: None }))
    };
    assert_eq!(one(LayerSettings::new(Kind::Gru, 4)), "");
    let bias = Some(ForgetBias::Constant(1.0));
    assert_eq!(
        one(LayerSettings { forget_bias: bias, ..LayerSettings::new(Kind::Gru, 4) }),
        "the forget bias must be left to a cell that has one, got one for gru"
    );
    assert!(
        one(LayerSettings { outputs: Some(3), ..LayerSettings::new(Kind::Lstm, 4) })
            .contains("for lstm")
    );
    assert!(
        one(LayerSettings { dropout: 1.0, ..LayerSettings::new(Kind::Gru, 4) }).contains("dropout")
    );
    assert_eq!(
        one(LayerSettings::new(Kind::Clockwork, 6)),
        "the units of a clockwork must be a multiple of its number of periods, \
         got 6 for [1, 2, 4, 8]"
    );
    let none = Architecture { input: Input::Features(2), layers: Vec::new(), outputs: None };
    assert!(said(network(&none)).contains("1 at least"));
    assert!(said("LSTM".parse::<Kind>()).contains("\"LSTM\""));

    let both = LayerSettings { bidirectional: true, ..LayerSettings::new(Kind::Gru, 4) };
    let both = Architecture { input: Input::Features(2), layers: vec![both], outputs: None };
    let online = network(&both).and_then(|(network, _)| network.online());
    assert!(said(online).contains("both directions"));
    assert!(said(Deep::<Gru>::new(Vec::new())).contains("got 0"));
}

#[test]
fn a_state_of_another_cell_is_refused() -> Result<(), Error> {
    let ((gru, lstm, deep), params) = Params::<f32>::init(1, |p| {
        let gru = AnyCell::new(p.scope("gru"), 2, &LayerSettings::new(Kind::Gru, 2))?;
        let lstm = AnyCell::new(p.scope("lstm"), 2, &LayerSettings::new(Kind::Lstm, 4))?;
        let above = AnyCell::new(p.scope("above"), 2, &LayerSettings::new(Kind::Gru, 2))?;
        let deep = Deep::new(vec![gru.clone(), above])?;
        Ok((gru, lstm, deep))
    })?;
    let (mut tape, x) = (Tape::new(), [0.0; 2]);
    let one = Tensor::new([1, 2], x.to_vec())?;
    let other = tape.evaluate(&params, |g| {
        lstm.step(g.input(&one), gru.initial(g, 1)).0.shape();
    });
    assert!(said(other).contains("wanted 2 Vars, got 1"));
    let short = Deep::new(vec![gru])?;
    let other = tape.evaluate(&params, |g| {
        deep.step(g.input(&one), short.initial(g, 1)).0.shape();
    });
    assert!(said(other).contains("wanted the states of 2 cells, got 1"));
    Ok(())
}
