//! Names, cells and texts of files in what the command says.

use crate::shared::{command, done, refused, series};
use std::fs;
use std::path::Path;

/// What a terminal would obey, in a field of a table.
const HOSTILE: &str = "\u{1b}[2J\u{9b}31m\u{202e}\u{7f}";

/// Nothing of a file reaches a terminal but what is shown, and not too much of it.
#[track_caller]
fn assert_plain(said: &str) {
    let obeyed = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    assert!(!said.contains(obeyed), "{said:?}");
    assert!(said.chars().count() < 2100, "{} characters", said.chars().count());
}

/// The sentence of a refusal, and the object.
#[track_caller]
fn refuses(folder: &Path, arguments: &[&str], part: &str) {
    let (code, said) = refused(folder, arguments);
    assert!((2..6).contains(&code) && said.contains(part), "{code}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_plain(&said);
    let output = command(folder, arguments).arg("--json").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(part), "{said}");
    assert_plain(&said);
}

#[test]
fn messages_are_plain_and_short() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    let long = "name".repeat(1 << 20);
    for (name, text) in [("hostile.csv", HOSTILE), ("long.csv", &long)] {
        // As a cell, as the name of a column, as a class.
        write(name, series(120).replacen("10.0000", text, 1));
        refuses(folder, &["train", name, "--target", "load"], "is not a number");
        write(name, series(120).replace("rest", text));
        refuses(folder, &["train", name, "--target", "none"], "no column");
        write(name, format!("x,class\n1,{text}\n"));
        refuses(folder, &["train", name, "--label", "class"], "has only the class");
    }
    // The name of a file, as a shell gives it for `*`.
    write(HOSTILE, series(120));
    refuses(folder, &["train", HOSTILE], "bytes of text are too few");
    refuses(folder, &["train", HOSTILE, HOSTILE], "unexpected argument");
    // The header of a file of weights.
    for text in [&HOSTILE.replace('\u{1b}', "\\u001b").replace('\u{7f}', ""), &long] {
        let header =
            format!("{{\"{text}\":{{\"dtype\":\"{text}\",\"shape\":[1],\"data_offsets\":[0,4]}}}}");
        let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 4]].concat();
        fs::write(folder.join("weights"), file).unwrap();
        refuses(folder, &["inspect", "weights"], "has numbers of type");
    }
}

#[test]
fn results_are_plain() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let classes = [HOSTILE, "other"];
    let row = |t: usize| format!("{},{}\n", t * 7 % 13, classes[t % 2]);
    let table = format!("x{HOSTILE},{HOSTILE}y\n{}", (0..60).map(row).collect::<String>());
    fs::write(folder.join("table.csv"), table).unwrap();
    let label = format!("{HOSTILE}y");
    let train = ["train", "table.csv", "--label", &label, "--steps", "5", "--hidden", "2"];
    let said = done(folder, &train);
    assert!(said.contains("the commonest class there"), "{said}");
    assert_plain(&said);
    for arguments in [
        &["evaluate", "runs/table"][..],
        &["evaluate", "runs/table", "--json"],
        &["predict", "runs/table", "--json"],
        &["inspect", "runs/table"],
        &["inspect", "runs/table", "--json"],
        &["export", "runs/table", "--onnx", "table.onnx"],
        &["export", "runs/table", "--onnx", "table.onnx", "--json"],
    ] {
        let said = done(folder, arguments);
        let obeyed = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!said.contains(obeyed), "{arguments:?}: {said:?}");
    }
    // A table for a file, or for another program, has its cells as they are.
    assert!(done(folder, &["predict", "runs/table"]).contains(&label));
}
