//! A run that goes on from a checkpoint has the bits of one that was never stopped.

use crate::train::{Network, Run, other, usual};
use elman_io::{Best, Checkpoint, Checkpoints, Disk, Limits, Scalar, Vector};
use elman_tensor::Real;
use elman_train::{Snapshot, Trainer, Transform, adamw, lamb, momentum, only, sgd, swa};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Stops after each number of steps, and goes on: always to the same bits.
fn goes_on<T: Scalar, X: Transform>(make: impl Fn() -> Trainer<T, X>)
where
    Vector: From<Vec<T>>,
{
    const END: u64 = 20;
    let whole = Run::new(make()).to(END);
    let model = Run::new(make()).params;
    for stop in 0..=END {
        let bytes = Run::new(make()).to(stop).bits();
        let checkpoint = Checkpoint::from_bytes(bytes.clone(), &model, &Limits::default()).unwrap();
        assert_eq!(checkpoint.to_bytes().unwrap(), bytes);
        let resumed = Run::new(make()).restored(checkpoint);
        assert_eq!(resumed.bits(), bytes, "restored at {stop}");
        assert_eq!(resumed.to(END).bits(), whole.bits(), "stopped at {stop}");
    }
}

#[test]
fn a_run_goes_on_with_the_same_bits() {
    goes_on(usual::<f32>);
    goes_on(usual::<f64>);
    goes_on(other::<f32>);
    goes_on(other::<f64>);
    goes_on(|| Trainer::<f32, _>::new(lamb(0.01, 0.1)).average(swa(3, 2)));
    goes_on(|| Trainer::<f64, _>::new(only("cell.*", adamw(0.01, 0.1))));
    goes_on(|| Trainer::<f64, _>::new(momentum(0.9).then(sgd(0.01))).accumulate(3));
}

/// A run of the same name in a folder, stopped often.
#[test]
fn a_folder_goes_on_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path().join("run")).keep(2);
    let mut best = 0;
    for end in 1..=12 {
        let mut run = Run::new(usual::<f32>());
        let latest = checkpoints.latest(&run.params).unwrap();
        assert!(latest.damaged.is_empty());
        if let Some((step, checkpoint)) = latest.checkpoint {
            assert_eq!((step, step), (end - 1, checkpoint.trainer.step));
            run = run.restored(checkpoint);
        }
        run.step();
        let path = checkpoints.save(end, &run.checkpoint(), run.is_best()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), run.bits());
        best = if run.is_best() { end } else { best };
        assert_eq!(checkpoints.steps().unwrap().len(), 2.min(end as usize));
    }
    let whole = Run::new(usual::<f32>()).to(12);
    let (_, last) = checkpoints.latest(&whole.params).unwrap().checkpoint.unwrap();
    assert_eq!(last.to_bytes().unwrap(), whole.bits());
    let kept = checkpoints.best(&whole.params).unwrap().unwrap();
    assert_eq!(kept.trainer.step, best);
    assert_eq!(kept.params, last.best.unwrap().params);
}

/// What is damaged is named, and the one before it is taken.
#[test]
fn damaged_checkpoints_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path()).keep(4);
    let mut run = Run::new(usual::<f64>());
    assert!(checkpoints.latest(&run.params).unwrap().checkpoint.is_none());
    let mut paths = Vec::new();
    for step in 1..=4 {
        run.step();
        paths.push(checkpoints.save(step, &run.checkpoint(), false).unwrap());
    }
    let mut bytes = std::fs::read(&paths[3]).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&paths[3], &bytes).unwrap();
    std::fs::write(&paths[2], "").unwrap();
    let latest = checkpoints.latest(&run.params).unwrap();
    let damaged: Vec<_> = latest.damaged.iter().map(|(path, _)| path).collect();
    assert_eq!(damaged, [&paths[3], &paths[2]]);
    assert_eq!(latest.checkpoint.unwrap().0, 2);
    assert!(latest.damaged[0].1.to_string().contains("damaged: the checksum of tensor"));

    // What is not a checkpoint is not looked at.
    for name in ["checkpoint-5.safetensors", "notes.txt", "checkpoint-00000000000000000009.tmp"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    assert_eq!(checkpoints.steps().unwrap(), [1, 2, 3, 4]);

    for path in &paths {
        std::fs::write(path, "").unwrap();
    }
    let latest = checkpoints.latest(&run.params).unwrap();
    assert!(latest.checkpoint.is_none() && latest.damaged.len() == 4);
}

/// After going back, what lies ahead stays, and what is written is never removed.
#[test]
fn one_that_was_just_saved_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path()).keep(1);
    let run = Run::new(other::<f32>()).to(3);
    for (step, steps) in [(9, &[9][..]), (4, &[4, 9]), (6, &[6, 9]), (u64::MAX, &[u64::MAX])] {
        checkpoints.save(step, &run.checkpoint(), false).unwrap();
        assert_eq!(checkpoints.steps().unwrap(), steps);
    }
    let refused = checkpoints.keep(0).save(1, &run.checkpoint(), false).unwrap_err();
    assert_eq!(refused.to_string(), "keep must be at least 1, got 0");
}

