//! Recurrent networks from scratch: cells, training and streaming on a CPU, with proven
//! gradients.
//!
//! This crate re-exports its layers, each of which is useful alone, and gathers the names that
//! programs use most in the [`prelude`]:
//!
//! | module | crate | what it has |
//! |---|---|---|
//! | [`kernels`] | `elman-kernels` | loops over slices, each sum in one fixed order |
//! | [`tensor`] | `elman-tensor` | tensors, shapes, dual numbers, initial weights, random streams |
//! | [`autograd`] | `elman-autograd` | parameters, the tape, rules, and [`laws`] that prove them |
//! | [`rnn`] | `elman-rnn` | cells, layers, sequences, streams |
//! | [`train`] | `elman-train` | losses, update transforms, schedules, the trainer, decoders |
//! | [`data`] | `elman-data` | tasks, real series, texts, windows, batches |
//!
//! ```
//! use elman::prelude::*;
//!
//! // A GRU of 8 that adds up the two marked numbers of a sequence.
//! let (model, mut params) = Params::<f32>::init(1, |p| {
//!     let gru = Gru::new(p.scope("gru"), 2, 8)?;
//!     Ok(gru.readout(Linear::new(p.scope("head"), 8, 1)?))
//! })?;
//!
//! let task = Adding::new(1, 10, 16)?;
//! let mut batch = Batch::new();
//! let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2)));
//! let mut losses = Vec::new();
//! for step in 0..100 {
//!     task.fill(&mut batch, step)?;
//!     losses.push(trainer.step(&mut params, |g| {
//!         let answer = Rnn(model).forward(g.input(&batch.x)).last();
//!         mse(answer, g.input(&batch.y))
//!     })?);
//! }
//! assert!(losses[99] < losses[0]);
//! # Ok::<(), elman::Error>(())
//! ```

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub use elman_autograd as autograd;
pub use elman_data as data;
pub use elman_kernels as kernels;
pub use elman_rnn as rnn;
pub use elman_tensor as tensor;
pub use elman_train as train;

mod error;
#[cfg(doctest)]
mod guide;
pub mod laws;
pub mod prelude;

pub use error::Error;
