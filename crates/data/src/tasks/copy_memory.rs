use crate::{Error, Layout, Row, Scratch, Target, Task, error::want, layout::length};
use elman_tensor::{Random, Real};

/// Copy memory: repeat a random word after a long silence.
///
/// Hochreiter and Schmidhuber (1997) in the form of Arjovsky, Shah and Bengio (2016).
/// There are `S` symbols, a blank (id `S`) and a cue (id `S + 1`). A word of `L`
/// symbols, drawn uniformly with replacement, is shown; after `D` steps, the last of
/// which shows the cue, it is to be repeated:
///
/// ```text
/// input   w₁ ... w_L   blank ... blank   cue     blank ... blank      L, D - 1, 1, L steps
/// target  blank ...                      blank   w₁    ... w_L        L + D,        L steps
/// ```
///
/// By default `L` = 10 and `S` = 8, so that there are 10 ids in all.
///
/// `x: [D + 2L, batch, S + 2]`, one-hot; `ids: [D + 2L, batch]`, of which a model has
/// to choose; `y` is their one-hot code, of the shape of `x`.
///
/// **Baseline**, in nats: the blanks are certain, and each of the `L` symbols costs
/// ln `S`, so the mean over all steps is `L ln S / (D + 2L)`.
///
/// ```
/// use elman_data::{Batch, CopyMemory, Task};
///
/// let task = CopyMemory::new(7, 5, 1)?;
/// let mut batch = Batch::<f32>::new();
/// task.fill(&mut batch, 0)?;
/// let symbol = |x: &[f32]| x.iter().position(|x| *x == 1.0).unwrap() as u32;
/// let told: Vec<u32> = batch.x.values().chunks(10).map(symbol).collect();
/// assert_eq!(told[10..15], [8, 8, 8, 8, 9]); // after the word four blanks and the cue
/// assert_eq!(batch.ids[..15], [8; 15]); // nothing to say
/// assert_eq!(batch.ids[15..], told[..10]); // but the word
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CopyMemory {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps `D` between the word and its repetition, at least 1.
    pub delay: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// The length `L` of the word; 10.
    pub length: usize,
    /// The number `S` of symbols, without blank and cue; 8.
    pub symbols: usize,
}

impl CopyMemory {
    /// Words of 10 symbols out of 8, to be repeated after `delay` steps.
    ///
    /// # Errors
    ///
    /// If `delay` or `batch` is 0, or a batch would be too large.
    pub fn new(seed: u64, delay: usize, batch: usize) -> Result<Self, Error> {
        let task = CopyMemory { seed, delay, batch, length: 10, symbols: 8 };
        task.layout()?.check()?;
        Ok(task)
    }

    /// The id of the blank; the cue is the one after it.
    pub fn blank(&self) -> usize {
        self.symbols
    }
}

impl Task for CopyMemory {
    fn layout(&self) -> Result<Layout, Error> {
        let &CopyMemory { delay, batch, length: word, symbols, .. } = self;
        want(delay >= 1, "CopyMemory", "delay", delay, "at least 1, for the cue")?;
        want(word >= 1, "CopyMemory", "length", word, "at least 1")?;
        want(symbols >= 1, "CopyMemory", "symbols", symbols, "at least 1")?;
        let time = length("CopyMemory, steps", &[word, delay, word])?;
        let features = length("CopyMemory, symbols", &[symbols, 2])?;
        Ok(Layout { time, batch, features, target: Target::Steps(time, features), classes: true })
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "copy memory", n);
        let recall = self.length + self.delay;
        for t in 0..recall + self.length {
            if t >= self.length {
                row.x(t, if t + 1 == recall { self.blank() + 1 } else { self.blank() }, 1.0);
            }
            if t < recall {
                row.y(t, self.blank(), 1.0);
                row.id(t, self.blank() as u32);
            }
        }
        for i in 0..self.length {
            let w = random.below(self.symbols);
            row.x(i, w, 1.0);
            row.y(recall + i, w, 1.0);
            row.id(recall + i, w as u32);
        }
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        let layout = self.layout()?;
        layout.check()?;
        Ok(self.length as f64 * libm::log(self.symbols as f64) / layout.time as f64)
    }
}
