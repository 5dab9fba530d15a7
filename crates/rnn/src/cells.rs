//! The cells: one a file.

mod activation;
mod concat_elman;
mod elman;
mod gru;
mod lstm;

pub use activation::Activation;
pub use concat_elman::ConcatElman;
pub use elman::Elman;
pub use gru::Gru;
pub use lstm::Lstm;
