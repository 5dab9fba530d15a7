use crate::{
    Error, Layout, Row, Scratch, Target, Task,
    automaton::{Automaton, STEPS, Walks},
    error::want,
    symbols::Symbols,
};
use elman_tensor::{Random, Real};

/// The grammars of Tomita: does a string of bits belong to the language?
///
/// Tomita (1982), the seven regular languages that recurrent networks have been measured
/// by ever since (Watrous and Kuhn 1992):
///
/// ```text
/// 1   only ones
/// 2   10 repeated
/// 3   no odd number of zeros directly after an odd number of ones
/// 4   nowhere three zeros in a row
/// 5   an even number of zeros and an even number of ones
/// 6   the number of zeros less that of ones is a multiple of 3
/// 7   zeros, then ones, then zeros, then ones, any number of each
/// ```
///
/// Half of the strings belong to it. The length is uniform among those up to `time` of
/// which there are strings of both sorts, so it says nothing; and of all strings of that
/// sort and length each is equally likely.
///
/// `x: [time, batch, 2]`, one-hot, with lengths; `y: [batch, 1]` is 1 for a string that
/// belongs to the language, else 0, and so is `ids: [batch]`.
///
/// **Baseline**: both are equally likely, ln 2 = 0.693 nats.
///
/// ```
/// use elman_data::{Batch, Task, Tomita};
///
/// // The fifth grammar: an even number of zeros, and of ones.
/// let mut batch = Batch::<f32>::new();
/// Tomita::new(7, 5, 20, 1)?.fill(&mut batch, 0)?;
/// let count = |bit: usize| batch.x.values().chunks(2).map(|x| x[bit] as u32).sum::<u32>();
/// let belongs = count(0) % 2 == 0 && count(1) % 2 == 0;
/// assert_eq!(batch.ids, [u32::from(belongs)]);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tomita {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// Which of the grammars, 1 to 7.
    pub grammar: usize,
    /// The most steps of a row, at most 1000; at least the shortest length of which there
    /// are strings of both sorts, 1, 2, 2, 3, 2, 2 and 4 for the seven grammars.
    pub time: usize,
    /// Sequences in a batch.
    pub batch: usize,
}

impl Tomita {
    /// Strings of up to `time` bits, half of which grammar number `grammar` accepts.
    ///
    /// # Errors
    ///
    /// If there is no such grammar, if `time` is above 1000 or so small that all strings are
    /// of one sort, if `batch` is 0, or a batch would be too large.
    pub fn new(seed: u64, grammar: usize, time: usize, batch: usize) -> Result<Self, Error> {
        let task = Tomita { seed, grammar, time, batch };
        task.layout()?.check()?;
        Ok(task)
    }

    fn language(&self) -> Result<Language, Error> {
        let language = self.grammar.checked_sub(1).and_then(|i| LANGUAGES.get(i));
        language.copied().ok_or_else(|| Error::Parameter {
            what: "Tomita",
            name: "grammar",
            found: self.grammar.to_string(),
            wanted: "1 to 7",
        })
    }
}

impl Task for Tomita {
    fn layout(&self) -> Result<Layout, Error> {
        let &Tomita { time, batch, .. } = self;
        let shortest = self.language()?.shortest;
        let wanted = "a length of which there are strings of both sorts, at most 1000";
        want((shortest..=STEPS).contains(&time), "Tomita", "time", time, wanted)?;
        Ok(Layout { time, batch, features: 2, target: Target::Sequence(1), classes: true })
    }

    fn row<T: Real>(
        &self,
        n: u64,
        row: &mut Row<'_, T>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.layout()?;
        let (language, mut random) = (self.language()?, Random::new(self.seed, "tomita", n));
        let member = random.bernoulli(0.5);
        let Language { shortest, every, .. } = language;
        let steps = shortest + every * random.below((self.time - shortest) / every + 1);
        // As many chances for every length, so that only the first row asks for memory.
        let walks = Walks::new(language, self.time, |s| language.accepts(s) == member, scratch)?;
        let (mut state, mut t) = (0, 0);
        while let Some(bit) = walks.draw(state, steps - t, &mut random) {
            row.x(t, bit, 1.0);
            state = language.next(state, bit);
            t += 1;
        }
        row.y(0, 0, f64::from(member));
        row.id(0, u32::from(member));
        row.length(t);
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        self.layout()?.check()?;
        Ok(std::f64::consts::LN_2)
    }
}

/// A language of bits.
#[derive(Clone, Copy)]
struct Language {
    /// Where 0 and 1 lead from each state.
    edges: &'static [[usize; 2]],
    /// The states, one bit each, in which a string may end.
    accepting: u8,
    /// The shortest length of which there are strings that belong to it and others, and
    /// after how many more there are again.
    shortest: usize,
    every: usize,
}

/// The grammars in Tomita's order. Where there is a state that nothing leads out of, it is the
/// last.
const LANGUAGES: [Language; 7] = [
    Language { edges: &[[1, 0], [1, 1]], accepting: 0b1, shortest: 1, every: 1 },
    Language { edges: &[[2, 1], [0, 2], [2, 2]], accepting: 0b1, shortest: 2, every: 2 },
    Language {
        // Not after an odd run of ones, in one, and after one an odd or even run of zeros.
        edges: &[[0, 1], [2, 0], [3, 4], [2, 1], [4, 4]],
        accepting: 0b1011,
        shortest: 2,
        every: 1,
    },
    Language { edges: &[[1, 0], [2, 0], [3, 0], [3, 3]], accepting: 0b111, shortest: 3, every: 1 },
    Language {
        // Odd numbers of zeros count 1, odd numbers of ones 2.
        edges: &[[1, 2], [0, 3], [3, 0], [2, 1]],
        accepting: 0b1,
        shortest: 2,
        every: 2,
    },
    Language { edges: &[[1, 2], [2, 0], [0, 1]], accepting: 0b1, shortest: 2, every: 1 },
    Language {
        edges: &[[0, 1], [2, 1], [2, 3], [4, 3], [4, 4]],
        accepting: 0b1111,
        shortest: 4,
        every: 1,
    },
];

impl Language {
    fn accepts(self, state: usize) -> bool {
        self.accepting >> state & 1 == 1
    }
}

impl Automaton for Language {
    fn states(self) -> usize {
        self.edges.len()
    }

    fn legal(self, _: usize) -> Symbols {
        Symbols::none().and(0).and(1)
    }

    fn next(self, state: usize, bit: usize) -> usize {
        self.edges[state][bit]
    }
}
