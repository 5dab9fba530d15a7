//! The format: standard safetensors files, and the same bytes for the same contents.

use crate::train::{Run, usual};
use elman_autograd::Params;
use elman_io::{Checkpoint, Dtype, Limits, Scalar, Weights};
use elman_tensor::{Init, Shape};
use proptest::prelude::*;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files");

/// Weights of these names and shapes, with any bits.
fn params<T: Scalar>(
    weights: &[(String, Vec<usize>)],
    mut number: impl FnMut() -> T,
) -> Option<Params<T>> {
    let build = |p: &mut elman_autograd::Scope<'_>| {
        for (name, dims) in weights {
            p.weight(name, Shape::new(dims)?, Init::Zeros)?;
        }
        Ok(())
    };
    let (_, mut params) = Params::<T>::init(0, build).ok()?;
    params.values_mut().iter_mut().for_each(|value| *value = number());
    Some(params)
}

fn weights() -> impl Strategy<Value = Vec<(String, Vec<usize>)>> {
    let name = prop_oneof![
        "[a-z]{1,4}",
        "[^.*]{1,6}",
        Just("\"\\\u{0}\u{1F4BE}".into()),
        Just("sha256:a".into())
    ];
    prop::collection::vec((name, prop::collection::vec(0usize..4, 0..5)), 0..6)
}

