//! Quantiles.

use super::mean::{Losses, MOST, Weighed, add};
use super::pointwise::weigh;
use super::weighted::Weighted;
use elman_autograd::laws::{Draw, Sample};
use elman_autograd::{Misfit, Side, Var};
use elman_kernels::sum;
use elman_tensor::{Real, Shape, Tensor, View};
use std::panic::Location;

/// The pinball loss, least at the quantiles of these levels (Koenker & Bassett 1978): with
/// `u = t − p`, the mean over all elements of `level · u` where `u ≥ 0`, and of `(level − 1) · u`
/// below. `p: [.., Q]`, a column for each of the `Q` levels, `t: [.., 1]`, result `[]`.
///
/// Where prediction and target are equal the slope is 0. Other shapes are a misfit, so are a mean
/// of no elements and a level that is not between 0 and 1.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::pinball;
///
/// // Of a quantile of 90 %, ten too low costs nine times as much as ten too high.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = |t: f64| {
///     Tape::new().evaluate(&none, |g| {
///         pinball(g.zeros([1, 1]), g.constant([1, 1], t), [0.9]).item()
///     })
/// };
/// assert!((loss(10.0)? - 9.0).abs() < 1e-12);
/// assert!((loss(-10.0)? - 1.0).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn pinball<'g, T: Real, const Q: usize>(
    prediction: Var<'g, T>,
    target: impl Into<Weighted<'g, T, Var<'g, T>>>,
    levels: [f64; Q],
) -> Var<'g, T> {
    let target = target.into();
    target.mean(Pinball(levels), &[prediction, target.target], Location::caller())
}

/// ℓ = level u where u ≥ 0, else (level − 1) u, with u = t − p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pinball<const Q: usize>([f64; Q]);

impl<const Q: usize> Pinball<Q> {
    /// w ← w f(level, t − p)
    fn each<T: Real>(&self, [p, t, _]: [View<'_, T>; MOST], w: &mut [T], f: impl Fn(T, T) -> T) {
        let rows = w.chunks_exact_mut(Q.max(1)).zip(p.values().chunks_exact(Q.max(1)));
        for ((w, p), &t) in rows.zip(t.values()) {
            for ((w, &p), level) in w.iter_mut().zip(p).zip(self.0) {
                *w = weigh(*w, f(T::from_f64(level), t - p));
            }
        }
    }
}

impl<const Q: usize> Losses for Pinball<Q> {
    const NAME: &'static str = "pinball";
    const OPERANDS: usize = 2;

    fn shape(&self, [p, t, _]: [Shape; MOST]) -> Result<Shape, Misfit> {
        if let Some(level) = self.0.iter().find(|&&level| !(level > 0.0 && level < 1.0)) {
            return Err(Misfit::new(format!("a level must be between 0 and 1, got {level}")));
        }
        if p.rank() == 0 || p.last() != Q || t != p.with_last(1) {
            let reason = format!("wanted a prediction [.., {Q}] and a target [.., 1]");
            return Err(Misfit::new(reason));
        }
        Ok(p)
    }

    fn forward<T: Real>(&self, x: [View<'_, T>; MOST], w: &mut [T], _: Side<'_, T>) {
        self.each(x, w, |level, u| if u < T::ZERO { (level - T::ONE) * u } else { level * u });
    }

    /// ∂ℓ/∂p = 1 − level where p > t, −level where p < t;  ∂ℓ/∂t = −∂ℓ/∂p
    fn adjoint<T: Real>(&self, operand: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]) {
        let Weighed { x, w, .. } = at;
        self.each(x, w, |level, u| {
            if u > T::ZERO {
                -level
            } else if u < T::ZERO {
                T::ONE - level
            } else {
                T::ZERO
            }
        });
        if operand == 0 {
            add(dx, c, w);
        } else {
            let rows = w.chunks_exact(Q.max(1));
            dx.iter_mut().zip(rows).for_each(|(dx, slopes)| *dx += -c * sum(slopes));
        }
    }
}

impl Sample for Pinball<3> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let levels = [0.1, 0.5, draw.number(0.6, 0.99)];
        let (time, batch) = (draw.size(0), draw.size(1));
        (Pinball(levels), vec![draw.normal(&[time, batch, 3]), draw.normal(&[time, batch, 1])])
    }
}
