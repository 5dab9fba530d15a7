//! Weights go into a file and come back, with every bit.

use elman_io::autograd::Params;
use elman_io::tensor::Init;
use elman_io::{Limits, Weights};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = |seed| Params::<f32>::init(seed, |p| p.weight("w", [2, 3], Init::Glorot));
    let ((_, saved), (_, mut loaded)) = (model(1)?, model(2)?);
    let path = std::env::temp_dir().join(format!("alone-io-{}", std::process::id()));
    elman_io::save(&path, &saved, "two in, three out")?;
    elman_io::load(&path, &mut loaded)?;
    assert_eq!(loaded, saved);

    let mut bytes = std::fs::read(&path)?;
    std::fs::remove_file(&path)?;
    println!("io alone: {} bytes", bytes.len());
    *bytes.last_mut().ok_or("empty")? ^= 1;
    assert!(Weights::from_bytes(bytes, &Limits::default()).is_err());
    Ok(())
}
