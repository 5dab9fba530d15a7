//! Finite automata, and random walks of a given length on them.

use crate::{
    Error, Row, Scratch,
    layout::zeros,
    symbols::{Guess, Symbols, tell},
};
use elman_tensor::{Random, Real};

/// A finite automaton: states, and which symbols lead from one to another. State 0 is the start.
pub(crate) trait Automaton: Copy {
    /// How many states there are.
    fn states(self) -> usize;
    /// The symbols that may come in a state; none where everything ends.
    fn legal(self, state: usize) -> Symbols;
    /// The state that a legal symbol leads to.
    fn next(self, state: usize, symbol: usize) -> usize;
}

/// The most steps of a walk that has a goal: chances are at least 2^-1000 then, no underflow.
pub(crate) const STEPS: usize = 1000;

/// Random walks that take each legal symbol with equal chances, given that they arrive.
///
/// With the chance `c_r(s)` to be at a goal `r` steps after state `s`, and to stay where
/// no symbol is legal,
///
/// ```text
/// c₀(s) = [s is a goal],    c_r(s) = mean over legal k of c_{r-1}(next(s, k))
/// ```
///
/// a walk that has to arrive takes symbol `k` in proportion to `c_{r-1}(next(s, k))`: no
/// walk is ever thrown away.
pub(crate) struct Walks<'s, A> {
    automaton: A,
    /// `c`, `[steps + 1, states]`.
    chances: &'s [f64],
}

impl<'s, A: Automaton> Walks<'s, A> {
    /// Walks of up to `steps` steps, at most [`STEPS`].
    pub(crate) fn new(
        automaton: A,
        steps: usize,
        goal: impl Fn(usize) -> bool,
        scratch: &'s mut Scratch,
    ) -> Result<Self, Error> {
        let states = automaton.states();
        let chances = scratch.values((steps + 1) * states)?;
        for s in 0..states {
            chances[s] = f64::from(goal(s));
        }
        for r in 1..=steps {
            let (before, now) = chances.split_at_mut(r * states);
            let before = &before[(r - 1) * states..];
            for s in 0..states {
                let legal = automaton.legal(s);
                let sum: f64 = legal.iter().map(|k| before[automaton.next(s, k)]).sum();
                now[s] = if legal.is_empty() { before[s] } else { sum / legal.count() as f64 };
            }
        }
        Ok(Walks { automaton, chances })
    }

    /// The chance to arrive from a state in `left` steps.
    pub(crate) fn chance(&self, state: usize, left: usize) -> f64 {
        self.chances[left * self.automaton.states() + state]
    }

    /// The next symbol of a walk that arrives in `left` steps; `None` where it cannot.
    pub(crate) fn draw(&self, state: usize, left: usize, random: &mut Random) -> Option<usize> {
        let (legal, left) = (self.automaton.legal(state), left.checked_sub(1)?);
        let weight = |k| match legal.has(k) {
            true => self.chance(self.automaton.next(state, k), left),
            false => 0.0,
        };
        random.weighted(&std::array::from_fn::<_, { Symbols::MOST }, _>(weight))
    }
}

/// What guessing the legal symbols costs on walks of `time` steps from state 0. After each step
/// `add(guess, t, state, chance)` adds what is legal in a state that the walk is in after `t`
/// steps, with that chance.
pub(crate) fn guess<A: Automaton>(
    automaton: A,
    time: usize,
    add: impl Fn(&mut Guess, usize, usize, f64),
) -> Result<Guess, Error> {
    let mut guess = Guess::default();
    let mut now = zeros("states", automaton.states())?;
    let mut next = now.clone();
    now[0] = 1.0;
    for t in 1..=time {
        next.fill(0.0);
        for (s, &here) in now.iter().enumerate() {
            let legal = automaton.legal(s);
            for k in legal.iter() {
                next[automaton.next(s, k)] += here / legal.count() as f64;
            }
        }
        std::mem::swap(&mut now, &mut next);
        for (s, &here) in now.iter().enumerate() {
            add(&mut guess, t, s, here);
        }
        guess.step();
    }
    Ok(guess)
}

/// Writes a string of at most `time + 1` symbols that ends where no symbol is legal: every
/// symbol but the last, and what may follow it.
pub(crate) fn tell_string<A: Automaton, T: Real>(
    automaton: A,
    time: usize,
    mut random: Random,
    row: &mut Row<'_, T>,
    scratch: &mut Scratch,
) -> Result<(), Error> {
    let ends = |s| automaton.legal(s).is_empty();
    let walks = Walks::new(automaton, time + 1, ends, scratch)?;
    let (mut state, mut t) = (0, 0);
    while let Some(symbol) = walks.draw(state, time + 1 - t, &mut random) {
        state = automaton.next(state, symbol);
        if ends(state) {
            break;
        }
        tell(row, t, symbol, automaton.legal(state));
        t += 1;
    }
    row.length(t);
    Ok(())
}

/// What guessing the legal symbols costs on such strings.
pub(crate) fn guess_strings<A: Automaton>(
    automaton: A,
    time: usize,
    symbols: usize,
) -> Result<f64, Error> {
    let (ends, mut scratch) = (|s| automaton.legal(s).is_empty(), Scratch::default());
    let walks = Walks::new(automaton, time + 1, ends, &mut scratch)?;
    let guess = guess(automaton, time, |guess, t, s, chance| {
        // A walk that has ended runs no more; one that comes too late was never drawn.
        if !ends(s) {
            guess.add(chance * walks.chance(s, time + 1 - t), automaton.legal(s));
        }
    })?;
    Ok(guess.cost(symbols))
}
