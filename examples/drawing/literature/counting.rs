//! aⁿbⁿ (Gers and Schmidhuber 2001): learned from n of 1 to 10, how far does a network count?

use crate::legal;
use crate::table::{Entry, Goal};
use elman::prelude::*;

/// Of four networks with other first weights, the one is tested that is best on n of 11 to 60.
pub(crate) const ENTRY: Entry = Entry {
    name: "counting",
    setting: "aⁿbⁿ, n ≤ 10; LSTM 2 with peepholes, forget biases 5, one string at a time, Adam \
              3e-2 with β₂ 0.99, cosine, 20,000 strings; of 4 starts and all times the best on \
              11 ≤ n ≤ 60; right up to n, at most 1000",
    published: "up to 1000 (Gers & Schmidhuber 2001)",
    goal: Goal::Length(100.0),
    seeds: 5,
    quick: 2,
    run,
};

const HIDDEN: usize = 2;
const LETTERS: usize = 2;
const TRAIN: (usize, usize) = (1, 10);
const VALIDATION: (usize, usize) = (11, 60);
/// The longest to be tested.
const LONGEST: usize = 1000;
/// Chosen with other seeds (11 to 25) from 1e-2, 3e-2 and 1e-1, beside forget biases of 3 and 5. A
/// β₂ of 0.99 matters most: with 0.999 most networks do not get beyond 100.
const RATE: f64 = 3e-2;
const FORGET: f32 = 5.0;
const STARTS: u64 = 4;
const STEPS: u64 = 20_000;
/// Steps between two looks at the validation strings.
const PERIOD: u64 = 100;

/// A network as it was when the validation strings were told best.
struct Best<L> {
    model: L,
    params: Params<f32>,
    loss: f32,
}

/// Returns the longest `n` up to which the best network is right at every step.
fn run(seed: u64) -> Result<f64, Error> {
    let mut best = train(STARTS * seed)?;
    for start in 1..STARTS {
        let next = train(STARTS * seed + start)?;
        if next.loss < best.loss {
            best = next;
        }
    }
    let (mut string, mut tape) = (Batch::new(), Tape::new().threads(1));
    for n in 1..=LONGEST {
        Counting::new(0, LETTERS, (n, n), 1)?.fill(&mut string, 0)?;
        if legal::right(&best.model, &mut tape, &best.params, &string)? == 0 {
            return Ok((n - 1) as f64);
        }
    }
    Ok(LONGEST as f64)
}

fn train(seed: u64) -> Result<Best<impl Layer>, Error> {
    let symbols = LETTERS + 2;
    let (model, mut params) = Params::<f32>::init(seed, |p| {
        let lstm = PeepholeLstm::new(p.scope("lstm"), symbols, HIDDEN)?;
        Ok(Rnn(lstm.readout(Linear::new(p.scope("head"), HIDDEN, symbols)?)))
    })?;
    // Gates stand side by side in the order i, f, g, o.
    let [_, _, bias] = model.0.cell.gates().params();
    if let Some(bias) = params.get_mut(bias) {
        bias[HIDDEN..2 * HIDDEN].fill(FORGET);
    }
    let task = Counting::new(seed, LETTERS, TRAIN, 1)?;
    let (mut string, mut validation) = (Batch::new(), Batch::new());
    Counting::new(seed, LETTERS, VALIDATION, 64)?.fill(&mut validation, 0)?;
    let rate = adam(RATE).betas(0.9, 0.99).then(cosine(STEPS));
    let mut trainer = crate::trainer(clip_norm(1.0).then(rate));
    let mut best = Best { model, params: params.clone(), loss: f32::INFINITY };
    for step in 1..=STEPS {
        task.fill(&mut string, step)?;
        trainer.step(&mut params, |g| legal::loss(&model, g, &string))?;
        if step % PERIOD == 0 {
            let tape = trainer.tape_mut();
            let loss = tape.evaluate(&params, |g| legal::loss(&model, g, &validation).item())?;
            if loss < best.loss {
                best = Best { model, params: params.clone(), loss };
            }
        }
    }
    Ok(best)
}
