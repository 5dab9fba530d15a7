//! Numbers as bytes.

use elman_tensor::Real;
use half::{bf16, f16};
use std::fmt;

/// The type of the numbers of a tensor in a file.
///
/// ```
/// use elman_io::Dtype;
///
/// assert_eq!((Dtype::F32.name(), Dtype::F32.size()), ("F32", 4));
/// assert_eq!((Dtype::Bf16.to_string(), Dtype::Bf16.size()), ("BF16".into(), 2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dtype {
    /// Floats of 64 bits.
    F64,
    /// Integers of 64 bits, without a sign.
    U64,
    /// Floats of 32 bits.
    F32,
    /// Floats of 16 bits (IEEE 754); read, never written.
    F16,
    /// The upper 16 bits of an `F32`; read, never written.
    Bf16,
    /// Bytes.
    U8,
}

impl Dtype {
    const ALL: [Dtype; 6] =
        [Dtype::F64, Dtype::U64, Dtype::F32, Dtype::F16, Dtype::Bf16, Dtype::U8];

    /// The name that a file has for it.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F64 => "F64",
            Dtype::U64 => "U64",
            Dtype::F32 => "F32",
            Dtype::F16 => "F16",
            Dtype::Bf16 => "BF16",
            Dtype::U8 => "U8",
        }
    }

    /// How many bytes one number takes.
    pub fn size(self) -> usize {
        match self {
            Dtype::F64 | Dtype::U64 => 8,
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::Bf16 => 2,
            Dtype::U8 => 1,
        }
    }

    /// The type of this name; `None` if there is no such type here.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Dtype::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// Floats, widened to 64 bits without rounding; `None` of integers.
    pub(crate) fn floats(self, bytes: &[u8]) -> Option<Box<dyn Iterator<Item = f64> + '_>> {
        Some(match self {
            Dtype::F64 => Box::new(numbers::<f64>(bytes)),
            Dtype::F32 => Box::new(numbers::<f32>(bytes).map(f64::from)),
            Dtype::F16 => Box::new(numbers::<f16>(bytes).map(f64::from)),
            Dtype::Bf16 => Box::new(numbers::<bf16>(bytes).map(f64::from)),
            Dtype::U64 | Dtype::U8 => return None,
        })
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The numbers that these bytes are, to the bit; a rest that is no whole number is left out.
pub(crate) fn numbers<N: Number>(bytes: &[u8]) -> impl Iterator<Item = N> {
    bytes.chunks_exact(N::DTYPE.size()).map(N::read)
}

/// A number that files have, little end first.
pub trait Number: Copy {
    /// Its type.
    const DTYPE: Dtype;

    /// Appends its bytes.
    fn write(self, bytes: &mut Vec<u8>);

    /// The number of these bytes; 0 of too few.
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($number:ident $dtype:ident),*) => {$(
        impl Number for $number {
            const DTYPE: Dtype = Dtype::$dtype;

            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn read(bytes: &[u8]) -> Self {
                $number::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default())
            }
        }
    )*};
}
numbers!(f64 F64, u64 U64, f32 F32, f16 F16, bf16 Bf16, u8 U8);

mod sealed {
    /// Nobody else implements [`Scalar`](super::Scalar).
    pub trait Sealed: super::Number {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A scalar whose weights can be saved: `f32` or `f64`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::{Scalar, Weights};
/// use elman_tensor::Init;
///
/// /// The bytes of a file, for either scalar.
/// fn bytes<T: Scalar>() -> Result<usize, Box<dyn std::error::Error>> {
///     let (_, params) = Params::<T>::init(7, |p| p.weight("w", [1000], Init::Zeros))?;
///     Ok(Weights::of(&params, "")?.to_bytes()?.len())
/// }
///
/// assert_eq!(bytes::<f64>()? - bytes::<f32>()?, 4 * 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Scalar: Real + sealed::Sealed {}

impl Scalar for f32 {}
impl Scalar for f64 {}
