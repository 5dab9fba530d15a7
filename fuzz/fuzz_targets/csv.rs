//! Any bytes as a table, with wishes what to learn of it: an error, or the start of a training.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| elman_fuzz::command::table(bytes));
