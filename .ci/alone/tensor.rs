//! Initial weights and nalgebra.

use elman_tensor::{Error, Init, Random, Tensor, nalgebra::DMatrix};

fn main() -> Result<(), Error> {
    let init = Init::Orthogonal { gain: 1.0 };
    let w: Tensor<f64> = init.tensor([6, 6], 1, &mut Random::new(1, "w", 0))?;
    let w = w.to_matrix()?;
    let off = (w.transpose() * &w - DMatrix::identity(6, 6)).amax();
    assert!(off < 1e-12);
    println!("tensor alone: orthogonal to {off:.1e}");
    Ok(())
}
