//! What the tests of the command share.

use std::path::Path;
use std::process::Command;

/// The command in a folder.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_elman"));
    command.current_dir(folder).args(arguments);
    command
}

/// What the command says when it is done.
pub(crate) fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code and the sentence of what cannot be done.
pub(crate) fn refused(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = command(folder, arguments).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The object that was said.
pub(crate) fn numbers(said: &str) -> serde_json::Value {
    serde_json::from_str(said).unwrap()
}

/// Two columns with a season of 12, months from 1990 on.
pub(crate) fn series(rows: usize) -> String {
    let row = |t: usize| {
        let wave = (t as f64 * std::f64::consts::TAU / 12.0).sin();
        let (year, month) = (1990 + t / 12, 1 + t % 12);
        format!("{year}-{month:02},{:.4},{}\n", 10.0 + 3.0 * wave + 0.01 * t as f64, t * t % 7)
    };
    format!("month,load,rest\n{}", (0..rows).map(row).collect::<String>())
}

/// A sentence.
pub(crate) const CAT: &str = "the cat sat on the mat; ";
