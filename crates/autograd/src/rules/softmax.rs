//! Softmax and its logarithm along the innermost axis.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{dot, fit, log_softmax_rows, softmax_rows, sum};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// yᵢ = eˣⁱ / Σ eˣʲ along the innermost axis.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
/// use elman_tensor::Tensor;
///
/// // Only differences count: e¹⁰⁰⁰ is never computed.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let x = Tensor::new([2], vec![1000.0 + 3.0_f64.ln(), 1000.0])?;
/// let y = Tape::new().evaluate(&none, |g| g.apply(rules::Softmax, [g.input(&x)]).tensor())?;
/// assert!((y.values()[0] - 0.75).abs() < 1e-9);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softmax;

/// yᵢ = xᵢ − ln Σ eˣʲ along the innermost axis.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
/// use elman_tensor::Tensor;
///
/// // What has the probability e⁻¹⁰⁰⁰ still has a logarithm.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let x = Tensor::new([2], vec![0.0, -1000.0])?;
/// let y = Tape::new().evaluate(&none, |g| g.apply(rules::LogSoftmax, [g.input(&x)]).tensor())?;
/// assert_eq!(y.values(), [0.0, -1000.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSoftmax;

fn with_rows(x: Shape) -> Result<Shape, Misfit> {
    if x.rank() == 0 { Err(Misfit::new("wanted at least one axis")) } else { Ok(x) }
}

/// Calls `f` with each row of `dx`, `y` and `dy`.
fn rows<T: Real>(y: View<'_, T>, dy: View<'_, T>, dx: &mut [T], f: impl Fn(&mut [T], &[T], &[T])) {
    let width = y.shape().last().max(1);
    let rows = dx.chunks_exact_mut(width).zip(y.values().chunks_exact(width));
    rows.zip(dy.values().chunks_exact(width)).for_each(|((dx, y), dy)| f(dx, y, dy));
}

impl<T: Real> Rule<T, 1> for Softmax {
    const NAME: &'static str = "softmax";

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        with_rows(x)
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        fit(softmax_rows(x.values(), x.shape().last(), y.values_mut()));
    }

    /// dxᵢ = yᵢ (dyᵢ − Σ yⱼ dyⱼ)
    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        if let Some(mut dx) = d.of(0) {
            rows(at.y, dy, dx.values_mut(), |dx, y, dy| {
                let mean = dot(y, dy).unwrap_or(T::NAN);
                for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
                    *dx += y * (dy - mean);
                }
            });
        }
    }
}

impl<T: Real> Rule<T, 1> for LogSoftmax {
    const NAME: &'static str = "log_softmax";

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        with_rows(x)
    }

    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        fit(log_softmax_rows(x.values(), x.shape().last(), y.values_mut()));
    }

    /// dxᵢ = dyᵢ − eʸⁱ Σ dyⱼ
    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        if let Some(mut dx) = d.of(0) {
            rows(at.y, dy, dx.values_mut(), |dx, y, dy| {
                let total = sum(dy);
                for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
                    *dx += dy - y.exp() * total;
                }
            });
        }
    }
}

macro_rules! sample {
    ($($name:ident)*) => {$(
        impl Sample for $name {
            fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
                ($name, vec![draw.normal(&[draw.size(0), draw.size(1)])])
            }
        }
    )*};
}
sample!(Softmax LogSoftmax);
