//! Weights in files, and runs that go on after they were stopped.
//!
//! [`save`] and [`load`] write and read the weights of a model, all or none. The file is a
//! standard safetensors file, which other programs can read, and the same for the same weights. It
//! has a text that describes the model, and a SHA-256 of each tensor and of its own header: what
//! is loaded has every bit that was saved. Weights of other programs, and of another scalar,
//! [`import`](import()) takes in, and says what it cannot vouch for. [`Weights`] is for looking at
//! a file, and for bytes without one.
//!
//! A [`Checkpoint`] is all that a run needs to go on with the same bits as if it had never been
//! stopped: weights, what the trainer remembers, the best weights so far, and texts and numbers of
//! the caller's. [`Checkpoints`] keeps the last ones in a folder. A program may be killed at any
//! moment: each file is either there and whole, or not there.
//!
//! ```
//! use elman_io::autograd::Params;
//! use elman_io::tensor::Init;
//! use elman_io::train::{Trainer, adam};
//! use elman_io::{Checkpoint, Checkpoints};
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path();
//!
//! let (w, mut params) = Params::<f32>::init(0, |p| p.weight("w", [], Init::Constant(3.0)))?;
//! let mut trainer = Trainer::new(adam(0.1));
//! let checkpoints = Checkpoints::new(folder.join("run"));
//! for _ in 0..10 {
//!     trainer.step(&mut params, |g| g.param(w).square())?;
//! }
//! let mut checkpoint = Checkpoint::new(params.clone(), trainer.snapshot());
//! checkpoint.texts.insert("settings".into(), "adam 0.1".into());
//! checkpoints.save(trainer.steps(), &checkpoint, false)?;
//!
//! // Later, in another program.
//! let latest = checkpoints.latest(&params)?;
//! if let Some((step, checkpoint)) = latest.checkpoint {
//!     assert_eq!((step, &checkpoint.texts["settings"][..]), (10, "adam 0.1"));
//!     trainer.restore(&checkpoint.trainer)?;
//!     params = checkpoint.params;
//! }
//! elman_io::save(folder.join("model.safetensors"), &params, "one number")?;
//! elman_io::load(folder.join("model.safetensors"), &mut params)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Models go to PyTorch, Keras and ONNX, and come from there, by [`exchange`].
//!
//! Everything is checked before any weight is touched, and nothing larger than the [`Limits`] is
//! read. An [`Error`] says which file, and its [`Flaw`] which tensor, what was there, and what was
//! wanted. All that is done with files goes through [`Files`].

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod bundle;
mod checkpoint;
mod checkpoints;
mod doubt;
mod error;
pub mod exchange;
mod files;
mod limits;
mod number;
mod weights;

pub use bundle::Entry;
pub use checkpoint::{Best, Checkpoint, Vector};
pub use checkpoints::{Checkpoints, Latest};
pub use doubt::Doubt;
pub use elman_autograd as autograd;
pub use elman_rnn as rnn;
pub use elman_tensor as tensor;
pub use elman_train as train;
pub use error::{Error, Flaw};
pub use files::{Disk, Files, read, write};
pub use limits::Limits;
pub use number::{Dtype, Scalar};
pub use weights::{Weights, import, load, save};

/// The README's program is compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
