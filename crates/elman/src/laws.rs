//! The proofs, for rules and cells of your own.
//!
//! [`rule()`] proves a [`Rule`](crate::autograd::Rule) on operands of given shapes, [`function()`]
//! a whole computation, [`cell`] a [`Cell`](crate::rnn::Cell) together with everything that is
//! derived from its step, [`layer`] a [`Layer`](crate::rnn::Layer). Each returns the first law that
//! is broken, with the operand, the element, and both numbers.

pub use elman_autograd::laws::{
    Draw, Function, Sample, Violation, any_rule, function, rule, sampled,
};
pub use elman_autograd::prove;
pub use elman_rnn::laws::{Sizes, cell, cell_over, layer, layer_over};
