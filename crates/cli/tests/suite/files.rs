//! Which files the command reads and writes, and which not.

use crate::shared::{CAT, done, refused, series};
use std::fs::{self, File};
use std::path::Path;

/// A short training of one task, into the folder `run`.
fn train(folder: &Path, arguments: &[&str]) {
    let sizes = ["--steps", "5", "--hidden", "4", "--window", "24", "--out", "run", "--quiet"];
    done(folder, &[&["train"], arguments, &sizes].concat());
}

/// A folder with a series, and a run on it.
fn begin() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("load.csv"), series(120)).unwrap();
    train(folder.path(), &["load.csv", "--target", "load"]);
    folder
}

/// The path in a model is not read where data are named, nor that in a model without its folder.
#[test]
fn a_model_does_not_choose_which_file_is_read() {
    let folder = begin();
    let folder = folder.path();
    let model = "run/model.safetensors";
    for command in ["predict", "evaluate"] {
        let (code, said) = refused(folder, &[command, model]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("which has no data of its own"), "{said}");
        // Other bytes in the place of the data, none of which may be said.
        fs::write(folder.join("load.csv"), "secret,load\nsecret,secret\n").unwrap();
        let (code, said) = refused(folder, &[command, "run"]);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("has changed") && !said.contains("secret"), "{said}");
        fs::write(folder.join("load.csv"), series(120)).unwrap();
        done(folder, &[command, model, "load.csv"]);
    }
}

/// Devices and pipes never end, or have to be waited for.
#[cfg(unix)]
#[test]
fn only_regular_files_are_read() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("cat.txt"), CAT.repeat(400)).unwrap();
    fs::write(folder.join("mat.txt"), CAT.repeat(4)).unwrap();
    train(folder, &["cat.txt", "--batch", "8"]);
    assert!(
        std::process::Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success()
    );
    fs::remove_file(folder.join("cat.txt")).unwrap();
    for other in [Path::new("/dev/zero"), &folder.join("pipe")] {
        symlink(other, folder.join("cat.txt")).unwrap();
        // In the place of the data of the run: only read if no others are named.
        done(folder, &["evaluate", "run", "mat.txt"]);
        let other = other.to_str().unwrap();
        for arguments in [
            &["evaluate", "run"][..],
            &["resume", "run"],
            &["evaluate", "run", other],
            &["train", other],
            &["train", "mat.txt", "--settings", other],
        ] {
            let (code, said) = refused(folder, arguments);
            assert_eq!(code, 5, "{said}");
            assert!(said.contains("expected a regular file"), "{said}");
        }
        for arguments in [["inspect", other], ["predict", other]] {
            let (code, said) = refused(folder, &arguments);
            assert_eq!(code, 4, "{said}");
            assert!(said.contains("is not a regular file"), "{said}");
        }
        fs::remove_file(folder.join("cat.txt")).unwrap();
    }
}

/// Files of no contents, but of some length.
#[test]
fn files_have_a_limit() {
    let folder = begin();
    let folder = folder.path();
    let [gib, mib] = [1u64 << 30, 16 << 20];
    let long = |name: &str, len: u64| {
        File::create(folder.join(name)).unwrap().set_len(len).unwrap();
    };
    long("long.csv", gib + 1);
    long("long.toml", mib + 1);
    for (arguments, code, limit) in [
        (&["train", "long.csv", "--target", "load"][..], 3, gib),
        (&["predict", "run", "long.csv"], 3, gib),
        (&["evaluate", "run", "long.csv"], 3, gib),
        (&["train", "load.csv", "--settings", "long.toml"], 4, mib),
    ] {
        let (found, said) = refused(folder, arguments);
        assert_eq!(found, code, "{said}");
        assert!(said.contains(&format!("{} is beyond the limit of {limit}", limit + 1)), "{said}");
    }
    long("load.csv", gib + 1);
    long("run/settings.toml", mib + 1);
    assert_eq!(refused(folder, &["predict", "run"]).0, 3);
    assert_eq!(refused(folder, &["resume", "run"]).0, 4);
}
