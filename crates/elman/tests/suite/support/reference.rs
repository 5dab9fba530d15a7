//! The files of `tests/reference`.

use elman::prelude::*;
use std::collections::HashMap;

/// The arrays of a file of reference values, by name.
pub(crate) struct Reference {
    file: String,
    arrays: HashMap<String, Tensor<f64>>,
}

impl Reference {
    /// Reads `tests/reference/FILE.txt`.
    pub(crate) fn read(file: &str) -> Self {
        let path = format!("{}/../../tests/reference/{file}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the file of reference values");
        let arrays = text.lines().filter(|line| !line.starts_with('#')).map(array).collect();
        Reference { file: file.into(), arrays }
    }

    /// An array.
    pub(crate) fn of(&self, name: &str) -> &Tensor<f64> {
        self.arrays.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.file))
    }

    /// The columns of a weight that belong to some of its gates, each of so many units, in this
    /// order.
    pub(crate) fn gates(&self, name: &str, hidden: usize, gates: &[usize]) -> Vec<f64> {
        let x = self.of(name);
        let rows = x.values().chunks(x.shape().last());
        rows.flat_map(|row| gates.iter().flat_map(|gate| &row[gate * hidden..][..hidden]))
            .copied()
            .collect()
    }
}

fn array(line: &str) -> (String, Tensor<f64>) {
    let mut words = line.split(' ');
    let (name, shape) = (words.next().unwrap(), words.next().unwrap());
    let dims: Vec<usize> = match shape {
        "scalar" => Vec::new(),
        _ => shape.split('x').map(|d| d.parse().unwrap()).collect(),
    };
    let values = words.map(|w| w.parse().unwrap()).collect();
    (name.into(), Tensor::new(Shape::new(&dims).unwrap(), values).unwrap())
}
