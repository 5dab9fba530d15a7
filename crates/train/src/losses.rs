//! Losses: functions from `Var`s to one number.

mod cross_entropy;
mod difference;

pub use cross_entropy::{cross_entropy, cross_entropy_ignoring};
pub use difference::{huber, mae, mse};

#[cfg(test)]
mod table {
    use super::cross_entropy::CrossEntropy;
    use super::difference::{Absolute, Huber, MeanOf, Squared};

    type Mse = MeanOf<Squared>;
    type Mae = MeanOf<Absolute>;
    type HuberLoss = MeanOf<Huber>;

    elman_autograd::prove! {
        mse: Mse[2],
        mae: Mae[2],
        huber: HuberLoss[2],
        cross_entropy: CrossEntropy[1],
    }
}
