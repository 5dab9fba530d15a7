//! Constants of a file.

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

/// Numbers of `N` bytes each out of their bytes; none if some bytes are left over.
fn numbers<T, const N: usize>(bytes: &[u8], of: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
    let (numbers, rest) = bytes.as_chunks();
    rest.is_empty().then(|| numbers.iter().map(|&bytes| of(bytes)).collect())
}

/// The constant that a message holds.
pub(crate) fn constant(message: Message) -> Result<Constant, Error> {
    let name = message.name;
    let place = || format!("tensor {name:?}");
    if message.data_location != 0 {
        return Err(Error::unsupported(place(), "its data lie in another file"));
    }
    let dims = message.dims.iter().map(|&size| usize::try_from(size));
    let dims = dims
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Error::unsupported(place(), format!("its sizes are {:?}", message.dims)))?;
    let shape = Shape::new(&dims)?;
    let raw = message.raw_data.as_deref();
    let typed = [
        message.float_data.len(),
        message.double_data.len(),
        message.int32_data.len(),
        message.int64_data.len(),
    ];
    if raw.is_some() && typed != [0; 4] {
        return Err(Error::unsupported(place(), "it has its numbers twice"));
    }
    let floats = |values: Option<Vec<f64>>| {
        values.map(|values| Ok(Constant::Floats(Tensor::new(shape, values)?)))
    };
    let ints = |values: Option<Vec<i64>>| {
        values.map(|values| {
            let given = values.len();
            let ints = Ints::new(shape, values);
            Ok(Constant::Ints(ints.ok_or(elman_tensor::Error::Length { shape, given })?))
        })
    };
    let found = match (message.data_type, raw) {
        (types::FLOAT, None) => {
            floats(Some(message.float_data.iter().map(|&x| x.into()).collect()))
        }
        (types::FLOAT, Some(raw)) => floats(numbers(raw, |b| f32::from_le_bytes(b).into())),
        (types::DOUBLE, None) => floats(Some(message.double_data)),
        (types::DOUBLE, Some(raw)) => floats(numbers(raw, f64::from_le_bytes)),
        (types::INT64, None) => ints(Some(message.int64_data)),
        (types::INT64, Some(raw)) => ints(numbers(raw, i64::from_le_bytes)),
        (types::INT32, None) => ints(Some(message.int32_data.iter().map(|&x| x.into()).collect())),
        (types::INT32, Some(raw)) => ints(numbers(raw, |b| i32::from_le_bytes(b).into())),
        (other, _) => {
            let wanted = "float, double, int32 and int64 are understood";
            let reason = format!("its type has the number {other}; {wanted}");
            return Err(Error::unsupported(place(), reason));
        }
    };
    found.unwrap_or_else(|| Err(Error::unsupported(place(), "its last number is cut off")))
}
