//! What the fuzzer began with, without a fuzzer.

#[expect(unreachable_pub, reason = "the fuzzer's crate has it as a public module")]
#[path = "../../../../fuzz/src/exchange.rs"]
mod exchange;

use std::fs;
use std::path::Path;

#[test]
fn onnx_files_of_all_kinds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/onnx");
    let mut seeds: Vec<_> =
        fs::read_dir(folder).unwrap().map(|seed| seed.unwrap().path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty());
    for seed in seeds {
        println!("{}", seed.display());
        exchange::onnx(&fs::read(seed).unwrap());
    }
}
