//! A cell of your own: an equation, and everything else follows.
//!
//! The minimal gated unit (Zhou, Wu, Zhang and Zhou 2016) is a GRU with one gate. Its `step` below
//! is the paper's equation. Nothing else is written for it, yet it is proven (gradients, batches,
//! lengths, resets, streams), stacked with a built-in cell, trained, and run on a stream.
//!
//! The task is parity: after every bit, has the number of ones so far been odd? One forgotten or
//! misread bit spoils every answer after it. The network learns on 24 bits, and then has to
//! answer for a stream of a thousand.
//!
//! Run with `cargo run --release --example custom_cell`.

use elman::{autograd, laws, prelude::*, rnn::scan};

/// f = σ(G₁(x, h)),  h′ = h + f ∘ (tanh G₂(x, f ∘ h) − h)
#[derive(Clone, Copy)]
struct Minimal {
    forget: Gate,
    candidate: Gate,
}

impl Minimal {
    fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, autograd::Error> {
        let forget = Gate::new(p.scope("forget"), input, hidden)?;
        Ok(Minimal { forget, candidate: Gate::new(p.scope("candidate"), input, hidden)? })
    }
}

impl Cell for Minimal {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.forget.hidden()
    }

    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let f = self.forget.of(x, h).sigmoid();
        let h = h + f * (self.candidate.of(x, f * h).tanh() - h);
        (h, [h])
    }
}

/// The same cell with a `sequence` of its own, as one would write for speed, and a mistake in it:
/// it hands on the values and drops what belongs to them.
struct Hasty(Minimal);

impl Cell for Hasty {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.0.output()
    }

    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        self.0.step(x, s)
    }

    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        scan(&self.0, xs.values().into(), s)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The proof is one line, and it can fail.
    laws::cell("minimal", 3, |p| Minimal::new(p.scope("cell"), 3, 4))?;
    println!("the minimal gated unit: every law holds");
    let Err(violation) =
        laws::cell("hasty", 3, |p| Ok(Hasty(Minimal::new(p.scope("cell"), 3, 4)?)))
    else {
        return Err("the planted mistake went unnoticed".into());
    };
    println!("with a planted mistake: {violation}\n");

    // 1 bit → minimal gated unit → GRU → a logit for each of the two answers.
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let below = Minimal::new(p.scope("minimal"), 1, 16)?;
        let above = Gru::new(p.scope("gru"), 16, 16)?;
        Ok(below.stack(above).readout(Linear::new(p.scope("head"), 16, 2)?))
    })?;
    let task = Parity::new(1, 24, 32)?;
    let mut batch = Batch::new();
    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2)).then(cosine(400)));
    let mut loss = f32::NAN;
    for step in 1..=400 {
        task.fill(&mut batch, step)?;
        loss = trainer.step(&mut params, |g| {
            let logits = Rnn(model).forward(g.input(&batch.x)).values();
            cross_entropy(logits, g.ids(&batch.ids))
        })?;
        if step % 100 == 0 {
            println!("step {step}: {loss:.4} nats (without looking {:.4})", task.baseline()?);
        }
    }

    // A long stream of bits, one at a time; and all of them as one sequence.
    Parity::new(2, 1000, 1)?.fill(&mut batch, 0)?;
    let sequence = Tape::new()
        .evaluate(&params, |g| Rnn(model).forward(g.input(&batch.x)).values().tensor())?;
    let mut stream = Stream::new(&params, model);
    let mut right = 0;
    for (t, (bit, &odd)) in batch.x.values().chunks(1).zip(&batch.ids).enumerate() {
        let logits = stream.push(bit)?;
        right += usize::from((logits[1] > logits[0]) == (odd == 1));
        if logits != &sequence.values()[2 * t..2 * t + 2] {
            return Err(format!("step {t}: the stream has other bits than the sequence").into());
        }
    }
    println!("\na stream of 1000 bits: {right} answers right, each with the bits of the sequence");

    if loss > 0.01 || right < 1000 {
        return Err(format!("parity was not learned: {loss} nats, {right} of 1000").into());
    }
    Ok(())
}
