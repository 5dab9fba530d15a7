//! How large a file may be.

/// How large a file may be, before anything is made of it.
///
/// What is made of a file takes some times its bytes, and some hundred bytes more for each field.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::exchange::onnx::{Export, Limits, import};
/// use elman_rnn::Gru;
///
/// let (gru, params) = Params::<f32>::init(7, |p| Gru::new(p.scope("gru"), 3, 8))?;
/// let bytes = Export::new().level(gru).to_bytes(&params)?;
/// let narrow = Limits { bytes: 100, ..Limits::default() };
/// let refused = import::<f32>(&bytes, narrow).unwrap_err();
/// assert!(refused.to_string().ends_with("bytes; the limit is 100"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes.
    pub bytes: usize,
    /// The most fields of all messages together.
    pub fields: usize,
}

impl Default for Limits {
    /// 2 GiB, which is the most that the format allows, and a million fields.
    fn default() -> Self {
        Limits { bytes: 1 << 31, fields: 1_000_000 }
    }
}
