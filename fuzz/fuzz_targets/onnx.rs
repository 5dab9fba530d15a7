//! ONNX files: any bytes are a model that runs, or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| elman_fuzz::exchange::onnx(bytes));
