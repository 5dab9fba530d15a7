//! MNIST-1D (Greydanus and Kobak 2020): ten shapes of a line, 40 points each, 4000 to learn from.

use crate::table::{Entry, Goal};
use elman::prelude::*;
use elman::rnn::Then;

/// Other shapes for each seed, as many as in the paper.
pub(crate) const ENTRY: Entry = Entry {
    name: "mnist-1d",
    setting: "two layers of GRU 64 in both directions, the second residual, mean over time, dropout \
              0.3, shifts by up to 2 points and noise of 0.05 in training, batches of 100, AdamW \
              5e-3, cosine, 40 epochs of 4000 sequences; 1000 others",
    published: "GRU 91 %, CNN 94 %, people 96 % (Greydanus & Kobak 2020)",
    goal: Goal::Percent(96.0),
    seeds: 5,
    quick: 0,
    run: train,
};

/// Chosen with other seeds (11 to 13) on sequences 5000 to 8999: 98.2 to 98.3 % there, without shifts
/// and noise 97.7 %. One layer is at 96.9 to 97.2 % after as many epochs, with them or without.
const RATE: f64 = 5e-3;
const DECAY: f64 = 0.01;
const DROPOUT: f64 = 0.3;
const EPOCHS: u64 = 40;
const HIDDEN: usize = 64;
const CLASSES: usize = 10;
const LEARNED: usize = 4000;
const BATCH: usize = 100;
/// The most points by which a line is shifted.
const SHIFT: usize = 2;
/// The standard deviation of what is added to each point, in standard deviations of all of them.
const NOISE: f64 = 0.05;

/// A GRU for each direction.
type Both = Bidirectional<Gru, Gru>;

/// Both directions twice, and what reads the mean of their outputs over time.
#[derive(Clone, Copy)]
struct Model {
    layers: Then<Both, Residual<Both>>,
    head: Linear,
}

impl Model {
    /// A logit for each class, `[batch, classes]`.
    fn logits<'g>(&self, x: Var<'g, f32>) -> Var<'g, f32> {
        let mean = self.layers.forward(x).values().mean_axis(0);
        self.head.of(mean.dropout(DROPOUT, 1))
    }
}

/// A layer of them, which reads so many features.
fn both(mut p: Scope<'_>, input: usize) -> Result<Both, GraphError> {
    let forward = Gru::new(p.scope("forward"), input, HIDDEN)?;
    Ok(Bidirectional::new(forward, Gru::new(p.scope("backward"), input, HIDDEN)?))
}

/// Shifts each line of a batch, repeating the point at its end, and adds noise.
fn vary(x: &mut Tensor<f32>, random: &mut Random) {
    let before = x.clone();
    let (x, before, time) = (x.values_mut(), before.values(), before.shape().rows() / BATCH);
    for row in 0..BATCH {
        let shift = random.below(2 * SHIFT + 1);
        for t in 0..time {
            let from = (t + shift).saturating_sub(SHIFT).min(time - 1);
            let noise = (NOISE * random.normal()) as f32;
            x[t * BATCH + row] = before[from * BATCH + row] + noise;
        }
    }
}

/// Learns from sequences 0 to 3999; returns how many of 4000 to 4999 are told right, in per cent.
fn train(seed: u64) -> Result<f64, Error> {
    let (model, mut params) = Params::<f32>::init(seed, |p| {
        let first = both(p.scope("first"), 1)?;
        let layers = first.then(Residual(both(p.scope("second"), 2 * HIDDEN)?));
        Ok(Model { layers, head: Linear::new(p.scope("head"), 2 * HIDDEN, CLASSES)? })
    })?;
    let task = Mnist1d::new(seed, BATCH)?;
    let (layout, mut batch, mut order) = (task.layout()?, Batch::new(), Vec::new());
    let batches = (LEARNED / BATCH) as u64;
    let rate = adamw(RATE, DECAY).then(cosine(EPOCHS * batches));
    let mut trainer = crate::trainer(clip_norm(1.0).then(rate));
    for epoch in 0..EPOCHS {
        order.clear();
        order.extend(0..LEARNED as u64);
        let mut random = Random::new(seed, "order", epoch);
        random.shuffle(&mut order);
        for rows in order.chunks(BATCH) {
            batch.fill(layout, |k, row, scratch| task.row(rows[k], row, scratch))?;
            vary(&mut batch.x, &mut random);
            trainer.step(&mut params, |g| {
                cross_entropy(model.logits(g.input(&batch.x)), g.ids(&batch.ids))
            })?;
        }
    }
    Mnist1d::new(seed, 1000)?.fill(&mut batch, LEARNED as u64 / 1000)?;
    let tape = trainer.tape_mut();
    let logits = tape.evaluate(&params, |g| model.logits(g.input(&batch.x)).tensor())?;
    Ok(crate::right(&logits, &batch.ids))
}
