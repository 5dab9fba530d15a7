//! Runs that end before they are done, and what they go on from.

use crate::shared::{CAT, command, done, numbers, refused, series};
use elman::tensor::Random;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// A training on a text, into some folder, long enough to be stopped.
fn train(out: &str) -> Vec<&str> {
    let sizes = ["--hidden", "24", "--steps", "1500", "--batch", "8", "--patience", "0"];
    [&["train", "cat.txt", "--dropout", "0.2", "--quiet", "--out", out][..], &sizes].concat()
}

/// A short training on a series, into the folder `run`.
const SHORT: [&str; 12] = [
    "train", "load.csv", "--target", "load", "--steps", "150", "--hidden", "4", "--window", "24",
    "--out", "run",
];

/// A folder with a text and a series.
fn begin() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cat.txt"), CAT.repeat(400)).unwrap();
    fs::write(folder.path().join("load.csv"), series(120)).unwrap();
    folder
}

fn model(run: &Path) -> Vec<u8> {
    fs::read(run.join("model.safetensors")).unwrap()
}

/// The checkpoints of a run, the newest last.
fn checkpoints(run: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(run.join("checkpoints")) else { return Vec::new() };
    let whole = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).unwrap().starts_with("checkpoint-")
    };
    let mut all: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(whole).collect();
    all.sort();
    all
}

/// The step of its newest checkpoint.
fn step(run: &Path) -> u64 {
    checkpoints(run).last().map_or(0, |path| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        name.trim_start_matches("checkpoint-").parse().unwrap()
    })
}

/// Waits until a run has come to a step, or has ended.
fn wait(child: &mut Child, run: &Path, wanted: u64) {
    while step(run) < wanted && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Killed at ten moments drawn at random, a run ends with the weights of one that never was.
#[test]
fn a_run_that_is_killed_goes_on_to_the_same_bits() {
    let folder = begin();
    let folder = folder.path();
    done(folder, &train("whole"));
    let broken = folder.join("broken");
    let mut run = command(folder, &train("broken")).spawn().unwrap();
    let mut random = Random::new(1, "kills", 0);
    for kill in 0..10 {
        // Before the first checkpoint, and then ever later; in the middle of whatever it is at.
        wait(&mut run, &broken, kill * 140);
        std::thread::sleep(Duration::from_micros(random.below(20_000) as u64));
        run.kill().unwrap();
        run.wait().unwrap();
        // Before the settings are written there is nothing to go on from.
        run = match broken.join("settings.toml").is_file() {
            true => command(folder, &["resume", "broken", "--quiet"]).spawn().unwrap(),
            false => command(folder, &train("broken")).arg("--force").spawn().unwrap(),
        };
    }
    assert!(run.wait().unwrap().success());
    assert!(model(&folder.join("whole")) == model(&broken), "other weights");
}

/// Stopped by Ctrl-C, a run says so, and goes on to the weights of one that never was.
#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_goes_on_to_the_same_bits() {
    let folder = begin();
    let folder = folder.path();
    done(folder, &train("whole"));
    let broken = folder.join("broken");
    let mut run = command(folder, &train("broken"));
    let mut run = run.arg("--json").stdout(Stdio::piped()).spawn().unwrap();
    wait(&mut run, &broken, 1);
    let interrupt = ["-INT", &run.id().to_string()].map(String::from);
    assert!(std::process::Command::new("kill").args(interrupt).status().unwrap().success());
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let wanted = json!({ "error": "stopped; `elman resume broken` goes on", "code": 130 });
    assert_eq!(numbers(&String::from_utf8(output.stdout).unwrap()), wanted);
    assert!((1..1500).contains(&step(&broken)) && !broken.join("model.safetensors").exists());
    done(folder, &["resume", "broken", "--quiet"]);
    assert!(model(&folder.join("whole")) == model(&broken), "other weights");
}

/// What an earlier run has left is no beginning of another.
#[test]
fn a_new_run_begins_anew() {
    let folder = begin();
    let folder = folder.path();
    let run = folder.join("run");
    done(folder, &SHORT);
    let first = model(&run);
    // Only its checkpoints are left, of another seed.
    done(folder, &[&SHORT[..], &["--force", "--seed", "2"]].concat());
    assert!(model(&run) != first);
    fs::remove_file(run.join("settings.toml")).unwrap();
    let (code, said) = refused(folder, &SHORT);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("run already has a run") && !said.contains("resume"), "{said}");
    done(folder, &[&SHORT[..], &["--force"]].concat());
    assert!(model(&run) == first, "goes on from the checkpoints of another run");

    // Other settings below the same checkpoints.
    let settings = fs::read_to_string(run.join("settings.toml")).unwrap();
    fs::write(run.join("settings.toml"), settings.replace("rate = 0.003", "rate = 0.004")).unwrap();
    let (code, said) = refused(folder, &["resume", "run"]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("its checkpoints are those of other settings"), "{said}");

    // The data may have been moved.
    fs::rename(folder.join("load.csv"), folder.join("moved.csv")).unwrap();
    fs::write(run.join("settings.toml"), settings.replace("load.csv", "moved.csv")).unwrap();
    done(folder, &["resume", "run", "--quiet"]);
}

