use crate::{
    Batch, Error, Layout, Row, Shuffled, Target, error::want, layout::length, scaler::rows,
};
use elman_tensor::Real;
use std::ops::Range;

/// All windows of a series: some steps to look at, and the steps that follow.
///
/// Window `i` begins at row `first + i · stride` and spans `input + horizon` rows.
/// Without further ado every window that fits is there, and targets are the `horizon`
/// following steps side by side.
///
/// ```
/// use elman_data::{Batch, Form, Windows};
/// # fn main() -> Result<(), elman_data::Error> {
/// let series: Vec<f64> = (0..10).map(f64::from).collect();
/// let windows = Windows::new(&series, 1, 4, 2)?;
/// assert_eq!(windows.count(), 5);
///
/// let mut batch = Batch::<f32>::new();
/// windows.fill(&mut batch, 3..5)?;
/// assert_eq!(batch.x.shape().dims(), [4, 2, 1]); // [time, batch, feature]
/// assert_eq!(batch.x.values(), [3.0, 4.0, 4.0, 5.0, 5.0, 6.0, 6.0, 7.0]);
/// assert_eq!(batch.y.values(), [7.0, 8.0, 8.0, 9.0]); // [batch, horizon]
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Windows<'a> {
    series: &'a [f64],
    columns: usize,
    input: usize,
    horizon: usize,
    stride: usize,
    form: Form,
    /// The columns that are targets; all of them if `None`.
    chosen: Option<&'a [usize]>,
    /// Rows that may be targets.
    allowed: (usize, usize),
    first: usize,
    count: usize,
}

/// Which steps are the targets of a window, and how they lie in `y`.
///
/// ```
/// use elman_data::{Batch, Form, Windows};
///
/// let series = [1.0, 2.0, 3.0, 4.0, 5.0];
/// let targets = |form| -> Result<_, elman_data::Error> {
///     let mut batch = Batch::<f64>::new();
///     Windows::new(&series, 1, 3, 2)?.form(form)?.fill(&mut batch, 0..1)?; // reads 1 2 3
///     Ok((batch.y.shape().dims().to_vec(), batch.y.into_values()))
/// };
/// assert_eq!(targets(Form::Direct)?, (vec![1, 2], vec![4.0, 5.0]));
/// assert_eq!(targets(Form::Following)?, (vec![2, 1, 1], vec![4.0, 5.0]));
/// assert_eq!(targets(Form::Shifted)?, (vec![3, 1, 1], vec![3.0, 4.0, 5.0]));
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// The `horizon` steps after the inputs, side by side: `[batch, horizon × columns]`,
    /// for a readout of the last state that tells all steps at once.
    #[default]
    Direct,
    /// The `horizon` steps after the inputs: `[horizon, batch, columns]`, for a decoder.
    Following,
    /// For every input step the step `horizon` later: `[input, batch, columns]`, for a
    /// readout of every state.
    Shifted,
}

impl<'a> Windows<'a> {
    /// Windows of `input` and `horizon` steps over `series`, `[rows, columns]` row-major.
    ///
    /// # Errors
    ///
    /// If a size is 0, the last row is not whole, a value is not finite, or the series
    /// is shorter than one window.
    pub fn new(
        series: &'a [f64],
        columns: usize,
        input: usize,
        horizon: usize,
    ) -> Result<Self, Error> {
        let rows = rows("Windows", series, columns)?;
        want(input > 0, "Windows", "input", input, "at least 1")?;
        want(horizon > 0, "Windows", "horizon", horizon, "at least 1")?;
        length("Windows, rows of a window", &[input, horizon])?;
        let (form, allowed) = (Form::Direct, (0, rows));
        Windows {
            series,
            columns,
            input,
            horizon,
            stride: 1,
            form,
            chosen: None,
            allowed,
            first: 0,
            count: 0,
        }
        .counted()
    }

    /// Begins a window every `stride` rows.
    ///
    /// # Errors
    ///
    /// If `stride` is 0.
    pub fn stride(self, stride: usize) -> Result<Self, Error> {
        want(stride > 0, "Windows", "stride", stride, "at least 1")?;
        Windows { stride, ..self }.counted()
    }

    /// Lays the targets out in another form.
    ///
    /// # Errors
    ///
    /// If no window is left: the form moves the rows that are targets.
    pub fn form(self, form: Form) -> Result<Self, Error> {
        Windows { form, ..self }.counted()
    }

    /// Only the windows all of whose targets are in `rows`: one part of a
    /// [`Split`](crate::Split). Inputs may lie before it, for what is past is known;
    /// so the first target of a part is its first row, if there are rows enough before.
    ///
    /// ```
    /// use elman_data::{Batch, Windows};
    ///
    /// let series: Vec<f64> = (0..10).map(f64::from).collect();
    /// let test = Windows::new(&series, 1, 3, 1)?.targets(7..10)?;
    /// let mut batch = Batch::<f64>::new();
    /// test.fill(&mut batch, 0..test.count())?;
    /// assert_eq!(batch.y.values(), [7.0, 8.0, 9.0]);
    /// assert_eq!(batch.x.values()[..3], [4.0, 5.0, 6.0]); // the first inputs lie before the part
    /// # Ok::<(), elman_data::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the rows are not rows of the series, or if no window is left.
    pub fn targets(self, rows: Range<usize>) -> Result<Self, Error> {
        let inside = rows.start <= rows.end && rows.end <= self.series.len() / self.columns;
        want(inside, "Windows", "targets", &rows, "a range of rows of the series")?;
        Windows { allowed: (rows.start, rows.end), ..self }.counted()
    }

