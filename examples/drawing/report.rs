//! A run from the first step to a page about it: early stopping, the best weights, what happened.
//!
//! A GRU reads the forty points of a drawn digit (MNIST-1D, Greydanus & Kobak 2024), says at each
//! point what the next one will be, and at the end which digit it was. A `Run` says when to train
//! and when to validate, stops when nothing gets better, and puts the best weights back. Meanwhile
//! there is a bar on the terminal, a table in `report/history.csv`, and events for TensorBoard;
//! then there is `report/report.html`, one file with curves, gradients, states, answers and errors.
//!
//! Run with `cargo run --release --example report`; it writes the folder `report`.

use elman::prelude::*;
use elman_report::{
    Confusion, EventFile, Forecast, Gradients, HistoryFile, Progress, Report, States,
    gradient_norms,
};

const UNITS: usize = 48;
const BATCH: usize = 64;
const STEPS: u64 = 3000;
const RATE: f64 = 1e-2;
/// How much the next point weighs beside the class.
const NEXT: f64 = 0.5;

#[derive(Clone, Copy)]
struct Model {
    gru: Rnn<Gru>,
    class: Linear,
    next: Linear,
}

/// What comes of a batch.
struct Answer<'g> {
    /// `[time, batch, units]`.
    states: Var<'g, f32>,
    /// A logit for each digit, `[batch, 10]`.
    logits: Var<'g, f32>,
    /// The point that comes next, `[time, batch, 1]`.
    next: Var<'g, f32>,
}

impl Model {
    fn answer<'g>(&self, xs: Var<'g, f32>) -> Answer<'g> {
        let states = self.gru.forward(xs);
        let logits = self.class.of(states.last());
        let states = states.values();
        Answer { states, logits, next: self.next.of(states) }
    }

    /// The cross-entropy of the class, and some of the error of the next point.
    fn loss<'g>(
        &self,
        g: &'g Graph<'g, f32>,
        xs: Var<'g, f32>,
        batch: &Batch<f32>,
    ) -> Var<'g, f32> {
        let (answer, time) = (self.answer(xs), batch.x.shape().dims()[0]);
        let ahead = mse(answer.next.slice(0, time - 1), xs.slice(1, time - 1));
        cross_entropy(answer.logits, g.ids(&batch.ids)) + ahead * NEXT
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let gru = Rnn(Gru::new(p.scope("gru"), 1, UNITS)?);
        let class = Linear::new(p.scope("class"), UNITS, 10)?;
        Ok(Model { gru, class, next: Linear::new(p.scope("next"), UNITS, 1)? })
    })?;
    let (task, mut batch) = (Mnist1d::new(1, BATCH)?, Batch::new());
    // Other seeds are other digits.
    let (mut held_out, mut test) = (Batch::new(), Batch::new());
    Mnist1d::new(2, 1000)?.fill(&mut held_out, 0)?;
    Mnist1d::new(3, 1000)?.fill(&mut test, 0)?;

    let schedule = cosine(STEPS);
    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(RATE)).then(schedule));
    let gradients = |params: &Params<f32>, batch: &Batch<f32>| {
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
        tape.gradient(params, &mut grad, |g| model.loss(g, g.wanted(&batch.x), batch))?;
        Ok::<_, Error>(tape.wanted(0).map(gradient_norms).unwrap_or_default())
    };
    let before = gradients(&params, &held_out)?;

    std::fs::create_dir_all("report")?;
    let (mut progress, mut file) = (Progress::new(), HistoryFile::new("report/history.csv"));
    let mut events = EventFile::create("report/events")?;
    let mut run = Run::steps(STEPS).validate_every(100).patience(8).margin(1e-3);
    while let Some(turn) = run.turn()? {
        match turn {
            Turn::Train { step, .. } => {
                task.fill(&mut batch, step)?;
                let loss =
                    trainer.step(&mut params, |g| model.loss(g, g.input(&batch.x), &batch))?;
                run.rate(RATE * schedule.factor(step));
                run.trained(loss);
            }
            Turn::Validate { step, .. } => {
                let (error, logits) = trainer.tape_mut().evaluate(&params, |g| {
                    let xs = g.input(&held_out.x);
                    let logits = model.answer(xs).logits.tensor();
                    (model.loss(g, xs, &held_out).item(), logits)
                })?;
                let right = confusion(&logits, &held_out)?.right().unwrap_or(0.0);
                run.validated(&params, &[("error", error.into()), ("accuracy", right)])?;
                file.follow(run.history())?;
                events.follow(run.history())?;
                let weights: Vec<_> = params.values().iter().map(|&w| w.into()).collect();
                events.histogram("weights", step, &weights)?;
            }
            Turn::Save { .. } => {}
        }
        progress.follow(&run);
    }
    run.restore_best(&mut params)?;

    // Digits that nobody has looked at, by the best weights.
    let (logits, next, states) = Tape::new().evaluate(&params, |g| {
        let answer = model.answer(g.input(&test.x));
        (answer.logits.tensor(), answer.next.tensor(), answer.states.tensor())
    })?;
    let confusion = confusion(&logits, &test)?;
    let right = confusion.right().unwrap_or(0.0);
    let first = |of: &Tensor<f32>| of.values().iter().step_by(1000).map(|&x| x.into()).collect();
    let forecast = Forecast {
        truth: first(&test.x),
        answers: vec![("said a point before".into(), [vec![f64::NAN], first(&next)].concat())],
        time: "point".into(),
        quantity: "height".into(),
        ..Forecast::default()
    };
    let after = gradients(&params, &held_out)?;
    let norms = vec![("before training".into(), before), ("best weights".into(), after)];
    let best = run.best().map(|best| (best.step, best.metric)).unwrap_or_default();
    Report::new("Forty points make a digit")
        .text("A GRU reads a digit point by point, says what comes next, and at the end which it was.")
        .table("Settings", [
            ("units", UNITS.to_string()),
            ("weights", params.len().to_string()),
            ("batch", BATCH.to_string()),
            ("rate", RATE.to_string()),
        ])
        .table("Results", [
            ("steps", format!("{} of {}", run.done(), run.total())),
            ("best validation", format!("{:.4} after {} steps", best.1, best.0)),
            ("right, of 1000 new digits", format!("{:.1} %", 100.0 * right)),
        ])
        .curves("Training", run.history())
        .forecast("A new digit, and what was expected at each point", forecast)
        .confusion("What is taken for what", confusion)
        .gradients("How far back the gradient of the loss reaches", Gradients { norms })
        .states("Units while they read that digit", States::of(states.view(), 0)?)
        .save("report/report.html")?;

    println!("{:?} ended the run after {} of {STEPS} steps", run.end(), run.done());
    println!("{:.1} % of 1000 new digits are right; the page is report/report.html", 100.0 * right);
    if right < 0.85 {
        return Err("85 % were expected".into());
    }
    Ok(())
}

/// What each digit of a batch is taken for.
fn confusion(logits: &Tensor<f32>, batch: &Batch<f32>) -> Result<Confusion, elman_report::Error> {
    let mut confusion = Confusion::new((0..10).map(|digit| digit.to_string()));
    for (logits, &digit) in logits.values().chunks(10).zip(&batch.ids) {
        confusion.count(digit as usize, argmax(logits).unwrap_or(0))?;
    }
    Ok(confusion)
}
