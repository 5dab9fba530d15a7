//! A model to an ONNX file.

use super::super::element::{Element, bytes};
use super::super::error::Error;
use super::super::layout::{Array, Layout, Part};
use super::super::peer::{Level, Peer};
use super::activations;
use super::messages::{
    Attribute, Dimension, Graph, Model, Node, OperatorSet, Tensor, TensorShape, TensorType, Type,
    ValueInfo, kinds, types,
};
use super::weights::{Names, form, layout};
use elman_autograd::Params;
use elman_rnn::{Embedding, Linear};
use prost::Message;

/// A model in the order in which it computes, to be written as an ONNX file: an embedding if it
/// reads symbols, levels of cells, and a linear map of what they give.
///
/// The file reads `x`, `[time, batch, in]` (of symbols: int64 `[time, batch]`), and gives `y`,
/// `[time, batch, out]`, for any number of steps and rows. Cells become the operators `RNN`, `LSTM`
/// and `GRU`; a cell that is none of these is an error.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::exchange::onnx::Export;
/// use elman_rnn::{Linear, Lstm};
///
/// let ((lstm, head), params) = Params::<f32>::init(7, |p| {
///     let lstm = Lstm::new(p.scope("lstm"), 3, 8)?;
///     Ok((lstm, Linear::new(p.scope("head"), 8, 2)?))
/// })?;
/// let bytes = Export::new().level(lstm).head(head).to_bytes(&params)?;
/// // std::fs::write("model.onnx", bytes)?;
/// # assert!(bytes.len() > 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Export {
    embedding: Option<Embedding>,
    levels: Vec<Level>,
    head: Option<Linear>,
    states: bool,
}

/// The version of the operators that is written.
const OPERATORS: i64 = 17;
/// The version of the format that came with it.
const FORMAT: i64 = 8;

impl Export {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With symbols as inputs, and a vector for each of them.
    #[must_use]
    pub fn embedding(self, embedding: Embedding) -> Self {
        Export { embedding: Some(embedding), ..self }
    }

    /// With another level, which reads what there is before it: a cell, or a pair of cells, one for
    /// each direction.
    #[must_use]
    pub fn level(mut self, level: impl Into<Level>) -> Self {
        self.levels.push(level.into());
        self
    }

    /// With a linear map in the end.
    #[must_use]
    pub fn head(self, head: Linear) -> Self {
        Export { head: Some(head), ..self }
    }

    /// With the states of all cells as inputs and outputs, so that a sequence may go on in the next
    /// call. Those of level 0 are `level0.h`, and for cells that have one `level0.c`; backwards they
    /// are `level0.backward.h` and so on; what they end with has the prefix `next.`. Each is
    /// `[1, batch, hidden]`.
    #[must_use]
    pub fn states(self) -> Self {
        Export { states: true, ..self }
    }

    /// The bytes of the file, with weights and values of the parameters' scalar.
    ///
    /// # Errors
    /// If there is no layer, if ONNX has no operator for a cell, or if a weight belongs to other
    /// parameters.
    pub fn to_bytes<T: Element>(&self, params: &Params<T>) -> Result<Vec<u8>, Error> {
        let mut file = Writer { element: T::ONNX, ..Writer::default() };
        self.write(&mut file)?;
        for (name, array) in file.layout.export(params)? {
            file.graph.initializer.push(Tensor {
                dims: array.shape().dims().iter().map(|&size| size as i64).collect(),
                data_type: T::ONNX,
                name,
                raw_data: Some(bytes(array.values())),
                ..Tensor::default()
            });
        }
        let model = Model {
            ir_version: FORMAT,
            producer_name: "elman".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(file.graph),
            opset_import: vec![OperatorSet { domain: String::new(), version: OPERATORS }],
        };
        Ok(model.encode_to_vec())
    }

    fn write(&self, file: &mut Writer) -> Result<(), Error> {
        let cells = self.levels.first().and_then(|level| level.cells().next());
        let head = self.head.map(|head| head.params().0.shape().rows());
        let input = cells.map(Peer::input).or(head);
        file.graph.name = "elman".into();
        let mut x = "x".to_owned();
        if let Some(embedding) = self.embedding {
            file.input("x", types::INT64, &[TIME, BATCH]);
            let table = embedding.param();
            let array = Array::new("embedding.table", table.shape(), [Part::whole(table)]);
            file.layout.push(array);
            x = file.node("Gather", "embedding", &["embedding.table", "x"], &[]);
        } else {
            let size = input.ok_or(Error::Empty)?;
            file.input("x", file.element, &[TIME, BATCH, Size::Fixed(size)]);
        }
        for (number, level) in self.levels.iter().enumerate() {
            x = self.write_level(file, &format!("level{number}"), level, x)?;
        }
        if let Some(head) = self.head {
            x = write_head(file, head, x);
        }
        let table = self.embedding.map(|embedding| embedding.param().shape().last());
        let output = self.head.map(|head| head.output());
        let output = output.or(self.levels.last().map(Level::output)).or(table).unwrap_or(0);
        file.node_to("Identity", "output", &[&x], &["y"], Vec::new());
        file.output("y", &[TIME, BATCH, Size::Fixed(output)]);
        Ok(())
    }

    /// Each direction is a node; their outputs lie side by side.
    fn write_level(
        &self,
        file: &mut Writer,
        name: &str,
        level: &Level,
        x: String,
    ) -> Result<String, Error> {
        let mut outputs = Vec::new();
        for (cell, direction) in level.cells().zip(["forward", "reverse"]) {
            let name = match direction {
                "forward" => name.to_owned(),
                _ => format!("{name}.backward"),
            };
            outputs.push(self.write_cell(file, &name, cell, direction, &x)?);
        }
        Ok(match &outputs[..] {
            [y] => y.clone(),
            both => {
                let both: Vec<&str> = both.iter().map(String::as_str).collect();
                file.node("Concat", &format!("{name}.both"), &both, &[("axis", 2)])
            }
        })
    }

