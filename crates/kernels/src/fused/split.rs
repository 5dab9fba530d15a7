//! How threads share the steps of a sequence.

use super::plan::Plan;
use crate::THRESHOLD_DIVISOR;
use crate::parallel::{self, Member, threads};
use crate::real::Real;
use crate::tile;

/// Rows whose sums are computed together: few enough that they stay in a cache.
const AT_ONCE: usize = 64;
/// With fewer rows than this for each thread, loading weights takes longer than computing.
const FEW_ROWS: usize = 6;
/// Multiplications of a step, of one thread, that are worth waiting for the others after it:
/// waiting, and what the others wrote coming over, take a microsecond.
const WORTH_WAITING: usize = (1 << 20) / THRESHOLD_DIVISOR;

/// Multiplications of a single step that one thread does in a nanosecond, about: their weights
/// come from an L2 cache.
const AT_ONE_NANOSECOND: usize = 27;
/// With fewer multiplications, no step is shared: nothing is that near.
const WORTH_ASKING: usize = 10_000 / THRESHOLD_DIVISOR;

/// What one thread computes of every step: some rows of all units, or some units of all rows.
#[derive(Clone, Copy)]
pub(super) struct Share<'a> {
    rows: (usize, usize),
    blocks: (usize, usize),
    /// See [`Plan::apart`].
    apart: usize,
    /// Which of the copies of packed weights nobody else reads, if there is one.
    pub(super) weights: Option<usize>,
    /// Who computes the other units.
    team: Option<&'a Member<'a>>,
}

/// Some rows of a block of units.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) block: usize,
    /// Which of the places for the sums of a block is its own, among the threads.
    pub(super) slot: usize,
    /// See [`Plan::apart`].
    pub(super) apart: usize,
}

impl Share<'_> {
    /// Some rows of all units: the `i`-th such share.
    pub(super) fn of_rows(plan: &Plan, i: usize, rows: (usize, usize)) -> Self {
        Share { rows, blocks: (0, plan.blocks), apart: plan.apart(i), weights: None, team: None }
    }

    /// Some units of all rows.
    pub(super) fn of_units(plan: &Plan, blocks: (usize, usize)) -> Self {
        Share { rows: (0, plan.batch), blocks, apart: 0, weights: None, team: None }
    }

    #[inline(always)]
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> {
        let ((from, until), apart) = (self.rows, self.apart);
        (self.blocks.0..self.blocks.1).flat_map(move |block| {
            let slot = if self.team.is_some() { block } else { 0 };
            tile::blocks(until - from, AT_ONCE).map(move |(row, rows)| Part {
                row: from + row,
                rows,
                block,
                slot,
                apart,
            })
        })
    }

    /// The parts of a step whose sums all have places of their own, in either order.
    #[inline(always)]
    pub(super) fn places(&self, back: bool) -> impl Iterator<Item = Part> {
        let (from, until) = self.blocks;
        (from..until).map(move |block| {
            let block = if back { until - 1 - (block - from) } else { block };
            Part { row: 0, rows: self.rows.1, block, slot: block, apart: 0 }
        })
    }

    /// The rows that this thread prepares for all units, before anybody [waits](Self::wait).
    pub(super) fn own_rows(&self) -> (usize, usize) {
        match self.team {
            Some(team) => tile::share(self.rows.1, team.of(), team.number()),
            None => self.rows,
        }
    }

    /// Waits until all units of a step are there.
    #[inline(always)]
    pub(super) fn wait(&self) {
        if let Some(team) = self.team {
            team.wait();
        }
    }
}

impl Part {
    /// Where the sums of a row begin.
    #[inline(always)]
    pub(super) fn sums(&self, plan: &Plan, row: usize) -> usize {
        let first = (self.slot * plan.batch + self.row) * plan.sums_row(plan.block);
        first + self.apart + (row - self.row) * plan.sums_row(plan.units(self.block))
    }

    /// Where what is carried from step to step begins, of its units of a row.
    #[inline(always)]
    pub(super) fn carried(&self, plan: &Plan, row: usize) -> usize {
        row * plan.hidden + self.block * plan.block + self.apart
    }
}

/// How threads share steps: by rows, or by units. Neither changes a bit of a result.
#[derive(Clone, Copy)]
pub(super) struct Shares {
    parts: usize,
    by_units: bool,
}

impl Shares {
    /// Of so many steps.
    pub(super) fn of<T: Real>(plan: &Plan, steps: usize) -> Self {
        let parts = parallel::parts(plan.operations() * steps, usize::MAX);
        // What does not stay in the cache of a core is better shared.
        let by_units = parts > 1
            && plan.blocks >= parts
            && plan.operations() >= WORTH_WAITING * parts
            && (plan.far_weights::<T>() || plan.batch < FEW_ROWS * parts);
        let parts = if by_units { parts } else { parts.min(plan.batch) };
        Shares { parts, by_units }
    }

    /// Whether each has a copy of packed weights that nobody else reads.
    pub(super) fn own_weights(self, plan: &Plan) -> bool {
        !self.by_units && self.parts <= plan.shards
    }

    /// Has all of them computed.
    pub(super) fn compute(self, plan: &Plan, compute: &(dyn Fn(&Share<'_>) + Sync)) {
        if self.by_units {
            parallel::together(self.parts, &|member| {
                let blocks = tile::share(plan.blocks, member.of(), member.number());
                compute(&Share { team: Some(member), ..Share::of_units(plan, blocks) });
            });
        } else {
            parallel::run(self.parts, &|i| {
                let rows = tile::share(plan.batch, self.parts, i);
                let weights = self.own_weights(plan).then_some(i);
                compute(&Share { weights, ..Share::of_rows(plan, i, rows) });
            });
        }
    }
}

/// Nanoseconds that a single step takes alone, if it is worth waking somebody for.
const WORTH_WAKING: u64 = 100_000 / THRESHOLD_DIVISOR as u64;

/// How threads share the blocks of units of a single step.
#[derive(Clone, Copy)]
pub(super) struct StepShares {
    blocks: usize,
    parts: usize,
    /// Whether it takes so long that who would help is woken for it.
    wakes: bool,
}

impl StepShares {
    /// Of a step of so many multiplications in so many blocks.
    #[inline(always)]
    pub(super) fn of(operations: usize, blocks: usize) -> Self {
        if operations < WORTH_ASKING || blocks == 1 || threads() == 1 {
            return StepShares { blocks, parts: 1, wakes: false };
        }
        let alone = (operations / AT_ONE_NANOSECOND) as u64;
        let parts = alone / (2 * parallel::nanoseconds_to_hand_over()).max(1);
        let parts = (parts as usize).clamp(1, threads()).min(blocks);
        StepShares { blocks, parts, wakes: alone > WORTH_WAKING }
    }

    /// Whether there is only one.
    #[inline(always)]
    pub(super) fn alone(self) -> bool {
        self.parts == 1
    }

    /// The blocks of a share.
    pub(super) fn blocks(self, part: usize) -> (usize, usize) {
        tile::share(self.blocks, self.parts, part)
    }

    /// Has all of them computed.
    pub(super) fn compute(self, share: impl Fn(usize) + Sync) {
        match self {
            StepShares { parts: 1, .. } => share(0),
            StepShares { parts, wakes: true, .. } => parallel::run(parts, &share),
            StepShares { parts, wakes: false, .. } => parallel::run_if_awake(parts, &share),
        }
    }
}
