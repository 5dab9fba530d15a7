//! Where everything lies in the memory of a fused sequence.

use super::Sizes;
use super::recurrence::Recurrence;
use super::weights::whole_panels;
use crate::THRESHOLD_DIVISOR;
use crate::tile::{self, NEAR, PANEL, padded};

/// Units of a cell whose sums are computed together.
const UNITS: usize = PANEL;
/// Units of a single step, with which one block of [`UNITS`] becomes two, for two threads.
const HALF: usize = UNITS / 2;

/// Numbers of cotangents of sums that are gathered before the weights' gradients take them up:
/// few enough to stay in a cache.
const GATHERED: usize = (1 << 17) / THRESHOLD_DIVISOR;
/// Rows of them that are gathered at least, so that the gradients are not touched too often.
const LEAST_GATHERED: usize = if cfg!(miri) { 1 } else { 256 };

/// Rows of a shard, at least.
const LEAST_SHARD: usize = 4;
/// Shards, at most.
const MOST_SHARDS: usize = 4;
/// Numbers of all shards' gradients, at most: they stay in the caches.
const SHARED: usize = 1 << 18;

/// Numbers that lie unused between what different threads write step by step, a page or more: what
/// a core brings into its cache ahead of time does not go beyond the page, and would come out of
/// the hands of its neighbour.
const APART: usize = 1024;

/// Bytes that all caches may hold until they are read again.
const CACHE: usize = (16 << 20) / THRESHOLD_DIVISOR;

/// The sizes of a sequence, and those of its parts.
///
/// Units are cut into blocks; the sums of a block lie side by side, first all of the
/// first sum. What is kept of a row of a block of a step is its record: what became of each sum,
/// for the units of the block, then the old cell, and what else there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) time: usize,
    pub(super) batch: usize,
    pub(super) input: usize,
    pub(super) hidden: usize,
    /// Sums that the input takes part in, and as many that the state does.
    pub(super) sums: usize,
    /// All sums: the first `sums` are of the input, the last `sums` of the state.
    pub(super) stored: usize,
    /// Whether there is a second state, the cell, that is carried beside the output.
    pub(super) cell: bool,
    /// Units of a block; the last one may have fewer.
    pub(super) block: usize,
    pub(super) blocks: usize,
    /// Where the packed biases begin.
    pub(super) biases: usize,
    /// Numbers of a record for each unit.
    recorded: usize,
    /// Into how many shards the rows are cut that have gradients of their own until the end, so
    /// that threads need not wait for each other: 1, 2 or 4, and 1 where the gradients are large.
    pub(super) shards: usize,
    /// Where each of them begins; behind the last one, all rows.
    begins: [usize; MOST_SHARDS + 1],
}

/// Some steps, whose cotangents are gathered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The first of them.
    pub(super) from: usize,
    pub(super) count: usize,
}

impl Span {
    /// Whether they are the last steps: the first on the way back.
    #[inline(always)]
    pub(super) fn is_last(&self, plan: &Plan) -> bool {
        self.from + self.count == plan.time
    }
}

/// Where the parts of the memory begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// The gradients of the weights; before them, packed weights, once for each shard.
    pub(super) gradients: usize,
    /// The records of all steps and rows.
    pub(super) records: usize,
    /// Cotangents of sums, of one step more than are gathered.
    pub(super) gathered: usize,
    /// Sums of a step, or cotangents of its outputs.
    pub(super) sums: usize,
    /// What a step carries to the next, `[batch, hidden]`.
    pub(super) carried: usize,
    /// The end.
    pub(super) end: usize,
}

/// Where the parts of the memory of single steps begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepParts {
    /// The output before; before it, packed weights.
    pub(super) before: usize,
    pub(super) sums: usize,
    pub(super) end: usize,
}

impl Plan {
    pub(super) fn new<C: Recurrence>(sizes: Sizes) -> Self {
        let Sizes { time, batch, input, hidden } = sizes;
        let recorded = match C::SUMS {
            1 => 0, // the output says it all
            _ => (C::STORED + usize::from(C::CELL)).max(C::LAST + 1),
        };
        let (sums, stored, cell) = (C::SUMS, C::STORED, C::CELL);
        let (block, blocks, biases) = (0, 0, 0);
        let (shards, begins) = (1, [batch; MOST_SHARDS + 1]);
        Plan {
            time,
            batch,
            input,
            hidden,
            sums,
            stored,
            cell,
            block,
            blocks,
            biases,
            recorded,
            shards,
            begins,
        }
        .in_blocks(UNITS)
        .in_shards()
    }

    /// Of single steps.
    pub(super) fn of_steps<C: Recurrence>(sizes: Sizes) -> Self {
        let plan = Plan::new::<C>(Sizes { time: 1, ..sizes });
        if (HALF + 1..=UNITS).contains(&plan.hidden) { plan.in_blocks(HALF) } else { plan }
    }

    /// The same in blocks of so many units.
    fn in_blocks(self, block: usize) -> Self {
        let plan = Plan { block, blocks: self.hidden.div_ceil(block), biases: 0, ..self };
        let Some(last) = plan.blocks.checked_sub(1) else { return plan };
        let width = padded(plan.sums * plan.units(last));
        Plan { biases: plan.packed(last) + (plan.input + plan.hidden) * width, ..plan }
    }

    /// The same in shards.
    fn in_shards(self) -> Self {
        let most = (self.batch / LEAST_SHARD).min(SHARED / self.gradients().max(1));
        let shards = match most {
            0 | 1 => 1,
            2 | 3 => 2,
            _ => MOST_SHARDS,
        };
        let begins = std::array::from_fn(|shard| tile::share(self.batch, shards, shard).0);
        let begins = begins.map(|begin| begin.min(self.batch));
        Plan { shards, begins, ..self }
    }

