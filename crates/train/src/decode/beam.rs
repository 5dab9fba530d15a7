//! Beam search.

use super::log_softmax;
use crate::error::{Error, Settings};
use elman_tensor::Real;

/// Looks for the likeliest sequences, a few of them at a time (Lowerre 1976).
///
/// It knows no network: a step is a function from a state and the last symbol to the next state
/// and the logits of the next symbol. With a stream of `elman-rnn` the state is what
/// `Stream::state` lends, and `Stream::resume` goes on from it.
///
/// ```
/// use elman_train::Beam;
///
/// // After 1 comes 1 or the end, 0. The likeliest first symbol, 2, leads to nothing much.
/// let step = |_: &(), last: Option<u32>, logits: &mut Vec<f64>| {
///     logits.extend(match last {
///         None => [0.0f64, 0.4, 0.6],
///         Some(1) => [0.9, 0.1, 0.0],
///         _ => [0.4, 0.3, 0.3],
///     }.map(f64::ln));
///     Ok::<(), ()>(())
/// };
/// let greedy = Beam::new(1, 5)?.end(0).search((), step).unwrap();
/// let best = Beam::new(2, 5)?.end(0).search((), step).unwrap();
/// assert_eq!((&greedy[0].symbols[..], &best[0].symbols[..]), (&[2, 0][..], &[1, 0][..]));
/// assert!((best[0].log_probability - 0.36f64.ln()).abs() < 1e-12);
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beam {
    width: usize,
    longest: usize,
    end: Option<u32>,
    power: f64,
}

/// A sequence that a [`Beam`] has found.
///
/// ```
/// use elman_train::Beam;
///
/// // A coin: 0 ends, 1 goes on. The state counts the throws.
/// let coin = |n: &u32, _: Option<u32>, logits: &mut Vec<f64>| {
///     logits.extend([0.0, 0.0]);
///     Ok::<u32, ()>(n + 1)
/// };
/// let found = Beam::new(3, 2)?.end(0).search(0, coin).unwrap();
/// assert_eq!(found[0].symbols, [0]);
/// assert!(found[0].ended && (found[0].log_probability.exp() - 0.5).abs() < 1e-12);
/// let cut = found.iter().find(|hypothesis| !hypothesis.ended).unwrap();
/// assert_eq!(cut.symbols, [1, 1]); // as long as it may be, without an end
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis<S> {
    /// The symbols, the end among them.
    pub symbols: Vec<u32>,
    /// ln p(symbols).
    pub log_probability: f64,
    /// What hypotheses are compared by: `log_probability / lengthᵖ`.
    pub score: f64,
    /// Whether it ends in the symbol of the end, and was not cut off.
    pub ended: bool,
    /// The state before the last symbol.
    pub state: S,
}

impl Beam {
    /// Keeps `width` sequences at a time, up to `longest` symbols.
    ///
    /// # Errors
    /// If `width` is 0.
    pub fn new(width: usize, longest: usize) -> Result<Self, Error> {
        Settings("beam").steps("width", width as u64)?;
        Ok(Beam { width, longest, end: None, power: 0.0 })
    }

    /// Sequences end with this symbol.
    #[must_use]
    pub fn end(self, symbol: u32) -> Self {
        Beam { end: Some(symbol), ..self }
    }

    /// Compares sequences of different lengths by `log_probability / lengthᵖ` (a form of the
    /// length penalty of Wu et al. 2016): 0, if nothing else is said, prefers short ones, 1
    /// compares means over symbols.
    ///
    /// # Errors
    /// If the power is not a finite number of 0 or more.
    pub fn normalised(self, power: f64) -> Result<Self, Error> {
        Settings("beam").rate("power", power)?;
        Ok(Beam { power, ..self })
    }

    /// The sequences found, best first, `width` of them at most.
    ///
    /// `step` is given a state and the symbol that came last (`None` at the start), appends the
    /// logits of the next symbol to a list that is empty, and gives the next state. In each step,
    /// of all continuations of all sequences that have not ended the likeliest `width` stay, the
    /// first of equals. Sequences that reach the longest length, or have no continuation, are cut
    /// off and take part as they are. A width of all continuations makes the search exhaustive.
    ///
    /// # Errors
    /// The first of `step`.
    pub fn search<S: Clone, T: Real, E>(
        &self,
        start: S,
        mut step: impl FnMut(&S, Option<u32>, &mut Vec<T>) -> Result<S, E>,
    ) -> Result<Vec<Hypothesis<S>>, E> {
        let start = Hypothesis {
            symbols: vec![],
            log_probability: 0.0,
            score: 0.0,
            ended: false,
            state: start,
        };
        let (mut open, mut done) = (vec![start], Vec::new());
        let (mut logits, mut log_p, mut next) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.longest {
            next.clear();
            for (i, from) in open.iter_mut().enumerate() {
                logits.clear();
                from.state = step(&from.state, from.symbols.last().copied(), &mut logits)?;
                log_softmax(&logits, 1.0, &mut log_p);
                if !append(&mut next, i, from.log_probability, &log_p) {
                    done.push(from.clone());
                }
            }
            keep(&mut next, self.width);
            let longer = next.iter().map(|&(i, k, p)| self.longer(&open[i], k as u32, p));
            let (ended, going): (Vec<_>, _) = longer.partition(|h| h.ended);
            done.extend(ended);
            open = going;
            if self.settled(&mut done, &open) {
                return Ok(done);
            }
        }
        done.extend(open);
        self.best(&mut done);
        Ok(done)
    }

    /// A hypothesis with one symbol more.
    fn longer<S: Clone>(&self, from: &Hypothesis<S>, symbol: u32, p: f64) -> Hypothesis<S> {
        let symbols = [&from.symbols[..], &[symbol]].concat();
        let score = self.score(p, symbols.len());
        let (ended, state) = (Some(symbol) == self.end, from.state.clone());
        Hypothesis { symbols, log_probability: p, score, ended, state }
    }

    fn score(&self, log_probability: f64, length: usize) -> f64 {
        log_probability / libm::pow(length.max(1) as f64, self.power)
    }

    /// Whether nothing that is open can become better than what is done.
    fn settled<S>(&self, done: &mut Vec<Hypothesis<S>>, open: &[Hypothesis<S>]) -> bool {
        self.best(done);
        let worst = done.get(self.width - 1).map_or(f64::NEG_INFINITY, |h| h.score);
        open.iter().all(|h| self.score(h.log_probability, self.longest) <= worst)
    }

    /// Sorts, best first, and drops what is too many.
    fn best<S>(&self, done: &mut Vec<Hypothesis<S>>) {
        done.sort_by(|a, b| b.score.total_cmp(&a.score));
        done.truncate(self.width);
    }
}

/// A sequence, its next symbol, and the log probability of both.
type Continuation = (usize, usize, f64);

/// Adds the continuations of the sequence `i`; whether there are any.
fn append(next: &mut Vec<Continuation>, i: usize, p: f64, log_p: &[f64]) -> bool {
    let count = next.len();
    let more = log_p.iter().map(|q| p + q).enumerate();
    next.extend(more.filter(|&(_, p)| p > f64::NEG_INFINITY).map(|(k, p)| (i, k, p)));
    next.len() > count
}

/// Keeps the likeliest, first of equals.
fn keep(next: &mut Vec<Continuation>, width: usize) {
    next.sort_by(|a, b| b.2.total_cmp(&a.2));
    next.truncate(width);
}
