//! What settings have to be, wherever they come from: a file of them may have been written by
//! anybody, so nothing is built of them before.

use super::{Settings, Task, Training};
use crate::{classify, forecast, source, text};
use elman::rnn::{Architecture, Input, LayerSettings};

/// The largest sizes that can be meant.
const MOST: usize = 1 << 20;

/// The largest whole number that a TOML file can hold.
const LARGEST: u64 = i64::MAX as u64;

impl Settings {
    /// An error, in a sentence, for settings of which no network for their task can be built.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.training.check()?;
        if let Some(separator) = self.data.separator.filter(|&one| !source::separates(one)) {
            return Err(format!("`separator` is {separator:?}; wanted one such as `;` or `|`"));
        }
        match &self.task {
            Task::Forecast(task) => {
                task.check()?;
                network(&self.network, Input::Features(task.features()), task.changes.len())
            }
            Task::Classify(task) => {
                task.check()?;
                network(&self.network, Input::Features(task.inputs.len()), task.classes.len())
            }
            Task::Text(task) => {
                task.check()?;
                let count = task.alphabet.len();
                let size = match self.network.input {
                    Input::Symbols { size, .. } => some("the size of a symbol", size)?,
                    Input::Features(_) => 1,
                };
                network(&self.network, Input::Symbols { count, size }, count)
            }
        }
    }
}

impl Training {
    /// An error, in a sentence, for settings that no training can have.
    pub(super) fn check(&self) -> Result<(), String> {
        let Training { seed, steps, batch, window, rate, validate_every, patience } = *self;
        for (name, number, least) in [
            ("--steps", steps, 1),
            ("--seed", seed, 0),
            ("--patience", patience, 0),
            ("`validate_every`", validate_every, 1),
        ] {
            if !(least..=LARGEST).contains(&number) {
                return Err(format!("{name} is {number}; wanted {least} to {LARGEST}"));
            }
        }
        some("--batch", batch)?;
        some("--window", window)?;
        if !(rate.is_finite() && rate > 0.0) {
            return Err(format!("--rate is {rate}; wanted a number above 0"));
        }
        Ok(())
    }
}

impl forecast::Settings {
    fn check(&self) -> Result<(), String> {
        let (targets, columns) = (self.targets.len(), self.targets.len() + self.inputs.len());
        let outputs = self.horizon.checked_mul(targets);
        let right = targets > 0
            && self.horizon > 0
            && [self.mean.len(), self.scale.len()] == [columns; 2]
            && self.steps.len() == targets
            && outputs == Some(self.changes.len())
            && (self.errors.is_empty() || outputs == Some(self.errors.len()));
        if !right {
            return Err("its lists are not as long as its columns and its horizon want".into());
        }
        some("`season`", self.season.max(1))?;
        numbers("`mean`", &self.mean)?;
        numbers("`errors`", self.errors.as_flattened())?;
        deviations("`scale`", &self.scale)?;
        deviations("`steps`", &self.steps)?;
        deviations("`changes`", &self.changes)
    }
}

impl classify::Settings {
    fn check(&self) -> Result<(), String> {
        let columns = self.inputs.len();
        if columns == 0 || [self.mean.len(), self.scale.len()] != [columns; 2] {
            return Err("its lists are not as long as its columns want".into());
        }
        if self.classes.len() < 2 {
            return Err("it has less than two classes".into());
        }
        numbers("`mean`", &self.mean)?;
        deviations("`scale`", &self.scale)
    }
}

impl text::Settings {
    fn check(&self) -> Result<(), String> {
        // The ids of bytes are their places.
        if self.alphabet.len() < 2 || !self.alphabet.is_sorted_by(|a, b| a < b) {
            return Err("its alphabet is not two bytes or more, each once and in order".into());
        }
        Ok(())
    }
}

/// A network reads what its task reads, and says as much.
fn network(network: &Architecture, input: Input, outputs: usize) -> Result<(), String> {
    let (reads, says) = (network.input, network.outputs);
    if reads != input || says != Some(outputs) {
        return Err(format!(
            "its network has {} and {} outputs; wanted {} and {outputs}",
            named(reads),
            says.map_or("no".into(), |outputs| outputs.to_string()),
            named(input)
        ));
    }
    depth(network.layers.len())?;
    network.layers.iter().try_for_each(layer)
}

fn named(input: Input) -> String {
    match input {
        Input::Features(features) => format!("{features} features"),
        Input::Symbols { count, size } => format!("{count} symbols of {size} numbers"),
    }
}

/// The number of layers.
pub(super) fn depth(layers: usize) -> Result<(), String> {
    match layers {
        1..=8 => Ok(()),
        _ => Err(format!("--layers is {layers}; wanted 1 to 8")),
    }
}

/// What is asked of the layers of every cell; the rest a cell asks itself.
pub(super) fn layer(layer: &LayerSettings) -> Result<(), String> {
    some("--hidden", layer.hidden)?;
    if let Some(outputs) = layer.outputs {
        some("the number of a layer's outputs", outputs)?;
    }
    let dropout = layer.dropout;
    if !(0.0..1.0).contains(&dropout) {
        return Err(format!("--dropout is {dropout}; wanted a rate from 0 to below 1"));
    }
    Ok(())
}

/// A size that is not 0 and not beyond all measure.
fn some(name: &str, size: usize) -> Result<usize, String> {
    if (1..=MOST).contains(&size) {
        return Ok(size);
    }
    Err(format!("{name} is {size}; wanted 1 to {MOST}"))
}

/// Numbers whose squares are numbers, too.
fn numbers(name: &str, numbers: &[f64]) -> Result<(), String> {
    all(name, numbers, "numbers of at most 1e100", |x| x.abs() <= 1e100)
}

/// Numbers that can be divided by.
fn deviations(name: &str, numbers: &[f64]) -> Result<(), String> {
    all(name, numbers, "numbers from 1e-100 to 1e100", |x| (1e-100..=1e100).contains(&x))
}

fn all(name: &str, numbers: &[f64], wanted: &str, fits: fn(f64) -> bool) -> Result<(), String> {
    match numbers.iter().find(|&&x| !fits(x)) {
        None => Ok(()),
        Some(x) => Err(format!("{name} has {x:e}; wanted {wanted}")),
    }
}
