//! Density of a normal distribution.

use super::pointwise::{Each, Pointwise, product};
use super::weighted::Weighted;
use elman_autograd::Var;
use elman_autograd::laws::{Draw, Sample};
use elman_tensor::{Real, Tensor};
use std::f64::consts::TAU;
use std::panic::Location;

/// The negative log-likelihood of a normal distribution (Nix & Weigend 1994), in nats: the mean
/// over all elements of `(ln 2π + s + (t − μ)² e⁻ˢ) / 2`, with the mean μ and s = ln σ² as they are
/// predicted. `μ`, `s` and `t: [..]`, result `[]`.
///
/// A network may give any number for the logarithm of a variance; a variance would have to be kept
/// above 0, and loses its digits near it. The constant is in, so losses of different models are
/// comparable; those of a density may be negative. PyTorch's leaves the constant out.
///
/// Shapes that differ are a misfit, nothing is broadcast; so is a mean of no elements.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::gaussian_nll;
///
/// // Off by 2: a variance of 4, which expects as much, costs less than one of 1.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = |variance: f64| {
///     Tape::new().evaluate(&none, |g| {
///         gaussian_nll(g.zeros([1]), g.constant([1], variance.ln()), g.constant([1], 2.0)).item()
///     })
/// };
/// assert!((loss(1.0)? - loss(4.0)? - (4.0 - 4.0_f64.ln() - 1.0) / 2.0).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn gaussian_nll<'g, T: Real>(
    mean: Var<'g, T>,
    log_variance: Var<'g, T>,
    target: impl Into<Weighted<'g, T, Var<'g, T>>>,
) -> Var<'g, T> {
    let target = target.into();
    target.mean(Each(Gaussian), &[mean, log_variance, target.target], Location::caller())
}

/// f(μ, s, t) = (ln 2π + s + z²) / 2 with z = (t − μ) / σ and 1 / σ = e^(−s / 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gaussian;

/// 1 / σ and z. Only the root of e⁻ˢ is taken, so that z² overflows where it is too large itself.
#[inline(always)]
fn standard<T: Real>([mean, s, t]: [T; 3]) -> [T; 2] {
    let precision = (T::from_f64(-0.5) * s).exp();
    [precision, product(t - mean, precision)]
}

impl Pointwise<3> for Gaussian {
    const NAME: &'static str = "gaussian_nll";

    #[inline(always)]
    fn value<T: Real>(&self, x: [T; 3]) -> T {
        let [_, z] = standard(x);
        let square = z * z;
        if square.to_f64() == f64::INFINITY {
            // It outgrows s = −∞, of no variance at all.
            return square;
        }
        T::from_f64(0.5) * (T::from_f64(TAU).ln() + x[1] + square)
    }

    /// ∂f/∂μ = −z / σ,  ∂f/∂s = (1 − z²) / 2,  ∂f/∂t = z / σ
    #[inline(always)]
    fn slope<T: Real>(&self, operand: usize, x: [T; 3]) -> T {
        let [precision, z] = standard(x);
        match operand {
            0 => -product(z, precision),
            1 => T::from_f64(0.5) * (T::ONE - z * z),
            _ => product(z, precision),
        }
    }
}

impl Sample for Each<Gaussian, 3> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let shape = [draw.size(0), draw.size(1)];
        (Each(Gaussian), (0..3).map(|_| draw.normal(&shape)).collect())
    }
}
