//! Any error of the framework.

/// Any error of the framework: each crate's own, as it is.
///
/// Printed with `{:?}`, it is the same sentence as with `{}`: that is what a `main` that returns
/// it shows.
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
