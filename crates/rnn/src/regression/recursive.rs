//! Recursive least squares.

use super::coefficients::Coefficients;
use super::triangle::Triangle;
use elman_autograd::Error;
use elman_tensor::{Real, View};

/// Recursive least squares with a forgetting factor: after each row t, the W and b that make
///
/// Σₛ forgettingᵗ⁻ˢ |b + xₛ · W − yₛ|² + forgettingᵗ · strength · |W|²
///
/// smallest. With a forgetting factor of 1 that is [`Ridge`](super::Ridge) over all rows so far;
/// with a smaller one, rows count for about 1 / (1 − forgetting) steps.
///
/// It keeps the triangular factor of the rows (Haykin 2002, QR-RLS) and not the
/// inverse of their products, which the usual recursion updates until rounding has made it
/// indefinite. A row costs about 3.5 (1 + features + outputs)² operations, and no allocation.
///
/// ```
/// use elman_rnn::RecursiveLeastSquares;
///
/// // y = a x, where a changes its sign on the way.
/// let mut online = RecursiveLeastSquares::new(1, 1, 0.9, 1e-6)?;
/// for t in 0..300 {
///     let (x, a) = ((t as f64).sin(), if t < 150 { 2.0 } else { -2.0 });
///     online.push(&[x], &[a * x])?;
/// }
/// assert!((online.predict(&[0.5])?[0] + 1.0).abs() < 1e-5);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecursiveLeastSquares {
    triangle: Triangle,
    /// √forgetting.
    keep: f64,
    coefficients: Coefficients,
    answer: Vec<f64>,
}

impl RecursiveLeastSquares {
    /// A regression of `outputs` on `features`, all coefficients 0 at first.
    ///
    /// # Errors
    /// If `forgetting` is not above 0 and at most 1, if `strength` is not finite and above 0, or if
    /// it would be too large.
    pub fn new(
        features: usize,
        outputs: usize,
        forgetting: f64,
        strength: f64,
    ) -> Result<Self, Error> {
        let settings = [
            ("a forgetting factor", "above 0 and at most 1", forgetting, 1.0),
            ("the strength of a recursion", "finite and above 0", strength, f64::MAX),
        ];
        for (what, wanted, given, most) in settings {
            if !(given > 0.0 && given <= most) {
                return Err(Error::Setting { what, wanted, given: given.to_string() });
            }
        }
        let mut triangle = Triangle::new(features, outputs)?;
        triangle.penalize(strength);
        let coefficients = Coefficients::zeros(features, outputs)?;
        let answer = vec![0.0; outputs];
        Ok(RecursiveLeastSquares { triangle, keep: forgetting.sqrt(), coefficients, answer })
    }

    /// Takes in one row: `x: [features]` with its targets `y: [outputs]`.
    ///
    /// # Errors
    /// If there are more or fewer, or if a number is not finite, or above 1e150. Nothing changes
    /// then.
    pub fn push<T: Real>(&mut self, x: &[T], y: &[T]) -> Result<(), Error> {
        let row = |x| View::new([<[T]>::len(x)], x).unwrap_or(View::empty());
        self.triangle.add(row(x), row(y), self.keep)?;
        self.triangle.solve(&mut self.coefficients);
        Ok(())
    }

    /// What the coefficients so far make of `x: [features]`: lends the answer, `[outputs]`. Before
    /// [`push`](RecursiveLeastSquares::push), that is the prediction of a row not seen yet.
    ///
    /// # Errors
    /// If there are more or fewer features.
    pub fn predict<T: Real>(&mut self, x: &[T]) -> Result<&[f64], Error> {
        let (features, outputs) = (self.triangle.features(), self.triangle.outputs());
        if x.len() != features {
            let (what, wanted) = ("the features of a row", "those the regression was made for");
            return Err(Error::Setting {
                what,
                wanted,
                given: format!("{} for {features}", x.len()),
            });
        }
        let Coefficients { weight, bias } = &self.coefficients;
        self.answer.copy_from_slice(bias.values());
        for (i, x) in x.iter().enumerate() {
            let weights = &weight.values()[i * outputs..(i + 1) * outputs];
            self.answer.iter_mut().zip(weights).for_each(|(y, w)| *y += x.to_f64() * w);
        }
        Ok(&self.answer)
    }

    /// The coefficients so far.
    pub fn coefficients(&self) -> &Coefficients {
        &self.coefficients
    }
}
