//! How large a file may be.

/// What a file may have, checked before anything of that size is allocated.
///
/// ```
/// use elman_io::Limits;
///
/// let small = Limits { file: 1 << 20, ..Limits::default() };
/// assert_eq!(small.header, 1 << 24);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the header: names, shapes, texts; 16 MiB if nothing else is said.
    pub header: u64,
    /// Bytes of the whole file; 16 GiB.
    pub file: u64,
    /// Tensors; 65 536.
    pub tensors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { header: 1 << 24, file: 1 << 34, tensors: 1 << 16 }
    }
}
