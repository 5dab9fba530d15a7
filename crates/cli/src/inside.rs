//! What goes on inside a network while it reads one sequence.

use crate::failure::Failure;
use crate::task::{Example, Wanted};
use elman::autograd::{Grad, Params, Tape, Var};
use elman::rnn::{AnyCell, Bidirectional, Cell, Network, NetworkLayer, Seq, State, watched};
use elman::train::{cross_entropy, mse};
use elman_report::{Gradients, States, gradient_norms};

/// The states of the last layer, `hₜ`, and how far back the loss of the last step reaches in each
/// layer, `‖∂L/∂sₜ‖`.
pub(crate) fn inside(
    network: &Network,
    params: &Params<f32>,
    example: &Example,
) -> Result<(States, Gradients), Failure> {
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
    let (mut runs, mut states) = (Vec::new(), None);
    tape.gradient(params, &mut grad, |g| {
        let mut xs = g.input(&example.x);
        for (number, layer) in network.layers().iter().enumerate() {
            xs = through(layer, number, xs, &mut runs);
        }
        states = Some(xs.tensor());
        let outputs = network.read_out(xs);
        match &example.wanted {
            Wanted::Numbers(y) => mse(outputs, g.input(y)),
            Wanted::Class(class) => cross_entropy(outputs, g.ids(&[*class])),
        }
    })?;
    let states = states.ok_or_else(|| Failure::Inside("a network without states".into()))?;
    let mut first = 0;
    let norms = runs.into_iter().map(|Run { name, parts, reversed }| {
        let of_parts = (first..first + parts).filter_map(|i| tape.wanted(i)).map(gradient_norms);
        first += parts;
        let mut norms =
            of_parts.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| libm::hypot(*a, *b)).collect());
        if let Some(norms) = norms.as_mut().filter(|_| reversed) {
            norms.reverse();
        }
        (name, norms.unwrap_or_default())
    });
    let gradients = Gradients { norms: norms.collect() };
    Ok((States::of(states.view(), 0)?, gradients))
}

/// A cell that has gone through the sequence.
struct Run {
    name: String,
    /// How many Vars its state has.
    parts: usize,
    reversed: bool,
}

/// A layer without its dropout; the gradients of its states are wanted.
fn through<'g>(
    layer: &NetworkLayer,
    number: usize,
    xs: Var<'g, f32>,
    runs: &mut Vec<Run>,
) -> Var<'g, f32> {
    let mut run = |cell: &AnyCell, name: String, xs: Var<'g, f32>, reversed| {
        let (first, mut parts) = (cell.initial(xs.graph(), 1), 0);
        first.each(&mut |_| parts += 1);
        runs.push(Run { name, parts, reversed });
        watched(cell, xs, first).0
    };
    match layer {
        NetworkLayer::Forward(cell) => run(cell.inner(), format!("layer {number}"), xs, false),
        NetworkLayer::Both(both) => {
            let Bidirectional { forward, backward, .. } = both.inner();
            let back = Seq::from(xs).reversed().values();
            let y = run(forward, format!("layer {number}"), xs, false);
            let z = run(backward, format!("layer {number}, backwards"), back, true);
            xs.graph().concat(2, &[y, Seq::from(z).reversed().values()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::rnn::{Architecture, Input, Kind, Layer, LayerSettings};
    use elman::tensor::Tensor;

    const TIME: usize = 7;

    /// What goes on in a network of two layers while it reads some numbers.
    fn look(bidirectional: bool) -> (States, Gradients, Vec<f32>) {
        let layer =
            LayerSettings { bidirectional, dropout: 0.5, ..LayerSettings::new(Kind::Lstm, 4) };
        let (input, layers) = (Input::Features(2), vec![layer; 2]);
        let architecture = Architecture { input, layers, outputs: Some(3) };
        let (network, params) = Params::<f32>::init(1, |p| Network::new(p, &architecture)).unwrap();
        let x = Tensor::from_fn([TIME, 1, 2], |i| (i as f32).sin()).unwrap();
        let example = Example { x, wanted: Wanted::Class(1) };
        let (states, gradients) = inside(&network, &params, &example).unwrap();
        let last = Tape::new().evaluate(&params, |g| {
            let layers = network.layers().iter();
            let seq = layers.fold(Seq::from(g.input(&example.x)), |xs, layer| layer.forward(xs));
            seq.values().tensor().into_values()
        });
        (states, gradients, last.unwrap())
    }

    /// Without dropout, as the network is when it is used.
    #[test]
    fn states_are_those_of_the_last_layer() {
        for bidirectional in [false, true] {
            let (states, _, last) = look(bidirectional);
            assert_eq!(states.units * TIME, last.len());
            for (found, wanted) in states.values.iter().zip(last) {
                assert!((found - f64::from(wanted)).abs() < 1e-6, "{found} and {wanted}");
            }
        }
    }

    /// Each line has a name and a norm for each step, in the order of time: at its end a direction
    /// knows all steps.
    #[test]
    fn gradients_are_in_the_order_of_time() {
        let one = ["layer 0", "layer 1"];
        let both = ["layer 0", "layer 0, backwards", "layer 1", "layer 1, backwards"];
        for (bidirectional, wanted) in [(false, &one[..]), (true, &both)] {
            let (_, gradients, _) = look(bidirectional);
            let names: Vec<_> = gradients.norms.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, wanted);
            for (name, norms) in &gradients.norms {
                assert!(norms.len() == TIME && norms.iter().all(|&norm| norm > 0.0), "{name}");
            }
        }
        // The upper layer forgets: it is the end of its own direction that it knows best.
        let (_, gradients, _) = look(true);
        let [.., ahead, back] = &gradients.norms[..] else { panic!("two layers, both ways") };
        assert!(ahead.1[TIME - 1] > ahead.1[0] && back.1[0] > back.1[TIME - 1]);
    }
}
