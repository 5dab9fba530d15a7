//! What holds for all packages of the workspace.

use crate::docs::{entries, read, root};
use serde_json::Value;
use std::process::Command;

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

/// Licences that a dependency may have, by their names in the SPDX list. Each permits use in
/// programs of any licence, and asks for no more than a copy of its text.
const LICENCES: [&str; 8] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether the allowed licences are enough for an expression of the SPDX: an `OR` needs one of its
/// sides, an `AND` all, and an exception only permits more. `/` is an old form of `OR`.
fn permitted(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words) && words.next().is_none()
}

type Words<'a, 'w> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any_of(words: Words<'_, '_>) -> bool {
    let mut any = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        any |= all_of(words);
    }
    any
}

fn all_of(words: Words<'_, '_>) -> bool {
    let mut all = one(words);
    while words.next_if_eq(&"AND").is_some() {
        all &= one(words);
    }
    all
}

fn one(words: Words<'_, '_>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        return any_of(words) & (words.next() == Some(")"));
    }
    let allowed = words.next().is_some_and(|licence| LICENCES.contains(&licence));
    if words.next_if_eq(&"WITH").is_some() {
        words.next();
    }
    allowed
}

#[test]
fn licences_are_read_as_they_are_meant() {
    for allowed in
        ["MIT", "GPL-3.0 OR MIT", "MIT/Foo", "(MIT OR X) AND Zlib", "MIT AND (X OR 0BSD)"]
    {
        assert!(permitted(allowed), "{allowed}");
    }
    for refused in ["", "GPL-3.0", "MIT AND X", "(MIT", "MIT)", "X WITH MIT", "X OR (MIT AND Y)"] {
        assert!(!permitted(refused), "{refused}");
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).current_dir(root()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// All packages that the workspace is built of on this platform, those of tests and build scripts
/// included.
#[test]
fn every_dependency_has_a_permissive_licence() {
    let compiler = output("rustc", &["-vV"]);
    let host = compiler.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = std::env::var("CARGO").unwrap_or("cargo".into());
    let format = ["--format-version", "1", "--filter-platform", host];
    let arguments = [&["metadata", "--offline", "--locked"], &format[..]].concat();
    let metadata: Value = serde_json::from_str(&output(&cargo, &arguments)).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "{} packages", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(permitted(licence), "{} has the licence {licence}", package["name"]);
    }
}

/// The gate builds what `Cargo.lock` says, and nothing newer.
#[test]
fn the_gate_keeps_to_the_lock_file() {
    let gate = read(&root().join(".ci/run"));
    let resolves = ["clippy", "doc", "tree", "test", "build", "run", "bench", "check"];
    for line in gate.lines().filter(|line| !line.trim_start().starts_with('#')) {
        for command in line.split("cargo ").skip(1) {
            let command = command.split([')', '|', ';']).next().unwrap_or(command);
            let name = command.split_whitespace().next().unwrap_or_default();
            assert!(!resolves.contains(&name) || command.contains("--locked"), "{line}");
        }
    }
}
