//! Which wave is it? Sequences of unequal lengths into classes, and where the errors are.
//!
//! A recording is 20 to 60 noisy samples of a sine, a triangle, a square or a sawtooth, with a
//! period and a phase of its own. The rows of a batch have different lengths: `with_lengths` says
//! which, and `last` is each row's output at its own end. What lies in the padding does not matter;
//! here it is NaN, to show that.
//!
//! Run with `cargo run --release --example classify`.

use elman::prelude::*;
use std::f64::consts::TAU;

const CLASSES: [&str; 4] = ["sine", "triangle", "square", "sawtooth"];
const TIME: usize = 60;
const BATCH: usize = 32;
const HIDDEN: usize = 24;
const STEPS: u64 = 1200;

/// Recordings side by side: `x: [time, batch, 1]`, with a length and a class for each.
struct Recordings {
    x: Tensor<f32>,
    lengths: Vec<u32>,
    classes: Vec<u32>,
}

impl Recordings {
    /// The batch of this number.
    fn new(seed: u64, number: u64, batch: usize) -> Result<Self, Error> {
        let mut x = Tensor::from_fn([TIME, batch, 1], |_| f32::NAN)?;
        let (mut lengths, mut classes) = (Vec::new(), Vec::new());
        for row in 0..batch {
            let mut random = Random::keyed(seed, 0, number, row as u64);
            let (class, length) = (random.below(CLASSES.len()), 20 + random.below(TIME - 19));
            let (period, phase) = (random.uniform(8.0, 16.0), random.uniform(0.0, 1.0));
            for t in 0..length {
                let p = (t as f64 / period + phase).fract();
                let wave = match class {
                    0 => (TAU * p).sin(),
                    1 => 1.0 - 4.0 * (p - 0.5).abs(),
                    2 => {
                        if p < 0.5 {
                            1.0
                        } else {
                            -1.0
                        }
                    }
                    _ => 2.0 * p - 1.0,
                };
                x.values_mut()[t * batch + row] = (wave + 0.2 * random.normal()) as f32;
            }
            lengths.push(length as u32);
            classes.push(class as u32);
        }
        Ok(Recordings { x, lengths, classes })
    }
}

#[derive(Clone, Copy)]
struct Model {
    lstm: Rnn<Lstm>,
    head: Linear,
}

impl Model {
    /// A logit for each class, `[batch, classes]`.
    fn logits<'g>(&self, g: &'g Graph<'g, f32>, of: &Recordings) -> Var<'g, f32> {
        let xs = Seq::from(g.input(&of.x)).with_lengths(&of.lengths);
        self.head.of(self.lstm.forward(xs).last())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let lstm = Rnn(Lstm::new(p.scope("lstm"), 1, HIDDEN)?);
        Ok(Model { lstm, head: Linear::new(p.scope("head"), HIDDEN, CLASSES.len())? })
    })?;
    println!("{}", params.summary());

    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2)).then(cosine(STEPS)));
    for step in 1..=STEPS {
        let batch = Recordings::new(1, step, BATCH)?;
        let loss = trainer
            .step(&mut params, |g| cross_entropy(model.logits(g, &batch), g.ids(&batch.classes)))?;
        if step % 200 == 0 {
            println!("step {step:4}: {loss:.4} nats");
        }
    }

    // New recordings: rows of the table are what they are, columns what they are taken for.
    let test = Recordings::new(2, 0, 2000)?;
    let logits = Tape::new().evaluate(&params, |g| model.logits(g, &test).tensor())?;
    let mut table = [[0; 4]; 4];
    for (y, &class) in logits.values().chunks(4).zip(&test.classes) {
        let answer = argmax(y).unwrap_or(0);
        table[class as usize][answer] += 1;
    }
    println!(
        "\n{:>10}{:>10}{:>10}{:>10}{:>10}",
        "", CLASSES[0], CLASSES[1], CLASSES[2], CLASSES[3]
    );
    for (name, [a, b, c, d]) in CLASSES.iter().zip(table) {
        println!("{name:>10}{a:>10}{b:>10}{c:>10}{d:>10}");
    }
    let right = (0..4).map(|i| table[i][i]).sum::<usize>() as f64 / 2000.0;
    println!("\n{:.1} % of 2000 new recordings are right; guessing gives 25 %", 100.0 * right);
    if right < 0.9 {
        return Err("90 % were expected".into());
    }
    Ok(())
}
