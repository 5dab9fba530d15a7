//! The lattice of alignments of one row with its labels (Graves et al. 2006).
//!
//! The states are the labels with a blank before, between and behind them. An alignment goes
//! through them with one state a step: it stays, goes on by one, or by two over a blank between two
//! labels that differ. It begins in the first two states and ends in the last two.

use elman_tensor::Real;

/// One row: how many steps it has, and its labels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lattice<'a> {
    pub(crate) time: usize,
    pub(crate) labels: &'a [u32],
    pub(crate) blank: u32,
}

/// ln(eᵃ + eᵇ), where either may be −∞.
pub(crate) fn log_add<T: Real>(a: T, b: T) -> T {
    let (high, low) = if a < b { (b, a) } else { (a, b) };
    if low.to_f64() == f64::NEG_INFINITY { high } else { high + (low - high).softplus() }
}

pub(crate) fn impossible<T: Real>() -> T {
    T::from_f64(f64::NEG_INFINITY)
}

impl Lattice<'_> {
    /// How many states there are.
    pub(crate) fn states(&self) -> usize {
        2 * self.labels.len() + 1
    }

    /// The class of a state.
    pub(crate) fn class(&self, s: usize) -> usize {
        (if s % 2 == 1 { self.labels[s / 2] } else { self.blank }) as usize
    }

    /// Whether a state can be entered from two before it.
    fn skips(&self, s: usize) -> bool {
        s % 2 == 1 && s > 2 && self.labels[s / 2] != self.labels[s / 2 - 1]
    }

    /// ln α: `[time, states]`, of all beginnings of alignments that end in a state, the log
    /// probability. `log_p` lends the log probabilities of the classes in a step.
    ///
    /// α₀(s) = p₀(s) in the first two states,
    /// αₜ(s) = pₜ(s) (αₜ₋₁(s) + αₜ₋₁(s − 1) + αₜ₋₁(s − 2) where it skips)
    pub(crate) fn forward<'p, T: Real>(&self, log_p: impl Fn(usize) -> &'p [T], alpha: &mut [T]) {
        let states = self.states();
        for t in 0..self.time {
            let (before, now) = alpha.split_at_mut(t * states);
            let before = before.get(before.len().saturating_sub(states)..).unwrap_or_default();
            for s in 0..states {
                let mut sum = match t {
                    0 if s < 2 => T::ZERO,
                    0 => impossible(),
                    _ => before[s],
                };
                if t > 0 && s > 0 {
                    sum = log_add(sum, before[s - 1]);
                }
                if t > 0 && self.skips(s) {
                    sum = log_add(sum, before[s - 2]);
                }
                now[s] = sum + log_p(t)[self.class(s)];
            }
        }
    }

    /// The log probability of the labels: of all alignments together.
    pub(crate) fn log_probability<T: Real>(&self, alpha: &[T]) -> T {
        match (self.time, self.labels.len()) {
            (0, 0) => T::ZERO,
            (0, _) => impossible(),
            (_, 0) => alpha[self.time - 1],
            _ => {
                let end = self.time * self.states();
                log_add(alpha[end - 1], alpha[end - 2])
            }
        }
    }

    /// ln β in the last step, where the last two states are ends.
    pub(crate) fn last<T: Real>(&self, beta: &mut [T]) {
        let states = self.states();
        beta.fill(impossible());
        beta[states.saturating_sub(2)..].fill(T::ZERO);
    }

    /// ln β of the step before: of all ends of alignments from a state, without its own step, the
    /// log probability.
    ///
    /// βₜ₋₁(s) = pₜ(s) βₜ(s) + pₜ(s + 1) βₜ(s + 1) + pₜ(s + 2) βₜ(s + 2) where that skips
    pub(crate) fn back<T: Real>(&self, log_p: &[T], beta: &[T], before: &mut [T]) {
        let states = self.states();
        let from = |s: usize| log_p[self.class(s)] + beta[s];
        for s in 0..states {
            let mut sum = from(s);
            if s + 1 < states {
                sum = log_add(sum, from(s + 1));
            }
            if s + 2 < states && self.skips(s + 2) {
                sum = log_add(sum, from(s + 2));
            }
            before[s] = sum;
        }
    }
}
