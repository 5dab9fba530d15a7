use crate::{
    Error, Layout, Row, Scratch, Task,
    error::want,
    layout::{length, size},
    symbols::{self, Guess, Symbols, tell},
};
use elman_tensor::{Random, Real};

/// Counting languages: aⁿbⁿ, aⁿbⁿcⁿ, and so on.
///
/// Gers and Schmidhuber (2001). A string is a start symbol, each of `K` letters `n` times,
/// and an end symbol; after every symbol those that may follow are to be predicted:
///
/// ```text
/// told    S a   a   a   b b b c c c         K = 3, n = 3
/// legal   a a,b a,b a,b b b c c c T
/// ```
///
/// The language is that of all `n ≥ 1`. So another `a` is always legal; once `b` has
/// come, everything is certain to whoever has counted. Strings have `n` uniform in a range
/// `lo ..= hi`: learn from one, test on a longer one. (In the paper a network accepts a
/// string if it is right at every step.)
///
/// `x: [1 + K hi, batch, K + 2]` is the symbol, one-hot: the start, the letters, the end;
/// `y: [1 + K hi, batch, K + 2]` is 1 for each symbol that may follow it. The end is not
/// told, so rows have `1 + K n` steps, and lengths.
///
/// **Baseline**: the mean squared error of guessing, for every step, how often each
/// symbol is legal there; counted over all `n`.
///
/// ```
/// use elman_data::{Batch, Counting, Task};
///
/// // aⁿbⁿ with n = 2, of the symbols S a b T.
/// let mut batch = Batch::<f32>::new();
/// Counting::new(7, 2, (2, 2), 1)?.fill(&mut batch, 0)?;
/// let legal: Vec<_> = batch.y.values().chunks(4).collect();
/// assert_eq!(legal, [
///     [0.0, 1.0, 0.0, 0.0], // S: an a
///     [0.0, 1.0, 1.0, 0.0], // a: another, or a b
///     [0.0, 1.0, 1.0, 0.0], // a
///     [0.0, 0.0, 1.0, 0.0], // b: there were two a
///     [0.0, 0.0, 0.0, 1.0], // b: the end
/// ]);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Counting {
    /// Sequences depend on (seed, number).
    pub seed: u64,
    /// The letters `K`, 2 to 6.
    pub letters: usize,
    /// The range `(lo, hi)` of `n`, both included, from 1 on.
    pub n: (usize, usize),
    /// Sequences in a batch.
    pub batch: usize,
}

impl Counting {
    /// Strings of `letters` letters, 2 for aⁿbⁿ and 3 for aⁿbⁿcⁿ, with `n` in a range.
    ///
    /// # Errors
    ///
    /// If there are not 2 to 6 letters, the range is empty or begins with 0, `batch` is 0,
    /// or a batch would be too large.
    pub fn new(seed: u64, letters: usize, n: (usize, usize), batch: usize) -> Result<Self, Error> {
        let task = Counting { seed, letters, n, batch };
        task.layout()?.check()?;
        Ok(task)
    }

    /// Start, letters and end.
    fn symbols(&self) -> usize {
        self.letters + 2
    }
}

/// The symbol at step `t` of a string: the start, a letter, or beyond the letters the end.
fn symbol(n: usize, t: usize) -> usize {
    if t == 0 { 0 } else { 1 + (t - 1) / n }
}

/// What may come after step `t` of a string.
fn legal(n: usize, t: usize) -> Symbols {
    let next = Symbols::none().and(symbol(n, t + 1));
    if (1..=n).contains(&t) { next.and(1).and(2) } else { next }
}

impl Task for Counting {
    fn layout(&self) -> Result<Layout, Error> {
        let &Counting { letters, n: (lo, hi), batch, .. } = self;
        let what = "Counting";
        want((2..=Symbols::MOST - 2).contains(&letters), what, "letters", letters, "2 to 6")?;
        want(1 <= lo && lo <= hi, what, "n", (lo, hi), "an ordered range from 1 on")?;
        let time = length("Counting, steps", &[1, size("Counting, letters", &[letters, hi])?])?;
        Ok(symbols::layout(time, batch, self.symbols()))
    }

    fn row<T: Real>(&self, n: u64, row: &mut Row<'_, T>, _: &mut Scratch) -> Result<(), Error> {
        self.layout()?;
        let (lo, hi) = self.n;
        let n = lo + Random::new(self.seed, "counting", n).below(hi - lo + 1);
        let steps = 1 + self.letters * n;
        for t in 0..steps {
            tell(row, t, symbol(n, t), legal(n, t));
        }
        row.length(steps);
        Ok(())
    }

    fn baseline(&self) -> Result<f64, Error> {
        let layout = self.layout()?;
        layout.check()?;
        let (lo, hi) = self.n;
        let mut guess = Guess::default();
        for t in 0..layout.time {
            // Strings with the same symbols to come follow each other, from the longest down.
            let (mut n, shortest) = (hi, lo.max(t.div_ceil(self.letters)));
            while n >= shortest {
                let first = same(n, t).max(shortest);
                guess.add((n - first + 1) as f64, legal(n, t));
                n = first - 1;
            }
            guess.step();
        }
        Ok(guess.cost(self.symbols()))
    }
}

/// The smallest number of letters with which the same symbols are legal after step `t`.
fn same(n: usize, t: usize) -> usize {
    if n >= t { t.max(1) } else { t / (t / n + 1) + 1 }
}
