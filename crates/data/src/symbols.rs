//! What tasks of the next symbol share: sets of symbols, a step that is told, and what guessing
//! costs.

use crate::{Layout, Row, Target};
use elman_tensor::{Random, Real};

/// A set of up to eight symbols: bit `i` is symbol `i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbols(u8);

impl Symbols {
    /// How many different symbols there may be.
    pub(crate) const MOST: usize = 8;

    pub(crate) const fn none() -> Self {
        Symbols(0)
    }

    #[must_use]
    pub(crate) const fn and(self, symbol: usize) -> Self {
        Symbols(self.0 | 1 << symbol)
    }

    pub(crate) fn has(self, symbol: usize) -> bool {
        self.0 >> symbol & 1 == 1
    }

    pub(crate) fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::MOST).filter(move |&symbol| self.has(symbol))
    }

    /// One of them, each equally likely; `None` of none.
    pub(crate) fn draw(self, random: &mut Random) -> Option<usize> {
        self.iter().nth(random.below(self.count()))
    }
}

/// `x: [time, batch, symbols]` is a symbol, `y: [time, batch, symbols]` which may follow it.
pub(crate) fn layout(time: usize, batch: usize, symbols: usize) -> Layout {
    let target = Target::Steps(time, symbols);
    Layout { time, batch, features: symbols, target, classes: false }
}

/// Step `t`: the symbol that comes, and those that may come after it.
pub(crate) fn tell<T: Real>(row: &mut Row<'_, T>, t: usize, symbol: usize, legal: Symbols) {
    row.x(t, symbol, 1.0);
    legal.iter().for_each(|next| row.y(t, next, 1.0));
}

/// What guessing costs, gathered step by step: whoever knows the step only guesses, for each of
/// `K` symbols, the chance `p` that it is legal there. With the chance `r` that a row runs at a
/// step, the mean squared error over the steps of all rows is
///
/// ```text
/// Σₜ r Σ p (1 - p) / (K Σₜ r)
/// ```
#[derive(Default)]
pub(crate) struct Guess {
    /// Of the step that is being gathered: `r p` of each symbol, and `r`.
    legal: [f64; Symbols::MOST],
    runs: f64,
    /// Of the steps before it: the two sums.
    squares: f64,
    steps: f64,
}

impl Guess {
    /// With some chance a row runs at this step, and these symbols are legal.
    pub(crate) fn add(&mut self, chance: f64, legal: Symbols) {
        legal.iter().for_each(|symbol| self.legal[symbol] += chance);
        self.runs += chance;
    }

    /// The next step begins.
    pub(crate) fn step(&mut self) {
        let (legal, r) = (std::mem::take(&mut self.legal), std::mem::take(&mut self.runs));
        if r > 0.0 {
            self.squares += legal.iter().map(|&c| c * (1.0 - c / r)).sum::<f64>();
            self.steps += r;
        }
    }

    /// The mean squared error, of targets with `symbols` symbols.
    pub(crate) fn cost(&self, symbols: usize) -> f64 {
        self.squares / (symbols as f64 * self.steps)
    }
}
