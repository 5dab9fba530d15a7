//! Cross-entropy of two classes.

use super::pointwise::{Each, Pointwise, product};
use super::weighted::Weighted;
use elman_autograd::laws::{Draw, Sample};
use elman_autograd::{Misfit, Var};
use elman_tensor::{Real, Tensor};
use std::panic::Location;

/// The binary cross-entropy of logits: the mean over all elements of
/// `t ln(1 + e⁻ˣ) + (1 − t) ln(1 + eˣ)`, in nats, with a probability t as the target.
/// `x` and `t: [..]`, result `[]`.
///
/// Neither large logits nor certain elements lose digits: the loss of an element that is right up
/// to 1e-20 is 1e-20, also in f32.
///
/// Shapes that differ are a misfit, nothing is broadcast; so is a mean of no elements.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::binary_cross_entropy;
///
/// // A logit of 0 is a probability of ½, and costs ln 2 whatever is true.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = Tape::new().evaluate(&none, |g| {
///     binary_cross_entropy(g.zeros([4]), g.constant([4], 1.0)).item()
/// })?;
/// assert!((loss - 2.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn binary_cross_entropy<'g, T: Real>(
    logits: Var<'g, T>,
    target: impl Into<Weighted<'g, T, Var<'g, T>>>,
) -> Var<'g, T> {
    apply(logits, target.into(), 1.0, Location::caller())
}

/// [`binary_cross_entropy`] in which the rarer class counts more: the mean over all elements of
/// `positive · t ln(1 + e⁻ˣ) + (1 − t) ln(1 + eˣ)`.
///
/// The mean is over elements, not over weights. A `positive` that is not a finite number of 0 or
/// more is a misfit.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::binary_cross_entropy_balanced;
///
/// // Where one in four is positive, those count three times.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = |t: f64| {
///     Tape::new().evaluate(&none, |g| {
///         binary_cross_entropy_balanced(g.zeros([4]), g.constant([4], t), 3.0).item()
///     })
/// };
/// assert!((loss(1.0)? - 3.0 * loss(0.0)?).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn binary_cross_entropy_balanced<'g, T: Real>(
    logits: Var<'g, T>,
    target: impl Into<Weighted<'g, T, Var<'g, T>>>,
    positive: f64,
) -> Var<'g, T> {
    apply(logits, target.into(), positive, Location::caller())
}

fn apply<'g, T: Real>(
    logits: Var<'g, T>,
    target: Weighted<'g, T, Var<'g, T>>,
    positive: f64,
    line: &'static Location<'static>,
) -> Var<'g, T> {
    target.mean(Each(Binary { positive }), &[logits, target.target], line)
}

/// f(x, t) = q t ln(1 + e⁻ˣ) + (1 − t) ln(1 + eˣ).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Binary {
    /// q.
    positive: f64,
}

impl Pointwise<2> for Binary {
    const NAME: &'static str = "binary_cross_entropy";

    fn valid(&self) -> Result<(), Misfit> {
        if self.positive >= 0.0 && self.positive.is_finite() {
            return Ok(());
        }
        let reason = format!("positive must be finite and not negative, got {}", self.positive);
        Err(Misfit::new(reason))
    }

    #[inline(always)]
    fn value<T: Real>(&self, [x, t]: [T; 2]) -> T {
        let q = T::from_f64(self.positive);
        product(q * t, (-x).softplus()) + product(T::ONE - t, x.softplus())
    }

    /// ∂f/∂x = (1 − t) σ(x) − q t σ(−x),  ∂f/∂t = q ln(1 + e⁻ˣ) − ln(1 + eˣ)
    #[inline(always)]
    fn slope<T: Real>(&self, operand: usize, [x, t]: [T; 2]) -> T {
        let q = T::from_f64(self.positive);
        if operand == 0 {
            (T::ONE - t) * x.sigmoid() - q * t * (-x).sigmoid()
        } else {
            product(q, (-x).softplus()) - x.softplus()
        }
    }
}

impl Sample for Each<Binary, 2> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let (shape, positive) = ([draw.size(0), draw.size(1)], draw.number(0.0, 3.0));
        (Each(Binary { positive }), vec![draw.normal(&shape), draw.uniform(&shape, 0.0, 1.0)])
    }
}