    /// Only some columns are targets, in this order; all of them are inputs.
    ///
    /// ```
    /// use elman_data::{Batch, Windows};
    ///
    /// // Load and temperature in two columns; the load is to be forecast.
    /// let series = [1.0, 20.0, 2.0, 21.0, 3.0, 22.0];
    /// let windows = Windows::new(&series, 2, 2, 1)?.predicting(&[0])?;
    /// let mut batch = Batch::<f64>::new();
    /// windows.fill(&mut batch, 0..1)?;
    /// assert_eq!(batch.x.values(), [1.0, 20.0, 2.0, 21.0]);
    /// assert_eq!(batch.y.values(), [3.0]);
    /// # Ok::<(), elman_data::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `columns` is empty or names a column that is not there.
    pub fn predicting(self, columns: &'a [usize]) -> Result<Self, Error> {
        let inside = !columns.is_empty() && columns.iter().all(|&c| c < self.columns);
        want(inside, "Windows", "predicting", columns, "some of the series' columns")?;
        Ok(Windows { chosen: Some(columns), ..self })
    }

    /// Recomputes which windows there are.
    fn counted(self) -> Result<Self, Error> {
        let (start, end) = self.allowed;
        let offset = if self.form == Form::Shifted { self.horizon } else { self.input };
        let (first, span) = (start.saturating_sub(offset), self.input + self.horizon);
        match end.checked_sub(first).and_then(|rows| rows.checked_sub(span)) {
            Some(spare) => Ok(Windows { first, count: spare / self.stride + 1, ..self }),
            None => Err(Error::TooShort {
                what: "Windows, input and horizon",
                found: end.saturating_sub(first),
                wanted: span,
            }),
        }
    }

    /// How many windows there are, at least 1.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The row of the series in which window `i` begins, if there is such a window.
    /// Its inputs end before row `start + input`.
    pub fn start(&self, i: usize) -> Option<usize> {
        (i < self.count).then(|| self.first + i * self.stride)
    }

    /// Fills a batch with the windows of a range, in the order of time: to measure on
    /// every window exactly once.
    ///
    /// # Errors
    ///
    /// If the range is empty or goes beyond the last window, or the batch is too large.
    pub fn fill<T: Real>(&self, batch: &mut Batch<T>, windows: Range<usize>) -> Result<(), Error> {
        let inside = windows.start < windows.end && windows.end <= self.count;
        want(inside, "Windows::fill", "windows", &windows, "some of the windows there are")?;
        batch.fill(self.layout(windows.len())?, |k, row, _| self.write(windows.start + k, row))
    }

    /// The windows in an order that is shuffled anew every epoch, as a
    /// [`Task`](crate::Task) with batches of `batch` windows.
    ///
    /// # Errors
    ///
    /// If `batch` is 0 or a batch would be too large.
    pub fn shuffled(self, seed: u64, batch: usize) -> Result<Shuffled<'a>, Error> {
        self.layout(batch)?.check()?;
        Ok(Shuffled { windows: self, seed, batch })
    }

    pub(crate) fn layout(&self, batch: usize) -> Result<Layout, Error> {
        let targets = self.chosen.map_or(self.columns, <[usize]>::len);
        let target = match self.form {
            Form::Direct => {
                let what = "Windows, targets side by side";
                Target::Sequence(crate::layout::size(what, &[self.horizon, targets])?)
            }
            Form::Following => Target::Steps(self.horizon, targets),
            Form::Shifted => Target::Steps(self.input, targets),
        };
        Ok(Layout { time: self.input, batch, features: self.columns, target, classes: false })
    }

    /// Writes window `i`, which has to be there.
    pub(crate) fn write<T: Real>(&self, i: usize, row: &mut Row<'_, T>) -> Result<(), Error> {
        let start = self.first + i * self.stride;
        for t in 0..self.input {
            for (c, &value) in self.at(start + t).iter().enumerate() {
                row.x(t, c, value);
            }
        }
        self.each_target(i, |t, k, value| row.y(t, k, value));
        Ok(())
    }

    /// Calls `out(step, k, value)` for every target of window `i`, as they lie in `y`.
    pub(crate) fn each_target(&self, i: usize, mut out: impl FnMut(usize, usize, f64)) {
        let start = self.first + i * self.stride;
        let (from, steps) = match self.form {
            Form::Shifted => (start + self.horizon, self.input),
            Form::Direct | Form::Following => (start + self.input, self.horizon),
        };
        let targets = self.chosen.map_or(self.columns, <[usize]>::len);
        for t in 0..steps {
            let values = self.at(from + t);
            for k in 0..targets {
                let value = values[self.chosen.map_or(k, |chosen| chosen[k])];
                match self.form {
                    Form::Direct => out(0, t * targets + k, value),
                    Form::Following | Form::Shifted => out(t, k, value),
                }
            }
        }
    }

    fn at(&self, row: usize) -> &'a [f64] {
        &self.series[row * self.columns..(row + 1) * self.columns]
    }
}
