use crate::{
    Error, Layout, Row, Scratch, Task,
    automaton::{Automaton, STEPS, Walks, guess},
    error::want,
    symbols::{Symbols, layout, tell},
};
use elman_tensor::{Random, Real};

/// Well-nested brackets of two kinds, up to a depth: which symbols may come next?
///
/// The Dyck language with two kinds of brackets (Chomsky and Schützenberger 1963), of
/// bounded depth as in Hewitt et al. (2020). A string is
///
/// ```text
/// D  →  ( D ) D  |  [ D ] D  |  nothing
/// ```
///
/// with at most `depth` brackets open at a time. An opening bracket is legal below that
/// depth, a closing one if it is that of the bracket opened last, and the end where none
/// is open: a stack has to be remembered. The number of brackets is uniform among the
/// even ones from 2 to `time`; then depths are a walk that goes up or down with equal
/// chances where it may, given that it ends at 0, and kinds are equally likely.
///
/// `x: [time, batch, 5]` is the symbol, one-hot in the order of [`Dyck2::SYMBOLS`], and
/// `y: [time, batch, 5]` is 1 for each symbol that may follow it. The end is not told, so
/// rows have as many steps as there are brackets, and lengths.
///
/// **Baseline**: the mean squared error of guessing, for every step, how often each
/// symbol is legal there; computed from the chances of the depths.
///
/// ```
/// use elman_data::{Batch, Dyck2, Task};
///
/// // With one bracket open at most, each one has to be closed at once.
/// let mut batch = Batch::<f32>::new();
/// Dyck2::new(7, 6, 1, 1)?.fill(&mut batch, 0)?;
/// let steps = batch.lengths[0] as usize;
/// for (x, y) in batch.x.values().chunks(5).zip(batch.y.values().chunks(5)).take(steps) {
///     match x {
///         [1.0, ..] => assert_eq!(y, [0.0, 0.0, 1.0, 0.0, 0.0]), // ( wants )
///         [_, 1.0, ..] => assert_eq!(y, [0.0, 0.0, 0.0, 1.0, 0.0]), // [ wants ]
///         _ => assert_eq!(y, [1.0, 1.0, 0.0, 0.0, 1.0]), // another, or the end
///     }
/// }
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dyck2 {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// The most steps of a row, 2 to 1000.
    pub time: usize,
    /// The most brackets that are open at a time, 1 to 64.
    pub depth: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl Dyck2 {
    /// The symbols, in the order of their ids; the last is the end.
    pub const SYMBOLS: [char; 5] = ['(', '[', ')', ']', '.'];

    /// Strings of up to `time` brackets, at most `depth` of them open.
    ///
    /// # Errors
    ///
    /// If `time` is not 2 to 1000 or `depth` not 1 to 64, `batch` is 0, or a batch would be
    /// too large.
    pub fn new(seed: u64, time: usize, depth: usize, batch: usize) -> Result<Self, Error> {
        let task = Dyck2 { seed, time, depth, batch };
        task.layout()?.check()?;
        Ok(task)
    }

    /// What may come when `open` brackets are open, the last of them of some kind.
    fn legal(&self, open: usize, kind: usize) -> Symbols {
        let none = Symbols::none();
        let closing = if open == 0 { none.and(END) } else { none.and(CLOSE + kind) };
        if open < self.depth { closing.and(0).and(1) } else { closing }
    }
}

/// The ids: opening brackets of kind 0 and 1, closing ones, the end.
const CLOSE: usize = 2;
const END: usize = 4;

impl Task for Dyck2 {
    fn layout(&self) -> Result<Layout, Error> {
        let &Dyck2 { time, depth, batch, .. } = self;
        want((2..=STEPS).contains(&time), "Dyck2", "time", time, "2 to 1000")?;
        want((1..=64).contains(&depth), "Dyck2", "depth", depth, "1 to 64")?;
        Ok(layout(time, batch, Self::SYMBOLS.len()))
    }

    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.layout()?;
        let mut random = Random::new(self.seed, "dyck-2", n);
        let steps = 2 * (1 + random.below(self.time / 2));
        // As many chances for every length, so that only the first row asks for memory.
        let walks = Walks::new(Depths(self.depth), self.time, |open| open == 0, scratch)?;
        // The kinds of the brackets that are open, one bit each, the last in the lowest.
        let (mut open, mut kinds) = (0, 0u64);
        let kind = |kinds: u64| (kinds & 1) as usize;
        for t in 0..steps {
            let symbol = if walks.draw(open, steps - t, &mut random) == Some(UP) {
                let new = random.below(2);
                (open, kinds) = (open + 1, kinds << 1 | new as u64);
                new
            } else {
                let closed = kind(kinds);
                (open, kinds) = (open - 1, kinds >> 1);
                CLOSE + closed
            };
            tell(row, t, symbol, self.legal(open, kind(kinds)));
        }
        row.length(steps);
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        let mut scratch = Scratch::default();
        let walks = Walks::new(Depths(self.depth), self.time, |open| open == 0, &mut scratch)?;
        let guess = guess(Depths(self.depth), self.time, |guess, t, open, chance| {
            // Over all lengths that a string of at least t brackets may have.
            let lengths = (t..=self.time).filter(|steps| steps % 2 == 0);
            let arrives: f64 =
                lengths.map(|steps| walks.chance(open, steps - t) / walks.chance(0, steps)).sum();
            for kind in 0..2 {
                guess.add(0.5 * chance * arrives, self.legal(open, kind));
            }
        })?;
        Ok(guess.cost(Self::SYMBOLS.len()))
    }
}

const UP: usize = 0;
const DOWN: usize = 1;

/// How many brackets are open, of any kind, and at most how many may be.
#[derive(Clone, Copy)]
struct Depths(usize);

impl Automaton for Depths {
    fn states(self) -> usize {
        self.0 + 1
    }

    fn legal(self, open: usize) -> Symbols {
        match open {
            0 => Symbols::none().and(UP),
            open if open == self.0 => Symbols::none().and(DOWN),
            _ => Symbols::none().and(UP).and(DOWN),
        }
    }

    fn next(self, open: usize, symbol: usize) -> usize {
        if symbol == UP { open + 1 } else { open - 1 }
    }
}
