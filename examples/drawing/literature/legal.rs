//! Networks that say after every symbol which symbols may follow: more than one half is yes.

use elman::prelude::*;

/// The loss of a batch: binary cross-entropy, padding left out.
pub(crate) fn loss<'g>(
    model: &impl Layer,
    g: &'g Graph<'g, f32>,
    batch: &Batch<f32>,
) -> Var<'g, f32> {
    let xs = Seq::from(g.input(&batch.x)).with_lengths(&batch.lengths);
    binary_cross_entropy(model.forward(xs).values(), masked(g.input(&batch.y), xs.inside()))
}

/// Of the rows of a batch, how many are right at every step and for every symbol.
pub(crate) fn right(
    model: &impl Layer,
    tape: &mut Tape<f32>,
    params: &Params<f32>,
    batch: &Batch<f32>,
) -> Result<usize, Error> {
    let logits = tape.evaluate(params, |g| {
        let xs = Seq::from(g.input(&batch.x)).with_lengths(&batch.lengths);
        model.forward(xs).values().tensor()
    })?;
    let (rows, symbols) = (batch.lengths.len(), logits.shape().last());
    let mut wrong = vec![false; rows];
    for (i, (y, legal)) in logits.values().iter().zip(batch.y.values()).enumerate() {
        // A logit above 0 is a probability above one half. Past the end of a row both are 0.
        wrong[i / symbols % rows] |= (*y > 0.0) != (*legal > 0.5);
    }
    Ok(wrong.iter().filter(|&&wrong| !wrong).count())
}
