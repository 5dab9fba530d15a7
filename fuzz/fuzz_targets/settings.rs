//! Any text as settings: an error, or what is written again as it was read, and a network that has
//! something to say.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| elman_fuzz::command::settings(bytes));
