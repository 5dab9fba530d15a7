//! Losses of the difference of a prediction and its target.

use elman_autograd::laws::{Draw, Sample};
use elman_autograd::{At, Misfit, Partials, Rule, Side, Var};
use elman_kernels::{fit, map2, sum_by, update};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// The mean squared error: `mean (p − t)²` over all elements. `p` and `t: [..]`, result `[]`.
///
/// Shapes that differ are a misfit, nothing is broadcast; so is a mean of no elements.
#[track_caller]
pub fn mse<'g, T: Real>(prediction: Var<'g, T>, target: Var<'g, T>) -> Var<'g, T> {
    prediction.graph().apply(MeanOf(Squared), [prediction, target])
}

/// The mean absolute error: `mean |p − t|` over all elements. `p` and `t: [..]`, result `[]`.
///
/// Where both are equal the slope is 0. Shapes that differ are a misfit, nothing is broadcast; so
/// is a mean of no elements.
#[track_caller]
pub fn mae<'g, T: Real>(prediction: Var<'g, T>, target: Var<'g, T>) -> Var<'g, T> {
    prediction.graph().apply(MeanOf(Absolute), [prediction, target])
}

/// The loss of Huber (1964): with `d = p − t`, the mean over all elements of `d² / 2` where
/// `|d| ≤ delta`, and of `delta (|d| − delta / 2)` beyond. `p` and `t: [..]`, result `[]`.
///
/// Shapes that differ are a misfit, nothing is broadcast; so are a mean of no elements and a
/// `delta` that is not a finite number above 0.
#[track_caller]
pub fn huber<'g, T: Real>(prediction: Var<'g, T>, target: Var<'g, T>, delta: f64) -> Var<'g, T> {
    prediction.graph().apply(MeanOf(Huber(delta)), [prediction, target])
}

/// A function of d = p − t.
pub(crate) trait Difference: Send + Sync + 'static {
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

/// y = Σ f(p − t) / n over all n elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MeanOf<F>(pub(crate) F);

impl<T: Real, F: Difference> Rule<T, 2> for MeanOf<F> {
    const NAME: &'static str = F::NAME;

    fn shape(&self, [p, t]: [Shape; 2]) -> Result<Shape, Misfit> {
        self.0.valid()?;
        if p != t {
            return Err(Misfit::new("wanted a prediction and a target of equal shapes"));
        }
        if p.is_empty() {
            return Err(Misfit::new("there are no elements to average over"));
        }
        Ok(Shape::SCALAR)
    }

    /// The differences.
    fn kept(&self, [p, _]: [Shape; 2]) -> usize {
        p.len()
    }

    /// y = Σ f(d) / n
    fn forward(&self, [p, t]: [View<'_, T>; 2], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let (d, n) = (side.kept, T::from_f64(p.shape().len() as f64));
        fit(map2(p.values(), t.values(), d, |p, t| p - t));
        y.values_mut().fill(sum_by(d, |d| self.0.value(d)) / n);
    }

    /// dp = dy f′(d) / n,  dt = −dp
    fn adjoint(&self, at: At<'_, T, 2>, dy: View<'_, T>, partials: &mut Partials<'_, T>) {
        let (d, n) = (at.side.kept, T::from_f64(at.x[0].shape().len() as f64));
        let &[dy] = dy.values() else { return };
        for (operand, c) in [(0, dy / n), (1, -dy / n)] {
            if let Some(mut target) = partials.of(operand) {
                fit(update(target.values_mut(), d, |x, d| *x += c * self.0.slope(d)));
            }
        }
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

/// Two operands of equal shapes with at least one element.
fn pair(draw: &mut Draw) -> Vec<Tensor<f64>> {
    let shape = [draw.size(0).max(1), draw.size(1).max(1)];
    vec![draw.normal(&shape), draw.normal(&shape)]
}

impl Sample for MeanOf<Squared> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (MeanOf(Squared), pair(draw))
    }
}

impl Sample for MeanOf<Absolute> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (MeanOf(Absolute), pair(draw))
    }
}

impl Sample for MeanOf<Huber> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        (MeanOf(Huber(draw.number(0.3, 1.5))), pair(draw))
    }
}
