//! Cells of other libraries: their numbers (`tests/reference`), and how ours are held to them.

use crate::support::deviation;
use crate::support::reference::Reference;
use elman::autograd::Error;
use elman::prelude::*;
use elman::rnn::{Readout, State};

/// The largest deviation allowed, relative to the largest number of an array.
const ALLOWED: f64 = 1e-12;

pub(crate) const INPUT: usize = 3;
pub(crate) const HIDDEN: usize = 5;
const OUTPUT: usize = 2;

/// A cell that another library has too.
pub(crate) trait Peer: Cell + Copy {
    /// Each weight with the library's numbers for it: values, gradients, or values after training.
    fn weights(&self, r: &Reference, prefix: &str) -> Vec<(Param, Vec<f64>)>;
}

/// All gates side by side, in the library's order.
pub(crate) fn side_by_side(gate: Gate, r: &Reference, prefix: &str) -> Vec<(Param, Vec<f64>)> {
    let names = ["weight", "recurrent", "bias"].map(|name| format!("{prefix}{name}"));
    let values = names.map(|name| r.of(&name).values().to_vec());
    gate.params().into_iter().zip(values).collect()
}

/// Every weight of the model, the readout's too, with the library's numbers.
fn all<C: Peer>(model: &Readout<C>, r: &Reference, prefix: &str) -> Vec<(Param, Vec<f64>)> {
    let (w, b) = model.head.params();
    let mut weights = model.cell.weights(r, prefix);
    weights.push((w, r.of(&format!("{prefix}head_weight")).values().to_vec()));
    weights.push((b.unwrap(), r.of(&format!("{prefix}head_bias")).values().to_vec()));
    weights
}

/// What a pass gave, copied out of it.
#[derive(Default)]
struct Seen {
    outputs: Vec<f64>,
    hidden: Vec<f64>,
    finals: Vec<Vec<f64>>,
}

/// mean (outputs − y)² + Σ cot · final
fn loss<'g, C: Peer>(
    g: &'g Graph<'g, f64>,
    model: &Readout<C>,
    r: &Reference,
    states: &[&str],
    seen: Option<&mut Seen>,
) -> Var<'g, f64> {
    let x = g.wanted(r.of("x"));
    let mut names = states.iter();
    let s = model.cell.initial(g, r.of("x").shape().dims()[1]);
    let s = s.map(&mut |_| g.wanted(r.of(&format!("{}0", names.next().unwrap()))));
    let (hidden, last) = Rnn(model.cell).run(x, s);
    let outputs = model.head.of(hidden);
    let mut loss = mse(outputs, g.input(r.of("y")));
    let mut finals = Vec::new();
    let mut names = states.iter();
    last.each(&mut |s| {
        loss = loss + (s * g.input(r.of(&format!("cot_{}", names.next().unwrap())))).sum();
        finals.push(s.tensor().into_values());
    });
    if let Some(seen) = seen {
        let (outputs, hidden) = (outputs.tensor().into_values(), hidden.tensor().into_values());
        *seen = Seen { outputs, hidden, finals };
    }
    loss
}

/// Compares a whole file.
pub(crate) fn agrees<C: Peer>(
    file: &str,
    states: &[&str],
    cell: impl FnOnce(Scope<'_>) -> Result<C, Error>,
) {
    let r = &Reference::read(file);
    let (model, mut params) = Params::<f64>::init(0, |p| {
        let cell = cell(p.scope("cell"))?;
        let head = Linear::new(p.scope("head"), cell.output(), OUTPUT)?;
        Ok(cell.readout(head))
    })
    .unwrap();
    let weights = all(&model, r, "");
    // No weight is left out: neither by this test, nor by the library's list.
    assert_eq!(weights.iter().map(|(p, _)| p.shape().len()).sum::<usize>(), params.len());
    for (weight, values) in weights {
        params.get_mut(weight).unwrap().copy_from_slice(&values);
    }

    let mut worst = 0.0f64;
    let mut close = |what: &str, ours: &[f64], theirs: &[f64]| {
        let off = deviation(ours, theirs);
        assert!(off <= ALLOWED, "{file}, {what}: off by {off:e}\n{ours:?}\n{theirs:?}");
        worst = worst.max(off);
    };

    let (mut tape, mut grad, mut seen) = (Tape::new(), Grad::zeros(&params), Seen::default());
    let value =
        tape.gradient(&params, &mut grad, |g| loss(g, &model, r, states, Some(&mut seen))).unwrap();
    close("loss", &[value], r.of("loss").values());
    close("outputs", &seen.outputs, r.of("outputs").values());
    close("hidden outputs", &seen.hidden, r.of("hidden").values());
    for (name, last) in states.iter().zip(&seen.finals) {
        close(&format!("final {name}"), last, r.of(&format!("final_{name}")).values());
    }
    for (weight, wanted) in all(&model, r, "grad_") {
        let (path, _) = params.iter().find(|(_, p)| *p == weight).unwrap();
        close(&format!("gradient of {path}"), grad.of(weight).unwrap().values(), &wanted);
    }
    let inputs = std::iter::once("x".to_owned()).chain(states.iter().map(|s| format!("{s}0")));
    for (i, name) in inputs.enumerate() {
        let ours = tape.wanted(i).unwrap().values();
        close(&format!("gradient of {name}"), ours, r.of(&format!("grad_{name}")).values());
    }

    let mut trainer = Trainer::new(adam(1e-2));
    let losses: Vec<_> = (0..20)
        .map(|_| trainer.step(&mut params, |g| loss(g, &model, r, states, None)).unwrap())
        .collect();
    close("losses of Adam", &losses, r.of("adam_losses").values());
    for (weight, wanted) in all(&model, r, "adam_") {
        let (path, _) = params.iter().find(|(_, p)| *p == weight).unwrap();
        close(&format!("{path} after Adam"), params.get(weight).unwrap().values(), &wanted);
    }

    // A model in one piece, readout included, gives the same outputs.
    let readout = Tape::new().evaluate(&params, |g| {
        let s = model.initial(g, r.of("x").shape().dims()[1]);
        let (whole, _) = Rnn(model).run(g.input(r.of("x")), s.clone());
        let (hidden, _) = Rnn(model.cell).run(g.input(r.of("x")), s);
        (whole - model.head.of(hidden)).abs().sum().item()
    });
    assert_eq!(readout, Ok(0.0));
    println!("{file}: largest deviation {worst:e}");
}
