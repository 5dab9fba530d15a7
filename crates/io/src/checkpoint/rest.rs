//! What of a bundle has not been read yet.

use super::Vector;
use crate::bundle::{Bundle, Entry};
use crate::error::Flaw;
use crate::number::{Number, Scalar};
use elman_autograd::Params;
use elman_tensor::Shape;
use std::collections::BTreeMap;

/// The tensors and texts of a bundle that nobody has taken: at the end, there must be none.
pub(super) struct Rest<'a> {
    bundle: &'a Bundle,
    tensors: BTreeMap<&'a str, Entry<'a>>,
    texts: BTreeMap<&'a str, &'a str>,
}

impl<'a> Rest<'a> {
    pub(super) fn of(bundle: &'a Bundle) -> Self {
        let tensors = bundle.iter().map(|entry| (entry.name, entry)).collect();
        let texts = bundle.texts().iter().map(|(key, text)| (key.as_str(), text.as_str()));
        Rest { bundle, tensors, texts: texts.collect() }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    pub(super) fn tensor(&mut self, name: &str, shape: Shape) -> Result<Entry<'a>, Flaw> {
        match self.tensors.remove(name) {
            Some(entry) => entry.shaped(shape),
            None => Err(Flaw::Missing { tensor: name.into(), shape }),
        }
    }

    pub(super) fn number<N: Number>(&mut self, name: &str) -> Result<N, Flaw> {
        Ok(N::read(self.tensor(name, Shape::SCALAR)?.typed(N::DTYPE)?))
    }

    pub(super) fn text(&mut self, key: &str) -> Option<&'a str> {
        self.texts.remove(key)
    }

    /// The weights of a model, whose names begin with a prefix.
    pub(super) fn params<T: Scalar>(
        &mut self,
        prefix: &str,
        model: &Params<T>,
    ) -> Result<Params<T>, Flaw> {
        let mut params = model.clone();
        self.bundle.load_params(prefix, &mut params)?;
        self.tensors.retain(|name, _| !name.starts_with(prefix));
        Ok(params)
    }

    /// The texts whose keys begin with a prefix, by what follows it.
    pub(super) fn texts(&mut self, prefix: &str) -> BTreeMap<String, String> {
        let all = std::mem::take(&mut self.texts).into_iter();
        let (taken, rest): (BTreeMap<_, _>, _) = all.partition(|(key, _)| key.starts_with(prefix));
        self.texts = rest;
        taken.into_iter().map(|(key, text)| (key[prefix.len()..].into(), text.into())).collect()
    }

    /// The vectors whose names begin with a prefix, by what follows it.
    pub(super) fn vectors(&mut self, prefix: &str) -> Result<BTreeMap<String, Vector>, Flaw> {
        let all = std::mem::take(&mut self.tensors).into_iter();
        let (taken, rest): (BTreeMap<_, _>, _) =
            all.partition(|(name, _)| name.starts_with(prefix));
        self.tensors = rest;
        let taken = taken.into_values();
        taken.map(|entry| Ok((entry.name[prefix.len()..].into(), Vector::of(entry)?))).collect()
    }

    /// An error if there is a rest.
    pub(super) fn end(self) -> Result<(), Flaw> {
        match self.tensors.into_keys().chain(self.texts.into_keys()).next() {
            Some(name) => Err(Flaw::Extra { name: name.into() }),
            None => Ok(()),
        }
    }
}
