//! An ONNX file to a model.

use super::super::error::Error;
use super::attributes::Attributes;
use super::limits::Limits;
use super::messages::{Graph, Model, Node, ValueInfo, types};
use super::model::{Imported, Input, Source, Step};
use super::operators::{Operator, Recurrent, Sizes};
use super::tensors::{Constant, constant};
use super::weights::{Names, layout};
use super::wire;
use elman_autograd::{Param, Params, Scope};
use elman_tensor::{Init, Real, Shape, Tensor};
use prost::Message;
use std::collections::BTreeMap;

/// The versions of the operators that are understood.
const OPERATORS: std::ops::RangeInclusive<i64> = 13..=25;

/// Reads an ONNX file: a model that runs, and learns, and its weights.
///
/// Its initializers become weights of their names, those of recurrent nodes weights of cells of
/// ours; single numbers and the file's constant nodes stay as they are. Everything the file says is
/// followed, or refused by an error that names the node.
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
    let (mut imported, params) = Params::<f64>::init(0, |p| plan.build(p))?;
    // What the file has is exact in f64, and rounded once.
    let mut params = params;
    plan.load(&mut imported, &mut params)?;
    Ok((imported, params.cast()))
}

/// A graph that has been understood.
struct Plan {
    inputs: Vec<Input>,
    outputs: Vec<(String, usize)>,
    constants: Vec<(String, usize, Constant, bool)>,
    nodes: Vec<Planned>,
    slots: usize,
}

struct Planned {
    name: String,
    what: What,
    inputs: Vec<Option<usize>>,
    outputs: Vec<Option<usize>>,
}

enum What {
    Plain(Operator),
    /// The cells, and the constants W, R, B and P.
    Cells(Sizes, Box<Weights>),
}

/// The constants W, R, B and P, with their names.
type Weights = [Option<(String, Tensor<f64>)>; 4];

/// A constant of the file, and what is made of it.
struct Known {
    constant: Constant,
    /// Whether it learns.
    weight: bool,
    /// Whether the weights of a cell have been made of it.
    taken: bool,
    slot: Option<usize>,
}

/// A graph while it is read.
#[derive(Default)]
struct Reader {
    known: BTreeMap<String, Known>,
    slots: BTreeMap<String, usize>,
    count: usize,
}

impl Reader {
    /// A new value.
    fn slot(&mut self, name: &str) -> Result<usize, Error> {
        let slot = self.count;
        self.count += 1;
        if self.known.contains_key(name) || self.slots.insert(name.to_owned(), slot).is_some() {
            return Err(Error::Duplicate { name: name.into() });
        }
        Ok(slot)
    }

    fn know(&mut self, name: &str, constant: Constant, initializer: bool) -> Result<(), Error> {
        let single = matches!(&constant, Constant::Floats(x) if x.shape().rank() == 0);
        let weight = initializer && !single;
        let known = Known { constant, weight, taken: false, slot: None };
        if self.slots.contains_key(name) || self.known.insert(name.into(), known).is_some() {
            return Err(Error::Duplicate { name: name.into() });
        }
        Ok(())
    }

    /// The value that a node reads.
    fn read(&mut self, name: &str) -> Result<Option<usize>, Error> {
        if name.is_empty() {
            return Ok(None);
        }
        if let Some(known) = self.known.get_mut(name) {
            if known.taken {
                return Err(shared(name));
            }
            let count = &mut self.count;
            let slot = *known.slot.get_or_insert_with(|| {
                *count += 1;
                *count - 1
            });
            return Ok(Some(slot));
        }
        let slot = self.slots.get(name).copied();
        let missing =
            || Error::unsupported(format!("value {name:?}"), "it is read before it is there");
        slot.map(Some).ok_or_else(missing)
    }

    /// The constant that becomes weights of a cell.
    fn take(&mut self, name: &str, attributes: &Attributes) -> Result<Option<Tensor<f64>>, Error> {
        if name.is_empty() {
            return Ok(None);
        }
        match self.known.get_mut(name) {
            Some(known) if known.taken || known.slot.is_some() => Err(shared(name)),
            Some(Known { constant: Constant::Floats(x), taken, .. }) => {
                *taken = true;
                Ok(Some(x.clone()))
            }
            _ => {
                Err(attributes.refuse(format!("its weights {name:?} are computed, or not numbers")))
            }
        }
    }
}

fn shared(name: &str) -> Error {
    Error::unsupported(format!("weight {name:?}"), "several nodes share weights of a cell")
}

