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

/// A number with as many digits as a reader wants: four that count.
pub(crate) fn short(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    let decimals = (3 - x.abs().log10().floor() as i32).clamp(0, 12);
    let text = format!("{x:.*}", decimals as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn four_digits() {
        let all = [0.0, 1234.56, 12.3456, 0.00012346, -2.5, 100.0, 1e9].map(short);
        assert_eq!(all, ["0", "1235", "12.35", "0.0001235", "-2.5", "100", "1000000000"]);
    }
}
