//! The scalars of files.

use elman_tensor::Real;

/// A scalar that files of other programs have: `f32` or `f64`.
pub trait Element: Real {
    /// Its number among ONNX's types.
    const ONNX: i32;
    /// Its name in a safetensors file.
    const SAFETENSORS: safetensors::Dtype;
    /// Appends its bytes, the least significant first.
    fn append(self, bytes: &mut Vec<u8>);
}

macro_rules! element {
    ($($scalar:ty, $onnx:literal, $safetensors:ident;)*) => {$(
        impl Element for $scalar {
            const ONNX: i32 = $onnx;
            const SAFETENSORS: safetensors::Dtype = safetensors::Dtype::$safetensors;
            fn append(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}

element! {
    f32, 1, F32;
    f64, 11, F64;
}

/// The bytes of some numbers, the least significant of each first.
pub(crate) fn bytes<T: Element>(values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of_val(values));
    values.iter().for_each(|x| x.append(&mut bytes));
    bytes
}

/// Numbers of `N` bytes each out of their bytes; what is left over is none.
pub(crate) fn numbers<T: Real, const N: usize>(
    bytes: &[u8],
    of: impl Fn([u8; N]) -> f64,
) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&bytes| T::from_f64(of(bytes))).collect()
}
