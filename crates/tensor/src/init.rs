//! Initial weights.

mod reservoir;

use crate::{Error, Random, Real, Shape, Tensor};
use nalgebra::DMatrix;

/// A distribution of initial weights.
///
/// A weight is `[in, blocks · out]`: gates side by side. Fan-in is the number of rows, fan-out
/// that of one block's columns. Values are drawn and factored in `f64` and rounded once, so every
/// scalar starts from the same numbers.
///
/// ```
/// use elman_tensor::{Init, Random};
///
/// // Three gates of 4 units that read 2 features: drawn one by one, side by side.
/// let w = Init::inverse_root(4).tensor::<f32>([2, 12], 3, &mut Random::new(7, "gru.w", 0))?;
/// assert!(w.values().iter().all(|w| w.abs() <= 0.5));
///
/// // Uniform with the variance 2 / (fan in + fan out): √(6 / 8) is the largest there can be.
/// let w = Init::Glorot.tensor::<f64>([4, 4], 1, &mut Random::new(7, "head.w", 0))?;
/// assert!(w.values().iter().all(|w| w.abs() <= 0.75_f64.sqrt()));
/// # Ok::<(), elman_tensor::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// All 0.
    Zeros,
    /// All the same.
    Constant(f64),
    /// Uniform on `[-bound, bound]`. PyTorch's recurrent cells take `bound = 1/√hidden`.
    Uniform {
        /// The largest magnitude.
        bound: f64,
    },
    /// Normal with mean 0.
    Normal {
        /// The standard deviation.
        std: f64,
    },
    /// Uniform with variance `2 / (fan_in + fan_out)` (Glorot and Bengio 2010).
    Glorot,
    /// Normal with variance `2 / fan_in`, for rectifiers (He et al. 2015).
    He,
    /// `gain` times a matrix with orthonormal rows or columns, whichever are fewer, uniformly
    /// distributed, one for each block (Saxe, McClelland and Ganguli 2014).
    Orthogonal {
        /// The factor; 1 keeps the norm of what is multiplied.
        gain: f64,
    },
    /// A square matrix with `entries` numbers other than 0 in each column, uniform on both sides of
    /// 0 and scaled so that the largest magnitude of an eigenvalue is `radius`: the recurrent
    /// weights of an echo state network (Jaeger 2001), one matrix for each block.
    Reservoir {
        /// How many units each one hears; all, if there are fewer.
        entries: usize,
        /// The spectral radius.
        radius: f64,
    },
}

impl Init {
    /// Uniform on `±1/√size`: the usual start of a recurrent cell, with its hidden size.
    pub fn inverse_root(size: usize) -> Self {
        Init::Uniform { bound: 1.0 / (size.max(1) as f64).sqrt() }
    }

    /// Draws a weight of `blocks` gates side by side.
    ///
    /// # Errors
    /// If a parameter is negative or not finite, if the columns are no multiple of `blocks`, if
    /// an orthogonal weight is no matrix or a reservoir's no square one, if a reservoir without
    /// entries is to have a radius, or if the weight is too large.
    pub fn tensor<T: Real>(
        self,
        shape: impl Into<Shape>,
        blocks: usize,
        random: &mut Random,
    ) -> Result<Tensor<T>, Error> {
        let shape = shape.into();
        self.check()?;
        let (rows, columns) = (shape.rows(), shape.last());
        if columns.checked_rem(blocks) != Some(0) {
            let wanted = "a whole number of gates side by side";
            return Err(Error::Shape { operation: "Init::tensor", wanted, given: shape });
        }
        if shape.is_empty() {
            return Tensor::zeros(shape);
        }
        let out = columns / blocks;
        let mut uniform = |bound: f64| Tensor::from_fn(shape, |_| random.uniform(-bound, bound));
        let drawn = match self {
            Init::Zeros => Tensor::zeros(shape)?,
            Init::Constant(c) => Tensor::from_fn(shape, |_| c)?,
            Init::Uniform { bound } => uniform(bound)?,
            Init::Glorot => uniform((6.0 / (rows.saturating_add(out)).max(1) as f64).sqrt())?,
            Init::Normal { std } => Tensor::from_fn(shape, |_| std * random.normal())?,
            Init::He => {
                let std = (2.0 / rows.max(1) as f64).sqrt();
                Tensor::from_fn(shape, |_| std * random.normal())?
            }
            Init::Orthogonal { gain } => {
                if shape.rank() != 2 {
                    let (operation, wanted) = ("Init::Orthogonal", "a matrix");
                    return Err(Error::Shape { operation, wanted, given: shape });
                }
                side_by_side(shape, blocks, || Ok(gain * orthogonal(rows, out, random)))?
            }
            Init::Reservoir { entries, radius } => {
                if shape.rank() != 2 || rows != out {
                    let (operation, wanted) = ("Init::Reservoir", "a square matrix");
                    return Err(Error::Shape { operation, wanted, given: shape });
                }
                side_by_side(shape, blocks, || reservoir::reservoir(rows, entries, radius, random))?
            }
        };
        Ok(drawn.cast())
    }

    fn check(self) -> Result<(), Error> {
        let (what, given) = match self {
            Init::Uniform { bound } => ("the bound of Init::Uniform", bound),
            Init::Normal { std } => ("the deviation of Init::Normal", std),
            Init::Orthogonal { gain } => ("the gain of Init::Orthogonal", gain),
            Init::Reservoir { radius, .. } => ("the radius of Init::Reservoir", radius),
            Init::Constant(c) => ("the magnitude of Init::Constant", c.abs()),
            Init::Zeros | Init::Glorot | Init::He => return Ok(()),
        };
        let sensible = given.is_finite() && given >= 0.0;
        if sensible { Ok(()) } else { Err(Error::Scale { what, given }) }
    }
}

