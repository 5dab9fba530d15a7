use super::{
    embedded_reber::Embedded,
    reber::{B, Reber},
};
use crate::{
    Error, Layout, Row, Scratch, Task,
    automaton::{Automaton, guess},
    symbols::{Symbols, layout, tell},
};
use elman_tensor::{Random, Real};

/// The continual embedded Reber grammar: one string after the other, and no word of where
/// they end.
///
/// Gers, Schmidhuber and Cummins (2000), who gave the LSTM its forget gate for it. Strings
/// of the [embedded grammar](crate::EmbeddedReber), of any length, follow each other
/// without a seam: after `E` comes `B`. Nothing resets the state of the network; it has
/// to learn when to forget.
///
/// `x: [time, batch, 7]` is the symbol, one-hot in the order of
/// [`Reber::SYMBOLS`](crate::Reber::SYMBOLS), and `y: [time, batch, 7]` is 1 for each
/// symbol that may follow it.
///
/// **Baseline**: the mean squared error of guessing, for every step, how often each
/// symbol is legal there; computed from the chances of the states.
///
/// ```
/// use elman_data::{Batch, ContinualReber, Reber, Task};
///
/// let mut batch = Batch::<f32>::new();
/// ContinualReber::new(7, 100, 1)?.fill(&mut batch, 0)?;
/// let symbol = |x: &[f32]| Reber::SYMBOLS[x.iter().position(|x| *x == 1.0).unwrap()];
/// let told: String = batch.x.values().chunks(7).map(symbol).collect();
/// assert!(told.starts_with("BTB") || told.starts_with("BPB"));
/// assert!(told.contains("TEB") || told.contains("PEB")); // without a seam
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ContinualReber {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Steps, at least 1.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl ContinualReber {
    /// Streams of `time` steps, each from the beginning of a string.
    ///
    /// # Errors
    ///
    /// If a size is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = ContinualReber { seed, time, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for ContinualReber {
    fn layout(&self) -> Result<Layout, Error> {
        Ok(layout(self.time, self.batch, Reber::SYMBOLS.len()))
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "continual reber", n);
        let (mut state, mut legal) = (0, Continual.legal(0));
        for t in 0..self.time {
            let symbol = legal.draw(&mut random).unwrap_or(B);
            state = Continual.next(state, symbol);
            legal = Continual.legal(state);
            tell(row, t, symbol, legal);
        }
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        let guess = guess(Continual, self.time, |guess, _, state, chance| {
            guess.add(chance, Continual.legal(state));
        })?;
        Ok(guess.cost(Reber::SYMBOLS.len()))
    }
}

/// The embedded grammar, which goes on from its end as from its start.
#[derive(Clone, Copy)]
struct Continual;

impl Continual {
    fn again(state: usize) -> usize {
        if Embedded.legal(state).is_empty() { 0 } else { state }
    }
}

impl Automaton for Continual {
    fn states(self) -> usize {
        Embedded.states()
    }

    fn legal(self, state: usize) -> Symbols {
        Embedded.legal(Self::again(state))
    }

    fn next(self, state: usize, symbol: usize) -> usize {
        Embedded.next(Self::again(state), symbol)
    }
}
