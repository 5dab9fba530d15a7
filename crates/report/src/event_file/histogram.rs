//! How many numbers lie where.

use super::message::Message;

/// The number of buckets.
const BUCKETS: usize = 30;

/// TensorBoard's histogram: extremes, sums, and equal buckets between the extremes, each with its
/// right edge, behind an empty one that ends at the least number.
pub(super) fn write(values: &[f64], histogram: &mut Message) {
    let values = || values.iter().copied().filter(|x| x.is_finite());
    let count = values().count() as f64;
    let (min, max) = match count > 0.0 {
        true => (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max)),
        false => (0.0, 0.0),
    };
    // Halves, because the range of all numbers is infinite.
    let half = max / 2.0 - min / 2.0;
    let part = |x: f64| (x / 2.0 - min / 2.0) / half;
    let mut buckets = [0.0; BUCKETS + 1];
    for x in values() {
        let bucket = if half > 0.0 { (part(x) * BUCKETS as f64) as usize } else { 0 };
        buckets[1 + bucket.min(BUCKETS - 1)] += 1.0;
    }
    let edge = |i: usize| {
        let part = i as f64 / BUCKETS as f64;
        (2.0 * (min / 2.0 + part * half)).clamp(min, max)
    };
    let edges: Vec<f64> = (0..=BUCKETS).map(edge).collect();
    histogram.double(1, min);
    histogram.double(2, max);
    histogram.double(3, count);
    histogram.double(4, values().sum());
    histogram.double(5, values().map(|x| x * x).sum());
    histogram.doubles(6, &edges);
    histogram.doubles(7, &buckets);
}
