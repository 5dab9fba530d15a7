//! Files of a later format than this program knows.

use elman_autograd::Params;
use elman_io::{Checkpoint, Checkpoints, Error, Flaw, Weights};
use elman_tensor::Init;
use std::fs;
use std::path::{Path, PathBuf};

fn params(value: f64) -> Params<f64> {
    Params::init(0, |p| p.weight("w", [2], Init::Constant(value))).unwrap().1
}

fn checkpoint(step: u64) -> Checkpoint<f64> {
    Checkpoint::new(params(step as f64), Default::default())
}

/// Makes a file one of a later format: with a number type that is not known here, too.
fn make_later(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let replaced = |bytes: Vec<u8>, part: &[u8], other: &[u8]| {
        let at = bytes.windows(part.len()).position(|found| found == part).unwrap();
        [&bytes[..at], other, &bytes[at + part.len()..]].concat()
    };
    let bytes = replaced(bytes, br#""version":"1""#, br#""version":"7""#);
    let bytes = replaced(bytes, br#""dtype":"F64""#, br#""dtype":"F65""#);
    fs::write(path, &bytes).unwrap();
    bytes
}

fn assert_later(error: Error, path: &Path) {
    let said = error.to_string();
    assert!(said.starts_with(path.to_str().unwrap()), "{said}");
    assert!(said.contains("format version 7, and this program reads versions up to 1"), "{said}");
    let Error::Flaw { flaw, .. } = error else { panic!("{error}") };
    assert_eq!(*flaw, Flaw::Version { found: 7, supported: 1 });
    assert!(flaw.is_misfit());
}

#[test]
fn a_later_format_is_not_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    elman_io::save(&path, &params(1.0), "").unwrap();
    make_later(&path);
    assert_later(Weights::read(&path).unwrap_err(), &path);
    assert_later(elman_io::import(&path, &mut params(0.0)).unwrap_err(), &path);
    assert_later(Checkpoint::read(&path, &params(0.0)).unwrap_err(), &path);
}

#[test]
fn a_later_checkpoint_is_neither_passed_over_nor_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path());
    let paths: Vec<PathBuf> =
        [10, 20, 30].map(|step| checkpoints.save(step, &checkpoint(step), true).unwrap()).into();
    let later = make_later(&paths[1]);
    // The newest one can be read, so nothing is lost.
    assert_eq!(checkpoints.latest(&params(0.0)).unwrap().checkpoint.unwrap().0, 30);
    // A damaged one says nothing; the one before it does.
    fs::write(&paths[2], "damaged").unwrap();
    assert_later(checkpoints.latest(&params(0.0)).unwrap_err(), &paths[1]);
    assert_later(checkpoints.save(20, &checkpoint(20), false).unwrap_err(), &paths[1]);
    assert_eq!(fs::read(&paths[1]).unwrap(), later);
    // Nor the best one.
    let best = folder.path().join("best.safetensors");
    let later = make_later(&best);
    assert_later(checkpoints.best(&params(0.0)).unwrap_err(), &best);
    assert_later(checkpoints.save(40, &checkpoint(40), true).unwrap_err(), &best);
    assert_eq!(fs::read(&best).unwrap(), later);
    assert_eq!(checkpoints.steps().unwrap(), [10, 20, 30]);
    checkpoints.save(40, &checkpoint(40), false).unwrap();
    // A damaged one is replaced.
    checkpoints.save(30, &checkpoint(30), false).unwrap();
}
