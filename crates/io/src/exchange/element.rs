//! The scalars of files.

use elman_tensor::Real;

mod sealed {
    use elman_tensor::Real;

    /// What files say of a scalar.
    pub trait Sealed: Real {
        /// Its number among ONNX's types.
        const ONNX: i32;
        /// Its name in a safetensors file.
        const SAFETENSORS: safetensors::Dtype;
        /// Appends its bytes, the least significant first.
        fn append(self, bytes: &mut Vec<u8>);
    }

    macro_rules! sealed {
        ($($scalar:ty, $onnx:literal, $safetensors:ident;)*) => {$(
            impl Sealed for $scalar {
                const ONNX: i32 = $onnx;
                const SAFETENSORS: safetensors::Dtype = safetensors::Dtype::$safetensors;
                fn append(self, bytes: &mut Vec<u8>) {
                    bytes.extend_from_slice(&self.to_le_bytes());
                }
            }
        )*};
    }

    sealed! {
        f32, 1, F32;
        f64, 11, F64;
    }
}

/// A scalar that files of other programs have: `f32` or `f64`.
pub trait Element: Real + sealed::Sealed {}

impl<T: sealed::Sealed> Element for T {}

/// The bytes of some numbers, the least significant of each first.
pub(crate) fn bytes<T: Element>(values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of_val(values));
    values.iter().for_each(|x| x.append(&mut bytes));
    bytes
}

/// Numbers of `N` bytes each out of their bytes; none if some bytes are left over.
pub(crate) fn numbers<T, const N: usize>(
    bytes: &[u8],
    of: impl Fn([u8; N]) -> T,
) -> Option<Vec<T>> {
    let (numbers, rest) = bytes.as_chunks();
    rest.is_empty().then(|| numbers.iter().map(|&bytes| of(bytes)).collect())
}
