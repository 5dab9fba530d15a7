//! A graph, understood before anything is made of it.

use super::super::error::Error;
use super::attributes::Attributes;
use super::ints::Ints;
use super::messages::{Graph, Node, ValueInfo, types};
use super::model::Input;
use super::operators::{Operator, Sizes};
use super::tensors::{Constant, constant};
use elman_tensor::{Shape, Tensor};
use std::collections::BTreeMap;

/// A graph that has been understood.
pub(crate) struct Plan {
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<(String, usize)>,
    /// Names, slots, values, and whether they learn.
    pub(crate) constants: Vec<(String, usize, Constant, bool)>,
    pub(crate) nodes: Vec<Planned>,
    pub(crate) slots: usize,
}

/// A node that has been understood.
pub(crate) struct Planned {
    pub(crate) name: String,
    pub(crate) what: What,
    pub(crate) inputs: Vec<Option<usize>>,
    pub(crate) outputs: Vec<Option<usize>>,
}

/// What it does.
pub(crate) enum What {
    Plain(Operator),
    /// The cells, and the constants W, R, B and P.
    Cells(Sizes, Box<Weights>),
}

/// The constants W, R, B and P, with their names.
pub(crate) type Weights = [Option<(String, Tensor<f64>)>; 4];

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
    pub(crate) fn new(graph: Graph) -> Result<Self, Error> {
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
}

/// A node, or none if it is a constant.
fn planned(reader: &mut Reader, node: &Node, number: usize) -> Result<Option<Planned>, Error> {
    let mut attributes = Attributes::new(node)?;
    let name = if node.name.is_empty() { format!("node{number}") } else { node.name.clone() };
    if node.op_type == "Constant" {
        let value = constant_node(&mut attributes)?;
        attributes.finish()?;
        let ([], [output]) = (&node.input[..], &node.output[..]) else {
            return Err(Error::unsupported(name, "a constant has no operands and one output"));
        };
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
        What::Plain(operator) => [operator.operands(), 1],
        What::Cells(sizes, _) => sizes.most(),
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

/// The value of a constant node, which has one of several attributes.
fn constant_node(attributes: &mut Attributes) -> Result<Constant, Error> {
    if let Some(value) = attributes.constant("value")? {
        return Ok(value);
    }
    let (float, floats) = (attributes.number("value_float")?, attributes.floats("value_floats")?);
    let (int, ints) = (attributes.whole("value_int")?, attributes.ints("value_ints")?);
    let all = |len: usize| Shape::from([len]);
    let ints = int.map(|n| (Shape::SCALAR, vec![n])).or(ints.map(|n| (all(n.len()), n)));
    let ints = ints.and_then(|(shape, ints)| Ints::new(shape, ints));
    let floats = float.map(Tensor::scalar).or(Tensor::new(all(floats.len()), floats).ok());
    let nothing = || attributes.refuse("it has no value that is understood");
    ints.map(Constant::Ints)
        .or(floats.filter(|x| !x.shape().is_empty()).map(Constant::Floats))
        .ok_or_else(nothing)
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
