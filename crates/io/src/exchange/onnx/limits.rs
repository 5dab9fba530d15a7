//! How large a file may be.

/// How large a file may be, before anything is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes.
    pub bytes: usize,
    /// The most fields of all messages: what is made of one takes no more than some hundred bytes
    /// beside its own.
    pub fields: usize,
}

impl Default for Limits {
    /// 2 GiB, which is the most that the format allows, and a million fields.
    fn default() -> Self {
        Limits { bytes: 1 << 31, fields: 1_000_000 }
    }
}
