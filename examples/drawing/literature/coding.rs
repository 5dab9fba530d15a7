//! A text, coded by what a network has learned of it so far: `alice29.txt` in bits per character.
//!
//! Every character costs `-log2 p`, its probability under a network that was trained on nothing but
//! the characters before it; an arithmetic coder comes within some bytes of that. The decoder
//! trains along, and needs the alphabet and the length: 288 bits more. Pieces are coded one after
//! the other. When one is coded, the network learns from the window that ends with it, and in the
//! second entry from windows anywhere in the text before, too.

use crate::table::{Entry, Goal};
use elman::prelude::*;
use std::collections::VecDeque;
use std::f64::consts::LN_2;

/// One pass: a character is learned from while the window passes over it, and never again.
pub(crate) const PASS: Entry = Entry {
    name: "alice29-pass",
    setting: "LSTM 256; 16 characters are coded, then one step on the last 64, Adam 3e-3 to 5e-4: \
              each in four steps, right after it was coded",
    published: "bzip2 -9: 2.27",
    goal: Goal::Bits(2.45),
    seeds: 5,
    quick: 1,
    run: |seed| code(seed, Plan { piece: 16, old: 0, dropout: 0.0, rates: [3e-3, 5e-4] }),
};

/// With rehearsal.
pub(crate) const REHEARSED: Entry = Entry {
    name: "alice29-rehearsed",
    setting: "LSTM 256, dropout 0.25; 32 characters are coded, then one step on the last 64 and on \
              12 windows of 64 of the text before, Adam 4e-3 to 1e-3",
    published: "bzip2 -9: 2.27",
    goal: Goal::Bits(2.25),
    seeds: 5,
    quick: 0,
    run: |seed| code(seed, Plan { piece: 32, old: 12, dropout: 0.25, rates: [4e-3, 1e-3] }),
};

/// How a text is learned while it is coded. Chosen on another text, `asyoulik.txt`.
#[derive(Clone, Copy)]
struct Plan {
    /// Characters that are coded at a time.
    piece: usize,
    /// Windows of old text in a step of training.
    old: usize,
    dropout: f64,
    /// Adam's, at the beginning and at the end.
    rates: [f64; 2],
}

/// Bits for what a decoder has to know: a flag for each byte, and the length.
const HEADER: f64 = 256.0 + 32.0;
const HIDDEN: usize = 256;
const EMBEDDED: usize = 64;
/// Characters of a window.
const WINDOW: usize = 64;
/// Characters that a window of old text is not asked for: it begins with a state of zeros.
const BEGIN: usize = 8;
/// How much more a recent character weighs than an old one.
const RECENT: f64 = 8.0;

#[derive(Clone, Copy)]
struct Model {
    letters: Embedding,
    lstm: Lstm,
    head: Linear,
}

impl Model {
    /// Logits for what follows each character of some rows, `[time, batch, symbols]`, and the last
    /// state.
    fn logits<'g>(
        &self,
        xs: Var<'g, f32>,
        state: [Var<'g, f32>; 2],
        (dropout, key): (f64, u64),
    ) -> (Var<'g, f32>, [Var<'g, f32>; 2]) {
        let (ys, state) = Rnn(self.lstm).run(xs.dropout(dropout, key), state);
        (self.head.of(ys.dropout(dropout, key + 1)), state)
    }
}

/// Windows of old text, side by side: what is read, and what comes next but for the beginnings.
fn windows(read: &[u32], starts: &[usize]) -> [Vec<u32>; 2] {
    let of = |steps: std::ops::Range<usize>| {
        steps.flat_map(|t| starts.iter().map(move |start| read[start + t])).collect::<Vec<_>>()
    };
    [of(0..WINDOW), of(BEGIN + 1..WINDOW + 1)]
}

/// Codes the text; returns bits per character.
fn code(seed: u64, plan: Plan) -> Result<f64, Error> {
    let text = include_str!("../../../data/alice29.txt");
    let alphabet = Alphabet::of(text);
    // Something is read before the first character: any symbol will do.
    let mut read = vec![0];
    read.extend(alphabet.encode(text)?);
    let (len, symbols) = (text.len(), alphabet.len());
    let (model, mut params) = Params::<f32>::init(seed, |p| {
        let letters = Embedding::new(p.scope("letters"), symbols, EMBEDDED)?;
        let forget = ForgetBias::Constant(1.0);
        let lstm = Lstm::with(p.scope("lstm"), EMBEDDED, HIDDEN, forget)?;
        Ok(Model { letters, lstm, head: Linear::new(p.scope("head"), HIDDEN, symbols)? })
    })?;
    let [first, last] = plan.rates;
    let rate = exponential(Real::exp(Real::ln(last / first) * (plan.piece as f64 / len as f64)));
    let mut trainer = crate::trainer(clip_norm(1.0).then(adam(first)).then(rate));
    let mut nats = 0.0;
    // The states in which pieces of the window began, and the one after all that was coded.
    let (mut states, mut now) = (VecDeque::new(), Carried::new());
    for start in (0..len).step_by(plan.piece) {
        let end = (start + plan.piece).min(len);
        states.push_back(now.clone());
        if states.len() > WINDOW / plan.piece {
            states.pop_front();
        }
        let piece = trainer.tape_mut().evaluate(&params, |g| {
            let xs = model.letters.sequence(g, &read[start..end], 1);
            let (logits, state) = model.logits(xs, now.enter(&model.lstm, g, 1), (0.0, 0));
            now.keep(&state);
            cross_entropy(logits, g.ids(&read[start + 1..=end])).item()
        })?;
        nats += f64::from(piece) * (end - start) as f64;

        // From here on everything up to `end` is known.
        let window = start - (states.len() - 1) * plan.piece;
        let old = if end < 2 * WINDOW { 0 } else { plan.old };
        let mut random = Random::new(seed, "windows", start as u64);
        let starts: Vec<usize> = (0..old).map(|_| random.below(end - WINDOW + 1)).collect();
        let [x, y] = windows(&read, &starts);
        trainer.step(&mut params, |g| {
            let xs = model.letters.sequence(g, &read[window..end], 1);
            let state = states[0].enter(&model.lstm, g, 1);
            let (logits, _) = model.logits(xs, state, (plan.dropout, 0));
            let recent = cross_entropy(logits, g.ids(&read[window + 1..=end]));
            if old == 0 {
                return recent;
            }
            let xs = model.letters.sequence(g, &x, old);
            let state = model.lstm.initial(g, old);
            let (logits, _) = model.logits(xs, state, (plan.dropout, 2));
            let rehearsed = cross_entropy(logits.slice(BEGIN, WINDOW - BEGIN), g.ids(&y));
            let weight = RECENT * (end - window) as f64 / y.len() as f64;
            (rehearsed + weight * recent) / (1.0 + weight)
        })?;
    }
    Ok((nats / LN_2 + HEADER) / len as f64)
}
