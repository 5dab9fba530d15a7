//! What is to be done next, from the first step to the last.

use crate::error::{Error, Quantity, Settings};
use crate::trainer::demand;
use elman_autograd::Params;
use elman_tensor::Real;
use std::panic::Location;
use std::time::Instant;

mod history;
mod snapshot;
mod turn;

pub use history::{History, Row};
pub use snapshot::{Best, RunSnapshot};
pub use turn::{End, Turn};

/// A whole training: so many steps, with validations and saves between them, an early stop, and
/// the best weights.
///
/// A run does nothing itself. It is asked for the next [`Turn`], and told what came of it; the
/// loop, the data and the [`Trainer`](crate::Trainer) belong to the caller:
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_tensor::Init;
/// use elman_train::{Run, Trainer, Turn, sgd};
///
/// let (w, mut params) = Params::<f32>::init(0, |p| p.weight("w", [], Init::Constant(3.0)))?;
/// let mut trainer = Trainer::new(sgd(0.1));
/// let mut tape = Tape::new();
///
/// let mut run = Run::steps(1000).validate_every(20).patience(3).margin(1e-6);
/// while let Some(turn) = run.turn()? {
///     match turn {
///         Turn::Train { .. } => {
///             let loss = trainer.step(&mut params, |g| (g.param(w) - 1.0).square())?;
///             run.trained(loss);
///         }
///         Turn::Validate { .. } => {
///             let error = tape.evaluate(&params, |g| (g.param(w) - 1.0).abs().item())?;
///             run.validated(&params, &[("error", error.into())])?;
///         }
///         Turn::Save { .. } => {} // of weights, trainer.snapshot() and run.snapshot()
///     }
/// }
/// run.restore_best(&mut params)?;
/// assert!(run.done() < 200 && (params.values()[0] - 1.0).abs() < 1e-6);
/// # Ok::<(), elman_train::Error>(())
/// ```
///
/// The order at one step is: validate, save, train. All intervals are 0 at first, which is never;
/// where there are validations or saves, there is one after the last step, too.
///
/// Between two turns everything that a run remembers is [plain data](RunSnapshot). A turn that was
/// handed out and not yet answered is not a part of it: restored, the run asks for it again.
#[derive(Debug, Clone)]
pub struct Run<T> {
    steps: u64,
    per_epoch: u64,
    validate_every: u64,
    save_every: u64,
    record_every: u64,
    patience: u64,
    margin: f64,
    rising: bool,
    stopped: bool,
    /// What was handed out and is not yet answered.
    asked: Option<Turn>,
    /// The first answer out of turn, which the next question reports.
    misuse: Option<Error>,
    begun: Instant,
    /// Seconds before that, in a run that was restored.
    before: f64,
    state: RunSnapshot<T>,
}

impl<T: Real> Run<T> {
    /// So many steps.
    pub fn steps(steps: u64) -> Self {
        Run {
            steps,
            per_epoch: 0,
            validate_every: 0,
            save_every: 0,
            record_every: 0,
            patience: 0,
            margin: 0.0,
            rising: false,
            stopped: false,
            asked: None,
            misuse: None,
            begun: Instant::now(),
            before: 0.0,
            state: RunSnapshot::default(),
        }
    }

    /// So many epochs of so many steps each, with a validation after each.
    pub fn epochs(epochs: u64, steps: u64) -> Self {
        Run { per_epoch: steps, ..Run::steps(epochs.saturating_mul(steps)).validate_every(steps) }
    }

    /// A validation whenever so many steps more were done.
    #[must_use]
    pub fn validate_every(self, steps: u64) -> Self {
        Run { validate_every: steps, ..self }
    }

    /// A save whenever so many steps more were done.
    #[must_use]
    pub fn save_every(self, steps: u64) -> Self {
        Run { save_every: steps, ..self }
    }

    /// A row of the [history](Run::history) whenever so many steps more were done, besides those
    /// of validations.
    #[must_use]
    pub fn record_every(self, steps: u64) -> Self {
        Run { record_every: steps, ..self }
    }

