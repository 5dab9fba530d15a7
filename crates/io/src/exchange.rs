//! Models from and for PyTorch, Keras and ONNX.
//!
//! [`pytorch`] and [`keras`] carry weights between a model of ours and the same model there, both
//! ways. [`onnx`] writes a model to a file that any ONNX runtime runs, and reads such files into a
//! model that runs, and learns, here.
//!
//! What a program does not have is an error that names it; nothing is left out in silence.

mod element;
mod error;
pub mod keras;
mod layout;
pub mod onnx;
mod peer;
pub mod pytorch;

pub use element::Element;
pub use error::Error;
pub use layout::Layout;
pub use peer::{Level, Peer};
