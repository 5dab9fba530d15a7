//! Numbers that are infinite or NaN are found before they reach the weights.

use super::engine::Engine;
use super::weights::paths;
use crate::error::{Error, Quantity};
use elman_autograd::Params;
use elman_kernels::all_finite;
use elman_tensor::Real;
use std::panic::Location;

impl<T: Real> Engine<T> {
    /// An error if a vector over all weights is not finite.
    pub(super) fn finite_in(
        &self,
        params: &Params<T>,
        x: &[T],
        quantity: fn(String) -> Quantity,
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        if all_finite(x) {
            return Ok(());
        }
        let mut rest = x;
        for (path, len) in paths(params) {
            let (of, after) = rest.split_at(len.min(rest.len()));
            if of.iter().any(|x| !x.is_finite()) {
                return self.finite(quantity(path.to_string()), of, line);
            }
            rest = after;
        }
        Ok(())
    }

    /// An error if a number is not finite.
    pub(super) fn finite(
        &self,
        quantity: Quantity,
        x: &[T],
        line: &'static Location<'static>,
    ) -> Result<(), Error> {
        let Some(index) = x.iter().position(|x| !x.is_finite()) else {
            return Ok(());
        };
        let (value, step) = (x[index].to_f64(), self.step);
        Err(Error::NotFinite { quantity, index, value, step, line })
    }
}
