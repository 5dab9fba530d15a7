//! A model to an ONNX file.

use super::super::error::Error;
use super::super::layout::{Array, Part};
use super::super::peer::{Level, Peer};
use super::activations;
use super::around::{Around, FIRST, LAST, fits, step};
use super::messages::{Entry, Model, OperatorSet, Tensor, types};
use super::weights::{Names, form, layout};
use super::writer::{BATCH, Size, TIME, Writer, integer, text};
use crate::{Dtype, Scalar};
use elman_autograd::Params;
use elman_rnn::{Embedding, Linear};
use prost::Message;

/// A model in the order in which it computes, to be written as an ONNX file: an embedding if it
/// reads symbols, levels of cells, and a linear map of what they give.
///
/// The file reads `x`, `[time, batch, in]` (of symbols: int64 `[time, batch]`), and gives `y`,
/// `[time, batch, out]`, for any number of steps and rows. Cells become the operators `RNN`, `LSTM`
/// and `GRU`; a cell that is none of these is an error. Numbers in their units come by
/// [`inputs`](Export::inputs) and [`outputs`](Export::outputs).
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
    pub(super) around: Around,
    pub(super) notes: Vec<(String, String)>,
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
    /// call. Those of level 0 are `level0.h`, and for cells that have one `level0.c`; backwards
    /// they are `level0.backward.h` and so on; what they end with has the prefix `next.`. Each is
    /// `[1, batch, hidden]`.
    #[must_use]
    pub fn states(self) -> Self {
        Export { states: true, ..self }
    }

    /// The bytes of the file, with weights and values of the parameters' scalar. ONNX Runtime has the
    /// recurrent operators for `f32` only, which [`cast`](Params::cast) makes of others.
    ///
    /// # Errors
    /// If there is no layer, if one does not read what the one before it gives, if ONNX has no
    /// operator for a cell, if a weight belongs to other parameters, or if what stands around the
    /// network does not fit it.
    pub fn to_bytes<T: Scalar>(&self, params: &Params<T>) -> Result<Vec<u8>, Error> {
        let element = if T::DTYPE == Dtype::F32 { types::FLOAT } else { types::DOUBLE };
        let mut file = Writer { element, ..Writer::default() };
        self.write(&mut file)?;
        for (name, array) in file.layout.export(params)? {
            let mut bytes = Vec::with_capacity(size_of_val(array.values()));
            array.values().iter().for_each(|x: &T| x.write(&mut bytes));
            file.graph.initializer.push(Tensor {
                dims: array.shape().dims().iter().map(|&size| size as i64).collect(),
                data_type: element,
                name,
                raw_data: Some(bytes),
                ..Tensor::default()
            });
        }
        let model = Model {
            ir_version: FORMAT,
            producer_name: "elman".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(file.graph),
            opset_import: vec![OperatorSet { domain: String::new(), version: OPERATORS }],
            metadata_props: self
                .notes
                .iter()
                .map(|(key, value)| Entry { key: key.clone(), value: value.clone() })
                .collect(),
        };
        Ok(model.encode_to_vec())
    }

    fn write(&self, file: &mut Writer) -> Result<(), Error> {
        file.graph.name = "elman".into();
        let mut features = self.features()?;
        // Symbols have no columns.
        let columns = match self.embedding {
            Some(_) => None,
            None => Some(self.around.columns(features)?),
        };
        self.around.check(file, columns, self.outputs_of(features), self.states)?;
        let mut x = if let Some(embedding) = self.embedding {
            file.input("x", types::INT64, &[TIME, BATCH]);
            let table = embedding.param();
            let array = Array::new("embedding.table", table.shape(), [Part::whole(table)]);
            file.layout.push(array);
            file.node("Gather", "embedding", &["embedding.table", "x"], &[])
        } else {
            let columns = columns.unwrap_or(0);
            file.input("x", file.element, &[TIME, BATCH, Size::Fixed(columns)]);
            self.around.before(file, columns)
        };
        for (number, level) in self.levels.iter().enumerate() {
            let name = format!("level{number}");
            for cell in level.cells() {
                fits(&name, cell.input(), features)?;
            }
            let end = self.around.last && number + 1 == self.levels.len();
            x = self.write_level(file, &name, level, x, end)?;
            features = level.output();
        }
        if self.around.last && self.levels.is_empty() {
            x = step(file, "end", &x, LAST);
        }
        if let Some(head) = self.head {
            fits("head", head.params().0.shape().rows(), features)?;
            x = write_head(file, head, x);
            features = head.output();
        }
        x = self.around.after(file, x, columns.unwrap_or(0));
        file.node_to("Identity", "output", &[&x], &["y"], Vec::new());
        let sizes = [TIME, BATCH, Size::Fixed(features)];
        file.output("y", if self.around.last { &sizes[1..] } else { &sizes });
        Ok(())
    }

    /// The number of features of an output.
    fn outputs_of(&self, features: usize) -> usize {
        let level = self.levels.last().map_or(features, Level::output);
        self.head.map_or(level, |head| head.output())
    }

    /// The number of features of what the first layer behind the embedding reads.
    fn features(&self) -> Result<usize, Error> {
        let table = self.embedding.map(|embedding| embedding.param().shape().last());
        let cell = self.levels.first().and_then(|level| level.cells().next()).map(Peer::input);
        let head = self.head.map(|head| head.params().0.shape().rows());
        table.or(cell).or(head).ok_or(Error::Empty)
    }

    /// Each direction is a node; their outputs lie side by side, those of all steps or what each
    /// has at its end.
    fn write_level(
        &self,
        file: &mut Writer,
        name: &str,
        level: &Level,
        x: String,
        end: bool,
    ) -> Result<String, Error> {
        let mut outputs = Vec::new();
        for (cell, direction) in level.cells().zip(["forward", "reverse"]) {
            let name = match direction {
                "forward" => name.to_owned(),
                _ => format!("{name}.backward"),
            };
            let mut y = self.write_cell(file, &name, cell, direction, &x)?;
            if end {
                let at = if direction == "forward" { LAST } else { FIRST };
                y = step(file, &format!("{name}.end"), &y, at);
            }
            outputs.push(y);
        }
        let axis = if end { 1 } else { 2 };
        Ok(match &outputs[..] {
            [y] => y.clone(),
            both => {
                let both: Vec<&str> = both.iter().map(String::as_str).collect();
                file.node("Concat", &format!("{name}.both"), &both, &[("axis", axis)])
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
