//! Elements that stay as they were.

use super::dropout::{draw, probability};
use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// `y = m ∘ old + (1 − m) ∘ new` where each element of the mask is 1 with probability `rate`,
/// else 0 (Krueger et al. 2017). The element that is not taken does not matter, NaN included.
///
/// The mask is a function of its keys alone, so a pass that is computed again draws it again.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let y = Tape::new().evaluate(&none, |g| {
///     let (new, old) = (g.constant([1000], 1.0), g.zeros([1000]));
///     g.apply(rules::Zoneout { rate: 0.25, keys: [7, 1, 0, 0] }, [new, old]).tensor()
/// })?;
/// let new = y.values().iter().sum::<f64>(); // three quarters, about
/// assert!((700.0..800.0).contains(&new));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoneout {
    /// The probability that an element stays as it was, in `[0, 1)`.
    pub rate: f64,
    /// Seed, layer, training step and time step.
    pub keys: [u64; 4],
}

impl<T: Real> Rule<T, 2> for Zoneout {
    const NAME: &'static str = "zoneout";

    fn shape(&self, [new, old]: [Shape; 2]) -> Result<Shape, Misfit> {
        probability(self.rate)?;
        if new != old {
            return Err(Misfit::new("wanted a new and an old state of equal shapes"));
        }
        Ok(new)
    }

    /// The mask.
    fn kept(&self, [new, _]: [Shape; 2]) -> usize {
        new.len()
    }

    fn forward(&self, [new, old]: [View<'_, T>; 2], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        draw(self.rate, self.keys, side.kept, [1.0, 0.0]);
        let values = y.values_mut().iter_mut().zip(new.values()).zip(old.values());
        for (((y, &new), &old), &stays) in values.zip(&*side.kept) {
            *y = if stays == T::ONE { old } else { new };
        }
    }

    fn adjoint(&self, at: At<'_, T, 2>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        for (operand, stays) in [(0, T::ZERO), (1, T::ONE)] {
            if let Some(mut target) = d.of(operand) {
                let values = target.values_mut().iter_mut().zip(dy.values());
                for ((target, &dy), _) in values.zip(&*at.side.kept).filter(|(_, m)| **m == stays) {
                    *target += dy;
                }
            }
        }
    }
}

impl Sample for Zoneout {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let keys = [draw.pick(9) as u64, 1, 2, 3];
        let shape = [draw.size(0), draw.size(1)];
        let rule = Zoneout { rate: draw.number(0.0, 0.9), keys };
        (rule, vec![draw.normal(&shape), draw.normal(&shape)])
    }
}
