//! The tape and its laws, seen from outside of the crate.

mod anything;
mod dropout;
mod failures;
mod gradients;
mod memory;
mod own_rules;
mod planted;
mod recompute;
mod replace;
mod scalars;
