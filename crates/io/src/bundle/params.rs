//! The weights of a model in a bundle.

use super::{Bundle, Entry};
use crate::error::Flaw;
use crate::number::{Scalar, numbers};
use elman_autograd::Params;
use std::collections::HashSet;

impl Bundle {
    /// Adds all weights: each a tensor whose name is the prefix and the path.
    pub(crate) fn put_params<T: Scalar>(
        &mut self,
        prefix: &str,
        params: &Params<T>,
    ) -> Result<(), Flaw> {
        let mut rest = params.values();
        for (path, param) in params.iter() {
            let (values, after) = rest.split_at(param.shape().len());
            self.put(&format!("{prefix}{path}"), param.shape(), values)?;
            rest = after;
        }
        Ok(())
    }

    /// Loads all weights, to the bit, or none.
    pub(crate) fn load_params<T: Scalar>(
        &self,
        prefix: &str,
        params: &mut Params<T>,
    ) -> Result<(), Flaw> {
        self.fill(prefix, params, |entry, values| {
            values.extend(numbers::<T>(entry.typed(T::DTYPE)?));
            Ok(())
        })
    }

    /// Loads all weights or none: those of the model and those with the prefix are the same.
    pub(crate) fn fill<T: Scalar>(
        &self,
        prefix: &str,
        params: &mut Params<T>,
        mut read: impl FnMut(Entry<'_>, &mut Vec<T>) -> Result<(), Flaw>,
    ) -> Result<(), Flaw> {
        let mut loaded = Vec::with_capacity(params.len());
        for (path, param) in params.iter() {
            let (tensor, wanted) = (format!("{prefix}{path}"), param.shape());
            let Some(entry) = self.get(&tensor) else {
                return Err(Flaw::Missing { tensor, shape: wanted });
            };
            read(entry.shaped(wanted)?, &mut loaded)?;
        }
        let paths: HashSet<&str> = params.iter().map(|(path, _)| path).collect();
        let extra = |entry: &Entry<'_>| {
            entry.name.strip_prefix(prefix).is_some_and(|path| !paths.contains(path))
        };
        if let Some(entry) = self.iter().find(extra) {
            return Err(Flaw::Extra { name: entry.name.into() });
        }
        params.values_mut().copy_from_slice(&loaded);
        Ok(())
    }
}