impl Plan {
    fn new(graph: Graph) -> Result<Self, Error> {
        let mut reader = Reader::default();
        for tensor in graph.initializer {
            let name = tensor.name.clone();
            reader.know(&name, constant(tensor)?, true)?;
        }
        let mut inputs = Vec::new();
        // Files of old list initializers among the inputs, too.
        for value in &graph.input {
            if !reader.known.contains_key(&value.name) {
                let (name, slot) = (value.name.clone(), reader.slot(&value.name)?);
                inputs.push(Input { name, slot, whole: is_whole(value)? });
            }
        }
        let mut nodes = Vec::new();
        for (number, node) in graph.node.iter().enumerate() {
            if !matches!(node.domain.as_str(), "" | "ai.onnx") {
                let reason = format!("operators of the domain {:?}", node.domain);
                return Err(Error::unsupported(format!("node {:?}", node.name), reason));
            }
            nodes.extend(planned(&mut reader, node, number)?);
        }
        let mut outputs = Vec::new();
        for value in graph.output {
            let slot = reader.read(&value.name)?;
            let unnamed = || Error::unsupported("an output", "it has no name");
            outputs.push((value.name, slot.ok_or_else(unnamed)?));
        }
        let used = reader.known.into_iter();
        let used = used.filter_map(|(name, k)| Some((name, k.slot?, k.constant, k.weight)));
        Ok(Plan { inputs, outputs, constants: used.collect(), nodes, slots: reader.count })
    }

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
    fn load(&self, model: &mut Imported, params: &mut Params<f64>) -> Result<(), Error> {
        let given = |param: &Param, values: &[f64], params: &mut Params<f64>| {
            if let Some(weight) = params.get_mut(*param) {
                weight.copy_from_slice(values);
            }
        };
        for ((_, _, constant, _), (_, source)) in self.constants.iter().zip(&model.sources) {
            if let (Constant::Floats(x), Source::Weight(param) | Source::Fixed(param)) =
                (constant, source)
            {
                given(param, x.values(), params);
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

/// A node, or none if it is a constant.
fn planned(reader: &mut Reader, node: &Node, number: usize) -> Result<Option<Planned>, Error> {
    let mut attributes = Attributes::new(node)?;
    let name = if node.name.is_empty() { format!("node{number}") } else { node.name.clone() };
    if node.op_type == "Constant" {
        let value = constant_node(&mut attributes)?;
        attributes.finish()?;
        let output = node.output.first().map_or("", String::as_str);
        reader.know(output, value, false)?;
        return Ok(None);
    }
    let operand = |i: usize| node.input.get(i).map_or("", String::as_str);
    let mut inputs = Vec::new();
    let what = if matches!(node.op_type.as_str(), "RNN" | "LSTM" | "GRU") {
        let mut weights: Weights = [const { None }; 4];
        for (weight, i) in weights.iter_mut().zip([1, 2, 3, 7]) {
            let taken = reader.take(operand(i), &attributes)?;
            *weight = taken.map(|x| (operand(i).to_owned(), x));
        }
        let missing = || attributes.refuse("it has no weights");
        let shape = |i: usize| weights[i].as_ref().map(|(_, x)| x.shape()).ok_or_else(missing);
        let shapes: [Shape; 2] = [shape(0)?, shape(1)?];
        let sizes = Sizes::read(&node.op_type, &mut attributes, shapes, weights[3].is_some())?;
        for i in 0..node.input.len() {
            let weight = matches!(i, 1 | 2 | 3 | 7);
            inputs.push(if weight { None } else { reader.read(operand(i))? });
        }
        What::Cells(sizes, Box::new(weights))
    } else {
        let operator = Operator::read(&node.op_type, &mut attributes)?;
        for name in &node.input {
            inputs.push(reader.read(name)?);
        }
        What::Plain(operator)
    };
    let [most_in, most_out] = match &what {
        What::Plain(operator) => [operator.operands(), operator.outputs()],
        What::Cells(..) => [8, 3],
    };
    if inputs.len() > most_in || node.output.len() > most_out {
        let given = format!("{} operands and {} outputs", inputs.len(), node.output.len());
        return Err(
            attributes.refuse(format!("{given}; at most {most_in} and {most_out} are understood"))
        );
    }
    attributes.finish()?;
    let mut outputs = Vec::new();
    for output in &node.output {
        outputs.push(if output.is_empty() { None } else { Some(reader.slot(output)?) });
    }
    Ok(Some(Planned { name, what, inputs, outputs }))
}

/// The value of a constant node.
fn constant_node(attributes: &mut Attributes) -> Result<Constant, Error> {
    attributes.constant("value")?.ok_or_else(|| attributes.refuse("it has no tensor as its value"))
}

/// Whether an input has whole numbers.
fn is_whole(value: &ValueInfo) -> Result<bool, Error> {
    let tensor = value.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    match tensor.map(|tensor| tensor.elem_type) {
        Some(types::FLOAT | types::DOUBLE) => Ok(false),
        Some(types::INT64 | types::INT32) => Ok(true),
        other => {
            let reason =
                format!("its type is {other:?}; float, double, int32 and int64 are understood");
            Err(Error::unsupported(format!("input {:?}", value.name), reason))
        }
    }
}

/// A name that can be part of a weight's path.
fn path(name: &str) -> String {
    name.replace(['.', '*'], "_")
}