/// Another reader finds what was written, and every number lies where its size divides its place.
fn agrees<T: Scalar>(params: &Params<T>, text: &str) -> Result<(), TestCaseError> {
    let bytes = Weights::of(params, text).unwrap().to_bytes().unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (header, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    prop_assert_eq!(header % 8, 0);
    let texts = metadata.metadata().as_ref().unwrap();
    prop_assert_eq!(&texts["description"], text);
    prop_assert_eq!((&texts["format"][..], &texts["version"][..]), ("elman", "1"));
    prop_assert_eq!(file.len(), params.iter().count());
    for (path, param) in params.iter() {
        let tensor = file.tensor(path).unwrap();
        let shape = param.shape();
        prop_assert_eq!(tensor.shape(), shape.dims());
        let values = params.get(param).unwrap().values();
        let number = |x: &T| x.bits()[0].to_le_bytes()[..size_of::<T>()].to_vec();
        let data: Vec<u8> = values.iter().flat_map(number).collect();
        prop_assert_eq!(tensor.data(), &data[..]);
        let sum: String = Sha256::digest(&data).iter().map(|b| format!("{b:02x}")).collect();
        prop_assert_eq!(&texts[&format!("sha256:{path}")], &sum);
        let start = 8 + header + metadata.info(path).unwrap().data_offsets.0;
        prop_assert_eq!(start % size_of::<T>(), 0);
    }

    let mut read = params.cast::<T>();
    read.values_mut().fill(T::ZERO);
    let weights = Weights::from_bytes(bytes.clone(), &Limits::default()).unwrap();
    weights.load(&mut read).unwrap();
    let bits = |params: &Params<T>| params.values().iter().map(|x| x.bits()).collect::<Vec<_>>();
    prop_assert_eq!(bits(&read), bits(params));
    prop_assert_eq!(weights.description(), text);
    prop_assert_eq!(weights.to_bytes().unwrap(), bytes);
    Ok(())
}

proptest! {
    #[test]
    fn another_reader_finds_the_same(weights in weights(), text: String, seed: u64) {
        let mut bits = elman_tensor::Random::new(seed, "bits", 0);
        let mut bits = || (bits.below(usize::MAX) as u64) ^ 1;
        if let Some(params) = params(&weights, || f32::from_bits(bits() as u32)) {
            agrees(&params, &text)?;
        }
        if let Some(params) = params(&weights, || f64::from_bits(bits())) {
            agrees(&params, &text)?;
        }
    }

    #[test]
    fn bytes_do_not_depend_on_the_order_of_creation(weights in weights()) {
        let mut turned = weights.clone();
        turned.reverse();
        if let (Some(a), Some(b)) = (params(&weights, || 1.5f32), params(&turned, || 1.5)) {
            let bytes = |params| Weights::of(params, "").unwrap().to_bytes().unwrap();
            prop_assert_eq!(bytes(&a), bytes(&b));
        }
    }
}

/// The header by hand: this is what other programs see.
#[test]
fn a_small_file_by_hand() {
    let params = params(&[("b".into(), vec![]), ("a".into(), vec![2])], || 1.0f32).unwrap();
    let bytes = Weights::of(&params, "two").unwrap().to_bytes().unwrap();
    let sums = [[0, 0, 128, 63].repeat(2), vec![0, 0, 128, 63]]
        .map(|data| Sha256::digest(data).iter().map(|b| format!("{b:02x}")).collect::<String>());
    let json = |hash: &str| {
        format!(r#"{{"__metadata__":{{"description":"two","format":"elman","header":"{hash}","#)
            + &format!(
                r#""kind":"weights","sha256:a":"{}","sha256:b":"{}","version":"1"}},"#,
                sums[0], sums[1]
            )
            + r#""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
            + r#""b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}"#
    };
    let hash: String = Sha256::digest(json("")).iter().map(|b| format!("{b:02x}")).collect();
    let mut header = json(&hash);
    header += &" ".repeat(header.len().next_multiple_of(8) - header.len());
    let length = (header.len() as u64).to_le_bytes();
    let data = [0, 0, 128, 63].repeat(3);
    assert_eq!(bytes, [&length, header.as_bytes(), &data].concat());
}

/// Wider numbers lie before narrower ones.
#[test]
fn a_checkpoint_is_a_standard_file_too() {
    let mut checkpoint = Run::new(usual::<f32>()).to(3).checkpoint();
    checkpoint.vectors.insert("a".into(), vec![1u8, 2, 3].into());
    checkpoint.vectors.insert("b".into(), vec![1u64].into());
    checkpoint.vectors.insert("c".into(), vec![1.0f64].into());
    let bytes = checkpoint.to_bytes().unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("vector:a").unwrap().data(), [1, 2, 3]);
    let (header, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    for (name, info) in metadata.tensors() {
        let size = info.dtype.bitsize() / 8;
        assert_eq!((8 + header + info.data_offsets.0) % size, 0, "{name}");
    }
}

/// Files of the first version, committed: they are read, and written with the same bytes, for ever.
/// What they hold is what a run of today holds, too, but for rounding: tanh is computed in another
/// way since.
#[test]
fn the_files_of_today_are_read_tomorrow() {
    let (_, mut params) = crate::train::Network::new::<f32>(5);
    let saved = std::fs::read(format!("{FILES}/weights.safetensors")).unwrap();
    let written = Weights::of(&params, "{\"hidden\":4}").unwrap().to_bytes().unwrap();
    assert_eq!(written, saved);
    elman_io::load(format!("{FILES}/weights.safetensors"), &mut params).unwrap();

    let run = Run::new(usual::<f64>()).to(7);
    let path = format!("{FILES}/checkpoint.safetensors");
    let checkpoint = Checkpoint::read(&path, &run.params).unwrap();
    assert_eq!(checkpoint.to_bytes().unwrap(), std::fs::read(&path).unwrap());
    let today = run.checkpoint();
    let close = |a: &[f64], b: &[f64]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + b.abs()))
    };
    assert!(close(checkpoint.params.values(), today.params.values()));
    let (then, now) = (checkpoint.best.unwrap(), today.best.unwrap());
    assert_eq!(then.step, now.step);
    assert!(close(then.params.values(), now.params.values()));
    assert!(close(&[then.metric], &[now.metric]));
    assert_eq!(checkpoint.vectors, today.vectors);
    let numbers = |text: &str| -> Vec<f64> {
        text.split([',', '\n']).filter_map(|word| word.parse().ok()).collect()
    };
    assert_eq!(checkpoint.texts.keys().collect::<Vec<_>>(), today.texts.keys().collect::<Vec<_>>());
    for (name, then) in &checkpoint.texts {
        assert!(close(&numbers(then), &numbers(&today.texts[name])), "{name}");
    }
    assert!(!numbers(&checkpoint.texts["history"]).is_empty());
    let (then, now) = (checkpoint.trainer, today.trainer);
    assert_eq!((then.step, &then.weights), (now.step, &now.weights));
    assert!(close(then.metric.as_slice(), now.metric.as_slice()));
    // The weights of accumulated losses came later: one step had been gathered, unweighted.
    let is_weight = |name: &str| name == "accumulate.weight";
    let weight = now.buffers.iter().find(|(name, _)| is_weight(name)).unwrap().1[0];
    assert!(weight > 1.0);
    let now: Vec<_> = now.buffers.iter().filter(|(name, _)| !is_weight(name)).collect();
    assert_eq!(then.buffers.len(), now.len());
    for ((name, then), (also, now)) in then.buffers.iter().zip(now) {
        assert_eq!(name, also);
        let unit = if name.starts_with("accumulate.") { weight } else { 1.0 };
        let now: Vec<f64> = now.iter().map(|x| x / unit).collect();
        assert!(close(then, &now), "{name}");
    }
}

#[test]
fn a_file_can_be_looked_at() {
    let weights = Weights::read(format!("{FILES}/weights.safetensors")).unwrap();
    assert_eq!(weights.description(), "{\"hidden\":4}");
    assert_eq!(weights.texts().collect::<Vec<_>>(), [("description", "{\"hidden\":4}")]);
    let entries: Vec<_> = weights.iter().map(|e| (e.name, e.dtype, e.shape)).collect();
    let [b, w, u] = [Shape::from([4]), Shape::from([3, 4]), Shape::from([4, 1])];
    let f32 = Dtype::F32;
    assert_eq!(entries, [("cell.b", f32, b), ("cell.w", f32, w), ("u", f32, u)]);
    assert!(weights.iter().all(|entry| entry.sha256.len() == 64));
    assert_eq!(weights.doubt(), None);
}
