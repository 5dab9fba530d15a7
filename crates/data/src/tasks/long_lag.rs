use crate::{Error, Layout, Row, Scratch, Target, Task, error::want, layout::length};
use elman_tensor::{Random, Real};

/// A long time lag without noise: the last symbol is the first.
///
/// Hochreiter and Schmidhuber (1997), experiment 2a. There are two sequences of `p + 1`
/// symbols, equally likely, and at every step the next symbol is to be predicted:
///
/// ```text
/// x a₁ a₂ ... a_{p-1} x        y a₁ a₂ ... a_{p-1} y
/// ```
///
/// All but the last can be told from the one before; the last needs the first, `p` steps
/// ago.
///
/// `x: [p, batch, p + 1]`, one-hot: the `a`s in their order, then `x` (id `p - 1`) and `y`
/// (id `p`); `ids: [p, batch]` is the next symbol, `y: [p, batch, p + 1]` its one-hot code.
///
/// **Baseline**, in nats: whoever knows the step knows all but the last symbol, so the mean
/// over all steps is ln 2 / p.
///
/// ```
/// use elman_data::{Batch, LongLag, Task};
///
/// // Over a lag of 5: x or y, a₁ … a₄, and what was first once more.
/// let mut batch = Batch::<f32>::new();
/// LongLag::new(7, 5, 1)?.fill(&mut batch, 0)?;
/// let first = batch.x.values()[..6].iter().position(|x| *x == 1.0).unwrap() as u32;
/// assert_eq!(batch.ids, [0, 1, 2, 3, first]);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LongLag {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// The lag `p` in steps, at least 1.
    pub lag: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl LongLag {
    /// Sequences of `lag` steps.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(seed: u64, lag: usize, batch: usize) -> Result<Self, Error> {
        let task = LongLag { seed, lag, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for LongLag {
    fn layout(&self) -> Result<Layout, Error> {
        let &LongLag { lag, batch, .. } = self;
        want(lag >= 1, "LongLag", "lag", lag, "at least 1")?;
        let features = length("LongLag, symbols", &[lag, 1])?;
        Ok(Layout {
            time: lag,
            batch,
            features,
            target: Target::Steps(lag, features),
            classes: true,
        })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let ends = self.lag - 1 + Random::new(self.seed, "long lag", n).below(2);
        row.x(0, ends, 1.0);
        for t in 0..self.lag {
            let next = if t + 1 == self.lag { ends } else { t };
            row.y(t, next, 1.0);
            row.id(t, next as u32);
            if t + 1 < self.lag {
                row.x(t + 1, next, 1.0);
            }
        }
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok(std::f64::consts::LN_2 / self.lag as f64)
    }
}
