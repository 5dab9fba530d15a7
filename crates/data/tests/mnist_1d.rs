//! MNIST-1D has the statistics of the generator that it follows (`tests/reference/mnist_1d.txt`).

use elman_data::{Batch, Mnist1d, Task};

const TIME: usize = 40;
const COUNT: f64 = 40_000.0;

/// An array of the reference file: a digit a row.
fn reference(name: &str) -> Vec<Vec<f64>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/reference/mnist_1d.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    let values: Vec<f64> = line.split(' ').skip(2).map(|word| word.parse().unwrap()).collect();
    values.chunks(values.len() / 10).map(<[f64]>::to_vec).collect()
}

/// Sequences, by their digits.
fn sequences() -> [Vec<Vec<f64>>; 10] {
    let (task, mut batch) = (Mnist1d::new(1, 500).unwrap(), Batch::<f64>::new());
    let mut found = [const { Vec::new() }; 10];
    for index in 0..200 {
        task.fill(&mut batch, index).unwrap();
        for k in 0..500 {
            let x = (0..TIME).map(|t| batch.x.values()[t * 500 + k]).collect();
            found[batch.ids[k] as usize].push(x);
        }
    }
    found
}

/// The mean of some numbers is what the reference says, to five standard errors of the difference.
fn agrees(values: impl Iterator<Item = f64> + Clone, wanted: f64, what: &str) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let error = (variance * (1.0 / n + 1.0 / COUNT)).sqrt();
    // The last digit of the file, and what normalising by rounded numbers does.
    let allowed = 5.0 * error + 1e-3;
    assert!((mean - wanted).abs() < allowed, "{what}: {mean}, wanted {wanted} ± {allowed}");
}

#[test]
fn points_and_their_neighbours_are_distributed_as_in_the_original() {
    let [mean, square, lags] = ["mean", "square", "lags"].map(reference);
    for (digit, found) in sequences().into_iter().enumerate() {
        assert!((9_600..10_400).contains(&found.len()), "{} of {digit}", found.len());
        for t in 0..TIME {
            let points = found.iter().map(|x| x[t]);
            agrees(points.clone(), mean[digit][t], &format!("mean of {digit} at {t}"));
            agrees(points.map(|x| x * x), square[digit][t], &format!("square of {digit} at {t}"));
        }
        for lag in 1..=4 {
            let pairs = (TIME - lag) as f64;
            let products =
                |x: &Vec<f64>| x.iter().zip(&x[lag..]).map(|(a, b)| a * b).sum::<f64>() / pairs;
            let products = found.iter().map(products);
            agrees(products, lags[digit][lag - 1], &format!("lag {lag} of {digit}"));
        }
    }
}
