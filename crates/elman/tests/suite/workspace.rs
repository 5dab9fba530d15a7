//! What holds for all packages of the workspace.

use crate::docs::{entries, read, root};

/// `clippy.toml` lists the functions whose bits are those of the machine's C library, and every
/// library denies them.
#[test]
fn no_library_may_use_the_mathematics_of_the_machine() {
    let lists = read(&root().join("clippy.toml"));
    for function in ["exp", "ln", "powf", "powi", "cos", "tanh", "log10", "hypot"] {
        for float in ["f32", "f64"] {
            assert!(lists.contains(&format!("\"{float}::{function}\"")), "{float}::{function}");
        }
    }
    let denies = "#![cfg_attr(not(test), deny(clippy::disallowed_methods))]";
    for package in entries(&root().join("crates")) {
        let source = read(&package.join("src/lib.rs"));
        assert!(source.lines().any(|line| line == denies), "{} allows them", package.display());
    }
}
