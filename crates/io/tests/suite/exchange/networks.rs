//! Networks that are put together when the program runs, to and from other programs.

use super::arrays::deviation;
use elman_autograd::{Params, Tape};
use elman_io::exchange::onnx::{Export, Limits, import};
use elman_io::exchange::{Error, levels, pytorch::StateDict};
use elman_rnn::{Architecture, Input, Kind, Layer, LayerSettings, Network};
use elman_tensor::Tensor;

fn network(layers: Vec<LayerSettings>) -> (Network, Params<f64>) {
    let architecture = Architecture { input: Input::Features(3), layers, outputs: Some(2) };
    Params::init(1, |p| Network::new(p, &architecture)).unwrap()
}

/// Every kind of cell goes out and comes back with the same outputs, or is refused by its name.
#[test]
fn every_kind_goes_out_or_is_refused() {
    let mut peers = Vec::new();
    for &kind in Kind::ALL {
        let settings =
            LayerSettings { bidirectional: true, dropout: 0.5, ..LayerSettings::new(kind, 4) };
        let (network, params) = network(vec![settings]);
        let bytes = match Export::network(&network).and_then(|file| file.to_bytes(&params)) {
            Ok(bytes) => bytes,
            Err(Error::Ours { cell }) => {
                assert_eq!(cell, kind.name());
                continue;
            }
            Err(error) => {
                assert_eq!(error.to_string(), "ONNX has no ProjectedLstm");
                continue;
            }
        };
        peers.push(kind.name());
        let (imported, theirs) = import::<f64>(&bytes, Limits::default()).unwrap();
        let x = Tensor::from_fn([5, 2, 3], |i| (i as f64).sin()).unwrap();
        let ours =
            Tape::new().evaluate(&params, |g| network.forward(g.input(&x)).values().tensor());
        let back =
            Tape::new().evaluate(&theirs, |g| imported.forward(g.input(&x)).values().tensor());
        let off = deviation(&back.unwrap(), &ours.unwrap());
        assert!(off < 1e-15, "{kind}: off by {off:e}");
    }
    assert_eq!(peers, ["coupled_lstm", "elman", "gru", "lstm", "peephole_lstm", "reset_first_gru"]);
}

/// Levels of a network are those of a module of PyTorch.
#[test]
fn levels_of_a_network() {
    let (network, params) = network(vec![LayerSettings::new(Kind::Gru, 4); 2]);
    let dict = StateDict::new().recurrent("rnn", &levels(&network).unwrap()).unwrap();
    let dict = dict.linear("head", network.head().unwrap());
    assert_eq!(dict.export(&params).unwrap().len(), 10);
    let (network, _) = self::network(vec![LayerSettings::new(Kind::MinGru, 4)]);
    assert_eq!(levels(&network).unwrap_err(), Error::Ours { cell: "min_gru".into() });
}
