//! Which files the command reads and writes, and which not.

use crate::shared::{CAT, command, done, refused, series};
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
    let weights = gib + mib;
    let long = |name: &str, len: u64| {
        File::create(folder.join(name)).unwrap().set_len(len).unwrap();
    };
    long("long.csv", gib + 1);
    long("long.toml", mib + 1);
    long("long.safetensors", weights + 1);
    for (arguments, code, limit) in [
        (&["train", "long.csv", "--target", "load"][..], 3, gib),
        (&["predict", "run", "long.csv"], 3, gib),
        (&["evaluate", "run", "long.csv"], 3, gib),
        (&["train", "load.csv", "--settings", "long.toml"], 4, mib),
        (&["predict", "long.safetensors", "load.csv"], 4, weights),
        (&["inspect", "long.safetensors"], 4, weights),
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

/// Where a file cannot be written, the one before stays, and nothing else is left.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_file_that_was_there() {
    let folder = begin();
    let folder = folder.path();
    // Above 1024 bytes nothing can be written, as to a full disk.
    let full = |arguments: &[&str]| {
        let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
        let mut shell = std::process::Command::new("sh");
        let shell = shell.current_dir(folder).args(["-c", script, env!("CARGO_BIN_EXE_elman")]);
        let output = shell.args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let names = || {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    train(folder, &["load.csv", "--target", "load", "--horizon", "24", "--force"]);
    for (file, arguments) in [
        ("next.csv", &["predict", "run", "--out", "next.csv"][..]),
        ("load.onnx", &["export", "run", "--onnx", "load.onnx"]),
    ] {
        let path = folder.join(file);
        for before in [None, Some("before")] {
            if let Some(before) = before {
                fs::write(&path, before).unwrap();
            }
            let there = names();
            let (code, said) = full(arguments);
            assert_eq!(code, Some(5), "{said}");
            assert!(said.contains(&format!("{file} cannot be written")), "{said}");
            assert_eq!(fs::read_to_string(&path).ok().as_deref(), before);
            assert_eq!(names(), there);
        }
        done(folder, arguments);
        assert!(fs::metadata(&path).unwrap().len() > 1024);
    }
}

/// A link in a folder of others may lead anywhere.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    use std::os::unix::fs::symlink;

    let folder = begin();
    let folder = folder.path();
    fs::write(folder.join("precious"), "precious").unwrap();
    fs::create_dir(folder.join("elsewhere")).unwrap();
    symlink("precious", folder.join("link")).unwrap();
    symlink("/dev/null", folder.join("device")).unwrap();
    for arguments in [
        ["predict", "run", "--out", "link"],
        ["export", "run", "--onnx", "link"],
        ["predict", "run", "--out", "device"],
    ] {
        let (code, said) = refused(folder, &arguments);
        assert_eq!(code, 5, "{said}");
        assert!(said.contains("cannot be written: expected a regular file"), "{said}");
    }
    let new = ["train", "load.csv", "--target", "load", "--steps", "5", "--out", "new"];
    for name in ["forecast.csv", "report.html", "history.csv", "states.png", "lock"] {
        fs::create_dir_all(folder.join("new")).unwrap();
        symlink("../precious", folder.join("new").join(name)).unwrap();
        let (code, said) = refused(folder, &new);
        assert_eq!(code, 5, "{said}");
        assert!(said.contains(&format!("{name} is in the way")), "{said}");
        fs::remove_dir_all(folder.join("new")).unwrap();
    }
    fs::create_dir(folder.join("new")).unwrap();
    symlink("../elsewhere", folder.join("new/checkpoints")).unwrap();
    assert_eq!(refused(folder, &new).0, 2);
    // A link to a folder is removed, not what is in it.
    fs::write(folder.join("elsewhere/file"), "precious").unwrap();
    done(folder, &[&new[..], &["--force", "--quiet"]].concat());
    assert_eq!(fs::read_dir(folder.join("elsewhere")).unwrap().count(), 1);
    assert!(fs::symlink_metadata(folder.join("new/checkpoints")).unwrap().is_dir());
    assert_eq!(fs::read_to_string(folder.join("precious")).unwrap(), "precious");
}

/// While a run is trained, no other process trains in its folder; when it is killed, one does.
#[test]
fn a_run_has_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("cat.txt"), CAT.repeat(400)).unwrap();
    let train = ["train", "cat.txt", "--out", "run", "--hidden", "8", "--quiet", "--steps"];
    let [train, long] = ["5", "1000000"].map(|steps| [&train[..], &[steps]].concat());
    let mut run = command(folder, &long).spawn().unwrap();
    while !folder.join("run/settings.toml").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let settings = fs::read(folder.join("run/settings.toml")).unwrap();
    let force = [&train[..], &["--force"]].concat();
    for arguments in [&["resume", "run"][..], &train, &force] {
        let (code, said) = refused(folder, arguments);
        assert_eq!(code, 4, "{said}");
        let process = format!("run is in use by process {}, which trains there", run.id());
        assert!(said.contains(&process), "{said}");
    }
    assert!(fs::read(folder.join("run/settings.toml")).unwrap() == settings);
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(folder.join("run/lock").is_file());
    done(folder, &force);
}
