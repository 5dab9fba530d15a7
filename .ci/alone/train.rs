//! An optimizer fits a line: no recurrence anywhere.

use elman_train::autograd::Params;
use elman_train::tensor::{Init, Tensor};
use elman_train::{Trainer, adam, mse};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (w, mut params) = Params::<f64>::init(1, |p| p.weight("w", [2, 1], Init::Zeros))?;
    let x = Tensor::from_fn([20, 2], |i| if i % 2 == 0 { i as f64 / 20.0 } else { 1.0 })?;
    let y = Tensor::from_fn([20, 1], |i| 3.0 * (2 * i) as f64 / 20.0 - 1.0)?;
    let mut trainer = Trainer::new(adam(0.1));
    for _ in 0..1000 {
        trainer.step(&mut params, |g| mse(g.input(&x).dot(g.param(w)), g.input(&y)))?;
    }
    let [slope, offset] = [params.values()[0], params.values()[1]];
    assert!((slope - 3.0).abs() < 1e-3 && (offset + 1.0).abs() < 1e-3);
    println!("train alone: y = {slope:.4} x + {offset:.4}");
    Ok(())
}
