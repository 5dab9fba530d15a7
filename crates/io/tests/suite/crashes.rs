//! Whatever happens to a disk, and whenever: what was whole stays whole.

use crate::store::{After, Fault, Store};
use elman_autograd::Params;
use elman_io::{Checkpoint, Checkpoints, Disk, Limits, Weights};
use elman_tensor::Init;
use std::path::Path;

fn params(value: f64) -> Params<f64> {
    Params::init(0, |p| p.weight("w", [9], Init::Constant(value))).unwrap().1
}

fn weights(value: f64) -> Weights {
    Weights::of(&params(value), "").unwrap()
}

/// What the file has; it must be whole.
fn value(store: &Store, path: &Path) -> f64 {
    let mut read = params(0.0);
    let weights = Weights::read_from(store, path, &Limits::default()).unwrap();
    weights.load(&mut read).unwrap();
    read.values()[0]
}

/// A file is replaced, and something happens at each of the operations.
#[test]
fn a_file_is_the_old_one_or_the_new_one() {
    let path = Path::new("/model");
    let old = Store::default();
    weights(1.0).write(&old, path).unwrap();
    let before = old.operations();
    weights(2.0).write(&old.after(After::All), path).unwrap();
    weights(1.0).write(&old, path).unwrap();
    let operations = old.operations() - before;
    for fault in Fault::ALL {
        for at in 0..=operations {
            for after in After::ALL {
                let what = format!("{fault:?} at {at}, then {after:?}");
                let store = old.after(After::Synced);
                store.plan(at, fault);
                let written = weights(2.0).write(&store, path);
                if matches!(fault, Fault::Once | Fault::Full) {
                    assert_eq!(store.paths(), [path], "{what}");
                }
                let store = store.after(after);
                let found = value(&store, path);
                if at == operations || written.is_ok() && !fault.stops() {
                    assert_eq!((found, written.is_ok()), (2.0, true), "{what}");
                }
                assert!(found == 1.0 || found == 2.0, "{what}");
                // Nothing is left of it after the next time.
                weights(3.0).write(&store, path).unwrap();
                assert_eq!(value(&store, path), 3.0, "{what}");
                assert_eq!(store.paths(), [path], "{what}");
            }
        }
    }
}

fn checkpoint(step: u64) -> Checkpoint<f64> {
    let mut checkpoint = Checkpoint::new(params(step as f64), Default::default());
    checkpoint.trainer.step = step;
    checkpoint
}

/// Saves some checkpoints, each second one as the best; returns the last that was promised to be
/// safe, and the best.
fn run(checkpoints: &Checkpoints<Store>, store: &Store, stop: Option<usize>) -> [u64; 2] {
    let mut safe = [0; 2];
    for step in 1..=5 {
        let is_best = step % 2 == 0;
        let saved = checkpoints.save(step, &checkpoint(step), is_best);
        let stopped = stop.is_some_and(|stop| store.operations() > stop);
        if saved.is_ok() && !stopped {
            safe = [step, if is_best { step } else { safe[1] }];
        }
    }
    safe
}

/// A run saves its checkpoints, and something happens at each of the operations.
#[test]
fn the_newest_checkpoint_is_whole() {
    let of = |store: &Store| Checkpoints::new("/runs/run").keep(2).with_files(store.clone());
    let calm = Store::default();
    assert_eq!(run(&of(&calm), &calm, None), [5, 4]);
    let operations = calm.operations();
    assert_eq!(of(&calm).steps().unwrap(), [4, 5]);
    for fault in Fault::ALL {
        for at in 0..=operations {
            let store = Store::default();
            store.plan(at, fault);
            let [safe, best] = run(&of(&store), &store, fault.stops().then_some(at));
            for after in After::ALL {
                let what = format!("{fault:?} at {at}, then {after:?}");
                let store = store.after(after);
                let checkpoints = of(&store);
                let latest = checkpoints.latest(&params(0.0)).unwrap();
                assert!(latest.damaged.is_empty(), "{what}: {:?}", latest.damaged);
                let found = latest.checkpoint.map_or(0, |(step, found)| {
                    assert_eq!(found, checkpoint(step), "{what}");
                    step
                });
                assert!(found >= safe, "{what}: {found}, {safe} was safe");
                let found = checkpoints.best(&params(0.0)).unwrap().map_or(0, |found| {
                    assert_eq!(found, checkpoint(found.trainer.step), "{what}");
                    found.trainer.step
                });
                assert!(found >= best && found % 2 == 0, "{what}: {found}, {best} was safe");
                // The run goes on, and nothing is left of what happened.
                checkpoints.save(6, &checkpoint(6), true).unwrap();
                checkpoints.save(7, &checkpoint(7), false).unwrap();
                assert_eq!(checkpoints.steps().unwrap(), [6, 7], "{what}");
                assert_eq!(store.paths().len(), 3, "{what}: {:?}", store.paths());
            }
        }
    }
}