/// Another model is an error; silently beginning anew would be worse.
#[test]
fn a_checkpoint_of_another_model_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path());
    let run = Run::new(other::<f32>()).to(3);
    checkpoints.save(3, &run.checkpoint(), true).unwrap();
    let wide = run.params.cast::<f64>();
    for error in [checkpoints.latest(&wide).unwrap_err(), checkpoints.best(&wide).unwrap_err()] {
        assert!(
            error.to_string().ends_with(
                "\"weights:cell.w\" is F32, wanted F64; files of weights can be imported"
            ),
            "{error}"
        );
    }
    // And a checkpoint is no file of weights.
    let mut params = run.params.clone();
    let error = elman_io::load(folder.path().join("best.safetensors"), &mut params).unwrap_err();
    assert!(error.to_string().ends_with("\"kind\" is \"checkpoint\", wanted \"weights\""));
}

/// Everything that a checkpoint can have, and nothing at all.
#[test]
fn all_parts_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all");
    let mut full = Run::new(usual::<f64>()).to(6).checkpoint();
    assert!(full.trainer.metric.is_some() && full.best.is_some());
    full.texts.insert(String::new(), "\u{0}\"\\\n\u{1F4BE}".into());
    full.texts.insert("trainer.weights".into(), "no list".into());
    full.vectors.insert("".into(), Vector::U8(vec![]));
    full.vectors.insert("f32".into(), Vector::F32(vec![-0.0, f32::MIN_POSITIVE / 2.0]));
    full.vectors.insert("f64".into(), Vector::F64(vec![f64::INFINITY, 5e-324]));
    full.vectors.insert("u64".into(), Vector::U64(vec![u64::MAX, 0]));
    full.vectors.insert("u8".into(), Vector::U8(vec![1, 2, 3]));
    let (_, empty) = elman_autograd::Params::<f64>::init(0, |_| Ok(())).unwrap();
    let bare = Checkpoint::new(empty, Default::default());
    for wanted in [full, bare] {
        wanted.write(&Disk, &path).unwrap();
        assert_eq!(Checkpoint::read(&path, &wanted.params).unwrap(), wanted);
    }
}

fn vector() -> impl Strategy<Value = Vector> {
    use prop::collection::vec;
    prop_oneof![
        vec(any::<u32>().prop_map(f32::from_bits), 0..9).prop_map(Vector::from),
        vec(any::<u64>().prop_map(f64::from_bits), 0..9).prop_map(Vector::from),
        vec(any::<u64>(), 0..9).prop_map(Vector::from),
        vec(any::<u8>(), 0..9).prop_map(Vector::from),
    ]
}

proptest! {
    /// Whatever a caller or a transform keeps, and whatever they call it.
    #[test]
    fn any_checkpoint_comes_back(
        texts: BTreeMap<String, String>,
        vectors in prop::collection::btree_map(any::<String>(), vector(), 0..4),
        buffers: Vec<(String, Vec<f32>)>,
        weights: Option<Vec<(String, usize)>>,
        step: u64,
        metric: Option<f32>,
        best: Option<(u64, f64)>,
    ) {
        let (_, params) = Network::new::<f32>(1);
        let trainer = Snapshot { step, metric, weights, buffers };
        let mut wanted = Checkpoint::new(params.clone(), trainer);
        wanted.best = best.map(|(step, metric)| Best { step, metric, params: params.clone() });
        (wanted.texts, wanted.vectors) = (texts, vectors);
        let bytes = wanted.to_bytes().unwrap();
        let read = Checkpoint::from_bytes(bytes.clone(), &params, &Limits::default()).unwrap();
        // Numbers that are none equal nothing; their texts do.
        let text = |c: &Checkpoint<f32>| format!("{:?}", (&c.trainer, &c.texts, &c.vectors));
        prop_assert_eq!(text(&read), text(&wanted));
        let best = |c: &Checkpoint<f32>| c.best.as_ref().map(|b| (b.step, b.metric.to_bits()));
        prop_assert_eq!(best(&read), best(&wanted));
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
    }
}

/// Numbers that are none keep their bits.
#[test]
fn no_number_loses_a_bit() {
    let mut checkpoint = Run::new(other::<f32>()).checkpoint();
    let odd = [0x7f80_0001, 0xffc0_1234, 0x8000_0000, 1].map(f32::from_bits);
    checkpoint.params.values_mut()[..4].copy_from_slice(&odd);
    checkpoint.vectors.insert("odd".into(), odd.to_vec().into());
    let bytes = checkpoint.to_bytes().unwrap();
    let read =
        Checkpoint::from_bytes(bytes.clone(), &checkpoint.params, &Limits::default()).unwrap();
    let bits = |x: &[f32]| x.iter().map(|x| x.bits()).collect::<Vec<_>>();
    assert_eq!(bits(read.params.values()), bits(checkpoint.params.values()));
    assert_eq!(read.to_bytes().unwrap(), bytes);
}
