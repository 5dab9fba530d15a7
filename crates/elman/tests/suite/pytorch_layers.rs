//! Two bidirectional layers, on rows of different lengths, against PyTorch's numbers in f64.

use crate::support::deviation;
use crate::support::reference::Reference;
use elman::autograd::Error;
use elman::prelude::*;
use elman::rnn::State;

/// The largest deviation allowed, relative to the largest number of an array.
const ALLOWED: f64 = 1e-12;

const INPUT: usize = 3;
const HIDDEN: usize = 4;

/// A cell, and where PyTorch's numbers for its weights are, in the file's names.
trait Peer: Cell + Copy {
    fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error>;
    fn weights(&self) -> Vec<(Param, &'static str, &'static [usize])>;
}

impl Peer for Lstm {
    fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Lstm::new(p, input, hidden)
    }

    fn weights(&self) -> Vec<(Param, &'static str, &'static [usize])> {
        let [w, u, b] = self.gates().params();
        vec![
            (w, "weight", &[0, 1, 2, 3]),
            (u, "recurrent", &[0, 1, 2, 3]),
            (b, "bias", &[0, 1, 2, 3]),
        ]
    }
}

impl Peer for Gru {
    fn new(p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Gru::new(p, input, hidden)
    }

    fn weights(&self) -> Vec<(Param, &'static str, &'static [usize])> {
        let ([w, u, b], [wn, bn, un, cn]) = (self.gates().params(), self.candidate());
        vec![
            (w, "weight", &[0, 1]),
            (u, "recurrent", &[0, 1]),
            (b, "bias", &[0, 1]),
            (wn, "weight", &[2]),
            (un, "recurrent", &[2]),
            (bn, "bias", &[2]),
            (cn, "candidate_bias", &[0]),
        ]
    }
}

type Both<C> = Bidirectional<C, C>;

fn agrees<C: Peer>(file: &str, states: &[&str]) {
    let r = &Reference::read(file);
    let ([first, second], mut params): ([Both<C>; 2], _) = Params::<f64>::init(0, |p| {
        let mut layer = |names: [&str; 2], input| {
            let forward = C::new(p.scope(names[0]), input, HIDDEN)?;
            Ok::<_, Error>(Bidirectional::new(forward, C::new(p.scope(names[1]), input, HIDDEN)?))
        };
        Ok([layer(["0f", "0b"], INPUT)?, layer(["1f", "1b"], 2 * HIDDEN)?])
    })
    .unwrap();
    let places = [
        ("0f", first.forward),
        ("0b", first.backward),
        ("1f", second.forward),
        ("1b", second.backward),
    ];
    let all = |prefix: &str| -> Vec<(Param, Vec<f64>)> {
        let of = |(place, cell): &(&str, C)| {
            let weights = cell.weights().into_iter();
            let name = |name| format!("{prefix}{name}_{place}");
            let values = weights.map(|(w, n, gates)| (w, r.gates(&name(n), HIDDEN, gates)));
            values.collect::<Vec<_>>()
        };
        places.iter().flat_map(of).collect()
    };
    let weights = all("");
    assert_eq!(weights.iter().map(|(p, _)| p.shape().len()).sum::<usize>(), params.len());
    for (weight, values) in weights {
        params.get_mut(weight).unwrap().copy_from_slice(&values);
    }
    let lengths: Vec<u32> = r.of("lengths").values().iter().map(|&l| l as u32).collect();

    let mut worst = 0.0f64;
    let mut close = |what: &str, ours: &[f64], theirs: &[f64]| {
        let off = deviation(ours, theirs);
        assert!(off <= ALLOWED, "{file}, {what}: off by {off:e}\n{ours:?}\n{theirs:?}");
        worst = worst.max(off);
    };
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
    let (mut outputs, mut finals) = (Tensor::default(), Vec::new());
    let loss = tape.gradient(&params, &mut grad, |g| {
        let xs = Seq::from(g.wanted(r.of("x"))).with_lengths(&lengths);
        let start = |cell: &C, place: &str| {
            let mut names = states.iter();
            let s = cell.initial(g, lengths.len());
            s.map(&mut |_| g.wanted(r.of(&format!("{}0_{place}", names.next().unwrap()))))
        };
        let s = (start(&first.forward, "0f"), start(&first.backward, "0b"));
        let (ys, ends_of_first) = first.run(xs, s);
        let s = (start(&second.forward, "1f"), start(&second.backward, "1b"));
        let (ys, ends_of_second) = second.run(xs.with_values(ys), s);
        outputs = ys.tensor();
        let mut loss = (ys * g.input(r.of("cot"))).sum();
        let ends = [ends_of_first.0, ends_of_first.1, ends_of_second.0, ends_of_second.1];
        for (end, (place, _)) in ends.iter().zip(places) {
            let mut names = states.iter();
            end.each(&mut |s| {
                let name = format!("{}_{place}", names.next().unwrap());
                loss = loss + (s * g.input(r.of(&format!("cot_{name}")))).sum();
                finals.push((name, s.tensor()));
            });
        }
        loss
    });
    close("loss", &[loss.unwrap()], r.of("loss").values());
    close("outputs", outputs.values(), r.of("outputs").values());
    for (name, last) in finals {
        close(&name, last.values(), r.of(&format!("final_{name}")).values());
    }
    for (weight, wanted) in all("grad_") {
        let (path, _) = params.iter().find(|(_, p)| *p == weight).unwrap();
        close(&format!("gradient of {path}"), grad.of(weight).unwrap().values(), &wanted);
    }
    let starts = places.iter().flat_map(|(p, _)| states.iter().map(move |s| format!("{s}0_{p}")));
    for (i, name) in std::iter::once("x".to_owned()).chain(starts).enumerate() {
        let ours = tape.wanted(i).unwrap().values();
        close(&format!("gradient of {name}"), ours, r.of(&format!("grad_{name}")).values());
    }
    println!("{file}: largest deviation {worst:e}");
}

#[test]
fn lstm() {
    agrees::<Lstm>("lstm_layers", &["h", "c"]);
}

#[test]
fn gru() {
    agrees::<Gru>("gru_layers", &["h"]);
}
