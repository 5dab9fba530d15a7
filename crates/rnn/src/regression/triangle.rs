//! All that least squares needs to know of the rows it has seen.

use super::coefficients::Coefficients;
use elman_autograd::Error;
use elman_tensor::{Real, Tensor, View};

/// The largest magnitude of a number: no sum of squares can overflow.
const LARGEST: f64 = 1e150;

/// The triangular factor R of rows `[1, x, y]`: RᵀR is the sum of their products, each with itself.
///
/// ```text
///     ⎡ r₀₀  r₀ₓ   r₀ᵧ  ⎤    1 row
/// R = ⎢      Rₓₓ   Rₓᵧ  ⎥    features
///     ⎣            Rᵧᵧ  ⎦    outputs
/// ```
///
/// A row is turned into it by plane rotations (Givens 1958), as Gentleman (1973) does row by row,
/// in 3 (1 + features + outputs)² operations, and is not needed any more. RᵀR itself, the matrix of
/// the normal equations, would cost less, but has the square of R's condition, and the states of a
/// reservoir are badly conditioned: half of the digits would be lost.
#[derive(Debug, Clone)]
pub(super) struct Triangle {
    /// `[n, n]`, row-major; below the diagonal 0.
    r: Tensor<f64>,
    /// The row that is being turned in.
    row: Vec<f64>,
    features: usize,
    outputs: usize,
}

impl Triangle {
    /// Of no rows.
    pub(super) fn new(features: usize, outputs: usize) -> Result<Self, Error> {
        if outputs == 0 {
            let (what, wanted) = ("the outputs of a regression", "at least 1");
            return Err(Error::Setting { what, wanted, given: "0".into() });
        }
        let n = features.saturating_add(outputs).saturating_add(1);
        let r = Tensor::zeros([n, n])?;
        Ok(Triangle { r, row: vec![0.0; n], features, outputs })
    }

    pub(super) fn features(&self) -> usize {
        self.features
    }

    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// An element of R.
    fn get(&self, i: usize, j: usize) -> f64 {
        self.r.values()[i * self.row.len() + j]
    }

    /// Turns in a row for each feature, which is √strength there and else 0.
    pub(super) fn penalize(&mut self, strength: f64) {
        for feature in 0..self.features {
            self.row.fill(0.0);
            self.row[1 + feature] = strength.sqrt();
            self.turn(1.0);
        }
    }

    /// How many features the rows tell from those before them, of which there were `rows`: the
    /// others are rounding on the diagonal of R.
    pub(super) fn told(&self, rows: usize) -> usize {
        let noise = rows.max(1 + self.features) as f64 * f64::EPSILON;
        let told = |&k: &usize| {
            let column = (0..=k).fold(0.0, |norm: f64, i| libm::hypot(norm, self.get(i, k)));
            self.get(k, k) > noise * column
        };
        (1..=self.features).filter(told).count()
    }

    /// The coefficients of R · [b; W] = its columns of the targets, from the last row to the first.
    pub(super) fn solve(&self, to: &mut Coefficients) {
        let Coefficients { weight, bias } = to;
        let (features, outputs) = (self.features, self.outputs);
        for k in (0..=features).rev() {
            let (row, below) = match k.checked_sub(1) {
                None => (bias.values_mut(), weight.values()),
                Some(i) => {
                    let (head, below) = weight.values_mut().split_at_mut((i + 1) * outputs);
                    (&mut head[i * outputs..], &*below)
                }
            };
            row.iter_mut().enumerate().for_each(|(o, w)| *w = self.get(k, 1 + features + o));
            for (j, below) in below.chunks_exact(outputs).enumerate() {
                let factor = self.get(k, k + 1 + j);
                row.iter_mut().zip(below).for_each(|(w, below)| *w -= factor * below);
            }
            // What nothing is known of stays out.
            let known = self.get(k, k) >= f64::MIN_POSITIVE;
            row.iter_mut().for_each(|w| *w = if known { *w / self.get(k, k) } else { 0.0 });
        }
    }

    /// Turns in the rows of `x: [.., features]` and `y: [.., outputs]`, all of which were
    /// multiplied by `keep` beforehand, one row later: the number of rows.
    pub(super) fn add<T: Real>(
        &mut self,
        x: View<'_, T>,
        y: View<'_, T>,
        keep: f64,
    ) -> Result<usize, Error> {
        let rows = self.check(x, y)?;
        for i in 0..rows {
            let (one, rest) = self.row.split_at_mut(1);
            let (features, outputs) = rest.split_at_mut(self.features);
            one[0] = 1.0;
            for (to, from) in [(features, x), (outputs, y)] {
                let from = &from.values()[i * to.len()..];
                to.iter_mut().zip(from).for_each(|(to, from)| *to = from.to_f64());
            }
            self.turn(keep);
        }
        Ok(rows)
    }

    /// The row becomes part of R.
    fn turn(&mut self, keep: f64) {
        let n = self.row.len();
        for (k, r) in self.r.values_mut().chunks_exact_mut(n).enumerate() {
            let (r, row) = (&mut r[k..], &mut self.row[k..]);
            let (a, b) = (keep * r[0], row[0]);
            if b == 0.0 && keep == 1.0 {
                continue;
            }
            let length = libm::hypot(a, b);
            let (cos, sin) = if length > 0.0 { (a / length, b / length) } else { (1.0, 0.0) };
            for (r, x) in r.iter_mut().zip(row) {
                let (a, b) = (keep * *r, *x);
                (*r, *x) = (cos * a + sin * b, cos * b - sin * a);
            }
        }
    }

    /// The number of rows of both, if they fit and can be computed with.
    fn check<T: Real>(&self, x: View<'_, T>, y: View<'_, T>) -> Result<usize, Error> {
        let whose = [("the features of a row", x, self.features), ("its targets", y, self.outputs)];
        let fits = |x: &T| x.to_f64().abs() <= LARGEST;
        for (what, view, wanted) in whose {
            if view.shape().last() != wanted {
                let given = format!("{} for {wanted}", view.shape());
                let wanted = "[.., as many as the regression was made for]";
                return Err(Error::Setting { what, wanted, given });
            }
            if let Some(i) = view.values().iter().position(|x| !fits(x)) {
                let (value, row) = (view.values()[i].to_f64(), i / wanted);
                let given = format!("{value} in row {row}");
                return Err(Error::Setting { what, wanted: "at most 1e150 in magnitude", given });
            }
        }
        let (rows, targets) = (x.shape().rows(), y.shape().rows());
        if rows != targets {
            return Err(Error::Setting {
                what: "the rows of features and targets",
                wanted: "as many",
                given: format!("{} and {}", x.shape(), y.shape()),
            });
        }
        Ok(rows)
    }
}