/// Without the newest checkpoints a run goes on from an older one or from the best one, to the
/// same bits; without any it does not pretend to.
#[test]
fn a_run_goes_on_from_what_is_whole() {
    let folder = begin();
    let folder = folder.path();
    let run = folder.join("run");
    done(folder, &SHORT);
    let first = fs::read(run.join("forecast.csv")).unwrap();
    let resume = ["resume", "run", "--quiet"];
    let newest = checkpoints(&run).pop().unwrap();
    fs::write(&newest, "damaged").unwrap();
    done(folder, &resume);
    assert!(fs::read(run.join("forecast.csv")).unwrap() == first, "an older one");
    for path in checkpoints(&run) {
        fs::write(path, "damaged").unwrap();
    }
    done(folder, &resume);
    assert!(fs::read(run.join("forecast.csv")).unwrap() == first, "the best one");
    for path in checkpoints(&run).into_iter().chain([run.join("checkpoints/best.safetensors")]) {
        fs::write(path, "damaged").unwrap();
    }
    let (code, said) = refused(folder, &resume);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("begin anew with `elman train --force`"), "{said}");
    done(folder, &[&SHORT[..], &["--force"]].concat());
    assert!(fs::read(run.join("forecast.csv")).unwrap() == first);
}

/// A checkpoint of a later format is not damaged: nothing is resumed from one before it, nothing is
/// written over it, and nobody is told to begin anew.
#[test]
fn a_run_of_a_later_version_is_left_alone() {
    let folder = begin();
    let folder = folder.path();
    let run = folder.join("run");
    done(folder, &SHORT);
    fs::remove_file(run.join("model.safetensors")).unwrap();
    let later = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let version = br#""version":"1""#;
        let at = bytes.windows(version.len()).position(|part| part == version).unwrap();
        bytes[at + version.len() - 2] = b'2';
        fs::write(path, &bytes).unwrap();
        bytes
    };
    let newest = checkpoints(&run).pop().unwrap();
    let best = run.join("checkpoints/best.safetensors");
    // Once the newest one, and once the only one that is not damaged.
    for path in [&newest, &best] {
        let bytes = later(path);
        let (code, said) = refused(folder, &["resume", "run", "--quiet"]);
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("format version 2, and this program reads versions up to 1"));
        assert!(!said.contains("damaged") && !said.contains("--force"), "{said}");
        assert!(fs::read(path).unwrap() == bytes && !run.join("model.safetensors").exists());
        checkpoints(&run).iter().for_each(|path| fs::write(path, "damaged").unwrap());
    }
}

/// Rows that were learned from are never judged as if they had been held out.
#[test]
fn data_that_have_changed_are_not_judged() {
    let folder = begin();
    let folder = folder.path();
    done(folder, &SHORT);
    fs::write(folder.join("load.csv"), series(121)).unwrap();
    for arguments in [["resume", "run"], ["evaluate", "run"]] {
        let (code, said) = refused(folder, &arguments);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("load.csv has changed since the run began"), "{said}");
    }
    // By name it is another file.
    assert!(done(folder, &["evaluate", "run", "load.csv"]).contains("read first"));
}

/// A folder of a run may have been written by anybody.
#[test]
fn a_text_that_is_too_short_is_refused() {
    let folder = begin();
    let folder = folder.path();
    done(folder, &["train", "cat.txt", "--out", "cat", "--steps", "1", "--hidden", "2"]);
    let settings = fs::read_to_string(folder.join("cat/settings.toml")).unwrap();
    fs::create_dir(folder.join("run")).unwrap();
    fs::write(folder.join("short.txt"), "the cat sat ").unwrap();
    // SHA-256 of these twelve bytes.
    let sum = "f07006bd3a80f77a454a2a72d0a0368d8434e5eae6c1ab8d6795e25aa73e36f9";
    let of = |line: &str| match line.split_once(" = ") {
        Some(("file", _)) => "file = \"short.txt\"\n".to_string(),
        Some(("sha256", _)) => format!("sha256 = \"{sum}\"\n"),
        Some((name @ ("batch" | "window"), _)) => format!("{name} = 1\n"),
        _ => format!("{line}\n"),
    };
    let settings: String = settings.lines().map(of).collect();
    fs::write(folder.join("run/settings.toml"), settings).unwrap();
    let (code, said) = refused(folder, &["resume", "run"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("12 bytes of text are too few to learn from"), "{said}");
}
