//! A reverse-mode tape over one flat vector of parameters, and the proof of its gradients.
//!
//! A loss is written as an equation of [`Var`]s. [`Tape::gradient`] evaluates it, records what
//! was done, and walks back: the gradient arrives in one flat [`Grad`], laid out like the
//! [`Params`].
//!
//! ```
//! use elman_autograd::{Grad, Params, Tape};
//! use elman_tensor::{Init, Tensor};
//!
//! // One weight, drawn from (seed, path); the model is the handle.
//! let (w, params) = Params::<f64>::init(7, |p| p.weight("w", [2, 1], Init::Constant(0.5)))?;
//!
//! let (x, y) = (Tensor::new([1, 2], vec![1.0, 3.0])?, Tensor::new([1, 1], vec![5.0])?);
//! let mut grad = Grad::zeros(&params);
//! let loss = Tape::new().gradient(&params, &mut grad, |g| {
//!     (g.input(&x).dot(g.param(w)) - g.input(&y)).square().mean()
//! })?;
//! assert_eq!(loss, 9.0); // (0.5 + 1.5 − 5)²
//! assert_eq!(grad.values(), [-6.0, -18.0]); // 2 (−3) x
//! # Ok::<(), elman_autograd::Error>(())
//! ```
//!
//! Operators return no `Result`. A rule that does not fit its operands notes the first misfit in
//! the graph, with the shapes and the caller's line; everything after it does nothing, and
//! [`Tape::gradient`] returns the error.
//!
//! An operation is a [`Rule`]: forward, adjoint and nothing else. The machinery names no
//! operation and an operation never sees the machinery, so a rule of your own is worth as much as
//! one of ours, and [`laws`] proves it in one line.

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod any;
mod arena;
mod buffer;
mod error;
mod grad;
mod graph;
mod ids;
mod items;
pub mod laws;
mod mark;
mod ops;
mod params;
mod place;
mod replace;
mod rule;
pub mod rules;
mod scope;
mod segment;
mod stale;
mod tape;
mod var;

pub use any::{AnyRule, Backward, Forward, Operands, Shapes};
pub use elman_tensor as tensor;
pub use error::{Error, Misfit, Pass, Site};
pub use grad::Grad;
pub use graph::Graph;
pub use ids::{IdRange, Ids};
pub use items::Items;
pub use mark::{Layer, Marked};
pub use params::{Param, Params, Summary, fits};
pub use replace::Replaced;
pub use rule::{At, Partials, Rule, Side};
pub use scope::Scope;
pub use segment::Segment;
pub use tape::Tape;
pub use var::Var;

/// The README's program is compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
