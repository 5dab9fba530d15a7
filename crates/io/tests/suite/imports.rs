//! Files of other programs, and numbers of other types.

use crate::train::Network;
use elman_autograd::Params;
use elman_io::{Doubt, Dtype, Flaw, Limits, Weights};
use elman_tensor::Init;
use half::{bf16, f16};
use proptest::prelude::*;
use safetensors::tensor::{Dtype as Type, TensorView, serialize};
use std::collections::HashMap;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files");

/// The file that the PyPI program has written.
#[test]
fn a_file_of_the_pypi_program() {
    let (_, wanted) = Network::new::<f32>(5);
    let (_, mut params) = Network::new::<f32>(6);
    let path = format!("{FILES}/python.safetensors");
    let refused = elman_io::load(&path, &mut params).unwrap_err().to_string();
    assert!(refused.ends_with("python.safetensors: \"format\" is \"np\", wanted \"elman\""));
    assert_ne!(params, wanted);
    let doubts = elman_io::import(&path, &mut params).unwrap();
    assert_eq!(doubts, [Doubt::Unchecked { format: Some("np".into()) }]);
    assert_eq!(params, wanted);
}

/// Another writer's file of one vector.
fn vector(dtype: Type, data: &[u8], count: usize) -> Weights {
    let view = TensorView::new(dtype, vec![count], data).unwrap();
    let metadata = HashMap::from([("by".to_string(), "others".to_string())]);
    let bytes = serialize([("w", view)], Some(metadata)).unwrap();
    let weights = Weights::import_bytes(bytes, &Limits::default()).unwrap();
    assert_eq!(weights.texts().collect::<Vec<_>>(), [("by", "others")]);
    weights
}

fn params<T: elman_io::Scalar>(count: usize) -> Params<T> {
    Params::init(0, |p| p.weight("w", [count], Init::Constant(7.0))).unwrap().1
}

proptest! {
    #[test]
    fn halves_become_floats(bits in prop::collection::vec(any::<u16>(), 1..50)) {
        let data: Vec<u8> = bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
        let mut narrow = params::<f32>(bits.len());
        let mut wide = params::<f64>(bits.len());
        for (dtype, value) in [
            (Type::F16, (|b| f16::from_bits(b).to_f64()) as fn(u16) -> f64),
            (Type::BF16, |b| bf16::from_bits(b).to_f64()),
        ] {
            let weights = vector(dtype, &data, bits.len());
            prop_assert_eq!(weights.import(&mut narrow).unwrap().len(), 1);
            prop_assert_eq!(weights.import(&mut wide).unwrap().len(), 1);
            prop_assert!(weights.load(&mut wide).is_err());
            for (i, &bits) in bits.iter().enumerate() {
                prop_assert!(same(narrow.values()[i].into(), value(bits)));
                prop_assert!(same(wide.values()[i], value(bits)));
            }
        }
    }

    #[test]
    fn what_was_rounded_is_counted(values in prop::collection::vec(-1e30..1e30f64, 1..20)) {
        let data: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let mut narrow = params::<f32>(values.len());
        let doubts = vector(Type::F64, &data, values.len()).import(&mut narrow).unwrap();
        let count = values.iter().filter(|&&x| f64::from(x as f32) != x).count();
        let rounded = Doubt::Rounded { tensor: "w".into(), count, from: Dtype::F64, to: Dtype::F32 };
        prop_assert_eq!(doubts.get(1), (count > 0).then_some(&rounded));
        prop_assert!(narrow.values().iter().zip(&values).all(|(&n, &x)| n == x as f32));
    }
}

#[test]
fn what_would_become_infinite_is_refused() {
    let data: Vec<u8> = [1.0, f64::INFINITY, -1e300].iter().flat_map(|x| x.to_le_bytes()).collect();
    let mut narrow = params::<f32>(3);
    let flaw = vector(Type::F64, &data, 3).import(&mut narrow).unwrap_err();
    let (tensor, wanted) = ("w".into(), Dtype::F32);
    assert_eq!(flaw, Flaw::Range { tensor, index: 2, value: -1e300, wanted });
    assert_eq!(narrow.values(), [7.0; 3]);
    vector(Type::F64, &data[..16], 2).import(&mut params::<f32>(2)).unwrap();
}

#[test]
fn integers_are_no_weights() {
    let flaw = vector(Type::U8, &[1, 2], 2).import(&mut params::<f32>(2)).unwrap_err();
    assert!(matches!(flaw, Flaw::Type { given: Dtype::U8, .. }));
    let view = TensorView::new(Type::I64, vec![1], &[0; 8]).unwrap();
    let bytes = serialize([("count", view)], None).unwrap();
    let flaw = Weights::import_bytes(bytes, &Limits::default()).unwrap_err();
    assert_eq!(flaw, Flaw::UnknownType { tensor: "count".into(), given: "I64".into() });
}
