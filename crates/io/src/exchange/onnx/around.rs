//! What stands before and behind a network, so that a file takes and gives numbers in their units.

use super::super::error::Error;
use super::export::Export;
use super::writer::Writer;

/// A value of the past: column `column` of the input, `back` steps ago. Where there are no steps so
/// far back it is the value of the present.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::exchange::onnx::{Export, Past};
/// use elman_rnn::{Gru, Linear};
///
/// // By how much the value is above that of the same month a year ago.
/// let ((gru, head), params) = Params::<f32>::init(7, |p| {
///     let gru = Gru::new(p.scope("gru"), 1, 8)?;
///     Ok((gru, Linear::new(p.scope("head"), 8, 1)?))
/// })?;
/// let above = Export::new().level(gru).head(head).past([Past { column: 0, back: 11 }]);
/// assert!(above.to_bytes(&params).is_ok());
/// // There is no second column.
/// let wrong = Export::new().level(gru).head(head).past([Past { column: 1, back: 11 }]);
/// assert!(wrong.to_bytes(&params).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Past {
    /// The column.
    pub column: usize,
    /// How many steps ago.
    pub back: usize,
}

/// What stands before and behind a network.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    /// Mean and scale of the inputs, and of the outputs.
    inputs: Option<[Vec<f64>; 2]>,
    outputs: Option<[Vec<f64>; 2]>,
    /// The scale of the step of each of the first columns.
    steps: Vec<f64>,
    past: Vec<Past>,
    softmax: bool,
    pub(super) last: bool,
}

/// Numbers in their units. What is computed here is fixed: it does not learn where the file is
/// imported.
///
/// ```text
/// features[t] = [(x[t] − mean) / scale | (x[t] − x[t − 1]) / steps]
/// y[t]        = mean′ + scale′ ∘ network(features)[t] + x[t − back]
/// ```
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::exchange::onnx::{Export, Past};
/// use elman_rnn::{Gru, Linear};
///
/// // Reads a temperature and its step; gives the change until tomorrow, added to today's.
/// let ((gru, head), params) = Params::<f32>::init(7, |p| {
///     let gru = Gru::new(p.scope("gru"), 2, 8)?;
///     Ok((gru, Linear::new(p.scope("head"), 8, 1)?))
/// })?;
/// let export = Export::new().level(gru).head(head);
/// let export = export.inputs(&[21.5], &[4.2]).steps(&[1.1]);
/// let export = export.outputs(&[0.0], &[1.1]).past([Past { column: 0, back: 0 }]);
/// let bytes = export.to_bytes(&params)?;
/// # assert!(bytes.len() > 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Export {
    /// With inputs in their units, of which the network reads `(x − mean) / scale`, column by
    /// column. A column whose mean is so far from 0 that the file's numbers cannot hold a hundredth
    /// of its scale is an error when the file is written.
    #[must_use]
    pub fn inputs(mut self, mean: &[f64], scale: &[f64]) -> Self {
        self.around.inputs = Some([mean.to_vec(), scale.to_vec()]);
        self
    }

    /// With the step of each of the first columns, `(x[t] − x[t − 1]) / scale`, which the network
    /// reads behind the columns themselves. At the first step it is 0.
    #[must_use]
    pub fn steps(mut self, scale: &[f64]) -> Self {
        self.around.steps = scale.to_vec();
        self
    }

    /// With outputs in their units: `mean + scale · y`, feature by feature.
    #[must_use]
    pub fn outputs(mut self, mean: &[f64], scale: &[f64]) -> Self {
        self.around.outputs = Some([mean.to_vec(), scale.to_vec()]);
        self
    }

    /// With a value of the past, in the units of the input, added to each output: for networks that
    /// tell how a series goes on by how it differs from what was.
    #[must_use]
    pub fn past(mut self, past: impl IntoIterator<Item = Past>) -> Self {
        self.around.past = past.into_iter().collect();
        self
    }

    /// With the softmax of each output: the probabilities of classes.
    #[must_use]
    pub fn softmax(mut self) -> Self {
        self.around.softmax = true;
        self
    }

    /// With what the network knows at the end only, `[batch, out]`: at the last step, or, of a last
    /// level of both directions, at the end of each. For rows of one length.
    #[must_use]
    pub fn last(mut self) -> Self {
        self.around.last = true;
        self
    }

    /// With a text under a name in the file's metadata: the names of columns and classes, for
    /// those who use it.
    #[must_use]
    pub fn note(mut self, name: &str, text: &str) -> Self {
        self.notes.push((name.into(), text.into()));
        self
    }
}