    /// Ends the run after so many validations in a row that were no better (Prechelt 1998).
    ///
    /// ```text
    /// better:  metric < mark − margin,  and then the metric is the new mark
    /// ```
    ///
    /// (`metric > mark + margin`, if it is [rising](Run::rising)). The first is always better.
    ///
    /// ```
    /// use elman_autograd::Params;
    /// use elman_train::{End, Run, Turn};
    ///
    /// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
    /// let mut errors = [0.5, 0.3, 0.4, 0.31].into_iter();
    /// let mut run = Run::steps(100).validate_every(10).patience(2);
    /// while let Some(turn) = run.turn()? {
    ///     match turn {
    ///         Turn::Validate { .. } => {
    ///             run.validated(&none, &[("error", errors.next().unwrap())])?;
    ///         }
    ///         _ => run.trained(1.0),
    ///     }
    /// }
    /// assert_eq!((run.end(), run.done()), (Some(End::Patience), 40));
    /// assert_eq!(run.best().unwrap().step, 20);
    /// # Ok::<(), elman_train::Error>(())
    /// ```
    #[must_use]
    pub fn patience(self, validations: u64) -> Self {
        Run { patience: validations, ..self }
    }

    /// By how much a metric has to be better than the last that was, to be worth waiting for; 0
    /// if nothing else is said. The [best](Run::best) is the best by any margin.
    #[must_use]
    pub fn margin(self, margin: f64) -> Self {
        Run { margin, ..self }
    }

    /// More is better: for accuracies.
    #[must_use]
    pub fn rising(self) -> Self {
        Run { rising: true, ..self }
    }

    /// What is to be done now; `None` when the run is at its [end](Run::end).
    ///
    /// # Errors
    /// Settings that make no sense, a turn that was not answered, an answer that was not asked for.
    /// The run is then as before.
    #[track_caller]
    pub fn turn(&mut self) -> Result<Option<Turn>, Error> {
        let settings = Settings("run");
        settings.rate("margin", self.margin)?.require(
            self.patience == 0 || self.validate_every > 0,
            "patience",
            "0 where there are no validations",
            self.patience as f64,
        )?;
        self.misuse.take().map_or(Ok(()), Err)?;
        if !self.stopped {
            self.answer("turn", Location::caller())?;
        }
        self.asked = self.due();
        let turn = self.asked;
        if let Some(Turn::Save { step, .. }) = turn {
            // Before it is handed out: what is saved says that it is.
            (self.asked, self.state.saved) = (None, Some(step));
        }
        Ok(turn)
    }

    /// The answer to [`Turn::Train`]: a step was done, with this loss.
    ///
    /// An answer that was not asked for counts for nothing; the next [`turn`](Run::turn) reports
    /// it.
    #[track_caller]
    pub fn trained(&mut self, loss: T) {
        if let Err(error) = self.answer("trained", Location::caller()) {
            self.misuse.get_or_insert(error);
            return;
        }
        self.asked = None;
        self.state.step += 1;
        self.state.losses += loss.to_f64();
        self.state.counted = self.state.counted.saturating_add(1);
        // A validation makes the row of its step.
        if self.at(self.record_every) && !matches!(self.due(), Some(Turn::Validate { .. })) {
            self.record(Vec::new());
        }
    }

    /// The answer to [`Turn::Validate`]: metrics with their names, the same at each validation.
    /// The first is watched; the others are recorded as they are.
    ///
    /// Returns whether these are the best weights so far, of which the run then keeps a copy.
    /// [`Trainer::report`](crate::Trainer::report) may want to hear the metric, too.
    ///
    /// # Errors
    /// If the watched metric is infinite or NaN; metrics with other names, or none; parameters of
    /// other weights than at the validations before; an answer that was not asked for. The run is
    /// then as before, and the turn may be answered again, or the run be [stopped](Run::stop).
    #[track_caller]
    pub fn validated(
        &mut self,
        params: &Params<T>,
        metrics: &[(&str, f64)],
    ) -> Result<bool, Error> {
        let line = Location::caller();
        self.answer("validated", line)?;
        let step = self.state.step;
        let history = &self.state.history;
        let names = || metrics.iter().map(|(name, _)| *name);
        if metrics.is_empty() || !(history.metrics.is_empty() || names().eq(&history.metrics)) {
            let wanted = history.metrics.join(", ");
            let given = names().collect::<Vec<_>>().join(", ");
            return Err(Error::OtherMetrics { wanted, given, line });
        }
        let (name, metric) = metrics[0];
        if !metric.is_finite() {
            let quantity = Quantity::Metric(name.into());
            return Err(Error::NotFinite { quantity, index: 0, value: metric, step, line });
        }
        if let Some(best) = &self.state.best {
            demand(&best.paths, params, line)?;
        }

        let best = self.state.best.as_ref().map(|best| best.metric);
        let best = self.better(metric, best, 0.0);
        if best {
            self.state.best.get_or_insert_default().take(step, metric, params);
        }
        if self.better(metric, self.state.mark, self.margin) {
            (self.state.mark, self.state.waits) = (Some(metric), 0);
        } else {
            self.state.waits = self.state.waits.saturating_add(1);
        }
        if self.state.history.metrics.is_empty() {
            self.state.history.metrics = names().map(String::from).collect();
        }
        self.record(metrics.iter().map(|(_, metric)| *metric).collect());
        (self.asked, self.state.validated) = (None, Some(step));
        Ok(best)
    }

