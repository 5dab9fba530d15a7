//! A page about an optimizer that fits a number: no recurrence anywhere.

use elman_report::Report;
use elman_report::train::autograd::Params;
use elman_report::train::tensor::Init;
use elman_report::train::{Run, Trainer, Turn, sgd};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (w, mut params) = Params::<f64>::init(1, |p| p.weight("w", [], Init::Zeros))?;
    let mut trainer = Trainer::new(sgd(0.1));
    let mut run = Run::steps(50).record_every(5);
    while let Some(turn) = run.turn()? {
        if let Turn::Train { .. } = turn {
            let loss = trainer.step(&mut params, |g| (g.param(w) - 2.0).square())?;
            run.trained(loss);
        }
    }
    let page = Report::new("A number").curves("Training", run.history()).html()?;
    assert!(page.contains("<svg ") && (params.values()[0] - 2.0).abs() < 1e-3);
    println!("report alone: a page of {} bytes", page.len());
    Ok(())
}
