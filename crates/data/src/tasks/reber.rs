use crate::{
    Error, Layout, Row, Scratch, Task,
    automaton::{Automaton, STEPS, guess_strings, tell_string},
    error::want,
    symbols::{Symbols, layout},
};
use elman_tensor::{Random, Real};

/// The Reber grammar: which symbols may come next?
///
/// Reber (1967); given to recurrent networks by Cleeremans, Servan-Schreiber and
/// McClelland (1989). A string is a walk from `B` to `E`, and where two symbols are
/// legal, both are equally likely:
///
/// ```text
/// 0 B 1     1 T 2  P 3     2 S 2  X 4     3 T 3  V 5
/// 4 X 3  S 6               5 P 4  V 6     6 E
/// ```
///
/// in which `2 S 2  X 4` reads: in state 2, S leads to state 2 and X to state 4. Two of
/// the symbols appear in several places, so the last one alone does not tell what may
/// follow. Strings have 5 to `time + 1` symbols; longer ones are left out.
///
/// `x: [time, batch, 7]` is the symbol, one-hot in the order of [`Reber::SYMBOLS`], and
/// `y: [time, batch, 7]` is 1 for each symbol that may follow it. All but the `E` are
/// told, so rows have 4 to `time` steps, and lengths.
///
/// **Baseline**: the mean squared error of guessing, for every step, how often each
/// symbol is legal there; computed from the chances of the states.
///
/// ```
/// use elman_data::{Batch, Reber, Task};
///
/// let mut batch = Batch::<f32>::new();
/// Reber::new(7, 20, 1)?.fill(&mut batch, 0)?;
/// let symbols = |x: &[f32]| -> String {
///     let legal = x.iter().zip(Reber::SYMBOLS).filter(|(x, _)| **x == 1.0);
///     legal.map(|(_, symbol)| symbol).collect()
/// };
/// let mut steps = batch.x.values().chunks(7).zip(batch.y.values().chunks(7));
/// let (told, legal) = steps.next().unwrap();
/// assert_eq!((symbols(told), symbols(legal)), ("B".into(), "TP".into()));
/// let last = steps.nth(batch.lengths[0] as usize - 2).unwrap();
/// assert_eq!(symbols(last.1), "E");
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reber {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// The most steps of a row, 4 to 999.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl Reber {
    /// The symbols, in the order of their ids.
    pub const SYMBOLS: [char; 7] = ['B', 'T', 'P', 'S', 'X', 'V', 'E'];

    /// Strings of up to `time` steps.
    ///
    /// # Errors
    ///
    /// If `time` is not 4 to 999, `batch` is 0, or a batch would be too large.
    pub fn new(seed: u64, time: usize, batch: usize) -> Result<Self, Error> {
        let task = Reber { seed, time, batch };
        task.layout()?.check()?;
        Ok(task)
    }
}

impl Task for Reber {
    fn layout(&self) -> Result<Layout, Error> {
        let &Reber { time, batch, .. } = self;
        want((4..STEPS).contains(&time), "Reber", "time", time, "4 to 999")?;
        Ok(layout(time, batch, Self::SYMBOLS.len()))
    }

    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.layout()?;
        tell_string(Plain, self.time, Random::new(self.seed, "reber", n), row, scratch)
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        guess_strings(Plain, self.time, Self::SYMBOLS.len())
    }
}

pub(crate) const B: usize = 0;
pub(crate) const T: usize = 1;
pub(crate) const P: usize = 2;
const S: usize = 3;
const X: usize = 4;
const V: usize = 5;
pub(crate) const E: usize = 6;

/// The automaton of the grammar; all ends in state 7.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Plain {
    /// Which symbol leads from each state to which.
    const EDGES: [&[(usize, usize)]; 8] = [
        &[(B, 1)],
        &[(T, 2), (P, 3)],
        &[(S, 2), (X, 4)],
        &[(T, 3), (V, 5)],
        &[(X, 3), (S, 6)],
        &[(P, 4), (V, 6)],
        &[(E, 7)],
        &[],
    ];
}

impl Automaton for Plain {
    fn states(self) -> usize {
        Self::EDGES.len()
    }

    fn legal(self, state: usize) -> Symbols {
        Self::EDGES[state].iter().fold(Symbols::none(), |legal, &(symbol, _)| legal.and(symbol))
    }

    fn next(self, state: usize, symbol: usize) -> usize {
        let edge = Self::EDGES[state].iter().find(|edge| edge.0 == symbol);
        edge.map_or(state, |&(_, next)| next)
    }
}
