//! Fused sequences and single steps, seen from outside.

mod fused;
mod step;
