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
    for index in 0..400 {
        task.fill(&mut batch, index).unwrap();
        for k in 0..500 {
            let x = (0..TIME).map(|t| batch.x.values()[t * 500 + k]).collect();
            found[batch.ids[k] as usize].push(x);
        }
    }
    found
}

/// A difference of two means, and the variance that it has by chance.
#[derive(Clone, Copy, Default)]
struct Difference {
    value: f64,
    variance: f64,
}

impl Difference {
    /// Of some numbers to the mean of `COUNT` numbers of the same distribution.
    fn of(values: impl Iterator<Item = f64> + Clone, wanted: f64) -> Self {
        let n = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / n;
        let variance = values.map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        Difference { value: mean - wanted, variance: variance * (1.0 / n + 1.0 / COUNT) }
    }

    fn and(self, other: Self) -> Self {
        let (value, variance) = (self.value + other.value, self.variance + other.variance);
        Difference { value, variance }
    }

    /// At most five standard deviations, and the last digit of the file.
    fn check(self, what: &str) {
        let allowed = 5.0 * self.variance.sqrt() + 1e-5;
        assert!(self.value.abs() < allowed, "{what}: differs by {}, allowed {allowed}", self.value);
    }
}

#[test]
fn points_and_their_neighbours_are_distributed_as_in_the_original() {
    let [mean, square] = ["mean", "square"].map(reference);
    for (digit, found) in sequences().into_iter().enumerate() {
        assert!((19_500..20_500).contains(&found.len()), "{} of {digit}", found.len());
        for t in 0..TIME {
            let points = found.iter().map(|x| x[t]);
            let what = format!("of {digit} at {t}");
            Difference::of(points.clone(), mean[digit][t]).check(&format!("mean {what}"));
            let squares = points.map(|x| x * x);
            Difference::of(squares, square[digit][t]).check(&format!("square {what}"));
        }
    }
}

/// What sees noise and smoothness, of each digit and, more sharply, of all.
#[test]
fn sequences_are_as_rough_as_in_the_original() {
    fn lag(x: &[f64], by: usize) -> f64 {
        x.iter().zip(&x[by..]).map(|(a, b)| a * b).sum::<f64>() / (TIME - by) as f64
    }
    fn bend(x: &[f64]) -> f64 {
        let second = x.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).powi(2));
        second.sum::<f64>() / (TIME - 2) as f64
    }
    let found = sequences();
    let agree = |name: &str, column: usize, statistic: &dyn Fn(&[f64]) -> f64| {
        let wanted = reference(name);
        let mut all = Difference::default();
        for (digit, found) in found.iter().enumerate() {
            let values = found.iter().map(|x| statistic(x));
            let one = Difference::of(values, wanted[digit][column]);
            one.check(&format!("{name} {column} of {digit}"));
            all = all.and(one);
        }
        all.check(&format!("{name} {column} of all digits"));
    };
    for by in 1..=4 {
        agree("lags", by - 1, &|x| lag(x, by));
    }
    agree("bend", 0, &bend);
    agree("energy", 0, &|x| lag(x, 0).powi(2));
}
