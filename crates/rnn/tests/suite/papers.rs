//! Cells against the equations of their papers, in plain numbers and loops over single units.

mod continuous;
mod every;
mod gated;
mod linear;
mod long_short;
mod simple;
mod start;

use elman_autograd::{Error, Params, Scope, Tape, Var};
use elman_rnn::{Carried, Cell, Rnn, State};
use elman_tensor::{Random, Tensor};
use proptest::prelude::*;
use proptest::test_runner::Config;

/// The largest deviation allowed, relative to the largest number.
const ALLOWED: f64 = 1e-12;

/// How large a trial is, and where its numbers come from.
#[derive(Debug, Clone, Copy)]
struct Trial {
    time: usize,
    batch: usize,
    input: usize,
    hidden: usize,
    seed: u64,
}

fn trial() -> impl Strategy<Value = Trial> {
    (0usize..8, 1usize..4, 0usize..4, 1usize..5, any::<u64>())
        .prop_map(|(time, batch, input, hidden, seed)| Trial { time, batch, input, hidden, seed })
}

fn config() -> Config {
    Config { cases: 48, failure_persistence: None, ..Config::default() }
}

/// The weights of a cell, by name.
struct Weights<'a>(&'a Params<f64>);

impl Weights<'_> {
    fn of(&self, name: &str) -> &[f64] {
        let (_, weight) = self.0.find(&format!("c.{name}")).next().expect(name);
        self.0.get(weight).expect(name).values()
    }

    /// b + x · W + h · U, column by column, of the weights whose names begin like this.
    fn sums(&self, scope: &str, x: &[f64], h: &[f64]) -> Vec<f64> {
        let [w, u, b] = ["w", "u", "b"].map(|name| self.of(&format!("{scope}{name}")));
        let n = b.len();
        let column = |j: usize| {
            let from = |x: &[f64], w: &[f64]| {
                x.iter().enumerate().map(|(k, x)| x * w[k * n + j]).sum::<f64>()
            };
            b[j] + from(x, w) + from(h, u)
        };
        (0..n).map(column).collect()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn normal(random: &mut Random, count: usize, scale: f64) -> Vec<f64> {
    (0..count).map(|_| scale * random.normal()).collect()
}

/// The numbers of a state, row by row, Var by Var.
type Row = Vec<Vec<f64>>;

/// Runs a cell over a random sequence from a random state, and holds every output to a reference,
/// which moves the state of one row by one step; the output is the first part of the state.
fn agrees<C: Cell>(
    trial: Trial,
    build: impl FnOnce(Scope<'_>) -> Result<C, Error>,
    step: impl Fn(&Weights<'_>, &[f64], &mut Row),
) -> Result<(), TestCaseError> {
    agrees_in_output(trial, build, |weights, x, row| {
        step(weights, x, row);
        row[0].clone()
    })
}

/// [`agrees`] for a cell whose output is none of its state: the reference gives it.
fn agrees_in_output<C: Cell>(
    trial: Trial,
    build: impl FnOnce(Scope<'_>) -> Result<C, Error>,
    step: impl Fn(&Weights<'_>, &[f64], &mut Row) -> Vec<f64>,
) -> Result<(), TestCaseError> {
    let Trial { time, batch, input, seed, .. } = trial;
    let (cell, mut params) = Params::<f64>::init(seed, |p| build(p.scope("c"))).unwrap();
    let random = &mut Random::new(seed, "papers", 0);
    // Zeros and ones at the start would hide what stands in their place.
    params.values_mut().iter_mut().for_each(|w| *w = 0.7 * random.normal());
    let x = Tensor::new([time, batch, input], normal(random, time * batch * input, 1.0)).unwrap();

    let (mut carried, mut widths) = (Carried::new(), Vec::new());
    let mut tape = Tape::new();
    tape.evaluate(&params, |g| {
        let start = cell.initial(g, batch);
        carried.keep(&start.map(&mut |s: Var<'_, f64>| {
            widths.push(s.shape().last());
            g.input(&Tensor::new(s.shape(), normal(random, s.shape().len(), 1.0)).unwrap())
        }));
    })
    .unwrap();
    let start = rows(carried.values().unwrap(), batch, &widths);
    let y = tape
        .evaluate(&params, |g| {
            let (y, last) = Rnn(&cell).run(g.input(&x), carried.enter(&cell, g, batch));
            carried.keep(&last);
            y.tensor()
        })
        .unwrap();
    let last = rows(carried.values().unwrap(), batch, &widths);

    let (output, weights) = (cell.output(), Weights(&params));
    for (b, (mut row, last)) in start.into_iter().zip(last).enumerate() {
        for t in 0..time {
            let x = &x.values()[(t * batch + b) * input..][..input];
            let theirs = step(&weights, x, &mut row);
            let ours = &y.values()[(t * batch + b) * output..][..output];
            close(&format!("output {t} of row {b}"), ours, &theirs)?;
        }
        for (i, (ours, theirs)) in last.iter().zip(&row).enumerate() {
            close(&format!("part {i} of the last state of row {b}"), ours, theirs)?;
        }
    }
    Ok(())
}

/// The rows of a state whose Vars, so many columns wide, lie one after the other.
fn rows(state: &[f64], batch: usize, widths: &[usize]) -> Vec<Row> {
    let mut rows = vec![Row::new(); batch];
    let mut rest = state;
    for &width in widths {
        let (part, after) = rest.split_at(batch * width);
        for (b, row) in rows.iter_mut().enumerate() {
            row.push(part[b * width..][..width].to_vec());
        }
        rest = after;
    }
    rows
}

fn close(what: &str, ours: &[f64], theirs: &[f64]) -> Result<(), TestCaseError> {
    let scale = theirs.iter().fold(1.0, |m: f64, y| m.max(y.abs()));
    let same = |(ours, theirs): (&f64, &f64)| (ours - theirs).abs() <= ALLOWED * scale;
    let agree = ours.len() == theirs.len() && ours.iter().zip(theirs).all(same);
    prop_assert!(agree, "{what}: {ours:?} is not {theirs:?}");
    Ok(())
}

/// One test a line: the name, how the cell is built from (scope, input, hidden), and a step of its
/// reference, from (weights, input, state).
macro_rules! papers {
    ($($name:ident: |$p:ident, $input:ident, $hidden:ident| $build:expr,
        |$w:pat_param, $x:pat_param, $s:pat_param| $step:expr;)*) => {
        proptest::proptest! {
            #![proptest_config(crate::papers::config())]
            $(#[test]
            fn $name(trial in crate::papers::trial()) {
                let crate::papers::Trial { input: $input, hidden: $hidden, .. } = trial;
                crate::papers::agrees(trial, |$p| $build, |$w, $x, $s| $step)?;
            })*
        }
    };
}
use papers;