    /// The rows of some shards.
    pub(super) fn rows_of(&self, (shard, until): (usize, usize)) -> (usize, usize) {
        (self.begins[shard], self.begins[until])
    }

    /// How far what a share of the rows has for itself lies behind where it would lie if all lay
    /// together.
    pub(super) fn apart(&self, share: usize) -> usize {
        share.min(self.shards - 1) * APART
    }

    /// All that lies unused between the shares.
    fn gaps(&self) -> usize {
        (self.shards - 1) * APART
    }

    /// Steps × rows.
    pub(super) fn rows(&self) -> usize {
        self.time * self.batch
    }

    /// Units of a block.
    #[inline(always)]
    pub(super) fn units(&self, block: usize) -> usize {
        self.block.min(self.hidden - block * self.block)
    }

    /// Multiplications of one step.
    pub(super) fn operations(&self) -> usize {
        self.batch * (self.input + self.hidden) * self.terms()
    }

    /// The sums of all units that the input takes part in: terms of the products with transposed
    /// weights.
    pub(super) fn terms(&self) -> usize {
        self.sums * self.hidden
    }

    /// Where the packed weights of a block begin: of the input, then of the state.
    #[inline(always)]
    pub(super) fn packed(&self, block: usize) -> usize {
        block * (self.input + self.hidden) * self.sums * self.block
    }

    /// The distance of the sums of two rows of a block.
    #[inline(always)]
    pub(super) fn sums_row(&self, units: usize) -> usize {
        spread(self.stored * units)
    }

    /// The distance of the records of two rows of a block.
    #[inline(always)]
    pub(super) fn record(&self, units: usize) -> usize {
        spread(self.recorded * units)
    }

    /// Where the records of a row begin, of a block of a step, and up to which row those of the next
    /// rows follow: shard by shard, so that they are the same for all numbers of threads.
    pub(super) fn records(&self, t: usize, block: usize, row: usize) -> (usize, usize) {
        let shard = self.begins[1..].iter().filter(|&&begin| begin <= row).count();
        let (first, until) = (self.begins[shard], self.begins[shard + 1]);
        let before = (first * self.time + t * (until - first)) * self.row_records();
        let before = before + shard * APART + block * (until - first) * self.record(self.block);
        (before + (row - first) * self.record(self.units(block)), until)
    }

    /// The numbers of the records of a row of a step.
    #[inline(always)]
    fn row_records(&self) -> usize {
        let whole = self.hidden / self.block;
        whole * self.record(self.block) + self.record(self.hidden % self.block)
    }

    /// The distance of the cotangents of the sums of two rows: with room for whole registers of
    /// those that the state takes part in.
    #[inline(always)]
    pub(super) fn cotangents(&self) -> usize {
        spread((self.stored - self.sums) * self.hidden + padded(self.terms()))
    }

    /// Whether weights are so many that they do not stay in the cache of a core from one step to
    /// the next.
    pub(super) fn far_weights<T>(&self) -> bool {
        (self.input + self.hidden) * self.terms() * size_of::<T>() > NEAR
    }

    /// Whether records are so many that no cache of a core holds them.
    pub(super) fn past_caches<T>(&self) -> bool {
        self.rows() * self.row_records() * size_of::<T>() > CACHE
    }

    /// The numbers of the weights' and biases' gradients, in whole panels.
    pub(super) fn gradients(&self) -> usize {
        let biases = whole_panels(self.stored * self.hidden);
        (self.input + self.hidden) * whole_panels(self.terms()) + biases
    }

    /// Steps whose cotangents are gathered.
    pub(super) fn gathered(&self) -> usize {
        let few = LEAST_GATHERED.div_ceil(self.batch.max(1));
        let many = GATHERED / (self.batch * self.cotangents()).max(1);
        many.max(few).min(self.time)
    }

    /// The cotangents that are gathered, and those of one step more.
    fn all_gathered(&self) -> usize {
        (self.gathered() + 1) * self.batch * self.cotangents() + self.gaps()
    }

    /// The memory of single steps: packed weights, the output before, and the sums of all blocks.
    pub(super) fn step(&self) -> StepParts {
        let before = padded(self.biases + self.stored * self.hidden);
        let sums = before + padded(self.batch * self.hidden);
        StepParts { before, sums, end: sums + self.all_sums() }
    }

    /// The sums of all blocks of a step. Whole registers are read of the last units, too.
    fn all_sums(&self) -> usize {
        self.blocks * self.batch * self.sums_row(self.block) + padded(1) + self.gaps()
    }

    /// The numbers of packed weights, transposed or not.
    pub(super) fn packed_weights(&self) -> usize {
        let forward = self.biases + self.stored * self.hidden;
        padded(forward.max(self.terms() * (padded(self.hidden) + padded(self.input))))
    }

    /// The memory.
    pub(super) fn parts(&self) -> Parts {
        let gradients = self.shards * self.packed_weights();
        let records = gradients + self.shards * self.gradients();
        let gathered = records + self.rows() * self.row_records() + self.gaps();
        let sums = gathered + self.all_gathered();
        let carried = sums + self.all_sums();
        Parts {
            gradients,
            records,
            gathered,
            sums,
            carried,
            end: carried + self.batch * self.hidden + self.gaps(),
        }
    }
}

/// The distance of rows of so many numbers: whole registers, and an odd number of cache lines, so
/// that the rows do not compete for the same places in a cache.
#[inline(always)]
fn spread(numbers: usize) -> usize {
    if numbers == 0 { 0 } else { ((padded(numbers) / 16) | 1) * 16 }
}
