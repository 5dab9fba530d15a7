//! The cells: one a file.

mod concat_elman;
mod echo_state;
mod elman;
mod gru;
mod lstm;

pub use concat_elman::ConcatElman;
pub use echo_state::{EchoState, Reservoir};
pub use elman::{Activation, Elman};
pub use gru::Gru;
pub use lstm::Lstm;
