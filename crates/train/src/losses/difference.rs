//! Losses of the difference of a prediction and its target.

use super::pointwise::{Each, Pointwise};
use super::weighted::Weighted;
use elman_autograd::laws::{Draw, Sample};
use elman_autograd::{Misfit, Var};
use elman_tensor::{Real, Tensor};
use std::panic::Location;

/// The mean squared error: `mean (p − t)²` over all elements. `p` and `t: [..]`, result `[]`.
///
/// Shapes that differ are a misfit, nothing is broadcast; so is a mean of no elements.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::mse;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = |shape: [usize; 2]| {
///     Tape::new().evaluate(&none, |g| mse(g.constant(shape, 3.0), g.zeros([4, 1])).item())
/// };
/// assert_eq!(loss([4, 1])?, 9.0);
/// assert!(loss([1, 4]).is_err()); // not a mean over 16 pairs
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn mse<'g, T: Real>(
    prediction: Var<'g, T>,
    target: impl Into<Weighted<'g, T, Var<'g, T>>>,
) -> Var<'g, T> {
    let target = target.into();
    target.mean(Each(Squared), &[prediction, target.target], Location::caller())
}

/// The mean absolute error: `mean |p − t|` over all elements. `p` and `t: [..]`, result `[]`.
///
/// Where both are equal the slope is 0. Shapes that differ are a misfit, nothing is broadcast; so
/// is a mean of no elements.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_tensor::Tensor;
/// use elman_train::mae;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let p = Tensor::new([3], vec![1.0, -1.0, 10.0])?;
/// let loss = Tape::new().evaluate(&none, |g| mae(g.input(&p), g.zeros([3])).item())?;
/// assert_eq!(loss, 4.0); // the far one counts as far, not as far²
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn mae<'g, T: Real>(
    prediction: Var<'g, T>,
    target: impl Into<Weighted<'g, T, Var<'g, T>>>,
) -> Var<'g, T> {
    let target = target.into();
    target.mean(Each(Absolute), &[prediction, target.target], Location::caller())
}

/// The loss of Huber (1964): with `d = p − t`, the mean over all elements of `d² / 2` where
/// `|d| ≤ delta`, and of `delta (|d| − delta / 2)` beyond. `p` and `t: [..]`, result `[]`.
///
/// Shapes that differ are a misfit, nothing is broadcast; so are a mean of no elements and a
/// `delta` that is not a finite number above 0.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::huber;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = |d: f64| {
///     Tape::new().evaluate(&none, |g| huber(g.constant([1], d), g.zeros([1]), 1.0).item())
/// };
/// assert_eq!(loss(0.5)?, 0.125); // d² / 2
/// assert_eq!(loss(3.0)?, 2.5); // |d| − ½
/// assert_eq!(loss(-4.0)? - loss(-3.0)?, 1.0); // a straight line
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn huber<'g, T: Real>(
    prediction: Var<'g, T>,
    target: impl Into<Weighted<'g, T, Var<'g, T>>>,
    delta: f64,
) -> Var<'g, T> {
    let target = target.into();
    target.mean(Each(Huber(delta)), &[prediction, target.target], Location::caller())
}

/// A function of d = p − t.
trait Difference: Send + Sync + 'static {
    /// The name, for errors.
    const NAME: &'static str;
    /// Whether the settings make sense.
    fn valid(&self) -> Result<(), Misfit> {
        Ok(())
    }
    /// f(d).
    fn value<T: Real>(&self, d: T) -> T;
    /// f′(d).
    fn slope<T: Real>(&self, d: T) -> T;
}

impl<F: Difference> Pointwise<2> for F {
    const NAME: &'static str = F::NAME;
    fn valid(&self) -> Result<(), Misfit> {
        self.valid()
    }
    #[inline(always)]
    fn value<T: Real>(&self, [p, t]: [T; 2]) -> T {
        self.value(p - t)
    }
    #[inline(always)]
    fn slope<T: Real>(&self, operand: usize, [p, t]: [T; 2]) -> T {
        let slope = self.slope(p - t);
        if operand == 0 { slope } else { -slope }
    }
}

/// f(d) = d².
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Squared;

impl Difference for Squared {
    const NAME: &'static str = "mse";
    #[inline(always)]
    fn value<T: Real>(&self, d: T) -> T {
        d * d
    }
    #[inline(always)]
    fn slope<T: Real>(&self, d: T) -> T {
        d + d
    }
}

/// f(d) = |d|.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Absolute;

impl Difference for Absolute {
    const NAME: &'static str = "mae";
    #[inline(always)]
    fn value<T: Real>(&self, d: T) -> T {
        d.abs()
    }
    #[inline(always)]
    fn slope<T: Real>(&self, d: T) -> T {
        if d > T::ZERO {
            T::ONE
        } else if d < T::ZERO {
            -T::ONE
        } else {
            T::ZERO
        }
    }
}

/// f(d) = d² / 2 up to delta, a straight line beyond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Huber(pub(crate) f64);

impl Difference for Huber {
    const NAME: &'static str = "huber";
    fn valid(&self) -> Result<(), Misfit> {
        let Huber(delta) = *self;
        if delta > 0.0 && delta.is_finite() {
            return Ok(());
        }
        Err(Misfit::new(format!("delta must be finite and more than 0, got {delta}")))
    }
    #[inline(always)]
    fn value<T: Real>(&self, d: T) -> T {
        let (delta, half) = (T::from_f64(self.0), T::from_f64(0.5));
        if d.abs() > delta { delta * (d.abs() - half * delta) } else { half * d * d }
    }
    #[inline(always)]
    fn slope<T: Real>(&self, d: T) -> T {
        let delta = T::from_f64(self.0);
        if d > delta {
            delta
        } else if d < -delta {
            -delta
        } else {
            d
        }
    }
}

/// Two operands of equal shapes.
fn pair(draw: &mut Draw) -> Vec<Tensor<f64>> {
    let shape = [draw.size(0), draw.size(1)];
    vec![draw.normal(&shape), draw.normal(&shape)]
}

impl Sample for Each<Squared, 2> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (Each(Squared), pair(draw))
    }
}

impl Sample for Each<Absolute, 2> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (Each(Absolute), pair(draw))
    }
}

impl Sample for Each<Huber, 2> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (Each(Huber(draw.number(0.3, 1.5))), pair(draw))
    }
}
