//! Batches of the adding problem, and the loss of whoever does not look.

use elman_data::{Adding, Batch, Error, Task};

fn main() -> Result<(), Error> {
    let task = Adding::new(1, 50, 200)?;
    let mut batch = Batch::<f64>::new();
    task.fill(&mut batch, 0)?;
    let guess = batch.y.values().iter().map(|y| y * y).sum::<f64>() / 200.0;
    let baseline = task.baseline()?;
    assert!((guess / baseline - 1.0).abs() < 0.3);
    println!("data alone: guessing costs {guess:.3}, in the long run {baseline:.3}");
    Ok(())
}
