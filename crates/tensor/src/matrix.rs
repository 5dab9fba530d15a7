//! To nalgebra's matrices and back. They are column-major inside; rows stay rows all the same.

use crate::{Error, Real, Tensor};
use nalgebra::{DMatrix, Scalar};

impl<T: Real + Scalar> Tensor<T> {
    /// A copy as a matrix with the same rows and columns.
    ///
    /// # Errors
    /// If the tensor does not have two axes.
    pub fn to_matrix(&self) -> Result<DMatrix<T>, Error> {
        match *self.shape().dims() {
            // nalgebra walks along the rows of an empty matrix too, however many there are.
            [rows, columns] if self.shape().is_empty() => {
                Ok(DMatrix::from_vec(rows, columns, Vec::new()))
            }
            [rows, columns] => Ok(DMatrix::from_row_slice(rows, columns, self.values())),
            _ => Err(Error::Shape {
                operation: "to_matrix",
                wanted: "two axes",
                given: self.shape(),
            }),
        }
    }

    /// A copy of a matrix, with the same rows and columns.
    pub fn from_matrix(matrix: &DMatrix<T>) -> Self {
        let columns = matrix.ncols();
        let element = |i: usize| matrix[(i / columns, i % columns)];
        Self::from_fn([matrix.nrows(), columns], element).unwrap_or_default()
    }
}

impl<T: Real + Scalar> TryFrom<&Tensor<T>> for DMatrix<T> {
    type Error = Error;
    fn try_from(tensor: &Tensor<T>) -> Result<Self, Error> {
        tensor.to_matrix()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;
    use elman_kernels::{Fill, product};
    use proptest::prelude::*;

    fn random(shape: [usize; 2], name: &str) -> Tensor<f64> {
        let mut random = Random::new(9, name, 0);
        Tensor::from_fn(shape, |_| random.normal()).unwrap()
    }

    proptest! {
        #[test]
        fn conversions_keep_rows_and_columns(rows in 0usize..9, columns in 0usize..9) {
            let x = random([rows, columns], "x");
            let matrix = x.to_matrix().unwrap();
            prop_assert_eq!((matrix.nrows(), matrix.ncols()), (rows, columns));
            for i in 0..rows {
                for j in 0..columns {
                    prop_assert_eq!(matrix[(i, j)], x.values()[i * columns + j]);
                }
            }
            prop_assert_eq!(Tensor::from_matrix(&matrix), x);
        }

        /// nalgebra is the oracle of our products.
        #[test]
        fn products_agree_with_nalgebra(m in 0usize..20, k in 0usize..40, n in 0usize..20) {
            let (a, b) = (random([m, k], "a"), random([n, k], "b"));
            let mut c = Tensor::zeros([m, n]).unwrap();
            let (a_, b_) = (a.view().matrix().unwrap(), b.view().matrix().unwrap().t());
            product(a_, b_, Fill::Overwrite, c.values_mut()).unwrap();
            let oracle = a.to_matrix().unwrap() * b.to_matrix().unwrap().transpose();
            prop_assert!(m * n == 0 || (c.to_matrix().unwrap() - oracle).amax() < 1e-12);
        }
    }

    #[test]
    fn empty_matrices_have_any_size() {
        for shape in [[0, usize::MAX], [usize::MAX, 0]] {
            let x = Tensor::<f32>::zeros(shape).unwrap();
            assert_eq!(x.to_matrix().unwrap().shape(), (shape[0], shape[1]));
            assert_eq!(Tensor::from_matrix(&x.to_matrix().unwrap()), x);
        }
    }

    #[test]
    fn only_matrices_become_matrices() {
        let error = Tensor::<f64>::zeros([2, 3, 4]).unwrap().to_matrix().unwrap_err();
        assert_eq!(error.to_string(), "to_matrix wants two axes, got [2, 3, 4]");
    }
}
