//! A stream without end, learned in pieces: truncated backpropagation through time.
//!
//! A row hears bits, and has to repeat each of them three steps later. Now and then a row starts
//! anew; nothing in the input tells, only a reset of its state, and until three bits have come it
//! has to answer "nothing yet". The stream is cut into pieces of six steps. So half of the answers
//! need bits that came before the piece began: the state is carried across the cuts, as a copy that
//! is read out of one training pass and put into the next. The gradient stops at the cut.
//!
//! A second network starts every piece from zeros. It shows what the carried state is worth.
//!
//! Run with `cargo run --release --example truncated`.

use elman::prelude::*;

const DELAY: usize = 3;
const PIECE: usize = 6;
const BATCH: usize = 16;
const HIDDEN: usize = 32;
const PIECES: usize = 1500;
const NOTHING: u32 = 2;

/// A stream of `[PIECES × PIECE, BATCH]`, step by step: time is the outermost axis, so that a
/// piece is a part of each vector.
struct Echo {
    bits: Vec<f32>,
    resets: Vec<u32>,
    answers: Vec<u32>,
}

impl Echo {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, "echo", 0);
        let (mut bits, mut resets, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut age = [0; BATCH];
        for i in 0..PIECES * PIECE * BATCH {
            let row = i % BATCH;
            let anew = i < BATCH || random.bernoulli(0.05);
            age[row] = if anew { 0 } else { age[row] + 1 };
            bits.push(if random.bernoulli(0.5) { 1.0 } else { -1.0 });
            resets.push(u32::from(anew));
            let heard = (age[row] >= DELAY).then(|| bits[i - DELAY * BATCH]);
            answers.push(heard.map_or(NOTHING, |bit| u32::from(bit > 0.0)));
        }
        Echo { bits, resets, answers }
    }
}

/// Learns the stream from its first piece to its last. Returns how often it was right in the last
/// fifth of the stream: at all steps of the pieces, and at the first `DELAY` of them.
fn train(carry: bool) -> Result<[f64; 2], Error> {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let gru = Gru::new(p.scope("gru"), 1, HIDDEN)?;
        Ok(Rnn(gru.readout(Linear::new(p.scope("head"), HIDDEN, 3)?)))
    })?;
    let stream = Echo::new(1);
    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2)).then(cosine(PIECES as u64)));
    let mut state = Carried::new();
    let mut logits = Tensor::zeros([PIECE, BATCH, 3])?;
    let (mut right, mut asked) = ([0; PIECE], 0);

    for piece in 0..PIECES {
        let now = piece * PIECE * BATCH..(piece + 1) * PIECE * BATCH;
        let answers = &stream.answers[now.clone()];
        let bits = Tensor::new([PIECE, BATCH, 1], stream.bits[now.clone()].to_vec())?;
        trainer.step(&mut params, |g| {
            let xs = Seq::from(g.input(&bits)).with_resets(&stream.resets[now]);
            let (ys, last) = model.run(xs, state.enter(&model.0, g, BATCH));
            if carry {
                state.keep(&last);
            }
            ys.read(logits.values_mut());
            cross_entropy(ys, g.ids(answers))
        })?;

        // These are answers to bits that the weights have not seen yet.
        if piece >= PIECES - PIECES / 5 {
            asked += BATCH;
            for (i, (y, &answer)) in logits.values().chunks(3).zip(answers).enumerate() {
                right[i / BATCH] += usize::from(argmax(y) == Some(answer as usize));
            }
        }
    }
    let share = |right: &[usize]| right.iter().sum::<usize>() as f64 / (asked * right.len()) as f64;
    Ok([share(&right), share(&right[..DELAY])])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("an echo after {DELAY} steps, learned in pieces of {PIECE}: right answers");
    println!("                       at all steps   at the first {DELAY} of a piece");
    let [all, first] = train(true)?;
    println!("state carried            {:8.2} %          {:8.2} %", 100.0 * all, 100.0 * first);
    let [all_without, first_without] = train(false)?;
    println!(
        "each piece from zeros    {:8.2} %          {:8.2} %",
        100.0 * all_without,
        100.0 * first_without
    );
    if all < 0.99 {
        return Err(format!("only {all} right with the state carried").into());
    }
    if first_without > 0.7 {
        return Err(format!("{first_without} right without what was asked for").into());
    }
    Ok(())
}
