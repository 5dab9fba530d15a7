//! The attributes of a node.

use super::super::error::Error;
use super::messages::{Attribute, Node, kinds};
use super::tensors::{Constant, constant};
use std::collections::BTreeMap;

/// The attributes of a node that have not been understood yet: none may be left in the end.
pub(crate) struct Attributes {
    /// The node, for errors.
    place: String,
    left: BTreeMap<String, Attribute>,
}

impl Attributes {
    pub(crate) fn new(node: &Node) -> Result<Self, Error> {
        let place = format!("node {:?} ({})", node.name, node.op_type);
        let mut left = BTreeMap::new();
        for attribute in &node.attribute {
            if left.insert(attribute.name.clone(), attribute.clone()).is_some() {
                return Err(Error::unsupported(place, format!("two {:?}", attribute.name)));
            }
        }
        Ok(Attributes { place, left })
    }

    /// The error that this node cannot be understood.
    pub(crate) fn refuse(&self, reason: impl Into<String>) -> Error {
        Error::unsupported(self.place.clone(), reason)
    }

    /// Whether all attributes have been taken.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self.left.keys().next() {
            Some(name) => Err(self.refuse(format!("the attribute {name:?} is not understood"))),
            None => Ok(()),
        }
    }

    /// An attribute of a kind, whose files of old may say none.
    fn take(&mut self, name: &str, kind: i32) -> Result<Option<Attribute>, Error> {
        let Some(attribute) = self.left.remove(name) else { return Ok(None) };
        if attribute.r#type != kind {
            let given = attribute.r#type;
            return Err(self.refuse(format!("{name:?} is of kind {given}; wanted {kind}")));
        }
        Ok(Some(attribute))
    }

    pub(crate) fn int(&mut self, name: &str, default: i64) -> Result<i64, Error> {
        Ok(self.take(name, kinds::INT)?.map_or(default, |a| a.i.unwrap_or(0)))
    }

    pub(crate) fn float(&mut self, name: &str, default: f64) -> Result<f64, Error> {
        Ok(self.take(name, kinds::FLOAT)?.map_or(default, |a| a.f.unwrap_or(0.0).into()))
    }

    pub(crate) fn text(&mut self, name: &str, default: &str) -> Result<String, Error> {
        let text = self.take(name, kinds::STRING)?;
        text.map_or(Ok(default.into()), |a| self.string(name, a.s.unwrap_or_default()))
    }

    pub(crate) fn ints(&mut self, name: &str) -> Result<Option<Vec<i64>>, Error> {
        Ok(self.take(name, kinds::INTS)?.map(|a| a.ints))
    }

    pub(crate) fn floats(&mut self, name: &str) -> Result<Vec<f64>, Error> {
        let floats = self.take(name, kinds::FLOATS)?.unwrap_or_default().floats;
        Ok(floats.into_iter().map(f64::from).collect())
    }

    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let texts = self.take(name, kinds::STRINGS)?.unwrap_or_default().strings;
        texts.into_iter().map(|text| self.string(name, text)).collect()
    }

    pub(crate) fn constant(&mut self, name: &str) -> Result<Option<Constant>, Error> {
        let tensor = self.take(name, kinds::TENSOR)?;
        tensor.map(|a| constant(a.t.unwrap_or_default())).transpose()
    }

    fn string(&self, name: &str, bytes: Vec<u8>) -> Result<String, Error> {
        String::from_utf8(bytes).map_err(|_| self.refuse(format!("{name:?} is not UTF-8")))
    }
}
