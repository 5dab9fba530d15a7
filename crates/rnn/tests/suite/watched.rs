//! Gradients of states, held to those of a sequence that begins with the state.

use elman_autograd::{Error, Grad, Params, Scope, Tape, Var};
use elman_rnn::{AnyCell, Cell, Kind, LayerSettings, State, watched};
use elman_tensor::{Random, Shape, Tensor};

const TIME: usize = 6;
const BATCH: usize = 2;
const KINDS: [Kind; 5] = [Kind::Elman, Kind::Gru, Kind::Lstm, Kind::SLstm, Kind::Lru];

fn cell(kind: Kind) -> (AnyCell, Params<f64>) {
    let settings = LayerSettings::new(kind, 4);
    Params::init(3, |p: &mut Scope<'_>| AnyCell::new(p.scope("cell"), 3, &settings)).unwrap()
}

fn random(shape: impl Into<Shape>, name: &str) -> Tensor<f64> {
    let mut random = Random::new(1, name, 0);
    Tensor::from_fn(shape, |_| random.normal()).unwrap()
}

/// A loss of all outputs, each with its own weight.
fn loss<'g>(ys: Var<'g, f64>, from: usize) -> Var<'g, f64> {
    let steps = ys.shape().get(0).unwrap();
    let weights = random([TIME, BATCH, ys.shape().last()], "weights");
    (ys * ys.graph().input(&weights).slice(from, steps)).sum()
}

fn close(a: &[f64], b: &[f64], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-12 * (1.0 + a.abs()), "{what}: {a} and {b}");
    }
}

#[test]
fn the_gradient_of_a_state_is_that_of_what_follows_from_it() {
    let x = random([TIME, BATCH, 3], "x");
    for kind in KINDS {
        let (cell, params) = cell(kind);
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
        let (mut states, mut outputs) = (Vec::new(), Vec::new());
        tape.gradient(&params, &mut grad, |g| {
            let (ys, _) = watched(&cell, g.input(&x), cell.initial(g, BATCH));
            outputs = ys.tensor().into_values();
            loss(ys, 0)
        })
        .unwrap();
        let found: Vec<Vec<f64>> =
            (0..).map_while(|i| tape.wanted(i)).map(|d| d.values().to_vec()).collect();
        assert!(!found.is_empty());
        for t in 0..TIME {
            // The state before step t, by single steps; then what follows, from it.
            states.clear();
            Tape::new()
                .evaluate(&params, |g| {
                    let mut s = cell.initial(g, BATCH);
                    (0..t).for_each(|t| s = cell.step(g.input(&x).at(t), s).1);
                    s.each(&mut |s| states.push(s.tensor()));
                })
                .unwrap();
            let mut rest = Tape::new();
            rest.gradient(&params, &mut grad, |g| {
                let mut states = states.iter();
                let s = cell.initial(g, BATCH);
                let s = s.map(&mut |_| g.wanted(states.next().unwrap()));
                let (ys, _) = cell.sequence(g.input(&x).slice(t, TIME - t).into(), s);
                close(&ys.tensor().into_values(), &outputs[outputs.len() / TIME * t..], "output");
                loss(ys, t)
            })
            .unwrap();
            for (i, all) in found.iter().enumerate() {
                let each = all.len() / TIME;
                let wanted = rest.wanted(i).unwrap().values().to_vec();
                close(&all[t * each..][..each], &wanted, &format!("{kind:?}, step {t}, part {i}"));
            }
        }
    }
}

#[test]
fn sizes_of_nothing_and_what_does_not_fit() {
    let (cell, params) = cell(Kind::Lstm);
    let mut grad = Grad::zeros(&params);
    for shape in [[0, 2, 3], [3, 0, 3]] {
        let x = Tensor::zeros(shape).unwrap();
        let gradient = Tape::new().gradient(&params, &mut grad, |g| {
            let (ys, _) = watched(&cell, g.input(&x), cell.initial(g, shape[1]));
            assert_eq!(ys.shape().dims(), [shape[0], shape[1], 4]);
            ys.sum()
        });
        gradient.unwrap();
    }
    let x = random([TIME, 3], "flat");
    let error = Tape::new().gradient(&params, &mut grad, |g| {
        watched(&cell, g.input(&x), cell.initial(g, BATCH)).0.sum()
    });
    let said = error.unwrap_err();
    assert!(matches!(said, Error::Misfit { .. }));
    let said = said.to_string();
    assert!(
        said.contains("wanted a sequence") && said.contains("tests/suite/watched.rs"),
        "{said}"
    );
    // A state of other rows than the sequence.
    let x = random([TIME, BATCH, 3], "x");
    let error = Tape::new()
        .gradient(&params, &mut grad, |g| watched(&cell, g.input(&x), cell.initial(g, 5)).0.sum());
    assert!(error.is_err());
}
