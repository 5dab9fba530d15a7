//! Decoding: from what a network says about each step to sequences of symbols.

mod alignment;
mod beam;
mod sampler;

pub use alignment::{ctc_beam, ctc_greedy};
pub use beam::{Beam, Hypothesis};
pub use sampler::Sampler;

use elman_kernels::log_sum_exp;
use elman_tensor::Real;

/// Replaces log probabilities by ln softmax(logits / temperature), in f64.
///
/// NaN counts as −∞. Where logits are +∞, they alone are possible, each alike; where all are −∞,
/// nothing is.
fn log_softmax<T: Real>(logits: &[T], temperature: f64, log_p: &mut Vec<f64>) {
    let clean = |x: &T| if x.to_f64().is_nan() { f64::NEG_INFINITY } else { x.to_f64() };
    let max = logits.iter().map(clean).fold(f64::NEG_INFINITY, f64::max);
    let less = |x| if x == max { 0.0 } else { (x - max) / temperature };
    log_p.clear();
    log_p
        .extend(logits.iter().map(clean).map(|x| if x == f64::NEG_INFINITY { x } else { less(x) }));
    let all = log_sum_exp(log_p);
    if all.is_finite() {
        log_p.iter_mut().for_each(|x| *x -= all);
    }
}
