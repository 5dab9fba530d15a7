//! Any error of the framework.

/// Any error of the framework: each crate's own, as it is.
///
/// Printed with `{:?}`, it is the same sentence as with `{}`: that is what a `main` that returns
/// it shows.
///
/// ```
/// use elman::prelude::*;
///
/// /// Errors of several crates, by one `?`.
/// fn start(time: usize) -> Result<usize, elman::Error> {
///     let task = Adding::new(1, time, 16)?;
///     let (_, params) = Params::<f32>::init(1, |p| Gru::new(p.scope("gru"), 2, 8))?;
///     let mut batch = Batch::<f32>::new();
///     task.fill(&mut batch, 0)?;
///     Ok(params.len())
/// }
///
/// assert_eq!(start(10)?, 3 * (2 * 8 + 8 * 8 + 8) + 8);
/// let refused = start(1).unwrap_err();
/// assert!(matches!(refused, elman::Error::Data(_)));
/// assert_eq!(format!("{refused:?}"), refused.to_string());
/// # Ok::<(), elman::Error>(())
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Of a kernel: slices that do not fit together.
    #[error(transparent)]
    Kernel(#[from] elman_kernels::Error),
    /// Of a tensor: a shape that cannot be.
    #[error(transparent)]
    Tensor(#[from] elman_tensor::Error),
    /// Of a recording: a misfit, with its line.
    #[error(transparent)]
    Autograd(#[from] elman_autograd::Error),
    /// Of a law: a gradient, or a cell, that is not what it claims to be.
    #[error(transparent)]
    Law(#[from] elman_autograd::laws::Violation),
    /// Of training.
    #[error(transparent)]
    Train(#[from] elman_train::Error),
    /// Of data: files, columns, windows, tasks.
    #[error(transparent)]
    Data(#[from] elman_data::Error),
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
