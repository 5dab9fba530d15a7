//! A cell trained by an optimizer of one's own: one line of gradient descent.

use elman_rnn::autograd::{Error, Grad, Params, Tape};
use elman_rnn::{Cell, Elman, Layer, Linear, Rnn, tensor::Tensor};

fn main() -> Result<(), Error> {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let cell = Elman::new(p.scope("cell"), 1, 8)?;
        Ok(cell.readout(Linear::new(p.scope("head"), 8, 1)?))
    })?;
    let wave = Tensor::from_fn([41, 1, 1], |t| (t as f32 * 0.5).sin())?;
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
    let mut losses = Vec::new();
    for _ in 0..200 {
        losses.push(tape.gradient(&params, &mut grad, |g| {
            let wave = g.input(&wave);
            let next = Rnn(model).forward(wave.slice(0, 40)).values();
            (next - wave.slice(1, 40)).square().mean()
        })?);
        params.values_mut().iter_mut().zip(grad.values()).for_each(|(w, g)| *w -= 0.1 * g);
    }
    let (first, last) = (losses[0], losses[199]);
    assert!(last < 0.1 * first);
    println!("rnn alone: the loss fell from {first:.4} to {last:.4}");
    Ok(())
}
