//! A program that is killed, again and again, while it trains: in the end it has the bits of one
//! that was left alone.

use crate::train::{Run, usual};
use elman_io::Checkpoints;
use elman_tensor::Random;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the child keeps its checkpoints, and how many steps it does.
const FOLDER: &str = "ELMAN_TEST_FOLDER";
const STEPS: &str = "ELMAN_TEST_STEPS";

fn checkpoints(folder: &Path) -> Checkpoints {
    Checkpoints::new(folder).keep(2)
}

/// Not a test, but the program that is killed; alone, it does nothing.
#[test]
fn child() {
    let (Some(folder), Ok(steps)) = (std::env::var_os(FOLDER), std::env::var(STEPS)) else {
        return;
    };
    let checkpoints = checkpoints(&PathBuf::from(folder));
    let mut run = Run::new(usual::<f32>());
    let latest = checkpoints.latest(&run.params).unwrap();
    assert!(latest.damaged.is_empty(), "{:?}", latest.damaged);
    if let Some((_, checkpoint)) = latest.checkpoint {
        run = run.restored(checkpoint);
    }
    while run.trainer.steps() < steps.parse().unwrap() {
        run.step();
        checkpoints.save(run.trainer.steps(), &run.checkpoint(), run.is_best()).unwrap();
    }
}

fn spawn(folder: &Path, steps: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::child"])
        .env(FOLDER, folder)
        .env(STEPS, steps.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_run_that_is_killed_a_hundred_times_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let model = Run::new(usual::<f32>());
    let mut random = Random::new(11, "kills", 0);
    let (mut kills, mut torn, mut resumed) = (0, 0, 0);
    let (start, mut last) = (Instant::now(), 0);
    // Until it was hit often enough where it hurts, however fast the disk is.
    while kills < 100 || torn < 10 || resumed < 50 {
        assert!(start.elapsed() < Duration::from_secs(120), "{kills} {torn} {resumed}");
        let mut child = spawn(folder.path(), u64::MAX);
        std::thread::sleep(Duration::from_micros(random.uniform(5e3, 120e3) as u64));
        // An error if it has ended by itself.
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        // Stopped while it was writing: then something is left that is not whole.
        let names = std::fs::read_dir(&folder).unwrap();
        let is_left = |name: std::ffi::OsString| name.to_string_lossy().ends_with(".tmp");
        torn += usize::from(names.map(|entry| entry.unwrap().file_name()).any(is_left));
        let latest = checkpoints(folder.path()).latest(&model.params).unwrap();
        assert!(latest.damaged.is_empty(), "{:?}", latest.damaged);
        let step = latest.checkpoint.map_or(0, |(step, _)| step);
        assert!(step >= last);
        resumed += usize::from(step > last);
        last = step;
    }
    let time = start.elapsed();
    println!(
        "{kills} kills in {time:.1?}, {torn} while writing, {resumed} after new steps, {last} steps"
    );

    let end = last + 20;
    assert!(spawn(folder.path(), end).wait().unwrap().success());
    let (step, found) =
        checkpoints(folder.path()).latest(&model.params).unwrap().checkpoint.unwrap();
    assert_eq!(step, end);
    assert_eq!(found.to_bytes().unwrap(), model.to(end).bits());
}
