//! A graph as it is written.

use super::super::layout::Layout;
use super::messages::{
    Attribute, Dimension, Graph, Node, Tensor, TensorShape, TensorType, Type, ValueInfo, kinds,
    types,
};

/// The size of an axis.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    Fixed(usize),
    Free(&'static str),
}

pub(crate) const TIME: Size = Size::Free("time");
pub(crate) const BATCH: Size = Size::Free("batch");

/// A graph as it is written.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) graph: Graph,
    pub(crate) layout: Layout,
    /// The type of its numbers.
    pub(crate) element: i32,
}

impl Writer {
    pub(crate) fn input(&mut self, name: &str, element: i32, sizes: &[Size]) {
        self.graph.input.push(value(name, element, sizes));
    }

    pub(crate) fn output(&mut self, name: &str, sizes: &[Size]) {
        self.graph.output.push(value(name, self.element, sizes));
    }

    /// A constant, in one axis.
    pub(crate) fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.graph.initializer.push(Tensor {
            dims: vec![values.len() as i64],
            data_type: types::INT64,
            int64_data: values.to_vec(),
            name: name.into(),
            ..Tensor::default()
        });
        name.into()
    }

    /// A number as the file has it.
    pub(crate) fn rounded(&self, x: f64) -> f64 {
        if self.element == types::FLOAT { f64::from(x as f32) } else { x }
    }

    /// The relative distance of two neighbouring numbers of the file.
    pub(crate) fn precision(&self) -> f64 {
        if self.element == types::FLOAT { f64::from(f32::EPSILON) } else { f64::EPSILON }
    }

    /// Numbers, in one axis, that do not learn: a node, and no weight.
    pub(crate) fn floats(&mut self, name: &str, values: &[f64]) -> String {
        let bytes = |&x: &f64| match self.element {
            types::FLOAT => (x as f32).to_le_bytes().to_vec(),
            _ => x.to_le_bytes().to_vec(),
        };
        let tensor = Tensor {
            dims: vec![values.len() as i64],
            data_type: self.element,
            raw_data: Some(values.iter().flat_map(bytes).collect()),
            ..Tensor::default()
        };
        let value = Attribute {
            name: "value".into(),
            t: Some(tensor),
            r#type: kinds::TENSOR,
            ..Attribute::default()
        };
        self.node_to("Constant", name, &[], &[name], vec![value]);
        name.into()
    }

    /// A node with one output, which has its name.
    pub(crate) fn node(
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

    pub(crate) fn node_to(
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

pub(crate) fn integer(name: &str, value: i64) -> Attribute {
    Attribute { name: name.into(), i: Some(value), r#type: kinds::INT, ..Attribute::default() }
}

pub(crate) fn text(name: &str, value: &str) -> Attribute {
    let s = Some(value.as_bytes().to_vec());
    Attribute { name: name.into(), s, r#type: kinds::STRING, ..Attribute::default() }
}
