//! The laws of cells.

use super::{SEQUENCE, Trial, Verdict, rounding};
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
                self.own_sequence(given, self.params)?,
                self.own_sequence(&singly, &params)?,
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
        ];
        Ok(checks.into_iter().collect())
    }

    fn own_sequence<T: Real>(&self, given: &Given<T>, params: &Params<T>) -> Verdict
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
                self.close(law, &what, a, b, rounding::<T>())
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
