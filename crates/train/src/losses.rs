//! Losses: functions from `Var`s to one number.

mod binary;
mod cross_entropy;
mod ctc;
mod difference;
mod gaussian;
mod lattice;
mod mean;
mod pinball;
mod pointwise;
mod poisson;
mod weighted;

pub use binary::{binary_cross_entropy, binary_cross_entropy_balanced};
pub use cross_entropy::{cross_entropy, cross_entropy_ignoring, cross_entropy_smoothed};
pub use ctc::{Ctc, ctc};
pub use difference::{huber, mae, mse};
pub use gaussian::gaussian_nll;
pub(crate) use lattice::log_add;
pub use pinball::pinball;
pub use poisson::poisson_nll;
pub use weighted::{Weighted, ignoring, masked, weighted};

#[cfg(test)]
mod table {
    use super::binary::Binary;
    use super::cross_entropy::CrossEntropy;
    use super::ctc::Rows;
    use super::difference::{Absolute, Huber, Squared};
    use super::gaussian::Gaussian;
    use super::mean::Mean;
    use super::pinball::Pinball;
    use super::pointwise::Each;
    use super::poisson::Poisson;

    type Mse = Mean<Each<Squared, 2>>;
    type Mae = Mean<Each<Absolute, 2>>;
    type HuberLoss = Mean<Each<Huber, 2>>;
    type GaussianNll = Mean<Each<Gaussian, 3>>;
    type PoissonNll = Mean<Each<Poisson, 2>>;
    type BinaryCrossEntropy = Mean<Each<Binary, 2>>;
    type Quantiles = Mean<Pinball<3>>;
    type Classes = Mean<CrossEntropy>;
    type Alignments = Mean<Rows>;

    elman_autograd::prove! {
        mse: any Mse,
        mae: any Mae,
        huber: any HuberLoss,
        gaussian_nll: any GaussianNll,
        poisson_nll: any PoissonNll,
        binary_cross_entropy: any BinaryCrossEntropy,
        pinball: any Quantiles,
        cross_entropy: any Classes,
        ctc: any Alignments,
    }
}