/// A weight made of the matrices of its blocks.
fn side_by_side(
    shape: Shape,
    blocks: usize,
    mut draw: impl FnMut() -> Result<DMatrix<f64>, Error>,
) -> Result<Tensor<f64>, Error> {
    let (columns, out) = (shape.last(), shape.last() / blocks);
    let mut weight = Tensor::zeros(shape)?;
    for block in 0..blocks {
        let matrix = draw()?;
        for (row, to) in matrix.row_iter().zip(weight.values_mut().chunks_exact_mut(columns)) {
            to[block * out..].iter_mut().zip(&row).for_each(|(to, &from)| *to = from);
        }
    }
    Ok(weight)
}

/// A `rows × columns` matrix with orthonormal columns (or rows, if those are fewer): Q of a
/// Gaussian matrix, each column's sign taken from R's diagonal, which makes it uniform
/// (Mezzadri 2007).
fn orthogonal(rows: usize, columns: usize, random: &mut Random) -> DMatrix<f64> {
    if rows < columns {
        return orthogonal(columns, rows, random).transpose();
    }
    let (mut q, r) = DMatrix::from_fn(rows, columns, |_, _| random.normal()).qr().unpack();
    for (j, mut column) in q.column_iter_mut().enumerate() {
        if r[(j, j)] < 0.0 {
            column.neg_mut();
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn orthogonal_weights_are_orthogonal(rows in 0usize..40, out in 0usize..40, gates in 1usize..5) {
            let random = &mut Random::new(1, "orthogonal", (rows * 100 + out) as u64);
            let w = Init::Orthogonal { gain: 1.0 }.tensor::<f64>([rows, gates * out], gates, random);
            let w = w.unwrap().to_matrix().unwrap();
            for gate in 0..gates {
                let q = w.columns(gate * out, out);
                let (gram, n) = if rows < out { (q * q.transpose(), rows) } else { (q.transpose() * q, out) };
                let worst = (gram - DMatrix::identity(n, n)).amax();
                prop_assert!(worst <= 1e-12, "{} off", worst);
            }
        }
    }

    #[test]
    fn variances_are_those_of_the_papers() {
        let variance = |init: Init, shape: [usize; 2], gates| {
            let w = init.tensor::<f64>(shape, gates, &mut Random::new(5, "w", 0)).unwrap();
            w.values().iter().map(|x| x * x).sum::<f64>() / w.values().len() as f64
        };
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 0.03, "{a} is not {b}");
        near(variance(Init::Glorot, [100, 400], 4), 2.0 / 200.0);
        near(variance(Init::He, [100, 400], 1), 2.0 / 100.0);
        near(variance(Init::Normal { std: 3.0 }, [200, 200], 1), 9.0);
        near(variance(Init::inverse_root(64), [200, 200], 1), 1.0 / 64.0 / 3.0);
    }

    #[test]
    fn every_scalar_starts_from_the_same_numbers() {
        let reservoir = Init::Reservoir { entries: 2, radius: 0.9 };
        for init in [Init::He, Init::Orthogonal { gain: 1.1 }, reservoir] {
            let wide = init.tensor::<f64>([3, 6], 2, &mut Random::new(1, "w", 0)).unwrap();
            let narrow = init.tensor::<f32>([3, 6], 2, &mut Random::new(1, "w", 0)).unwrap();
            assert_eq!(wide.cast::<f32>(), narrow);
        }
    }

    #[test]
    fn senseless_parameters_are_errors() {
        let random = &mut Random::new(1, "w", 0);
        for init in [Init::Normal { std: -1.0 }, Init::Uniform { bound: f64::NAN }] {
            assert!(matches!(init.tensor::<f32>([2, 2], 1, random), Err(Error::Scale { .. })));
        }
        assert!(Init::He.tensor::<f32>([2, 5], 2, random).is_err());
        assert!(Init::He.tensor::<f32>([2, 5], 0, random).is_err());
        assert!(Init::Orthogonal { gain: 1.0 }.tensor::<f32>([5], 1, random).is_err());
        assert!(Init::He.tensor::<f32>([usize::MAX, 5], 1, random).is_err());
        let reservoir = |radius| Init::Reservoir { entries: 2, radius };
        assert!(reservoir(f64::INFINITY).tensor::<f32>([2, 2], 1, random).is_err());
        assert!(reservoir(0.9).tensor::<f32>([2, 3], 1, random).is_err());
        assert!(reservoir(0.9).tensor::<f32>([2, 2, 2], 1, random).is_err());
        assert!(reservoir(0.9).tensor::<f32>([1 << 31, 1 << 31], 1, random).is_err());
    }

    #[test]
    fn empty_weights_of_any_size_are_drawn_at_once() {
        let random = &mut Random::new(1, "w", 0);
        for (shape, blocks) in [([usize::MAX, 0], usize::MAX), ([0, usize::MAX], 1)] {
            for init in [Init::Orthogonal { gain: 1.0 }, Init::Glorot, Init::Zeros] {
                let w = init.tensor::<f32>(shape, blocks, random).unwrap();
                assert_eq!(w.shape(), Shape::from(shape));
            }
        }
    }
}
