//! Where numbers lie along an axis, and which of them are written down.

/// An axis: a range, linear or logarithmic, with round numbers on it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// In places: numbers, or their logarithms.
    from: f64,
    to: f64,
    logarithmic: bool,
    /// Numbers and how they are written.
    pub(crate) ticks: Vec<(f64, String)>,
}

/// Larger numbers are drawn there, smaller ones as 0: sums and differences stay numbers.
const LARGEST: f64 = 1e290;
/// From this ratio of the largest to the smallest number on, an axis is logarithmic.
const WIDE: f64 = 30.0;

impl Axis {
    /// A range with all of the numbers that are finite, widened to round ones; logarithmic, where
    /// that is allowed, if they are positive and far apart.
    pub(crate) fn of(
        values: impl Iterator<Item = f64> + Clone,
        count: usize,
        logarithmic: bool,
    ) -> Self {
        let [low, high] = range(values);
        if logarithmic && low > 0.0 && high / low > WIDE {
            return Axis::decades(low, high, count);
        }
        let step = round((high - low) / count as f64);
        let from = (low / step).floor() * step;
        let to = (high / step).ceil() * step;
        Axis { from, to, logarithmic: false, ticks: multiples(from, to, step) }
    }

    /// The range of the numbers that are finite, no wider.
    pub(crate) fn tight(values: impl Iterator<Item = f64> + Clone, count: usize) -> Self {
        let [from, to] = range(values);
        let step = round((to - from) / count as f64);
        Axis { from, to, logarithmic: false, ticks: multiples(from, to, step) }
    }

    fn decades(low: f64, high: f64, count: usize) -> Self {
        let [from, to] = [low, high].map(libm::log10);
        let (first, last) = (from.floor() as i32, to.ceil() as i32);
        let every = (last - first).unsigned_abs().div_ceil(count as u32).max(1) as i32;
        let within: &[f64] = if last - first <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let ticks = (first..=last)
            .filter(|decade| decade % every == 0)
            .flat_map(|decade| within.iter().map(move |&x| (decade, x)))
            .map(|(decade, x)| (x * libm::exp10(decade.into()), written(x, decade)))
            .filter(|(x, _)| (from - 0.05..=to + 0.05).contains(&libm::log10(*x)))
            .collect::<Vec<_>>();
        let places = || ticks.iter().map(|(x, _)| libm::log10(*x));
        let from = places().fold(from, f64::min);
        let to = places().fold(to, f64::max);
        Axis { from, to, logarithmic: true, ticks }
    }

    /// Where a number lies: 0 at the beginning of the axis, 1 at its end.
    pub(crate) fn place(&self, x: f64) -> f64 {
        let x = x.clamp(-LARGEST, LARGEST);
        let x = if self.logarithmic { libm::log10(x) } else { x };
        (x - self.from) / (self.to - self.from)
    }

    /// The longest number that is written, in characters.
    pub(crate) fn longest(&self) -> &str {
        let words = self.ticks.iter().map(|(_, word)| word.as_str());
        words.max_by_key(|word| word.chars().count()).unwrap_or_default()
    }
}

/// The least and the largest number, apart from each other.
fn range(values: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
    let finite = values.filter(|x| x.is_finite()).map(tamed);
    let low = finite.clone().fold(f64::INFINITY, f64::min);
    let high = finite.fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return [0.0, 1.0];
    }
    let size = low.abs().max(high.abs());
    if high - low > 1e-9 * size {
        return [low, high];
    }
    let room = if size == 0.0 { 1.0 } else { 0.1 * size };
    [low - room, high + room]
}

fn tamed(x: f64) -> f64 {
    if x.abs() < 1.0 / LARGEST { 0.0 } else { x.clamp(-LARGEST, LARGEST) }
}

/// 1, 2 or 5 times a power of ten, not less than this.
fn round(step: f64) -> f64 {
    let power = libm::exp10(libm::log10(step).floor());
    let times = [1.0, 2.0, 5.0].into_iter().find(|times| times * power >= step * 0.999);
    times.unwrap_or(10.0) * power
}

/// All multiples of a step in a range, written with as many digits as they need.
fn multiples(from: f64, to: f64, step: f64) -> Vec<(f64, String)> {
    let (first, last) = ((from / step - 1e-6).ceil(), (to / step + 1e-6).floor());
    let decade = (libm::log10(step) + 1e-6).floor();
    let size = from.abs().max(to.abs());
    let write = |x: f64| {
        if x == 0.0 {
            "0".into()
        } else if size < 1e6 && decade >= -4.0 {
            format!("{x:.*}", (-decade).max(0.0) as usize)
        } else {
            let own = (libm::log10(x.abs()) + 1e-9).floor();
            let digits = (own - decade).clamp(0.0, 9.0) as usize;
            format!("{x:.digits$e}")
        }
    };
    let count = (last - first).clamp(0.0, 100.0) as usize;
    (0..=count).map(|i| (first + i as f64) * step).map(|x| (x, write(x))).collect()
}

/// `x` · 10^`decade`, `x` being a digit.
fn written(x: f64, decade: i32) -> String {
    match decade {
        -3..0 => format!("{:.*}", decade.unsigned_abs() as usize, x * libm::exp10(decade.into())),
        0..5 => format!("{:.0}", x * libm::exp10(decade.into())),
        _ => format!("{x:.0}e{decade}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, word)| word.as_str()).collect()
    }

    #[test]
    fn numbers_on_axes_are_round() {
        let of = |values: &[f64]| Axis::of(values.iter().copied(), 5, true);
        assert_eq!(
            words(&of(&[0.13, 0.87])),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
                .map(|x| { if x == "0.0" { "0" } else { x } })
        );
        assert_eq!(words(&of(&[-3.0, 11.0])), ["-5", "0", "5", "10", "15"]);
        assert_eq!(words(&of(&[0.001, 0.4, 90.0])), ["0.001", "0.01", "0.1", "1", "10", "100"]);
        assert_eq!(words(&of(&[3.0, 100.0])), ["5", "10", "20", "50", "100"]);
        assert_eq!(
            words(&of(&[1e-7, 2e-7])),
            ["1.0e-7", "1.2e-7", "1.4e-7", "1.6e-7", "1.8e-7", "2.0e-7"]
        );
        assert_eq!(words(&of(&[])).len(), 6);
        let tight = Axis::tight([0.0, 1234.0].into_iter(), 5);
        assert_eq!(words(&tight), ["0", "500", "1000"]);
        assert_eq!((tight.place(0.0), tight.place(1234.0)), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn everything_has_a_place(values in prop::collection::vec(prop::num::f64::ANY, 0..5)) {
            for axis in [Axis::of(values.iter().copied(), 5, true), Axis::tight(values.iter().copied(), 5)] {
                prop_assert!((1..=13).contains(&axis.ticks.len()), "{:?}", axis);
                let numbers = axis.ticks.iter().map(|(x, _)| *x);
                for x in values.iter().copied().filter(|x| x.is_finite()).chain(numbers) {
                    let place = axis.place(x);
                    prop_assert!((-1e-6..=1.0 + 1e-6).contains(&place), "{} at {}: {:?}", x, place, axis);
                }
                let mut written = words(&axis);
                written.dedup();
                prop_assert_eq!(written.len(), axis.ticks.len(), "{:?}", axis);
            }
        }
    }
}
