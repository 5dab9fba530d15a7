use super::reber::{B, E, P, Plain, Reber, T};
use crate::{
    Error, Layout, Row, Scratch, Task,
    automaton::{Automaton, STEPS, guess_strings, tell_string},
    error::want,
    symbols::{Symbols, layout},
};
use elman_tensor::{Random, Real};

/// The embedded Reber grammar: the last symbol but one is the second, a whole string ago.
///
/// Cleeremans, Servan-Schreiber and McClelland (1989); Hochreiter and Schmidhuber (1997),
/// experiment 1. Around a string of the [Reber](crate::Reber) grammar stand
///
/// ```text
/// B T  string  T E     or     B P  string  P E,    equally likely
/// ```
///
/// What is inside says nothing about T or P, so the second symbol has to be remembered
/// over a string of any length. Strings have 9 to `time + 1` symbols; longer ones are
/// left out.
///
/// `x: [time, batch, 7]` is the symbol, one-hot in the order of
/// [`Reber::SYMBOLS`](crate::Reber::SYMBOLS), and `y: [time, batch, 7]` is 1 for each
/// symbol that may follow it. All but the last `E` are told, so rows have 8 to `time`
/// steps, and lengths.
///
/// **Baseline**: the mean squared error of guessing, for every step, how often each
/// symbol is legal there; computed from the chances of the states.
///
/// ```
/// use elman_data::{Batch, EmbeddedReber, Task};
///
/// let mut batch = Batch::<f32>::new();
/// EmbeddedReber::new(7, 30, 1)?.fill(&mut batch, 0)?;
/// let steps: Vec<_> = batch.x.values().chunks(7).zip(batch.y.values().chunks(7)).collect();
/// let (last, second) = (batch.lengths[0] as usize - 1, steps[1].0);
/// assert_eq!(steps[last].0, second); // T or P, a whole string later
/// assert_eq!(steps[last - 1].1, second); // and nothing else was legal
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddedReber {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// The most steps of a row, 8 to 999.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl EmbeddedReber {
    /// Strings of up to `time` steps.
    ///
    /// # Errors
    ///
    /// If `time` is not 8 to 999, `batch` is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = EmbeddedReber { seed, time, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for EmbeddedReber {
    fn layout(&self) -> Result<Layout, Error> {
        let &EmbeddedReber { time, batch, .. } = self;
        want((8..STEPS).contains(&time), "EmbeddedReber", "time", time, "8 to 999")?;
        Ok(layout(time, batch, Reber::SYMBOLS.len()))
    }

    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.layout()?;
        tell_string(Embedded, self.time, Random::new(self.seed, "embedded reber", n), row, scratch)
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        guess_strings(Embedded, self.time, Reber::SYMBOLS.len())
    }
}

/// Where a walk through the embedded grammar is.
enum At {
    Start,
    Fork,
    /// In a state of the string that is embedded, after one of the two symbols.
    Inside(usize, usize),
    Close,
    End,
}

/// The automaton of the grammar: start, fork, both strings, the closing `E`, the end.
#[derive(Clone, Copy)]
pub(crate) struct Embedded;

impl Embedded {
    /// The states of an embedded string.
    const INSIDE: usize = 8;
    const CLOSE: usize = 2 + 2 * Self::INSIDE;
    const END: usize = Self::CLOSE + 1;

    fn at(state: usize) -> At {
        match state {
            0 => At::Start,
            1 => At::Fork,
            Self::CLOSE => At::Close,
            Self::END => At::End,
            _ => {
                let inside = state - 2;
                At::Inside([T, P][inside / Self::INSIDE], inside % Self::INSIDE)
            }
        }
    }

    fn inside(fork: usize, state: usize) -> usize {
        2 + if fork == T { state } else { Self::INSIDE + state }
    }
}

impl Automaton for Embedded {
    fn states(self) -> usize {
        Self::END + 1
    }

    fn legal(self, state: usize) -> Symbols {
        let none = Symbols::none();
        match Self::at(state) {
            At::Start => none.and(B),
            At::Fork => none.and(T).and(P),
            At::Inside(fork, state) => match Plain.legal(state) {
                ended if ended.is_empty() => none.and(fork),
                legal => legal,
            },
            At::Close => none.and(E),
            At::End => none,
        }
    }

    fn next(self, state: usize, symbol: usize) -> usize {
        match Self::at(state) {
            At::Start => 1,
            At::Fork => Self::inside(symbol, 0),
            At::Inside(_, state) if Plain.legal(state).is_empty() => Self::CLOSE,
            At::Inside(fork, state) => Self::inside(fork, Plain.next(state, symbol)),
            At::Close | At::End => Self::END,
        }
    }
}
