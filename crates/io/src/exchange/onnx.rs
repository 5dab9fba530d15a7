//! Models as ONNX files.

mod activations;
mod export;
mod limits;
mod messages;
mod weights;
mod wire;

pub use export::Export;
pub use limits::Limits;
