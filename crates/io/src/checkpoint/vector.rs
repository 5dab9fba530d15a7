//! Numbers that a caller keeps.

use crate::bundle::{Bundle, Entry};
use crate::error::Flaw;
use crate::number::{Dtype, numbers};
use elman_tensor::Shape;
use std::any::Any;

/// Numbers of one type.
///
/// ```
/// use elman_io::Vector;
///
/// let vector = Vector::from(vec![1.5f32]);
/// assert_eq!(vector, Vector::F32(vec![1.5]));
/// assert_eq!(vector.get::<f32>(), Some(&[1.5][..]));
/// assert_eq!(vector.get::<f64>(), None);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Vector {
    /// Floats of 32 bits.
    F32(Vec<f32>),
    /// Floats of 64 bits.
    F64(Vec<f64>),
    /// Integers of 64 bits, without a sign.
    U64(Vec<u64>),
    /// Bytes.
    U8(Vec<u8>),
}

impl Vector {
    /// The numbers; `None` if they are of another type.
    pub fn get<N: 'static>(&self) -> Option<&[N]> {
        let numbers: &dyn Any = match self {
            Vector::F32(x) => x,
            Vector::F64(x) => x,
            Vector::U64(x) => x,
            Vector::U8(x) => x,
        };
        numbers.downcast_ref::<Vec<N>>().map(Vec::as_slice)
    }

    /// Adds it to a bundle.
    pub(super) fn put(&self, bundle: &mut Bundle, name: &str) -> Result<(), Flaw> {
        match self {
            Vector::F32(x) => bundle.put(name, Shape::from([x.len()]), x),
            Vector::F64(x) => bundle.put(name, Shape::from([x.len()]), x),
            Vector::U64(x) => bundle.put(name, Shape::from([x.len()]), x),
            Vector::U8(x) => bundle.put(name, Shape::from([x.len()]), x),
        }
    }

    /// The numbers of a tensor.
    pub(super) fn of(entry: Entry<'_>) -> Result<Self, Flaw> {
        let bytes = entry.shaped(Shape::from([entry.shape.len()]))?.bytes;
        Ok(match entry.dtype {
            Dtype::F32 => Vector::F32(numbers(bytes).collect()),
            Dtype::F64 => Vector::F64(numbers(bytes).collect()),
            Dtype::U64 => Vector::U64(numbers(bytes).collect()),
            Dtype::U8 => Vector::U8(bytes.to_vec()),
            Dtype::F16 | Dtype::Bf16 => {
                let (tensor, given) = (entry.name.into(), entry.dtype.to_string());
                return Err(Flaw::UnknownType { tensor, given });
            }
        })
    }
}

macro_rules! from {
    ($($variant:ident $number:ty),*) => {$(
        impl From<Vec<$number>> for Vector {
            fn from(values: Vec<$number>) -> Self {
                Vector::$variant(values)
            }
        }
    )*};
}
from!(F32 f32, F64 f64, U64 u64, U8 u8);
