//! What the fuzzer found and began with, without a fuzzer.

#[expect(unreachable_pub, reason = "the fuzzer's crate has it as a public module")]
#[path = "../../../../fuzz/src/command.rs"]
mod command;

use std::fs;
use std::path::Path;

fn each(target: &str, hold: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds: Vec<_> =
        fs::read_dir(folder).unwrap().map(|seed| seed.unwrap().path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty());
    for seed in seeds {
        println!("{}", seed.display());
        hold(&fs::read(seed).unwrap());
    }
}

#[test]
fn tables_of_all_kinds() {
    each("csv", command::table);
}

#[test]
fn settings_of_all_kinds() {
    each("settings", command::settings);
}
