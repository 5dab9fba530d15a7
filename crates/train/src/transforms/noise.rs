//! Gradients with noise.

use crate::error::{Error, Settings};
use crate::layout::Layout;
use crate::transform::{Now, Transform};
use elman_tensor::{Random, Real, hash};

/// Gaussian noise that becomes less (Neelakantan et al. 2015), made by [`noise`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    eta: f64,
    gamma: f64,
    seed: u64,
}

/// Gaussian noise: `u = g + σ n` with `σ² = eta / (1 + step)^γ` and `n` from the standard normal
/// distribution.
///
/// γ = 0.55 if nothing else is said, as in the paper, which has 0.01, 0.3 or 1 for eta. What a
/// weight gets depends on the seed, its path and the step only: a run that is repeated or restored
/// meets the same noise, and so do two noises of one seed in one chain. Numbers are drawn in f64,
/// then rounded.
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, noise};
///
/// // 10 000 weights without a gradient: what they get has σ = √0.04, the same in each run.
/// let run = || -> Result<Vec<f64>, elman_train::Error> {
///     let (w, mut params) = Params::init(0, |p| p.weight("w", [10_000], Init::Zeros))?;
///     let mut trainer = Trainer::new(noise(0.04));
///     trainer.step(&mut params, |g| 0.0 * g.param(w).sum())?;
///     Ok(trainer.update().to_vec())
/// };
/// let update = run()?;
/// assert_eq!(update, run()?);
/// let variance = update.iter().map(|u| u * u).sum::<f64>() / 10_000.0;
/// assert!((variance - 0.04).abs() < 0.004);
/// # Ok::<(), elman_train::Error>(())
/// ```
pub fn noise(eta: f64) -> Noise {
    Noise { eta, gamma: 0.55, seed: 0 }
}

impl Noise {
    /// How fast the noise becomes less: 0 or more, where 0 is never.
    #[must_use]
    pub fn gamma(self, gamma: f64) -> Self {
        Noise { gamma, ..self }
    }

    /// Other noise; 0 if nothing else is said.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Noise { seed, ..self }
    }
}

impl Transform for Noise {
    fn check(&self, _: Layout<'_>) -> Result<(), Error> {
        Settings("noise").rate("eta", self.eta)?.rate("gamma", self.gamma).map(drop)
    }

    fn apply<T: Real>(&self, now: Now<'_, T>, _: &mut [T], update: &mut [T]) {
        let std = (self.eta / libm::pow(1.0 + now.step as f64, self.gamma)).sqrt();
        for (path, range) in now.layout.iter() {
            let mut random = Random::keyed(self.seed, hash(path), now.step, hash("noise"));
            for g in &mut update[range] {
                *g += T::from_f64(std * random.normal());
            }
        }
    }
}
