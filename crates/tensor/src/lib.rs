//! Dense row-major tensors of rank 0 to 4, and what surrounds them: shapes, views, dual numbers,
//! initial weights, and random streams with names.
//!
//! There is less here than in an array library, on purpose. A tensor is contiguous, always: a
//! transpose is a flag of the matrix product, and a time step of a sequence is a sub-slice,
//! because sequences are `[time, batch, feature]` with time outermost. For linear algebra there
//! is [`nalgebra`], with conversions that keep rows rows and columns columns.
//!
//! ```
//! use elman_tensor::{Init, Random, Tensor};
//!
//! let x = Tensor::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
//! assert_eq!(x.to_matrix()?[(1, 0)], 4.0);
//!
//! // Drawn from (seed, path): the same numbers whatever else was drawn before.
//! let w = Init::Orthogonal { gain: 1.0 }.tensor::<f64>([4, 4], 1, &mut Random::new(7, "lstm.u", 0))?;
//! let w = w.to_matrix()?;
//! assert!((w.transpose() * &w - elman_tensor::nalgebra::DMatrix::identity(4, 4)).norm() < 1e-12);
//! # Ok::<(), elman_tensor::Error>(())
//! ```

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod error;
mod excerpt;
mod init;
mod matrix;
mod random;
mod shape;
mod tensor;
mod view;

pub use elman_kernels as kernels;
pub use elman_kernels::{Dual, Real};
pub use error::Error;
pub use excerpt::{Excerpt, excerpt, is_obeyed};
pub use init::Init;
pub use nalgebra;
pub use random::{Random, hash};
pub use shape::Shape;
pub use tensor::{LIMIT, Tensor, reserve};
pub use view::{View, ViewMut};

/// The README's program is compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
