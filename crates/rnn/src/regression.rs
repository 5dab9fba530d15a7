//! Readouts fitted without gradients: least squares, all at once or row by row.

mod coefficients;
mod recursive;
mod ridge;
mod triangle;

pub use coefficients::Coefficients;
pub use recursive::RecursiveLeastSquares;
pub use ridge::Ridge;

#[cfg(test)]
mod tests;
