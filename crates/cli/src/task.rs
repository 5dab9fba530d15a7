//! What all tasks have in common.

use crate::failure::Failure;
use elman::autograd::{Graph, Params, Var};
use elman::rnn::Network;
use elman::tensor::Tensor;
use serde_json::{Map, Value};

/// Something to learn, with its data.
pub(crate) trait Task {
    /// Prepares the batch of a step.
    fn prepare(&mut self, step: u64) -> Result<(), Failure>;

    /// The loss of the batch that was prepared.
    fn loss<'g>(&mut self, g: &'g Graph<'g, f32>, network: &Network) -> Var<'g, f32>;

    /// What the network does on the part that is chosen by; the first number decides, the smaller
    /// the better.
    fn validate(
        &mut self,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Vec<(&'static str, f64)>, Failure>;

    /// A sequence of the part that is chosen by, to look inside the network with.
    fn example(&self, network: &Network, params: &Params<f32>) -> Result<Example, Failure>;

    /// What has to be carried from one step to the next, besides weights.
    fn carried(&self) -> &[f32] {
        &[]
    }

    /// Takes back what was carried.
    fn carry(&mut self, _carried: &[f32]) {}

    /// What the network does on the part that was held out.
    fn judge(&mut self, network: &Network, params: &Params<f32>) -> Result<Verdict, Failure>;
}

/// A sequence to look inside a network with.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    /// What the first layer reads, `[time, 1, features]`.
    pub(crate) x: Tensor<f32>,
    /// What is to be said at its last step.
    pub(crate) wanted: Wanted,
}

/// What is to be said.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// `[1, outputs]`.
    Numbers(Tensor<f32>),
    Class(u32),
}

/// How well a network does, beside what needs no network.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// One sentence.
    pub(crate) sentence: String,
    /// The same numbers by name.
    pub(crate) numbers: Map<String, Value>,
}

/// Whether a number is written without a power of ten.
fn plain(x: f64) -> bool {
    x == 0.0 || !x.is_finite() || (1e-5..1e15).contains(&x.abs())
}

/// A number for a sentence, with as many digits as a reader wants: four that count.
pub(crate) fn short(x: f64) -> String {
    let text = match libm::log10(x.abs()).floor() {
        size if size.is_finite() && plain(x) => format!("{x:.*}", (3.0 - size).max(0.0) as usize),
        size if size.is_finite() => format!("{x:.3e}"),
        _ => x.to_string(),
    };
    let (digits, power) = text.split_at(text.find('e').unwrap_or(text.len()));
    match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_string() + power,
        false => text,
    }
}

/// A number for a file, with all of its digits: it is read again to the last bit.
pub(crate) fn exact(x: f64) -> String {
    if plain(x) { x.to_string() } else { format!("{x:e}") }
}

#[cfg(test)]
mod tests {
    use super::{exact, short};

    #[test]
    fn four_digits() {
        let all = [0.0, 1234.56, 12.3456, 0.00012346, -2.5, 100.0, 1e9].map(short);
        assert_eq!(all, ["0", "1235", "12.35", "0.0001235", "-2.5", "100", "1000000000"]);
        let all = [999.96, 1.5e-13, -2.0e-300, 5e-324, 1.23456e200, 9.87654e14].map(short);
        assert_eq!(
            all,
            ["1000", "1.5e-13", "-2e-300", "4.941e-324", "1.235e200", "987654000000000"]
        );
        assert_eq!([f64::NAN, f64::INFINITY, -0.0].map(short), ["NaN", "inf", "-0"]);
    }

    #[test]
    fn all_digits() {
        let all = [1013.2517, -1.5e-13, 0.1 + 0.2, 1e300, 0.0, f64::MIN_POSITIVE, 5e-324];
        for x in all {
            let text = exact(x);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), x.to_bits(), "{text}");
            assert!(text.len() < 24, "{text}");
        }
        assert_eq!([1013.2517, 12.0, 1.5e-13].map(exact), ["1013.2517", "12", "1.5e-13"]);
    }
}
