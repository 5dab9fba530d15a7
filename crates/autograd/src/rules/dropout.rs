//! Random masks.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_tensor::{Random, Real, Shape, Tensor, View, ViewMut};

/// `y = m ∘ x` where each element of the mask is 0 with probability `rate`, else 1 / (1 − rate)
/// (Srivastava et al. 2014).
///
/// The mask is a function of its keys alone, so a pass that is computed again draws it again.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let drop = |step| {
///     let dropout = rules::Dropout { rate: 0.75, keys: [7, 1, step, 0], over_time: false };
///     Tape::new().evaluate(&none, |g| g.apply(dropout, [g.constant([100], 1.0)]).tensor())
/// };
/// assert!(drop(0)?.values().iter().all(|y| [0.0, 4.0].contains(y))); // 1 / (1 − ¾)
/// assert_eq!(drop(0)?, drop(0)?);
/// assert_ne!(drop(0)?, drop(1)?);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The probability of 0, in `[0, 1)`.
    pub rate: f64,
    /// Seed, layer, training step and time step.
    pub keys: [u64; 4],
    /// Whether the items along the outermost axis are time steps: each then has the mask of its
    /// own, the first one that of the keys.
    pub over_time: bool,
}

/// A rate is a probability, and not 1.
pub(super) fn probability(rate: f64) -> Result<(), Misfit> {
    if (0.0..1.0).contains(&rate) {
        return Ok(());
    }
    Err(Misfit::new(format!("the rate must be at least 0 and below 1, got {rate}")))
}

/// Writes `yes` with probability `rate`, else `no`.
pub(super) fn draw<T: Real>(
    rate: f64,
    [seed, layer, step, time]: [u64; 4],
    mask: &mut [T],
    [yes, no]: [f64; 2],
) {
    let mut random = Random::keyed(seed, layer, step, time);
    let [yes, no] = [yes, no].map(T::from_f64);
    mask.iter_mut().for_each(|m| *m = if random.bernoulli(rate) { yes } else { no });
}

impl<T: Real> Rule<T, 1> for Dropout {
    const NAME: &'static str = "dropout";

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        probability(self.rate)?;
        if self.over_time && x.rank() == 0 {
            return Err(Misfit::new("wanted an axis of time"));
        }
        Ok(x)
    }

    /// The mask, scaled.
    fn kept(&self, [x]: [Shape; 1]) -> usize {
        x.len()
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let [seed, layer, step, time] = self.keys;
        let item = if self.over_time { x.shape().tail().len() } else { x.shape().len() };
        for (t, mask) in side.kept.chunks_mut(item.max(1)).enumerate() {
            let keys = [seed, layer, step, time.wrapping_add(t as u64)];
            draw(self.rate, keys, mask, [0.0, 1.0 / (1.0 - self.rate)]);
        }
        let values = y.values_mut().iter_mut().zip(x.values());
        values.zip(side.kept).for_each(|((y, &x), mask)| *y = *mask * x);
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
        let (rate, over_time) = (draw.number(0.0, 0.9), draw.pick(2) == 0);
        let x = draw.normal(&[draw.size(0), draw.size(1)]);
        (Dropout { rate, keys, over_time }, vec![x])
    }
}
