//! Random masks.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_tensor::{Random, Real, Shape, Tensor, View, ViewMut};

/// y = m ∘ x / (1 − rate), where each element of m is 0 with probability `rate`, else 1
/// (Srivastava et al. 2014).
///
/// The mask is a function of the four keys alone, so a recomputed pass draws it again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The probability of 0, in `[0, 1)`.
    pub rate: f64,
    /// Seed, layer, training step and time step.
    pub keys: [u64; 4],
}

impl<T: Real> Rule<T, 1> for Dropout {
    const NAME: &'static str = "dropout";

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        if (0.0..1.0).contains(&self.rate) {
            Ok(x)
        } else {
            Err(Misfit::new(format!("the rate must be at least 0 and below 1, got {}", self.rate)))
        }
    }

    /// The mask, scaled.
    fn kept(&self, [x]: [Shape; 1]) -> usize {
        x.len()
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let [seed, layer, step, time] = self.keys;
        let mut random = Random::keyed(seed, layer, step, time);
        let scale = T::from_f64(1.0 / (1.0 - self.rate));
        for ((y, &x), mask) in y.values_mut().iter_mut().zip(x.values()).zip(side.kept) {
            *mask = if random.bernoulli(self.rate) { T::ZERO } else { scale };
            *y = *mask * x;
        }
    }

    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        if let Some(mut dx) = d.of(0) {
            let values = dx.values_mut().iter_mut().zip(dy.values());
            values.zip(at.side.kept).for_each(|((dx, &dy), mask)| *dx += *mask * dy);
        }
    }
}

impl Sample for Dropout {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let keys = [draw.pick(9) as u64, 1, 2, 3];
        (
            Dropout { rate: draw.number(0.0, 0.9), keys },
            vec![draw.normal(&[draw.size(0), draw.size(1)])],
        )
    }
}
