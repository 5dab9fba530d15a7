//! Models as ONNX files.
//!
//! [`Export`] writes a model of ours; [`import`] reads a file into one that runs and learns here.

mod activations;
mod around;
mod attributes;
mod export;
mod import;
mod ints;
mod limits;
mod messages;
mod model;
mod operators;
mod plan;
mod strides;
mod tensors;
mod value;
mod weights;
mod wire;
mod writer;

pub use around::Past;
pub use export::Export;
pub use import::import;
pub use ints::Ints;
pub use limits::Limits;
pub use model::Imported;
pub use value::Value;

#[cfg(test)]
mod tests;
