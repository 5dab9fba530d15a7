//! Models to and from other programs.

mod arrays;
mod keras;
mod models;
mod networks;
mod onnx_export;
mod onnx_import;
mod pytorch;
