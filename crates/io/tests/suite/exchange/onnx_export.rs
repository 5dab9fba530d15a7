//! Models as ONNX files, which ONNX Runtime has run: `scripts/exchange/onnx_files.py`.

use super::arrays::{same_as_file, text};
use super::models;

/// Every file is the one that was tried, and so are the numbers that were found there.
#[test]
fn files_are_those_that_were_run() {
    for case in models::all() {
        let bytes = case.export.to_bytes(&case.params.cast::<f32>()).unwrap();
        same_as_file(&format!("{}.onnx", case.name), &bytes);
        let arrays = case.arrays.iter().map(|(name, array)| (name.as_str(), array));
        same_as_file(&format!("{}.txt", case.name), text(arrays).as_bytes());
    }
}
