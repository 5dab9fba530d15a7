//! Constants of a file.

use super::super::element::numbers;
use super::super::error::Error;
use super::ints::Ints;
use super::messages::{Tensor as Message, types};
use elman_tensor::{Shape, Tensor};

/// A constant: numbers to compute with, or whole ones that say how.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant {
    /// Numbers, each as the file has it.
    Floats(Tensor<f64>),
    /// Whole numbers.
    Ints(Ints),
}

/// The constant that a message holds.
pub(crate) fn constant(message: Message) -> Result<Constant, Error> {
    let place = || format!("tensor {:?}", message.name);
    if message.data_location != 0 {
        return Err(Error::unsupported(place(), "its data lie in another file"));
    }
    let dims = message.dims.iter().map(|&size| usize::try_from(size));
    let dims = dims
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Error::unsupported(place(), format!("its sizes are {:?}", message.dims)))?;
    let shape = Shape::new(&dims)?;
    let raw = message.raw_data.as_deref();
    let floats = |values| Ok(Constant::Floats(Tensor::new(shape, values)?));
    let ints = |values: Vec<i64>| {
        let given = values.len();
        let ints = Ints::new(shape, values).ok_or(elman_tensor::Error::Length { shape, given })?;
        Ok(Constant::Ints(ints))
    };
    match (message.data_type, raw) {
        (types::FLOAT, None) => floats(message.float_data.iter().map(|&x| x.into()).collect()),
        (types::FLOAT, Some(raw)) => floats(numbers(raw, |b| f32::from_le_bytes(b).into())),
        (types::DOUBLE, None) => floats(message.double_data.clone()),
        (types::DOUBLE, Some(raw)) => floats(numbers(raw, f64::from_le_bytes)),
        (types::INT64, None) => ints(message.int64_data.clone()),
        (types::INT64, Some(raw)) => {
            ints(raw.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b)).collect())
        }
        (types::INT32, None) => ints(message.int32_data.iter().map(|&x| x.into()).collect()),
        (types::INT32, Some(raw)) => {
            ints(raw.as_chunks().0.iter().map(|&b| i32::from_le_bytes(b).into()).collect())
        }
        (other, _) => {
            let reason = format!(
                "its type has the number {other}; float, double, int32 and int64 are understood"
            );
            Err(Error::unsupported(place(), reason))
        }
    }
}
