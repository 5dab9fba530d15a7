//! Output streams that are closed or full, and standard input.

use crate::shared::{command, done, refused, series};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// A training with lines of progress, into the folder `out`.
fn train(out: &str) -> Vec<&str> {
    let train = ["train", "load.csv", "--target", "load", "--steps", "150", "--hidden", "4"];
    [&train[..], &["--window", "24", "--out", out]].concat()
}

/// A folder with a series.
fn begin() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("load.csv"), series(120)).unwrap();
    folder
}

/// The writing end of a pipe whose reading end is closed.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// The status of a command, with streams that others have closed or filled.
fn status(command: &mut Command, out: Stdio, errors: Stdio) -> ExitStatus {
    command.stdout(out).stderr(errors).status().unwrap()
}

fn model(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("model.safetensors")).unwrap()
}

#[test]
fn progress_never_stops_a_training() {
    let folder = begin();
    let folder = folder.path();
    done(folder, &train("open"));
    let ended = status(&mut command(folder, &train("closed")), closed_pipe(), closed_pipe());
    assert_eq!(ended.code(), Some(0), "both streams closed");
    assert!(model(folder, "open") == model(folder, "closed"));
    // The note about a damaged checkpoint goes to standard error, too.
    let newest = fs::read_dir(folder.join("closed/checkpoints")).unwrap();
    let newest = newest.map(|entry| entry.unwrap().path());
    let newest = newest.filter(|path| path.to_str().unwrap().contains("checkpoint-")).max();
    fs::write(newest.unwrap(), "damaged").unwrap();
    fs::remove_file(folder.join("closed/model.safetensors")).unwrap();
    let resume = ["resume", "closed"];
    let ended = status(&mut command(folder, &resume), Stdio::null(), closed_pipe());
    assert_eq!(ended.code(), Some(0), "standard error closed");
    assert!(model(folder, "open") == model(folder, "closed"));
}

#[test]
fn a_closed_output_ends_quietly() {
    let folder = begin();
    let folder = folder.path();
    done(folder, &train("run"));
    for arguments in [
        &["predict", "run"][..],
        &["predict", "run", "--json"],
        &["evaluate", "run"],
        &["inspect", "run"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut command = command(folder, arguments);
        let output = command.stdout(closed_pipe()).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{arguments:?}: {said}");
    }
    // Errors keep their exit code, heard or not.
    for arguments in [&["predict", "none"][..], &["predict", "none", "--json"]] {
        let ended = status(&mut command(folder, arguments), closed_pipe(), closed_pipe());
        assert_eq!(ended.code(), Some(4), "{arguments:?}");
    }
    for arguments in [&["trian"][..], &["trian", "--json"]] {
        let ended = status(&mut command(folder, arguments), closed_pipe(), closed_pipe());
        assert_eq!(ended.code(), Some(2), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_stops_no_training() {
    let folder = begin();
    let folder = folder.path();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let ended = status(&mut command(folder, &train("run")), Stdio::null(), full());
    assert_eq!(ended.code(), Some(0));
    // The sentence at the end is the result: that it is lost is an error, when all is written.
    fs::remove_dir_all(folder.join("run")).unwrap();
    let mut command = command(folder, &train("run"));
    let output = command.stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("elman: the standard output cannot be written: "), "{said}");
    assert!(folder.join("run/report.html").is_file());
}

/// What the command says of standard input.
fn piped(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut command = command(folder, arguments);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn data_come_from_standard_input() {
    let folder = begin();
    let folder = folder.path();
    done(folder, &train("named"));
    let mut arguments = train("piped");
    arguments[1] = "-";
    piped(folder, &[&arguments[..], &["--separator", ","]].concat(), &series(120));
    let forecast = |run: &str| fs::read(folder.join(run).join("forecast.csv")).unwrap();
    assert!(forecast("named") == forecast("piped"));
    let predict = ["predict", "named/model.safetensors", "-", "--separator", ","];
    assert!(piped(folder, &predict, &series(120)).into_bytes() == forecast("named"));
    // It is gone when the run is looked at again.
    let (code, said) = refused(folder, &["evaluate", "piped"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("learned from the standard input"), "{said}");
}
