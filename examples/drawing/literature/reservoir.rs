//! Echo state networks (Jaeger 2001): a reservoir that stays as it was drawn, and a linear readout of
//! its states, with the input beside them, fitted in closed form.

use elman::prelude::*;

/// A reservoir, and how its readout is fitted.
#[derive(Clone, Copy)]
pub(crate) struct Echo {
    pub(crate) units: usize,
    pub(crate) settings: Reservoir,
    /// The strength of the ridge regression.
    pub(crate) ridge: f64,
}

/// The first states, which know more of the initial state than of the input: nothing is learned from
/// them.
const WASHOUT: usize = 100;

impl Echo {
    /// Fits the readout to the first `learned` steps of inputs and targets; returns the root mean
    /// square error on the steps after them.
    pub(crate) fn error(
        self,
        seed: u64,
        [x, y]: [Vec<f64>; 2],
        learned: usize,
    ) -> Result<f64, Error> {
        let (model, mut params) = Params::<f64>::init(seed, |p| {
            let cell = EchoState::with(p.scope("reservoir"), 1, self.units, self.settings)?;
            let cell = Skip::new(cell, 1);
            let features = cell.output();
            Ok(cell.readout(Linear::new(p.scope("head"), features, 1)?))
        })?;
        let rest = x.len() - learned;
        let sequence = |values: Vec<f64>| Tensor::new([values.len(), 1, 1], values);
        let (x, y, mut tape) = (sequence(x)?, sequence(y)?, Tape::new().threads(1));
        let states =
            tape.evaluate(&params, |g| Rnn(model.cell).forward(g.input(&x)).values().tensor())?;
        let [past, wanted] = tape.evaluate(&params, |g| {
            [&states, &y].map(|of| g.input(of).slice(WASHOUT, learned - WASHOUT).tensor())
        })?;
        let mut ridge = Ridge::new(model.cell.output(), 1)?;
        ridge.add(&past, &wanted)?;
        ridge.fit(self.ridge)?.put(&mut params, &model.head)?;
        let error = tape.evaluate(&params, |g| {
            let [states, y] = [&states, &y].map(|of| g.input(of).slice(learned, rest));
            mse(model.head.of(states), y).item()
        })?;
        Ok(error.sqrt())
    }
}
