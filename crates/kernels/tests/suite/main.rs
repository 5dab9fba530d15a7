//! Fused sequences, single steps, and loops that threads share, seen from outside.

mod elementwise;
mod fused;
mod step;