impl Around {
    /// How many columns a file has for so many features of the network.
    pub(super) fn columns(&self, features: usize) -> Result<usize, Error> {
        let steps = self.steps.len();
        let columns = features.checked_sub(steps).filter(|&columns| steps <= columns);
        columns.ok_or_else(|| {
            let reason = format!("of {steps} columns, with {features} features in all");
            Error::unsupported("the steps of the inputs", reason)
        })
    }

    /// That all of it fits a network of so many columns and outputs, in the numbers of a file.
    pub(super) fn check(
        &self,
        file: &Writer,
        columns: Option<usize>,
        outputs: usize,
        states: bool,
    ) -> Result<(), Error> {
        if columns.is_none() && (self.inputs.is_some() || !self.steps.is_empty()) {
            let reason = "of symbols, which have none";
            return Err(Error::unsupported("the units of the inputs", reason));
        }
        scales(file, INPUTS, &self.inputs, columns.unwrap_or(0))?;
        scales(file, OUTPUTS, &self.outputs, outputs)?;
        let steps = [vec![0.0; self.steps.len()], self.steps.clone()];
        scales(file, STEPS, &Some(steps), self.steps.len())?;
        for (what, scaling) in [(INPUTS, &self.inputs), (OUTPUTS, &self.outputs)] {
            let Some([mean, scale]) = scaling else { continue };
            digits(file, what, mean.iter().zip(scale).map(|(&mean, &scale)| [mean, scale, scale]))?;
        }
        if let Some([mean, scale]) = &self.inputs {
            let steps = mean.iter().zip(scale).zip(&self.steps);
            let steps = steps.map(|((&mean, &scale), &step)| [mean, scale, step]);
            digits(file, STEPS, steps)?;
        }
        if !self.past.is_empty() {
            fits("the values of the past", outputs, self.past.len())?;
        }
        if let Some(past) = self.past.iter().find(|past| past.column >= columns.unwrap_or(0)) {
            let reason = format!("column {} of {}", past.column, columns.unwrap_or(0));
            return Err(Error::unsupported("the values of the past", reason));
        }
        if states && !(self.past.is_empty() && self.steps.is_empty()) {
            let reason = "with steps, or values of the past, which begin anew at every call";
            return Err(Error::unsupported("the states", reason));
        }
        Ok(())
    }

    /// What the network reads of the file's input.
    pub(super) fn before(&self, file: &mut Writer, columns: usize) -> String {
        let mut x = "x".to_owned();
        if let Some([mean, scale]) = &self.inputs {
            let (mean, scale) =
                (file.floats("inputs.mean", mean), file.floats("inputs.scale", scale));
            x = file.node("Sub", "inputs.centred", &[&x, &mean], &[]);
            x = file.node("Div", "inputs.scaled", &[&x, &scale], &[]);
        }
        if self.steps.is_empty() {
            return x;
        }
        let ids: Vec<i64> = (0..self.steps.len() as i64).collect();
        let mut stepping = "x".to_owned();
        if self.steps.len() < columns {
            let ids = file.integers("steps.columns", &ids);
            stepping = file.node("Gather", "steps.now", &["x", &ids], &[("axis", 2)]);
        }
        let before = delayed(file, "steps.before", &stepping, 1);
        let scale = file.floats("steps.scale", &self.steps);
        let step = file.node("Sub", "steps.difference", &[&stepping, &before], &[]);
        let step = file.node("Div", "steps.scaled", &[&step, &scale], &[]);
        file.node("Concat", "features", &[&x, &step], &[("axis", 2)])
    }

    /// What the file gives of the network's outputs.
    pub(super) fn after(&self, file: &mut Writer, mut y: String, columns: usize) -> String {
        if let Some([mean, scale]) = &self.outputs {
            let scale = file.floats("outputs.scale", scale);
            y = file.node("Mul", "outputs.scaled", &[&y, &scale], &[]);
            if mean.iter().any(|&mean| mean != 0.0) {
                let mean = file.floats("outputs.mean", mean);
                y = file.node("Add", "outputs.centred", &[&y, &mean], &[]);
            }
        }
        if !self.past.is_empty() {
            let mut past = self.gathered(file, columns);
            if self.last {
                past = step(file, "outputs.past.last", &past, LAST);
            }
            y = file.node("Add", "outputs.past", &[&y, &past], &[]);
        }
        if self.softmax {
            y = file.node("Softmax", "probabilities", &[&y], &[("axis", -1)]);
        }
        y
    }

