//! Targets of which some count more than others, or not at all.

use super::mean::{Losses, MOST, Mean};
use elman_autograd::{Ids, Var};
use elman_tensor::Real;
use std::panic::Location;

/// A target with a weight for each of its rows, or elements: made by [`weighted`], [`masked`] or
/// [`ignoring`].
///
/// Every loss takes one in place of a plain target, and is then Σ w ℓ / Σ w. Weights are numbers
/// that are not negative; where there are none they are 1. What has the weight 0 is not looked
/// at: neither NaN in a prediction nor in a target reaches the loss or a gradient. Where
/// everything has the weight 0, or there is nothing, the loss is 0 and so is the gradient, because
/// what counts changes from batch to batch.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_tensor::Tensor;
/// use elman_train::{masked, mse, weighted};
///
/// let ((), params) = Params::<f64>::init(0, |_| Ok(()))?;
/// let p = Tensor::new([3, 1], vec![1.0, 2.0, f64::NAN])?; // three rows, the last one is padding
/// let t = Tensor::new([3, 1], vec![0.0, 0.0, f64::NAN])?;
/// let w = Tensor::new([3], vec![3.0, 1.0, 1.0])?;
/// let losses = Tape::new().evaluate(&params, |g| {
///     let (p, t, w, inside) = (g.input(&p), g.input(&t), g.input(&w), g.ids(&[1, 1, 0]));
///     [mse(p, masked(t, inside)).item(), mse(p, weighted(t, w).masked(inside)).item()]
/// })?;
/// assert_eq!(losses, [2.5, 1.75]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Weighted<'g, T: Real, Y> {
    pub(crate) target: Y,
    weights: Option<Var<'g, T>>,
    pub(crate) inside: Option<Ids<'g, T>>,
}

/// A target, and how much each of its rows or elements counts.
///
/// For losses of elements `[.., n]`, the weights are `[..]` or `[.., 1]`, one for a row of `n`, or
/// `[.., n]`. For losses of rows (the cross-entropy, [`ctc`](crate::ctc)), they are one for a row.
/// Weights may be learned: a gradient flows into those that are not 0.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_tensor::Tensor;
/// use elman_train::{mae, weighted};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let (p, w) = (Tensor::new([2], vec![1.0, 5.0])?, Tensor::new([2], vec![3.0, 1.0])?);
/// let loss = Tape::new().evaluate(&none, |g| {
///     mae(g.input(&p), weighted(g.zeros([2]), g.input(&w))).item()
/// })?;
/// assert_eq!(loss, 2.0); // (3 · 1 + 1 · 5) / 4
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub fn weighted<'g, T: Real, Y>(target: Y, weights: Var<'g, T>) -> Weighted<'g, T, Y> {
    Weighted::from(target).weighted(weights)
}

/// A target, and whether each of its rows or elements counts: a flag for each, not 0 where it does.
///
/// Flags of steps and rows, `[time × batch]`, are what lengths make of a sequence (`Seq::inside` of
/// `elman-rnn`); `None` lets everything count.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_tensor::Tensor;
/// use elman_train::{mae, masked};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let p = Tensor::new([3], vec![1.0, 5.0, f64::NAN])?;
/// let loss = Tape::new().evaluate(&none, |g| {
///     mae(g.input(&p), masked(g.zeros([3]), g.ids(&[1, 1, 0]))).item()
/// })?;
/// assert_eq!(loss, 3.0); // (1 + 5) / 2
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn masked<'g, T: Real, Y>(
    target: Y,
    inside: impl Into<Option<Ids<'g, T>>>,
) -> Weighted<'g, T, Y> {
    Weighted::from(target).masked(inside)
}

/// Class ids of which one value does not count: padding, positions without a target.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::{cross_entropy_smoothed, ignoring};
///
/// // The second of three rows is padding.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = Tape::new().evaluate(&none, |g| {
///     cross_entropy_smoothed(g.zeros([3, 10]), ignoring(g.ids(&[3, 0, 7]), 0), 0.1).item()
/// })?;
/// assert!((loss - 10.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn ignoring<'g, T: Real>(ids: Ids<'g, T>, ignored: u32) -> Weighted<'g, T, Ids<'g, T>> {
    masked(ids, ids.map(|_, id| u32::from(id != ignored)))
}

impl<T: Real, Y> From<Y> for Weighted<'_, T, Y> {
    /// Everything counts alike.
    fn from(target: Y) -> Self {
        Weighted { target, weights: None, inside: None }
    }
}

impl<'g, T: Real, Y> Weighted<'g, T, Y> {
    /// The same target with these weights, see [`weighted`].
    #[must_use]
    pub fn weighted(self, weights: Var<'g, T>) -> Self {
        Weighted { weights: Some(weights), ..self }
    }

    /// The same target with a mask, or with another one beside its own: what lies in both counts.
    /// See [`masked`].
    #[track_caller]
    #[must_use]
    pub fn masked(self, inside: impl Into<Option<Ids<'g, T>>>) -> Self {
        Weighted { inside: both(self.inside, inside.into()), ..self }
    }

    /// The mean of losses of some operands, by these weights.
    pub(crate) fn mean<L: Losses>(
        self,
        losses: L,
        x: &[Var<'g, T>],
        line: &'static Location<'static>,
    ) -> Var<'g, T> {
        let g = x[0].graph();
        let inside = self.inside.map(|inside| inside.range_in(g, L::NAME, line));
        let mean = Mean { losses, inside };
        match self.weights {
            None => g.apply_any(mean, x, line),
            Some(weights) => {
                let mut all = [weights; MOST + 1];
                all[..x.len()].copy_from_slice(x);
                g.apply_any(mean, &all[..=x.len()], line)
            }
        }
    }
}

/// The intersection of two masks.
#[track_caller]
fn both<'g, T: Real>(a: Option<Ids<'g, T>>, b: Option<Ids<'g, T>>) -> Option<Ids<'g, T>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.map2(b, |a, b| u32::from(a != 0 && b != 0))),
        (a, b) => a.or(b),
    }
}
