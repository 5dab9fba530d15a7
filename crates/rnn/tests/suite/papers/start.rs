//! How cells start: their weights, and the settings that they refuse.

use elman_autograd::{Error, Param, Params, Scope};
use elman_rnn::*;
use elman_tensor::Init;

fn built<C>(
    seed: u64,
    build: impl FnOnce(Scope<'_>) -> Result<C, Error>,
) -> Result<(C, Params<f64>), Error> {
    Params::init(seed, |p| build(p.scope("c")))
}

fn values(params: &Params<f64>, weight: Param) -> Vec<f64> {
    params.get(weight).unwrap().values().to_vec()
}

const HIDDEN: usize = 50;

/// The biases of a memory, gate by gate.
fn biases(forget: ForgetBias) -> Vec<Vec<f64>> {
    let (cell, params) = built(3, |p| Lstm::with(p, 2, HIDDEN, forget)).unwrap();
    values(&params, cell.gates().params()[2]).chunks(HIDDEN).map(<[f64]>::to_vec).collect()
}

#[test]
fn forget_biases() {
    // Drawn as ever: by the distribution of the other weights, gate by gate.
    let (wanted, params) =
        built(3, |mut p| p.gates("b", [4 * HIDDEN], 4, Init::inverse_root(HIDDEN))).unwrap();
    let drawn = biases(ForgetBias::Drawn);
    assert_eq!(drawn.concat(), values(&params, wanted));

    let constant = biases(ForgetBias::Constant(1.5));
    assert_eq!(constant[1], [1.5; HIDDEN]);
    assert_eq!([&constant[0], &constant[2], &constant[3]], [&drawn[0], &drawn[2], &drawn[3]]);

    let chrono = biases(ForgetBias::Chrono { longest: 101.0 });
    assert_eq!(chrono[2..], drawn[2..]);
    let memories: Vec<f64> = chrono[1].iter().map(|b| b.exp()).collect();
    assert!(memories.iter().all(|m| (1.0 - 1e-12..100.0 + 1e-12).contains(m)), "{memories:?}");
    // Uniformly from 1 to 100: the mean of 50 has a deviation of 4.
    let mean = memories.iter().sum::<f64>() / HIDDEN as f64;
    assert!((mean - 50.5).abs() < 16.0, "{mean}");
    assert!(chrono[0].iter().zip(&chrono[1]).all(|(i, f)| *i == -f));

    // Two steps leave no choice: all units remember for one.
    assert_eq!(biases(ForgetBias::Chrono { longest: 2.0 })[1], [0.0; HIDDEN]);
}

/// The gates that forget are where they are said to be.
#[test]
fn forget_gates_of_other_cells() {
    let bias = ForgetBias::Constant(1.25);
    let b = |gates: Gate, params: &Params<f64>| values(params, gates.params()[2]);
    let (cell, params) = built(1, |p| Janet::with(p, 2, 3, bias)).unwrap();
    assert_eq!(b(cell.gates(), &params)[..3], [1.25; 3]);
    let (cell, params) = built(1, |p| Ugrnn::with(p, 2, 3, bias)).unwrap();
    assert_eq!(b(cell.gates(), &params)[..3], [1.25; 3]);
    let (cell, params) = built(1, |p| SLstm::with(p, 2, 3, bias)).unwrap();
    assert_eq!(b(cell.gates(), &params)[3..6], [1.25; 3]);
}

#[test]
fn weights_of_papers() {
    let (cell, params) = built(1, |p| IndRnn::within(p, 2, 500, [0.9, 1.1])).unwrap();
    let u = values(&params, cell.params()[1]);
    assert!(u.iter().all(|u| (0.9..1.1).contains(u)));
    assert!((u.iter().sum::<f64>() / 500.0 - 1.0).abs() < 0.02);

    let (cell, params) = built(1, |p| AntisymmetricRnn::gated(p, 16, 64)).unwrap();
    let [w, u, b] = cell.params().map(|p| values(&params, p));
    let variance = |w: &[f64]| w.iter().map(|w| w * w).sum::<f64>() / w.len() as f64;
    assert!((variance(&w) * 16.0 - 1.0).abs() < 0.15 && (variance(&u) * 64.0 - 1.0).abs() < 0.15);
    assert_eq!(b, [0.0; 128]);

    let (cell, params) = built(1, |p| FastRnn::new(p, 2, 3)).unwrap();
    assert_eq!(cell.residual().map(|p| values(&params, p)[0]), [-3.0, 3.0]);
    let (cell, params) = built(1, |p| FastGrnn::new(p, 2, 3)).unwrap();
    assert_eq!(cell.residual().map(|p| values(&params, p)[0]), [1.0, -4.0]);

    let (cell, params) = built(1, |p| Ltc::new(p, 2, 3)).unwrap();
    let leak = values(&params, cell.units()[1])[0].exp().ln_1p();
    assert!((leak - 1.0).abs() < 1e-15, "{leak}");
}

/// What cannot be is refused, with what was wanted.
#[test]
fn senseless_settings_are_errors() {
    fn refused<C>(build: impl FnOnce(Scope<'_>) -> Result<C, Error>) {
        let error = built(1, build).err();
        assert!(matches!(error, Some(Error::Setting { .. })), "{error:?}");
    }
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refused(|p| Lstm::with(p, 2, 3, ForgetBias::Constant(x)));
        refused(|p| IndRnn::within(p, 2, 3, [0.0, x]));
        refused(|p| Elman::with(p, 2, 3, Activation::LeakyRelu(x)));
        refused(|p| IndRnn::new(p, 2, 3)?.with_activation(Activation::Elu(x)));
        let elu = Activation::Elu(x);
        refused(|p| Jordan::new(p, 2, 3, 1)?.with_activations(Activation::Tanh, elu));
        refused(|p| Janet::new(p, 2, 3)?.with_beta(x));
    }
    for x in [f64::NAN, f64::INFINITY, -1.0] {
        refused(|p| Janet::with(p, 2, 3, ForgetBias::Chrono { longest: x }));
        refused(|p| AntisymmetricRnn::new(p, 2, 3)?.with_diffusion(x));
    }
    for x in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
        refused(|p| LayerNormLstm::new(p, 2, 3)?.with_epsilon(x));
        refused(|p| AntisymmetricRnn::new(p, 2, 3)?.with_step(x));
        refused(|p| CoRnn::new(p, 2, 3)?.with_frequency(x));
        refused(|p| CoRnn::new(p, 2, 3)?.with_damping(x));
        refused(|p| CoRnn::new(p, 2, 3)?.with_interval(Interval::Fixed(x)));
        refused(|p| Lem::new(p, 2, 3)?.with_interval(Interval::Fixed(x)));
        refused(|p| Ltc::new(p, 2, 3)?.with_interval(Interval::Fixed(x)));
        refused(|p| Cfc::new(p, 2, 3)?.with_interval(Interval::Fixed(x)));
    }
    refused(|p| Lstm::with(p, 2, 3, ForgetBias::Chrono { longest: 1.9 }));
    refused(|p| IndRnn::within(p, 2, 3, [1.0, 0.5]));
    refused(|p| Ltc::new(p, 2, 3)?.with_steps(0));
    let periods: [&[u32]; 5] = [&[], &[0], &[2, 1], &[1, 3, u32::MAX], &[1 << 24, (1 << 24) + 1]];
    for periods in periods {
        refused(|p| Clockwork::new(p, 2, 3, periods));
    }
    assert!(built(1, |p| Clockwork::new(p, 2, 3, &[1, 3, 1 << 20])).is_ok());
}