    fn write_cell(
        &self,
        file: &mut Writer,
        name: &str,
        cell: &Peer,
        direction: &str,
        x: &str,
    ) -> Result<String, Error> {
        let of = |part: &str| format!("{name}.{part}");
        let operator = form(cell)?.operator;
        let [w, r, b, p] = ["w", "r", "b", "p"].map(of);
        let names = Names { w: &w, r: &r, b: &b, p: &p };
        file.layout.append(layout(names, std::slice::from_ref(cell))?);
        let states: &[&str] = match (self.states, cell.carries()) {
            (false, _) => &[],
            (true, false) => &["h"],
            (true, true) => &["h", "c"],
        };
        let (mut inputs, mut outputs) =
            (vec![x.to_owned(), w.clone(), r.clone(), b.clone(), String::new()], vec![of("steps")]);
        for state in states.iter().map(|state| of(state)) {
            let next = format!("next.{state}");
            let sizes = [Size::Fixed(1), BATCH, Size::Fixed(cell.hidden())];
            file.input(&state, file.element, &sizes);
            file.output(&next, &sizes);
            inputs.push(state);
            outputs.push(next);
        }
        if cell.peepholes().is_some() {
            inputs.resize(7, String::new());
            inputs.push(p.clone());
        }
        while inputs.last().is_some_and(String::is_empty) {
            inputs.pop();
        }
        let mut attributes =
            vec![integer("hidden_size", cell.hidden() as i64), text("direction", direction)];
        match cell {
            Peer::Elman(elman) => attributes.extend(activations::write(elman.activation(), cell)?),
            Peer::Gru(_) => attributes.push(integer("linear_before_reset", 1)),
            Peer::CoupledLstm(_) => attributes.push(integer("input_forget", 1)),
            _ => {}
        }
        let [inputs, outputs] =
            [&inputs, &outputs].map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
        file.node_to(operator, name, &inputs, &outputs, attributes);
        // [time, 1, batch, hidden] to [time, batch, hidden].
        let axis = file.integers(&of("axis"), &[1]);
        Ok(file.node("Squeeze", &of("outputs"), &[&of("steps"), &axis], &[]))
    }
}

/// x · W + b.
fn write_head(file: &mut Writer, head: Linear, x: String) -> String {
    let (w, b) = head.params();
    file.layout.push(Array::new("head.w", w.shape(), [Part::whole(w)]));
    let Some(b) = b else { return file.node("MatMul", "head.product", &[&x, "head.w"], &[]) };
    file.layout.push(Array::new("head.b", b.shape(), [Part::whole(b)]));
    let product = file.node("MatMul", "head.product", &[&x, "head.w"], &[]);
    file.node("Add", "head.sum", &[&product, "head.b"], &[])
}

/// The size of an axis.
#[derive(Clone, Copy)]
enum Size {
    Fixed(usize),
    Free(&'static str),
}

const TIME: Size = Size::Free("time");
const BATCH: Size = Size::Free("batch");

/// A graph as it is written.
#[derive(Default)]
struct Writer {
    graph: Graph,
    layout: Layout,
    element: i32,
}

impl Writer {
    fn input(&mut self, name: &str, element: i32, sizes: &[Size]) {
        self.graph.input.push(value(name, element, sizes));
    }

    fn output(&mut self, name: &str, sizes: &[Size]) {
        self.graph.output.push(value(name, self.element, sizes));
    }

    /// A constant, in one axis.
    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.graph.initializer.push(Tensor {
            dims: vec![values.len() as i64],
            data_type: types::INT64,
            int64_data: values.to_vec(),
            name: name.into(),
            ..Tensor::default()
        });
        name.into()
    }

    /// A node with one output, which has its name.
    fn node(
        &mut self,
        operator: &str,
        name: &str,
        inputs: &[&str],
        attributes: &[(&str, i64)],
    ) -> String {
        let attributes = attributes.iter().map(|(name, value)| integer(name, *value)).collect();
        self.node_to(operator, name, inputs, &[name], attributes);
        name.into()
    }

    fn node_to(
        &mut self,
        operator: &str,
        name: &str,
        inputs: &[&str],
        outputs: &[&str],
        attribute: Vec<Attribute>,
    ) {
        let strings = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        self.graph.node.push(Node {
            input: strings(inputs),
            output: strings(outputs),
            name: name.into(),
            op_type: operator.into(),
            attribute,
            domain: String::new(),
        });
    }
}

fn value(name: &str, elem_type: i32, sizes: &[Size]) -> ValueInfo {
    let dim = sizes.iter().map(|size| match *size {
        Size::Fixed(size) => Dimension { dim_value: Some(size as i64), dim_param: None },
        Size::Free(name) => Dimension { dim_value: None, dim_param: Some(name.into()) },
    });
    let shape = Some(TensorShape { dim: dim.collect() });
    let tensor_type = Some(TensorType { elem_type, shape });
    ValueInfo { name: name.into(), r#type: Some(Type { tensor_type }) }
}

fn integer(name: &str, value: i64) -> Attribute {
    Attribute { name: name.into(), i: Some(value), r#type: kinds::INT, ..Attribute::default() }
}

fn text(name: &str, value: &str) -> Attribute {
    let s = Some(value.as_bytes().to_vec());
    Attribute { name: name.into(), s, r#type: kinds::STRING, ..Attribute::default() }
}
