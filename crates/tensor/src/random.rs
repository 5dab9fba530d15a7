//! Random streams with names.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

mod normal;

/// The 64-bit FNV-1a hash (Fowler, Noll and Vo 1991): the number of a name, on every machine.
///
/// ```
/// use elman_tensor::hash;
///
/// assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325); // where it begins
/// assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
/// ```
pub fn hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// A ChaCha8 stream that is a function of (seed, name, index) alone.
///
/// Nothing is shared: two streams with different keys are independent, and a stream can be made
/// again anywhere, in any order, on any thread.
///
/// ```
/// use elman_tensor::Random;
///
/// let draw = |name, index| Random::new(7, name, index).uniform(-1.0, 1.0);
/// assert_eq!(draw("noise", 3), draw("noise", 3)); // whatever was drawn in between
/// assert_ne!(draw("noise", 3), draw("noise", 4));
/// assert_ne!(draw("noise", 3), draw("order", 3));
///
/// let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
/// Random::new(7, "order", 0).shuffle(&mut order);
/// assert_ne!(order, [0, 1, 2, 3, 4, 5, 6, 7]);
/// ```
#[derive(Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of this seed, name and index.
    pub fn new(seed: u64, name: &str, index: u64) -> Self {
        Self::keyed(seed, hash(name), index, 0)
    }

    /// The stream of this seed, [hashed](hash) name, and two indices (say, step and time).
    pub fn keyed(seed: u64, name: u64, index: u64, part: u64) -> Self {
        let mut key = [0; 32];
        let parts = [seed, name, index, part];
        for (bytes, part) in key.chunks_exact_mut(8).zip(parts) {
            bytes.copy_from_slice(&part.to_le_bytes());
        }
        Random(ChaCha8Rng::from_seed(key))
    }

    /// A number from `[low, high)`; `low` if the interval is empty or not finite.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let unit: f64 = self.0.random();
        let x = low + (high - low) * unit;
        // Rounding may reach `high`.
        if x < high && x.is_finite() { x } else { low }
    }

    /// A number from the standard normal distribution.
    pub fn normal(&mut self) -> f64 {
        normal::normal(&mut self.0)
    }

    /// One of `0..n`, each equally likely; 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.random_range(0..n) }
    }

    /// An index drawn with probability proportional to its weight; `None` if no weight is
    /// positive. Weights that are negative or not finite count as 0.
    ///
    /// ```
    /// use elman_tensor::Random;
    ///
    /// let mut random = Random::new(7, "dice", 0);
    /// let counts = (0..1000).filter(|_| random.weighted(&[1.0, 0.0, 3.0]) == Some(2)).count();
    /// assert!((700..800).contains(&counts)); // three quarters, about
    /// assert_eq!(random.weighted(&[0.0, -1.0]), None);
    /// ```
    pub fn weighted(&mut self, weights: &[f64]) -> Option<usize> {
        let clean = |&w: &f64| if w > 0.0 && w.is_finite() { w } else { 0.0 };
        // Weights whose sum overflows are made smaller first.
        let huge = weights.iter().map(clean).sum::<f64>().is_infinite();
        let scale = if huge { 1.0 / weights.len() as f64 } else { 1.0 };
        let clean = |w: &f64| clean(w) * scale;
        let total: f64 = weights.iter().map(clean).sum();
        let mut left = self.uniform(0.0, total);
        let mut last = None;
        for (i, w) in weights.iter().map(clean).enumerate().filter(|&(_, w)| w > 0.0) {
            if left < w {
                return Some(i);
            }
            left -= w;
            last = Some(i);
        }
        // Rounding may leave a little over.
        last
    }

    /// `true` with probability `p` (clamped to `[0, 1]`, NaN counting as 0).
    pub fn bernoulli(&mut self, p: f64) -> bool {
        self.0.random::<f64>() < p
    }

    /// Puts a slice into an order drawn uniformly from all (Fisher and Yates 1938).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// The generator itself, for distributions of other crates.
    pub fn generator(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_function_of_its_key() {
        let draw = |seed, name, index| {
            let mut r = Random::new(seed, name, index);
            [r.normal(), r.uniform(0.0, 1.0), r.below(1000) as f64].map(f64::to_bits)
        };
        let base = draw(1, "a", 0);
        assert_eq!(base, draw(1, "a", 0));
        for other in [draw(2, "a", 0), draw(1, "b", 0), draw(1, "a", 1)] {
            assert_ne!(base, other);
        }
    }

    /// Numbers that must never change: models trained from a seed depend on them.
    #[test]
    fn the_streams_of_today_are_the_streams_of_tomorrow() {
        assert_eq!(hash("lstm.w"), 3480445522996420712);
        let mut r = Random::new(7, "lstm.w", 0);
        assert_eq!(
            format!("{:.6} {:.6} {}", r.uniform(-1.0, 1.0), r.normal(), r.below(100)),
            "-0.620404 -0.593113 89"
        );
    }

    #[test]
    fn draws_have_their_distributions() {
        let mut r = Random::new(3, "moments", 0);
        let n = 100_000;
        let mean = (0..n).map(|_| r.uniform(-1.0, 3.0)).sum::<f64>() / f64::from(n);
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        let square = (0..n).map(|_| r.normal().powi(2)).sum::<f64>() / f64::from(n);
        assert!((square - 1.0).abs() < 0.03, "{square}");
        let heads = (0..n).filter(|_| r.bernoulli(0.3)).count();
        assert!((heads as f64 / f64::from(n) - 0.3).abs() < 0.01);
        let mut firsts = [0; 4];
        for _ in 0..n {
            let mut order = [0, 1, 2, 3];
            r.shuffle(&mut order);
            firsts[order[0]] += 1;
        }
        assert!(firsts.iter().all(|&c: &i32| (c - n / 4).abs() < 600), "{firsts:?}");
    }

    #[test]
    fn weights_are_probabilities() {
        let mut r = Random::new(4, "weighted", 0);
        let mut counts = [0i32; 5];
        for _ in 0..60_000 {
            counts[r.weighted(&[1.0, f64::NAN, 2.0, -1.0, 3.0]).unwrap()] += 1;
        }
        assert!(counts[1] == 0 && counts[3] == 0, "{counts:?}");
        for (count, wanted) in [(counts[0], 10_000), (counts[2], 20_000), (counts[4], 30_000)] {
            assert!((count - wanted).abs() < 500, "{counts:?}");
        }
        let huge = (0..200).map(|_| r.weighted(&[f64::MAX, f64::MAX]).unwrap()).sum::<usize>();
        assert!((50..150).contains(&huge), "{huge}");
        assert_eq!(r.weighted(&[]), None);
        assert_eq!(r.weighted(&[0.0, f64::INFINITY]), None);
        assert_eq!(r.weighted(&[0.0, f64::MIN_POSITIVE]), Some(1));
    }

    #[test]
    fn senseless_ranges_give_something_defined() {
        let mut r = Random::new(0, "", 0);
        assert_eq!(r.below(0), 0);
        assert_eq!(r.uniform(2.0, 2.0), 2.0);
        assert_eq!(r.uniform(0.0, f64::INFINITY), 0.0);
        assert!(!r.bernoulli(f64::NAN) && !r.bernoulli(-1.0) && r.bernoulli(2.0));
    }
}
