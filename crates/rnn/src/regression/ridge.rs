//! Ridge regression.

use super::coefficients::Coefficients;
use super::triangle::Triangle;
use elman_autograd::Error;
use elman_tensor::{Real, View};

/// Ridge regression (Hoerl and Kennard 1970) over rows that come batch by batch: the W and b that
/// make
///
/// Σ |b + x · W − y|² + strength · |W|²
///
/// smallest. The bias is not made small.
///
/// Of the rows only a triangular factor of `[1, x, y]` is kept, (1 + features + outputs)² numbers,
/// so the states of a long sequence need not be stored at once. Any number of strengths can be
/// tried on it, each at the cost of as many rows as there are features. All is computed in `f64`.
///
/// The first states of a sequence know more of the initial state than of the input. Leave them out,
/// as a slice:
///
/// ```
/// use elman_rnn::Ridge;
/// use elman_tensor::Tensor;
///
/// // y = 1 + 2 x₀ − x₁, and a beginning that has nothing to do with it.
/// let x = Tensor::from_fn([50, 1, 2], |i| (i * i % 17) as f64)?;
/// let y = |t: usize| if t < 10 { 99.0 } else { 1.0 + 2.0 * x.values()[2 * t] - x.values()[2 * t + 1] };
/// let y = Tensor::from_fn([50, 1, 1], y)?;
///
/// let mut ridge = Ridge::new(2, 1)?;
/// ridge.add(x.slice(10, 40).unwrap(), y.slice(10, 40).unwrap())?;
/// let plain = ridge.fit(0.0)?;
/// assert!((plain.weight().values()[0] - 2.0).abs() < 1e-12);
/// assert!((plain.bias().values()[0] - 1.0).abs() < 1e-12);
/// assert!(ridge.fit(10.0)?.weight().values()[0] < 2.0);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ridge {
    triangle: Triangle,
    rows: usize,
}

impl Ridge {
    /// A regression of `outputs` on `features`, without rows yet.
    ///
    /// # Errors
    /// If that would be too large.
    pub fn new(features: usize, outputs: usize) -> Result<Self, Error> {
        Ok(Ridge { triangle: Triangle::new(features, outputs)?, rows: 0 })
    }

    /// The number of rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes in the rows of `x: [.., features]` with their targets `y: [.., outputs]`.
    ///
    /// # Errors
    /// If shapes do not fit, or if a number is not finite, or above 1e150. Nothing is taken in
    /// then.
    pub fn add<'a, T: Real>(
        &mut self,
        x: impl Into<View<'a, T>>,
        y: impl Into<View<'a, T>>,
    ) -> Result<(), Error> {
        self.rows += self.triangle.add(x.into(), y.into(), 1.0)?;
        Ok(())
    }

    /// The coefficients of a strength, which may be one of many: the rows are left as they are.
    ///
    /// # Errors
    /// If there are no rows, if the strength is negative or not finite, or if it is so small that
    /// rows which do not tell features apart leave the coefficients open.
    pub fn fit(&self, strength: f64) -> Result<Coefficients, Error> {
        if self.rows == 0 {
            let (what, wanted) = ("the rows of a regression", "at least 1");
            return Err(Error::Setting { what, wanted, given: "0".into() });
        }
        let what = "the strength of a ridge";
        if !(strength.is_finite() && strength >= 0.0) {
            let (wanted, given) = ("finite and not negative", strength.to_string());
            return Err(Error::Setting { what, wanted, given });
        }
        let mut triangle = self.triangle.clone();
        triangle.penalize(strength);
        let (told, features) = (triangle.told(self.rows), triangle.features());
        if told < features {
            let wanted = "larger where the rows do not tell features apart";
            let given = format!("{strength} for {told} of {features}");
            return Err(Error::Setting { what, wanted, given });
        }
        let mut coefficients = Coefficients::zeros(features, triangle.outputs())?;
        triangle.solve(&mut coefficients);
        Ok(coefficients)
    }
}
