//! What a simple cell applies to its sum.

use super::setting::finite;
use elman_autograd::{Error, Var};
use elman_tensor::Real;
use std::f64::consts::FRAC_2_PI;

/// A function of one number, applied to each sum of a cell.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Activation, Elman, Stream};
///
/// let (cell, params) = Params::<f32>::init(1, |p| {
///     Elman::with(p.scope("cell"), 2, 8, Activation::LeakyRelu(0.01))
/// })?;
/// assert_eq!(Stream::new(&params, cell).push(&[0.5, -1.0])?.len(), 8);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Activation {
    /// The hyperbolic tangent.
    Tanh,
    /// max(z, 0), and 0 where |z| is [flushed to zero](Var::flush_to_zero).
    Relu,
    /// z itself: the cell is linear.
    Identity,
    /// σ(z) = 1 / (1 + e⁻ᶻ).
    Sigmoid,
    /// ln(1 + eᶻ).
    Softplus,
    /// z / (1 + |z|) (Bergstra et al. 2009).
    Softsign,
    /// z above 0, so many times z below (Maas, Hannun and Ng 2013).
    LeakyRelu(f64),
    /// z above 0, so many times eᶻ − 1 below (Clevert, Unterthiner and Hochreiter 2016).
    Elu(f64),
    /// z ∘ σ(z) (Elfwing, Uchibe and Doya 2018).
    Silu,
    /// z / 2 · (1 + tanh(√(2/π) (z + 0.044715 z³))), the fast form of the Gaussian error linear
    /// unit (Hendrycks and Gimpel 2016).
    Gelu,
}

impl Activation {
    /// This activation, if there can be one.
    pub(super) fn checked(self) -> Result<Self, Error> {
        if let Activation::LeakyRelu(factor) | Activation::Elu(factor) = self {
            finite("the factor of an activation", factor)?;
        }
        Ok(self)
    }

    /// The function of each element.
    #[track_caller]
    pub fn of<'g, T: Real>(self, z: Var<'g, T>) -> Var<'g, T> {
        match self {
            Activation::Tanh => z.tanh(),
            // The kernel decides the slope by the output, which is flushed.
            Activation::Relu => z.flush_to_zero().relu(),
            Activation::Identity => z,
            Activation::Sigmoid => z.sigmoid(),
            Activation::Softplus => z.softplus(),
            Activation::Softsign => z / (1.0 + z.abs()),
            Activation::LeakyRelu(slope) => z.relu() - slope * (-z).relu(),
            // Only what lies below 0 is put into the exponential, so that it cannot overflow.
            Activation::Elu(scale) => z.relu() + scale * ((-(-z).relu()).exp() - 1.0),
            Activation::Silu => z * z.sigmoid(),
            Activation::Gelu => {
                let inner = FRAC_2_PI.sqrt() * (z + 0.044715 * (z * z.square()));
                0.5 * z * (1.0 + inner.tanh())
            }
        }
    }
}
