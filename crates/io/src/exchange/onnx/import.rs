//! An ONNX file to a model.

use super::super::error::Error;
use super::limits::Limits;
use super::messages::Model;
use super::model::{Imported, Source, Step};
use super::operators::{Operator, Recurrent};
use super::plan::{Plan, Weights, What};
use super::tensors::Constant;
use super::weights::{Names, layout};
use super::wire;
use elman_autograd::{Params, Scope};
use elman_tensor::{Init, Real};
use prost::Message;

/// The versions of the operators that are understood.
const OPERATORS: std::ops::RangeInclusive<i64> = 13..=25;

/// Reads an ONNX file: a model that runs, and learns, and its weights.
///
/// Its initializers become weights of their names, those of recurrent nodes weights of cells of
/// ours; single numbers and the file's constant nodes stay as they are. Everything the file says is
/// followed, or refused by an error that names the node.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_io::exchange::onnx::{Export, Limits, import};
/// use elman_rnn::{Gru, Layer, Rnn};
/// use elman_tensor::Tensor;
///
/// let (gru, params) = Params::<f32>::init(7, |p| Gru::new(p.scope("gru"), 3, 8))?;
/// let bytes = Export::new().level(gru).to_bytes(&params)?; // or std::fs::read("model.onnx")?
/// let (model, imported) = import::<f32>(&bytes, Limits::default())?;
///
/// let x = Tensor::from_fn([5, 2, 3], |i| (i as f32).sin())?;
/// let y = Tape::new().evaluate(&params, |g| Rnn(gru).forward(g.input(&x)).values().tensor())?;
/// let z = Tape::new().evaluate(&imported, |g| model.forward(g.input(&x)).values().tensor())?;
/// assert!(y.values().iter().zip(z.values()).all(|(y, z)| (y - z).abs() < 1e-6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the bytes are no model, are more than the limits, or say something that is not understood.
pub fn import<T: Real>(bytes: &[u8], limits: Limits) -> Result<(Imported, Params<T>), Error> {
    wire::check(bytes, limits)?;
    let malformed = |reason: String| Error::Malformed { format: "ONNX", reason };
    let model = Model::decode(bytes).map_err(|error| malformed(error.to_string()))?;
    for set in &model.opset_import {
        let known =
            matches!(set.domain.as_str(), "" | "ai.onnx") && OPERATORS.contains(&set.version);
        if !known {
            let reason =
                format!("version {}; {OPERATORS:?} of ONNX's own is understood", set.version);
            return Err(Error::unsupported(format!("operators {:?}", set.domain), reason));
        }
    }
    if model.opset_import.is_empty() {
        return Err(malformed("there is no version of operators".into()));
    }
    let graph = model.graph.ok_or_else(|| malformed("there is no graph".into()))?;
    let plan = Plan::new(graph)?;
    // What the file has is exact in f64, and rounded once.
    let (imported, mut params) = Params::<f64>::init(0, |p| plan.build(p))?;
    plan.load(&imported, &mut params)?;
    Ok((imported, params.cast()))
}

impl Plan {
    /// The model, with weights that are to be replaced.
    fn build(&self, p: &mut Scope<'_>) -> Result<Imported, elman_autograd::Error> {
        let mut steps = Vec::new();
        for node in &self.nodes {
            let operator = match &node.what {
                What::Plain(operator) => operator.clone(),
                What::Cells(sizes, _) => {
                    Operator::Recurrent(sizes.build(p.scope(&path(&node.name)))?)
                }
            };
            let (inputs, outputs) = (node.inputs.clone(), node.outputs.clone());
            steps.push(Step { name: node.name.clone(), operator, inputs, outputs });
        }
        let mut sources = Vec::new();
        for (name, slot, constant, weight) in &self.constants {
            let source = match constant {
                Constant::Ints(ints) => Source::Ints(ints.clone()),
                Constant::Floats(x) => {
                    let param = p.weight(&path(name), x.shape(), Init::Zeros)?;
                    if *weight { Source::Weight(param) } else { Source::Fixed(param) }
                }
            };
            sources.push((*slot, source));
        }
        let (inputs, outputs, slots) = (self.inputs.clone(), self.outputs.clone(), self.slots);
        Ok(Imported { inputs, outputs, sources, steps, slots })
    }

    /// The file's values for the weights.
    fn load(&self, model: &Imported, params: &mut Params<f64>) -> Result<(), Error> {
        for ((_, _, constant, _), (_, source)) in self.constants.iter().zip(&model.sources) {
            if let (Constant::Floats(x), Source::Weight(param) | Source::Fixed(param)) =
                (constant, source)
                && let Some(weight) = params.get_mut(*param)
            {
                weight.copy_from_slice(x.values());
            }
        }
        for (node, step) in self.nodes.iter().zip(&model.steps) {
            if let (What::Cells(_, weights), Operator::Recurrent(cells)) =
                (&node.what, &step.operator)
            {
                load_cells(cells, weights, params)?;
            }
        }
        Ok(())
    }
}

fn load_cells(
    recurrent: &Recurrent,
    weights: &Weights,
    params: &mut Params<f64>,
) -> Result<(), Error> {
    // Where a weight has no name it is not there, and no array has this one.
    let [w, r, b, p] = [0, 1, 2, 3].map(|i| weights[i].as_ref().map_or("", |(name, _)| name));
    let names = Names { w, r, b, p };
    let found = |_, name: &str| {
        let mut weights = weights.iter().flatten();
        weights.find(|(given, _)| given == name).map(|(_, x)| x)
    };
    layout(names, recurrent.cells())?.import(params, found)
}

/// A name that can be part of a weight's path.
fn path(name: &str) -> String {
    name.replace(['.', '*'], "_")
}
