//! A model out of an ONNX file.

use super::ints::Ints;
use super::operators::{Operands, Operator};
use super::value::Value;
use elman_autograd::{Graph, Param, Var};
use elman_rnn::{Layer, Seq};
use elman_tensor::Real;
use std::panic::Location;

/// A model out of an ONNX file: its nodes, one after the other, over weights in `Params`.
///
/// It runs at any scalar, and learns like any other model. As a [`Layer`] it takes its one input of
/// numbers, in the axes that the file says, to its first output; [`run`](Imported::run) gives all
/// inputs and outputs. The values between its nodes are those of the recording; the list of them,
/// and the sizes that the file computes, are made anew at each run.
///
/// ```
/// use elman_autograd::{Grad, Params, Tape};
/// use elman_io::exchange::onnx::{Export, Limits, import};
/// use elman_rnn::{Gru, Layer};
/// use elman_tensor::Tensor;
///
/// let (gru, params) = Params::<f32>::init(7, |p| Gru::new(p.scope("gru"), 3, 8))?;
/// let bytes = Export::new().level(gru).to_bytes(&params)?; // or std::fs::read("model.onnx")?
///
/// let (model, params) = import::<f64>(&bytes, Limits::default())?;
/// let x = Tensor::from_fn([5, 2, 3], |i| i as f64 / 30.0)?;
/// let mut grad = Grad::zeros(&params);
/// Tape::new().gradient(&params, &mut grad, |g| {
///     model.forward(g.input(&x)).values().square().mean()
/// })?;
/// # assert!(grad.values().iter().any(|&g| g != 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<(String, usize)>,
    pub(crate) sources: Vec<(usize, Source)>,
    pub(crate) steps: Vec<Step>,
    /// How many values there are.
    pub(crate) slots: usize,
}

/// A value that is given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) slot: usize,
    /// Whether it has whole numbers.
    pub(crate) whole: bool,
}

/// A value that is there from the beginning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    Weight(Param),
    /// A weight that does not learn.
    Fixed(Param),
    Ints(Ints),
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) operator: Operator,
    pub(crate) inputs: Vec<Option<usize>>,
    pub(crate) outputs: Vec<Option<usize>>,
}

/// The most elements that a run computes for each element of its inputs: no vocabulary and no layer
/// has more.
const FOR_EACH: usize = 1 << 18;

/// The most elements that a run computes whatever its inputs are: 256 MiB of `f32`.
const FOR_ANY: usize = 1 << 26;

impl Imported {
    /// The names of the inputs, and whether each has whole numbers.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, bool)> {
        self.inputs.iter().map(|input| (input.name.as_str(), input.whole))
    }

    /// The names of the outputs.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|(name, _)| name.as_str())
    }

    /// All outputs for all inputs, both in the file's order.
    ///
    /// What does not fit fails the recording, and there are no outputs then.
    ///
    /// So does a file whose nodes compute more than 2¹⁸ elements for each element of the inputs, and
    /// more than 2²⁶: a few bytes can ask for any size. Within that, the
    /// [limit of the tape](elman_autograd::Tape::limit) holds, as for every model.
    #[track_caller]
    pub fn run<'g, T: Real>(
        &self,
        g: &'g Graph<'g, T>,
        given: &[Value<'g, T>],
    ) -> Vec<Value<'g, T>> {
        let line = Location::caller();
        let fits = given.len() == self.inputs.len()
            && given.iter().zip(&self.inputs).all(|(x, input)| x.ints().is_some() == input.whole);
        if !fits {
            let names = self.inputs.iter().map(|input| input.name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            let reason = format!("{} inputs; wanted {names}, each of its kind", given.len());
            g.refuse("onnx", reason, line);
            return Vec::new();
        }
        let mut values: Vec<Option<Value<'g, T>>> = vec![None; self.slots];
        for (x, input) in given.iter().zip(&self.inputs) {
            values[input.slot] = Some(x.clone());
        }
        for (slot, source) in &self.sources {
            values[*slot] = Some(match source {
                Source::Weight(param) => g.param(*param).into(),
                Source::Fixed(param) => g.param(*param).stop().into(),
                Source::Ints(ints) => ints.clone().into(),
            });
        }
        let elements = given.iter().map(|x| x.shape().len()).fold(0, usize::saturating_add);
        let mut room = elements.saturating_mul(FOR_EACH).max(FOR_ANY);
        // Whole numbers do not lie in the recording, whose memory has a limit of its own.
        let mut whole = 0usize;
        for step in &self.steps {
            let of = |slot: &Option<usize>| slot.and_then(|slot| values[slot].as_ref());
            let operands: Vec<_> = step.inputs.iter().map(of).collect();
            let results = step.operator.apply(g, Operands { values: &operands, room });
            if g.failed() {
                return Vec::new();
            }
            if let Ok([Some(Value::Ints(ints)), ..]) = &results {
                whole = whole.saturating_add(ints.values().len());
            }
            match results {
                _ if whole > Ints::LIMIT => {
                    let reason = format!("more than {} whole numbers are computed", Ints::LIMIT);
                    g.refuse("onnx", reason, line);
                    return Vec::new();
                }
                Ok(results) => {
                    let floats = results.iter().flatten().filter_map(Value::floats);
                    let computed = floats.map(|x| x.shape().len()).fold(0, usize::saturating_add);
                    room = room.saturating_sub(computed);
                    for (slot, value) in step.outputs.iter().zip(results) {
                        if let Some(slot) = slot {
                            values[*slot] = value;
                        }
                    }
                }
                Err(reason) => {
                    g.refuse("onnx", format!("node {:?}: {reason}", step.name), line);
                    return Vec::new();
                }
            }
        }
        self.outputs.iter().filter_map(|(_, slot)| values[*slot].clone()).collect()
    }

    /// The first output, if it has numbers; else the recording fails.
    #[track_caller]
    fn first<'g, T: Real>(&self, g: &'g Graph<'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let line = Location::caller();
        match self.run(g, &[x.into()]).first() {
            Some(Value::Floats(y)) => *y,
            _ => {
                g.refuse("onnx", "wanted a first output of numbers".into(), line);
                g.absent()
            }
        }
    }
}

impl Layer for Imported {
    /// Lengths and resets are refused: the file says what belongs to a row.
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let (xs, line) = (xs.into(), Location::caller());
        let g = xs.graph();
        if xs.lengths().is_some() || xs.resets().is_some() {
            g.refuse("onnx", "lengths or resets of a sequence for a file's model".into(), line);
        }
        Seq::from(self.first(g, xs.values()))
    }
}
