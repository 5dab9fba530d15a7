//! The antisymmetric part of a matrix.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// Y = W − Wᵀ − γ 1 for `W: [n, n]`: a matrix whose eigenvalues all have the real part −γ.
///
/// Off the diagonal yᵢⱼ = −yⱼᵢ to the bit; the diagonal of W has no part in it, and its gradient
/// is 0.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
/// use elman_tensor::Tensor;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let w = Tensor::new([2, 2], vec![7.0, 5.0, 2.0, 9.0])?;
/// let y = Tape::new().evaluate(&none, |g| {
///     g.apply(rules::Antisymmetric { diffusion: 0.5 }, [g.input(&w)]).tensor()
/// })?;
/// assert_eq!(y.values(), [-0.5, 3.0, -3.0, -0.5]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Antisymmetric {
    /// γ.
    pub diffusion: f64,
}

impl<T: Real> Rule<T, 1> for Antisymmetric {
    const NAME: &'static str = "antisymmetric";

    fn shape(&self, [w]: [Shape; 1]) -> Result<Shape, Misfit> {
        match *w.dims() {
            [rows, columns] if rows == columns => Ok(w),
            _ => Err(Misfit::new("wanted [n, n]")),
        }
    }

    fn forward(&self, [w]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
        let (n, w, y) = (w.shape().last(), w.values(), y.values_mut());
        for i in 0..n {
            for j in 0..n {
                y[i * n + j] = w[i * n + j] - w[j * n + i];
            }
            y[i * n + i] = -T::from_f64(self.diffusion);
        }
    }

    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let (n, dy) = (at.y.shape().last(), dy.values());
        if let Some(mut dw) = d.of(0) {
            let dw = dw.values_mut();
            for i in 0..n {
                for j in 0..n {
                    dw[i * n + j] += dy[i * n + j] - dy[j * n + i];
                }
            }
        }
    }
}

impl Sample for Antisymmetric {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let n = draw.size(0);
        (Antisymmetric { diffusion: draw.number(0.5, 2.0) }, vec![draw.normal(&[n, n])])
    }
}
