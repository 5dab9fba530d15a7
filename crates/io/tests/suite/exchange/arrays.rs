//! The files beside the tests: `name 7x4x3 0.25 -1.5 ...`, one array a line.

use elman_tensor::{Real, Shape, Tensor};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// A file beside the tests.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/exchange/files").join(name)
}

/// Holds bytes to those of a file, which the scripts have tried; `ELMAN_WRITE` in the environment
/// writes them anew.
#[track_caller]
pub(crate) fn same_as_file(name: &str, bytes: &[u8]) {
    let path = path(name);
    if std::env::var_os("ELMAN_WRITE").is_some() {
        std::fs::write(&path, bytes).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == bytes, "{name} is another file");
}

/// The text of some arrays.
pub(crate) fn text<'a, T: Real>(
    arrays: impl IntoIterator<Item = (&'a str, &'a Tensor<T>)>,
) -> String {
    let mut text = String::new();
    for (name, array) in arrays {
        let dims: Vec<_> = array.shape().dims().iter().map(usize::to_string).collect();
        write!(text, "{name} {}", dims.join("x")).unwrap();
        array.values().iter().for_each(|x| write!(text, " {x:?}").unwrap());
        text.push('\n');
    }
    text
}

/// The arrays of a file, in order.
pub(crate) fn list(name: &str) -> Vec<(String, Tensor<f64>)> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let array = |line: &str| {
        let mut words = line.split(' ');
        let (name, shape) = (words.next().unwrap(), words.next().unwrap());
        let dims: Vec<usize> = shape.split('x').map(|d| d.parse().unwrap()).collect();
        let values = words.map(|word| word.parse().unwrap()).collect();
        (name.to_owned(), Tensor::new(Shape::new(&dims).unwrap(), values).unwrap())
    };
    text.lines().filter(|line| !line.starts_with('#')).map(array).collect()
}

/// The arrays of a file, by name.
pub(crate) fn read(name: &str) -> BTreeMap<String, Tensor<f64>> {
    list(name).into_iter().collect()
}

/// The largest difference, relative to the largest number.
#[track_caller]
pub(crate) fn deviation<T: Real>(a: &Tensor<T>, b: &Tensor<f64>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let scale = b.values().iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let off = |(a, b): (&T, &f64)| (a.to_f64() - b).abs();
    let off = a.values().iter().zip(b.values()).map(off).fold(0.0f64, |m, x| m.max(x));
    assert!(!a.values().iter().any(|x| x.to_f64().is_nan()));
    if off == 0.0 { 0.0 } else { off / scale }
}
