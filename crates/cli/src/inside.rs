//! What goes on inside a network while it reads one sequence.

use crate::failure::Failure;
use crate::task::{Example, Wanted};
use elman::autograd::{Grad, Params, Tape, Var};
use elman::rnn::{AnyCell, Bidirectional, Cell, Layer, Network, NetworkLayer, Seq, State, watched};
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
        let outputs = match network.head() {
            Some(head) => head.forward(xs).last(),
            None => Seq::from(xs).last(),
        };
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
            of_parts.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a.hypot(*b)).collect());
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
