//! Sizes, shapes and numbers, some of which cannot be meant.

use elman::autograd;
use elman::prelude::*;
use proptest::prelude::*;

/// Sizes: mostly small, 0 and 1 among them, some that cannot be meant.
pub(crate) fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        12 => 0usize..4,
        1 => prop_oneof![Just(1 << 40), Just(1 << 62), Just(usize::MAX / 2), Just(usize::MAX)],
    ]
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    prop::collection::vec(size(), 0..5).prop_map(|dims| Shape::new(&dims).unwrap())
}

/// Mostly sequences.
pub(crate) fn sequence() -> impl Strategy<Value = Shape> {
    prop_oneof![4 => [size(), size(), size()].prop_map(Shape::from), 1 => shape()]
}

/// A tensor of a shape, unless it cannot be.
pub(crate) fn tensor(shape: Shape) -> Option<Tensor<f64>> {
    match Tensor::zeros(shape) {
        Ok(mut x) => {
            let mut random = Random::new(1, "x", 0);
            x.values_mut().iter_mut().for_each(|x| *x = random.normal());
            Some(x)
        }
        Err(error) => {
            assert!(matches!(error, elman::tensor::Error::TooLarge { .. }), "{error}");
            assert!(shape.len() > 1 << 30, "{error}");
            None
        }
    }
}

/// Numbers for which a length or a flag is wanted: as many, mostly.
pub(crate) fn marks(wanted: usize, off: usize, largest: usize, seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed, "marks", 0);
    let count = if off == 0 { wanted } else { off - 1 };
    (0..count.min(100)).map(|_| random.below(largest.saturating_add(1).min(9)) as u32).collect()
}

/// Weights that cannot be: an error of the tensor, without any line.
pub(crate) fn built<R>(result: Result<R, autograd::Error>) -> Result<R, Error> {
    result.map_err(|error| {
        let large = autograd::Error::Tensor(elman::tensor::Error::TooLarge {
            elements: usize::MAX,
            bytes: 8,
        });
        let same = std::mem::discriminant(&error) == std::mem::discriminant(&large);
        assert!(same, "{error}");
        error.into()
    })
}
