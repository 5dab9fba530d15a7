//! The laws of cells.

use super::{SEQUENCE, Scale, Trial, Verdict, rounding};
use crate::laws::Violation;
use crate::laws::given::Given;
use crate::laws::subject::{At, By, CellSubject, Streamed, Subject};
use elman_autograd::{Grad, Params, Tape};
use elman_tensor::{Real, Shape};

impl<'a> Trial<'a> {
    pub(in crate::laws) fn prove_cell(mut self, cell: &'a (dyn CellSubject + 'a)) -> Verdict {
        let all = self.all_given();
        for given in &all {
            let (singly, params) = (given.cast::<f32>(), self.params.cast());
            let checks = [
                self.purity(given, self.params)?,
                self.own_sequence(given, self.params, Scale::One)?,
                self.own_sequence(&singly, &params, Scale::One)?,
                self.halves(given, self.params)?,
                self.halves(&singly, &params)?,
            ];
            if let Some(broken) = checks.into_iter().find(Result::is_err) {
                return Ok(broken);
            }
        }
        let checks = [
            self.prove_over(&all)?,
            self.stream(cell, &all[0], self.params)?,
            self.stream(cell, &all[0].cast::<f32>(), &self.params.cast())?,
            self.without_the_past(cell, &all[0])?,
            self.flushed(cell, &all, self.params)?,
            self.flushed(cell, &all.each_ref().map(Given::cast::<f32>), &self.params.cast())?,
        ];
        Ok(checks.into_iter().collect())
    }

    /// The laws of values and gradients around the magnitude below which states and cotangents are
    /// flushed to zero: with tiny weights and states, and with tiny states and cotangents.
    fn flushed<T: Real>(
        &self,
        cell: &'a (dyn CellSubject + 'a),
        all: &[Given<T>; 4],
        params: &Params<T>,
    ) -> Verdict
    where
        dyn Subject + 'a: At<T>,
        dyn CellSubject + 'a: Streamed<T>,
    {
        let mut tiny = params.clone();
        scale_to_flush(tiny.values_mut());
        for given in [&all[0], &all[3]] {
            let mut given = given.clone();
            given.states.iter_mut().for_each(|s| scale_to_flush(s.values_mut()));
            let checks =
                [self.own_sequence(&given, &tiny, Scale::Largest)?, self.halves(&given, &tiny)?];
            scale_to_flush(given.wy.values_mut());
            given.ws.iter_mut().for_each(|w| scale_to_flush(w.values_mut()));
            let cotangents = self.own_sequence(&given, params, Scale::Largest)?;
            if let Some(broken) = checks.into_iter().chain([cotangents]).find(Result::is_err) {
                return Ok(broken);
            }
        }
        self.stream(cell, &all[0], &tiny)
    }

    fn own_sequence<T: Real>(&self, given: &Given<T>, params: &Params<T>, scale: Scale) -> Verdict
    where
        dyn Subject + 'a: At<T>,
    {
        let law = "sequence = scan";
        let own = self.run(given, params, By::Sequence)?;
        let steps = self.run(given, params, By::Scan)?;
        let pairs = [
            ("outputs".to_owned(), own.y.values(), steps.y.values()),
            ("gradient of the inputs".into(), own.dx.values(), steps.dx.values()),
            ("gradient of the weights".into(), &own.weights, &steps.weights),
        ];
        let states = own.states.iter().zip(&steps.states).enumerate();
        let states = states.map(|(i, (a, b))| (format!("state {i}"), a.values(), b.values()));
        for (what, a, b) in pairs.into_iter().chain(states) {
            // Gradients may be added up in another order; values may not.
            let verdict = if what.starts_with("gradient") {
                self.close_by(law, &what, (a, b), rounding::<T>(), scale)
            } else {
                self.same(law, &what, a, b)
            };
            if verdict.is_err() {
                return Ok(verdict);
            }
        }
        Ok(Ok(()))
    }

    fn halves<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Verdict
    where
        dyn Subject + 'a: At<T>,
    {
        let whole = self.values(given, params)?;
        let (first, mut second) = given.halves()?;
        let first = self.values(&first, params)?;
        second.states = first.states;
        let second = self.values(&second, params)?;
        let y = [first.y.values(), second.y.values()].concat();
        self.same_outcome("whole = halves", (whole.y.values(), &whole.states), (&y, &second.states))
    }

    fn stream<T: Real>(
        &self,
        cell: &'a (dyn CellSubject + 'a),
        given: &Given<T>,
        params: &Params<T>,
    ) -> Verdict
    where
        dyn Subject + 'a: At<T>,
        dyn CellSubject + 'a: Streamed<T>,
    {
        let (time, batch) = (given.time(), given.batch());
        if batch == 0 {
            // Without rows an input does not say how many features it has.
            return Ok(Ok(()));
        }
        let (y, state) = Streamed::<T>::stream(cell, params, &given.x)?;
        let start = self.initial_rows(batch, params)?;
        let given = Given { states: start, ..given.clone() };
        let whole = self.values(&given, params)?;
        let law = "stream = sequence";
        if let Err(broken) = self.same(law, "outputs", &y, whole.y.values()) {
            return Ok(Err(broken));
        }
        let last: Vec<T> = whole.states.iter().flat_map(|s| s.values().to_vec()).collect();
        let state = state.as_deref().unwrap_or(&last);
        if time == 0 && whole.y.shape() != Shape::from([0, batch, cell.output()]) {
            return Ok(Err(Violation::new(self.name, "nothing", "outputs", 0, (0.0, 1.0))));
        }
        Ok(self.same(law, "state", state, &last))
    }

    /// What real-time recurrent learning adds up over the steps is the gradient of the sequence.
    fn without_the_past(&self, cell: &'a (dyn CellSubject + 'a), given: &Given<f64>) -> Verdict {
        let (subject, batch) = (self.subject, given.batch());
        if self.masked || !subject.exact() || batch == 0 {
            return Ok(Ok(()));
        }
        let (mut tape, mut grad) = (Tape::new(), Grad::zeros(self.params));
        tape.gradient(self.params, &mut grad, |g| {
            let xs = given.marked(g.input(&given.x));
            let (ys, _) = subject.run(xs, subject.initial(g, batch), By::Sequence);
            (ys * g.input(&given.wy)).sum()
        })?;
        let sum = cell.rtrl(self.params, given)?;
        let law = "learning without the past";
        Ok(self.close(law, "gradient of the weights", &sum, grad.values(), SEQUENCE))
    }
}

/// Scales numbers to magnitudes on both sides of [`Real::FLUSH_BELOW`].
fn scale_to_flush<T: Real>(numbers: &mut [T]) {
    let powers = [-6.0, -1.0, 3.0, 0.0, -3.0, 1.0, 6.0, -9.0].map(libm::exp2);
    for (x, power) in numbers.iter_mut().zip(powers.into_iter().cycle()) {
        *x *= T::FLUSH_BELOW * T::from_f64(power);
    }
}
