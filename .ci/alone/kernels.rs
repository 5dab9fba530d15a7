//! A matrix product and a softmax over plain slices.

use elman_kernels::{Fill, Matrix, product, softmax_rows};

fn main() -> Result<(), elman_kernels::Error> {
    let (x, w) = ([1.0f32, 2.0], [0.5f32, -1.0, 0.25, 1.0]);
    let (mut y, mut p) = ([0.0; 2], [0.0; 2]);
    product(Matrix::new(&x, 1, 2)?, Matrix::new(&w, 2, 2)?, Fill::Overwrite, &mut y)?;
    softmax_rows(&y, 2, &mut p)?;
    assert_eq!(y, [1.0, 1.0]);
    assert_eq!(p, [0.5, 0.5]);
    println!("kernels alone: {y:?} -> {p:?}");
    Ok(())
}
