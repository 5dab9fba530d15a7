//! Reservoirs: what is fixed about them, and what is refused.

use elman_autograd::{Error, Grad, Params, Tape};
use elman_rnn::{Cell, EchoState, Layer, Linear, Reservoir, Rnn, Stream};
use elman_tensor::Tensor;

fn reservoir(settings: Reservoir) -> Result<(EchoState, Params<f64>), Error> {
    Params::init(1, |p| EchoState::with(p.scope("reservoir"), 1, 20, settings))
}

/// A readout above learns; the weights of the reservoir have no gradient, in either form of it.
#[test]
fn weights_of_a_reservoir_have_no_gradient() {
    for leak in [1.0, 0.4] {
        let (model, params) = Params::<f64>::init(1, |p| {
            let settings = Reservoir { leak, ..Reservoir::default() };
            let cell = EchoState::with(p.scope("reservoir"), 1, 20, settings)?;
            Ok(cell.readout(Linear::new(p.scope("readout"), 20, 1)?))
        })
        .unwrap();
        let (x, mut grad) =
            (Tensor::from_fn([9, 2, 1], |i| i as f64).unwrap(), Grad::zeros(&params));
        Tape::new()
            .gradient(&params, &mut grad, |g| {
                Rnn(model).forward(g.wanted(&x)).values().square().sum()
            })
            .unwrap();
        let (fixed, learned) = grad.values().split_at(20 + 400 + 20);
        assert!(fixed.iter().all(|&d| d == 0.0) && learned.iter().all(|&d| d != 0.0));
    }
}

/// Twice the scale gives twice the weights of the same draw, and only the radius scales U.
#[test]
fn settings_scale_what_they_say() {
    let weights = |settings| {
        let (cell, params) = reservoir(settings).unwrap();
        cell.params().map(|w| params.get(w).unwrap().values().to_vec())
    };
    let usual = Reservoir::default();
    let [w, u, b] = weights(usual);
    let [w2, u2, b2] = weights(Reservoir { input: 2.0, bias: 4.0, radius: 1.8, ..usual });
    let close = |a: &[f64], b: &[f64], factor: f64| {
        a.iter().zip(b).for_each(|(a, b)| assert!((factor * a - b).abs() < 1e-14, "{a}, {b}"));
    };
    close(&w, &w2, 2.0);
    close(&b, &b2, 4.0);
    close(&u, &u2, 2.0);
    assert!(u.iter().filter(|&&u| u != 0.0).count() == 20 * 10);
}

/// Whatever the state began with is forgotten, if the radius is below 1 and the input rich.
#[test]
fn a_reservoir_has_the_echo_state_property() {
    for leak in [1.0, 0.3] {
        let (cell, params) = reservoir(Reservoir { leak, ..Reservoir::default() }).unwrap();
        let mut streams = [0.0, 5.0].map(|first: f64| {
            let mut stream = Stream::new(&params, cell);
            stream.push(&[first]).unwrap();
            stream
        });
        let mut apart = Vec::new();
        for t in 0..400 {
            let x = (f64::from(t) * 0.7).sin();
            let [a, b] = streams.each_mut().map(|s| s.push(&[x]).unwrap().to_vec());
            apart.push(a.iter().zip(&b).fold(0.0f64, |m, (a, b)| m.max((a - b).abs())));
        }
        assert!(apart[0] > 0.01 && apart[399] < 1e-10, "{} to {}", apart[0], apart[399]);
    }
}

#[test]
fn senseless_settings_are_refused() {
    let usual = Reservoir::default();
    let refused = [
        (Reservoir { radius: -1.0, ..usual }, "spectral radius", "-1"),
        (Reservoir { radius: f64::NAN, ..usual }, "spectral radius", "NaN"),
        (Reservoir { leak: 0.0, ..usual }, "leak", "0"),
        (Reservoir { leak: 1.5, ..usual }, "leak", "1.5"),
        (Reservoir { leak: f64::NAN, ..usual }, "leak", "NaN"),
        (Reservoir { input: f64::INFINITY, ..usual }, "input scale", "inf"),
        (Reservoir { bias: -0.1, ..usual }, "bias scale", "-0.1"),
        (Reservoir { entries: 0, ..usual }, "hears", "0"),
    ];
    for (settings, what, given) in refused {
        let error = reservoir(settings).unwrap_err().to_string();
        assert!(error.contains(what) && error.ends_with(&format!("got {given}")), "{error}");
    }
    // No echo at all, and more units to hear than there are.
    reservoir(Reservoir { radius: 0.0, ..usual }).unwrap();
    reservoir(Reservoir { entries: usize::MAX, ..usual }).unwrap();
}