    /// Notes the learning rate, for the rows of the history from now on.
    pub fn rate(&mut self, rate: f64) {
        self.state.rate = Some(rate);
    }

    /// Ends the run before its time, say because a flag was set when Ctrl-C was pressed. What was
    /// asked for may be answered, and need not be. Where there are saves, the next turn is one;
    /// restored from it, the run goes on.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Puts the best weights in the place of the last; without a validation they stay.
    ///
    /// # Errors
    /// Parameters of other weights than those that were validated.
    #[track_caller]
    pub fn restore_best(&self, params: &mut Params<T>) -> Result<(), Error> {
        if let Some(best) = &self.state.best {
            demand(&best.paths, params, Location::caller())?;
            params.values_mut().copy_from_slice(&best.weights);
        }
        Ok(())
    }

    /// How many steps were done.
    pub fn done(&self) -> u64 {
        self.state.step
    }

    /// How many there will be, if nothing ends the run before.
    pub fn total(&self) -> u64 {
        self.steps
    }

    /// How many seconds the run has taken, with those before it was restored.
    pub fn seconds(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    /// The mean of the losses since the last row of the history; right behind a row, its own.
    pub fn loss(&self) -> Option<f64> {
        self.state.mean().or_else(|| self.state.history.rows.last()?.loss)
    }

    /// What was so far.
    pub fn history(&self) -> &History {
        &self.state.history
    }

    /// The best validation so far.
    pub fn best(&self) -> Option<&Best<T>> {
        self.state.best.as_ref()
    }

    /// Why no step is to be done any more; `None` while there is one.
    pub fn end(&self) -> Option<End> {
        let RunSnapshot { step, waits, .. } = self.state;
        if self.stopped {
            Some(End::Stopped)
        } else if step >= self.steps {
            Some(End::Steps)
        } else {
            (self.patience > 0 && waits >= self.patience).then_some(End::Patience)
        }
    }

    /// The next turn.
    fn due(&self) -> Option<Turn> {
        let RunSnapshot { step, validated, saved, .. } = self.state;
        let (end, epoch) = (self.end(), self.epoch());
        let due = |every: u64, done: Option<u64>, last: bool| {
            every > 0 && done != Some(step) && (self.at(every) || last)
        };
        if !self.stopped && due(self.validate_every, validated, end == Some(End::Steps)) {
            return Some(Turn::Validate { step, epoch });
        }
        if due(self.save_every, saved, end.is_some()) {
            let best = self.best().is_some_and(|best| best.step == step);
            return Some(Turn::Save { step, epoch, best });
        }
        let batch = step.checked_rem(self.per_epoch).unwrap_or(step);
        end.is_none().then_some(Turn::Train { step, epoch, batch })
    }

    /// Whether an interval ends here.
    fn at(&self, every: u64) -> bool {
        every > 0 && self.state.step > 0 && self.state.step.is_multiple_of(every)
    }

    /// How many epochs were done.
    fn epoch(&self) -> u64 {
        self.state.step.checked_div(self.per_epoch).unwrap_or(0)
    }

    fn better(&self, metric: f64, than: Option<f64>, margin: f64) -> bool {
        than.is_none_or(|than| match self.rising {
            true => metric > than + margin,
            false => metric < than - margin,
        })
    }

    /// Adds a row to the history.
    fn record(&mut self, metrics: Vec<f64>) {
        let (step, epoch, loss) = (self.state.step, self.epoch(), self.state.mean());
        let (rate, seconds) = (self.state.rate, self.seconds());
        self.state.history.rows.push(Row { step, epoch, loss, rate, metrics });
        self.state.history.seconds.push(seconds);
        (self.state.losses, self.state.counted) = (0.0, 0);
    }

    /// An error unless this is what has to be called now.
    fn answer(&self, answer: &'static str, line: &'static Location<'static>) -> Result<(), Error> {
        let wanted = self.asked.map_or("turn", Turn::answer);
        if wanted == answer {
            return Ok(());
        }
        Err(Error::OutOfTurn { wanted, given: answer, step: self.state.step, line })
    }
}
