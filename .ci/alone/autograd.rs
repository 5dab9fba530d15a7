//! Newton's method for √2, with the derivative from the tape: no recurrence anywhere.

use elman_autograd::{Error, Grad, Params, Tape, tensor::Init};

fn main() -> Result<(), Error> {
    let (x, mut params) = Params::<f64>::init(0, |p| p.weight("x", [1], Init::Constant(1.0)))?;
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
    for _ in 0..6 {
        let f = tape.gradient(&params, &mut grad, |g| g.param(x).square().sum() - 2.0)?;
        params.values_mut()[0] -= f / grad.values()[0];
    }
    let root = params.values()[0];
    assert!((root - 2.0f64.sqrt()).abs() < 1e-15);
    println!("autograd alone: the root of 2 is {root}");
    Ok(())
}