    /// The value of the past of each output: all that are needed side by side, and then picked.
    fn gathered(&self, file: &mut Writer, columns: usize) -> String {
        let mut backs: Vec<usize> = self.past.iter().map(|past| past.back).collect();
        backs.sort_unstable();
        backs.dedup();
        let all: Vec<String> =
            backs.iter().map(|&back| delayed(file, &format!("past.{back}"), "x", back)).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let all = file.node("Concat", "past.all", &all, &[("axis", 2)]);
        let place =
            |past: &Past| backs.binary_search(&past.back).unwrap_or(0) * columns + past.column;
        let ids: Vec<i64> = self.past.iter().map(|past| place(past) as i64).collect();
        let ids = file.integers("past.columns", &ids);
        file.node("Gather", "past", &[&all, &ids], &[("axis", 2)])
    }
}

/// `x[t − back]`, and `x[t]` at the first `back` steps.
fn delayed(file: &mut Writer, name: &str, x: &str, back: usize) -> String {
    if back == 0 {
        return x.to_owned();
    }
    let back = i64::try_from(back).unwrap_or(i64::MAX);
    let first = sliced(file, &format!("{name}.first"), x, [0, back]);
    let others = sliced(file, &format!("{name}.others"), x, [0, -back]);
    file.node("Concat", name, &[&first, &others], &[("axis", 0)])
}

/// Where the first step begins and ends, and the last one.
pub(super) const FIRST: [i64; 2] = [0, 1];
pub(super) const LAST: [i64; 2] = [-1, i64::MAX];

/// One step, `[batch, feature]`.
pub(super) fn step(file: &mut Writer, name: &str, x: &str, at: [i64; 2]) -> String {
    let x = sliced(file, &format!("{name}.step"), x, at);
    let axis = file.integers(&format!("{name}.axis"), &[0]);
    file.node("Squeeze", name, &[&x, &axis], &[])
}

/// Some steps.
fn sliced(file: &mut Writer, name: &str, x: &str, [start, end]: [i64; 2]) -> String {
    let [start, end, axis] = [("start", start), ("end", end), ("time", 0)]
        .map(|(part, value)| file.integers(&format!("{name}.{part}"), &[value]));
    file.node("Slice", name, &[x, &start, &end, &axis], &[])
}

/// Whether a layer reads what it is given.
pub(super) fn fits(layer: &str, wanted: usize, given: usize) -> Result<(), Error> {
    if wanted == given {
        return Ok(());
    }
    Err(Error::Features { layer: layer.into(), wanted, given })
}

const INPUTS: &str = "the scaling of the inputs";
const OUTPUTS: &str = "the scaling of the outputs";
const STEPS: &str = "the steps of the inputs";

/// An error if the numbers of the file are too coarse for a column, given as its mean, its scale
/// and how far it changes: by a hundredth of that or more.
fn digits(
    file: &Writer,
    what: &'static str,
    columns: impl Iterator<Item = [f64; 3]>,
) -> Result<(), Error> {
    for (column, [mean, scale, change]) in columns.enumerate() {
        let around = mean.abs() + scale.abs();
        if around * file.precision() > change.abs() / 100.0 {
            return Err(Error::Digits { what, column, around, change });
        }
    }
    Ok(())
}

/// Whether a mean and a scale are as many as there are columns, and no scale takes all away: in the
/// numbers of the file, whose `f32` end far from those of `f64`.
fn scales(
    file: &Writer,
    what: &str,
    scaling: &Option<[Vec<f64>; 2]>,
    columns: usize,
) -> Result<(), Error> {
    let Some([mean, scale]) = scaling else { return Ok(()) };
    fits(what, columns, mean.len())?;
    fits(what, columns, scale.len())?;
    let numbers = mean.iter().chain(scale).all(|&x| file.rounded(x).is_finite());
    if numbers && scale.iter().all(|&scale| file.rounded(scale) != 0.0) {
        return Ok(());
    }
    let reason = "a scale of 0, or a number that is not finite, in the numbers of the file";
    Err(Error::unsupported(what, reason))
}