/// While reading, too: an error, or a checkpoint that is whole.
#[test]
fn reading_can_fail_at_any_time() {
    let store = Store::default();
    let checkpoints = Checkpoints::new("/run").with_files(store.clone());
    run(&checkpoints, &store, None);
    for at in 0..6 {
        for fault in [Fault::Once, Fault::Gone] {
            let store = store.after(After::All);
            store.plan(at, fault);
            let checkpoints = Checkpoints::new("/run").with_files(store);
            if let Ok(latest) = checkpoints.latest(&params(0.0))
                && let Some((step, found)) = latest.checkpoint
            {
                assert_eq!(found, checkpoint(step));
                assert_eq!(latest.damaged.len() as u64, 5 - step);
            }
        }
    }
}

/// While one program writes, another begins, and comes to the end or is stopped before.
#[test]
fn two_that_write_do_not_mix() {
    let path = Path::new("/model");
    let old = Store::default();
    weights(1.0).write(&old, path).unwrap();
    let operations = old.operations();
    for begins in 0..operations {
        // One more: it removes what the first has begun.
        for stops in 0..=operations + 1 {
            let store = old.after(After::All);
            store.meet(begins, move |store| {
                store.plan(stops, Fault::Gone);
                // An error, if it is stopped.
                _ = weights(3.0).write(store, Path::new("/model"));
                store.calm();
            });
            let written = weights(2.0).write(&store, path);
            let found = value(&store, path);
            let what = format!("begins at {begins}, stops at {stops}: {found}, {written:?}");
            assert!([1.0, 2.0, 3.0].contains(&found), "{what}");
            assert!(written.is_err() || found != 1.0, "{what}");
            weights(4.0).write(&store, path).unwrap();
            assert_eq!(store.paths(), [path], "{what}");
        }
    }
}

/// Files of others are left alone, also those whose names are almost those of temporary ones.
#[test]
fn only_what_is_ours_is_removed() {
    let store = Store::default();
    let others = [
        "/.model.tmp",
        "/.model.1.tmp",
        "/.model.1-x.tmp",
        "/.other.1-2.tmp",
        "/model.1-2.tmp",
        "/.model.-.tmp",
        "/checkpoint-1.safetensors",
        "/notes",
    ];
    others.iter().for_each(|path| store.put(Path::new(path), b"theirs"));
    store.put(Path::new("/.model.12-345.tmp"), b"ours");
    weights(1.0).write(&store, Path::new("/model")).unwrap();
    let mut wanted: Vec<_> = others.iter().chain(&["/model"]).map(Path::new).collect();
    wanted.sort();
    assert_eq!(store.paths(), wanted);
}

/// The same on a real disk.
#[test]
fn a_real_folder_has_nothing_else_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    std::fs::write(folder.path().join(".model.1-0.tmp"), "left").unwrap();
    for value in [1.0, 2.0] {
        elman_io::save(&path, &params(value), "").unwrap();
    }
    let names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["model"]);
    let mut read = params(0.0);
    elman_io::load(&path, &mut read).unwrap();
    assert_eq!(read, params(2.0));
    for wrong in ["", "/", "..", folder.path().to_str().unwrap(), "/no/such/folder/model"] {
        assert!(elman_io::save(wrong, &read, "").is_err(), "{wrong}");
        assert!(elman_io::load(wrong, &mut read).is_err(), "{wrong}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    assert!(weights(1.0).write(&Disk, &folder.path().join("new/model")).is_err());
}

/// Threads that write and read the same file on a real disk.
#[test]
fn threads_do_not_mix() {
    // Large enough to meet in the middle.
    let large = |value| {
        Params::<f64>::init(0, |p| p.weight("w", [30_000], Init::Constant(value))).unwrap().1
    };
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("model");
    elman_io::save(path, &large(0.0), "").unwrap();
    std::thread::scope(|scope| {
        for value in [1.0, 2.0] {
            scope.spawn(move || {
                let params = large(value);
                let saved = (0..100).filter(|_| elman_io::save(path, &params, "").is_ok());
                assert!(saved.count() > 0);
            });
        }
        let mut read = large(9.0);
        for _ in 0..200 {
            elman_io::load(path, &mut read).unwrap();
            assert!(read.values().iter().all(|&x| x == read.values()[0] && x < 3.0));
        }
    });
}
