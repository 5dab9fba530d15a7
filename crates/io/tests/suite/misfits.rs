//! Weights of another model are refused, by name, before any is touched.

use crate::train::{Run, other};
use elman_autograd::{Error as GraphError, Params, Scope};
use elman_io::{Checkpoint, Flaw, Limits, Scalar, Weights};
use elman_tensor::{Init, Shape};
use sha2::{Digest, Sha256};

fn model<T: Scalar>(
    seed: u64,
    build: impl FnOnce(&mut Scope<'_>) -> Result<(), GraphError>,
) -> Params<T> {
    Params::init(seed, build).unwrap().1
}

fn two(p: &mut Scope<'_>) -> Result<(), GraphError> {
    p.weight("a", [2, 3], Init::Glorot)?;
    p.weight("b", [4], Init::Normal { std: 1.0 }).map(drop)
}

fn misfit<T: Scalar>(
    weights: &Weights,
    build: impl FnOnce(&mut Scope<'_>) -> Result<(), GraphError>,
) -> Flaw {
    let mut params = model::<T>(2, build);
    let before = params.clone();
    let flaw = weights.load(&mut params).unwrap_err();
    assert_eq!(params, before);
    assert!(flaw.is_misfit());
    flaw
}

#[test]
fn the_first_weight_that_does_not_fit_is_named() {
    let weights = Weights::of(&model::<f32>(1, two), "").unwrap();
    let (four, six) = (Shape::from([4]), Shape::from([2, 3]));
    let (a, b, c) = ("a".to_string(), "b".to_string(), "c".to_string());
    let one = |p: &mut Scope<'_>| p.weight("a", [2, 3], Init::Zeros).map(drop);
    assert_eq!(misfit::<f32>(&weights, one), Flaw::Extra { name: b });
    assert_eq!(misfit::<f32>(&weights, |_| Ok(())), Flaw::Extra { name: a.clone() });
    let three = |p: &mut Scope<'_>| two(p).and_then(|()| p.weight("c", [4], Init::Zeros).map(drop));
    assert_eq!(misfit::<f32>(&weights, three), Flaw::Missing { tensor: c, shape: four });
    let turned = |p: &mut Scope<'_>| {
        p.weight("b", [4], Init::Zeros)?;
        p.weight("a", [3, 2], Init::Zeros).map(drop)
    };
    let shape = Flaw::Shape { tensor: a.clone(), wanted: Shape::from([3, 2]), given: six };
    assert_eq!(misfit::<f32>(&weights, turned), shape);
    let scalar = misfit::<f64>(&weights, two);
    assert_eq!(scalar.to_string(), "\"a\" is F32, wanted F64; files of weights can be imported");
}

/// The order of creation is not that of the file: only paths count.
#[test]
fn weights_are_found_by_their_paths() {
    let params = model::<f64>(1, two);
    let mut turned = model::<f64>(2, |p| {
        p.weight("b", [4], Init::Zeros)?;
        p.weight("a", [2, 3], Init::Zeros).map(drop)
    });
    let generation = turned.generation();
    Weights::of(&params, "").unwrap().load(&mut turned).unwrap();
    let (a, b) = params.values().split_at(6);
    assert_eq!(turned.values(), [b, a].concat());
    assert_ne!(turned.generation(), generation);
}

#[test]
fn a_name_of_the_format_is_refused() {
    let params = model::<f32>(1, |p| p.weight("__metadata__", [1], Init::Zeros).map(drop));
    let refused = Weights::of(&params, "").unwrap_err();
    assert_eq!(refused, Flaw::Name { name: "__metadata__".into() });
    // Other names of the header are texts, not tensors.
    let params = model::<f32>(1, |p| p.weight("format", [1], Init::Zeros).map(drop));
    let mut other = params.cast();
    Weights::of(&params, "").unwrap().load(&mut other).unwrap();
    assert_eq!(other, params);
}

/// A file in which a name is another, of equal length and at the same place in the order: with the
/// right checksums, as a program of another version might write it.
fn renamed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let start = 8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let header = String::from_utf8(bytes[8..start].to_vec()).unwrap();
    assert!(header.contains(from) && from.len() == to.len());
    let header = header.replace(from, to);
    let hash = header.split_once("\"header\":\"").unwrap().1[..64].to_string();
    let empty = header.trim_end().replace(&hash, "");
    let sum: String = Sha256::digest(empty).iter().map(|b| format!("{b:02x}")).collect();
    [&bytes[..8], header.replace(&hash, &sum).as_bytes(), &bytes[start..]].concat()
}

/// What there is no place for is not left out silently, and what is missing is not made up.
#[test]
fn a_checkpoint_has_all_parts_and_no_other() {
    let run = Run::new(other::<f32>()).to(3);
    let bytes = run.bits();
    let read = |bytes| Checkpoint::from_bytes(bytes, &run.params, &Limits::default());
    read(renamed(&bytes, "vector:carried", "vector:carrier")).unwrap();
    let extra = |name: &str| Flaw::Extra { name: name.into() };
    let missing = |name: &str| Flaw::Missing { tensor: name.into(), shape: Shape::SCALAR };
    for (from, to, wanted) in [
        ("vector:carried", "vectos:carried", extra("vectos:carried")),
        ("text:history", "tex_:history", extra("tex_:history")),
        ("trainer.weights", "trainer.weighty", extra("trainer.weighty")),
        ("trainer.step", "trainer.stew", missing("trainer.step")),
        ("best.metric", "best.metris", missing("best.metric")),
        ("best.step", "best.stew", extra("best.metric")),
        ("best:u", "best:v", Flaw::Missing { tensor: "best:u".into(), shape: [4, 1].into() }),
    ] {
        assert_eq!(read(renamed(&bytes, from, to)), Err(wanted), "{from} is {to}");
    }
    let list = read(renamed(&bytes, "[[\\\"", "[{\\\"")).unwrap_err().to_string();
    assert!(list.contains("trainer.buffers: ") || list.contains("trainer.weights: "), "{list}");
}
