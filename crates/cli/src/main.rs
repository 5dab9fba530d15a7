//! The command `elman`.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

fn main() -> std::process::ExitCode {
    elman_cli::main()
}
