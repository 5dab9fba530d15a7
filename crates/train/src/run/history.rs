//! What was, row by row.

/// What was in a run: a row for each validation, and for some steps between them. Rows are added,
/// and never changed.
///
/// ```
/// use elman_train::Run;
///
/// let mut run = Run::<f64>::steps(4).record_every(2);
/// while run.turn()?.is_some() {
///     run.trained((4 - run.done()) as f64); // losses of 4, 3, 2, 1
/// }
/// assert_eq!(run.history().losses().collect::<Vec<_>>(), [(2, 3.5), (4, 1.5)]);
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The names of the metrics; empty before the first validation.
    pub metrics: Vec<String>,
    /// The rows, in the order of steps.
    pub rows: Vec<Row>,
    /// For each row, how many seconds the run had taken. Apart from the rows, because these are
    /// the same in every run.
    pub seconds: Vec<f64>,
}

/// One row of a history.
///
/// ```
/// use elman_autograd::Params;
/// use elman_train::{Row, Run};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let mut run = Run::epochs(2, 1).validate_every(1);
/// run.rate(0.1);
/// run.turn()?;
/// run.trained(5.0);
/// run.turn()?;
/// run.validated(&none, &[("error", 0.25)])?;
/// let row = Row { step: 1, epoch: 1, loss: Some(5.0), rate: Some(0.1), metrics: vec![0.25] };
/// assert_eq!(run.history().rows, [row]);
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// How many steps were done.
    pub step: u64,
    /// How many epochs were done; 0 where there are none.
    pub epoch: u64,
    /// The mean of the losses since the row before; `None` if no step was done since.
    pub loss: Option<f64>,
    /// The learning rate, if the run was [told](crate::Run::rate).
    pub rate: Option<f64>,
    /// The metrics, in the order of their names; empty where there was no validation.
    pub metrics: Vec<f64>,
}

impl History {
    /// Steps and values of one metric.
    ///
    /// ```
    /// use elman_train::{History, Row};
    ///
    /// let row = |step, metrics| Row { step, metrics, ..Row::default() };
    /// let history = History {
    ///     metrics: vec!["error".into(), "accuracy".into()],
    ///     rows: vec![row(10, vec![0.5, 0.8]), row(15, vec![]), row(20, vec![0.4, 0.9])],
    ///     seconds: vec![1.0, 1.5, 2.0],
    /// };
    /// assert_eq!(history.metric("accuracy").collect::<Vec<_>>(), [(10, 0.8), (20, 0.9)]);
    /// ```
    pub fn metric(&self, name: &str) -> impl Iterator<Item = (u64, f64)> {
        let at = self.metrics.iter().position(|metric| metric == name);
        self.rows.iter().filter_map(move |row| Some((row.step, *row.metrics.get(at?)?)))
    }

    /// Steps and mean losses.
    pub fn losses(&self) -> impl Iterator<Item = (u64, f64)> {
        self.rows.iter().filter_map(|row| Some((row.step, row.loss?)))
    }
}
