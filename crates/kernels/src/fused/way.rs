//! The way back: how spans of steps and shards of rows follow each other.

use super::Gradients;
use super::backward::{Functions, Steps, add};
use super::gathered::Gathered;
use super::pack::Copies;
use super::plan::{Plan, Span};
use super::split::{Share, Shares};
use super::through::Through;
use super::weights::{self, Stage, Weights};
use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::parallel::{self, Apart};
use crate::real::Real;
use crate::tile;

/// The way back through all steps, span by span.
pub(super) struct Way<'a, T> {
    pub(super) isa: Isa,
    pub(super) steps: Steps<'a, T>,
    pub(super) functions: Functions<T>,
    pub(super) x: *const T,
    /// The transposed weights, packed.
    pub(super) copies: Copies<'a, T>,
    pub(super) dlast: *const T,
    /// The memory of all cotangents that are gathered.
    pub(super) gathered: *mut T,
    pub(super) gradients: *mut T,
    /// Into how many parts the shards are cut for threads.
    pub(super) parts: usize,
}

// SAFETY: as `Steps`; of the gradients each thread writes its own shard, or its own panels.
unsafe impl<T: Sync> Sync for Way<'_, T> {}

impl<T: Real> Way<'_, T> {
    /// The steps whose cotangents are gathered at a time, from the last ones back.
    fn spans(&self) -> impl Iterator<Item = Span> {
        let plan = &self.steps.plan;
        tile::blocks(plan.time, plan.gathered()).rev().map(|(from, count)| Span { from, count })
    }

    /// The shards of a part.
    fn shards(&self, part: usize) -> (usize, usize) {
        tile::share(self.steps.plan.shards, self.parts, part)
    }

    /// The rows of a part.
    fn rows(&self, part: usize) -> (usize, usize) {
        self.steps.plan.rows_of(self.shards(part))
    }

    /// Where a part gathers cotangents.
    fn gathered(&self, part: usize) -> Gathered<T> {
        Gathered::new(&self.steps.plan, self.gathered, part, self.rows(part))
    }

    /// What is carried of the rows of a part.
    ///
    /// # Safety
    /// No other thread or reference may use it now.
    #[expect(clippy::mut_from_ref, reason = "each part has rows of its own")]
    unsafe fn carried(&self, part: usize) -> &mut [T] {
        let Plan { hidden, .. } = self.steps.plan;
        let (row, end) = self.rows(part);
        let at = self.steps.carried.wrapping_add(row * hidden + self.steps.plan.apart(part));
        // SAFETY: there is room for these rows; the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(at, (end - row) * hidden) }
    }

    /// Takes over the cotangents of a part's cells after the last step.
    fn begin(&self, part: usize) {
        // SAFETY: the part's thread begins with it, and no other thread has these rows.
        let to = unsafe { self.carried(part) };
        if self.steps.plan.cell {
            let from = self.dlast.wrapping_add(self.rows(part).0 * self.steps.plan.hidden);
            // SAFETY: the length was checked.
            to.copy_from_slice(unsafe { std::slice::from_raw_parts(from, to.len()) });
        } else {
            to.fill(T::ZERO);
        }
    }

    /// What a shard adds to its gradients for a span.
    fn weights(&self, span: Span, shard: usize, cotangents: Gathered<T>) -> Weights<'_, T> {
        let plan = &self.steps.plan;
        Weights {
            plan,
            span,
            rows: plan.rows_of((shard, shard + 1)),
            x: self.x,
            h: self.steps.h,
            y: self.steps.y,
            cotangents,
            to: self.gradients.wrapping_add(shard * plan.gradients()),
        }
    }

    /// The stages in which a span's gradients of the weights are computed.
    fn stages(&self) -> impl Iterator<Item = Stage> + use<T> {
        let stages: &[_] = match self.steps.marks.resets {
            None => &[Stage::All],
            Some(_) => &[Stage::OfInput, Stage::OfState],
        };
        stages.iter().copied()
    }

    /// After the gradients of the input's weights: where a row starts anew, its state was 0, and so
    /// is what the gradients of the state's weights take up.
    fn between(&self, stage: Stage, of: &Weights<'_, T>) {
        let Plan { batch, hidden, sums, stored, .. } = self.steps.plan;
        if stage != Stage::OfInput {
            return;
        }
        let Weights { span, rows: (row, end), cotangents, .. } = *of;
        for step in 0..span.count {
            let starts = |row: &usize| self.steps.marks.starts(*row, span.from + step, batch);
            for row in (row..end).filter(starts) {
                let at = cotangents.row(step, row).wrapping_add((stored - sums) * hidden);
                // SAFETY: the cotangents of the row of that step, which nobody else touches now.
                unsafe { std::slice::from_raw_parts_mut(at, sums * hidden) }.fill(T::ZERO);
            }
        }
    }

    /// The product that adds to the inputs' gradient, where somebody wants it.
    fn inputs<'a>(&self, into: &'a mut dyn Gradients<T>) -> Result<Option<Through<'a, T>>, Error> {
        let (plan, Some(dx)) = (&self.steps.plan, into.x()) else { return Ok(None) };
        length("fused backward", plan.rows() * plan.input, dx.len())?;
        Ok(Some(Through::new(plan, (self.copies.of_input(0), plan.input), dx)))
    }

    /// Each thread goes its way alone, through all steps of the rows of some shards.
    pub(super) fn in_shards(&self, into: &mut dyn Gradients<T>) -> Result<(), Error> {
        let plan = &self.steps.plan;
        let dx = Apart(self.inputs(into)?);
        parallel::run(self.parts, &|i| {
            let (row, end) = self.rows(i);
            let gathered = self.gathered(i);
            let dx = dx.get().map(|dx| dx.by(self.copies.of_input(i)));
            // SAFETY: each part has a copy of its own.
            let transposed = unsafe { self.copies.transposed(self.isa, i, dx.is_some()) };
            let steps = Steps { gathered, transposed, ..self.steps };
            let share = &Share::of_rows(plan, i, (row, end));
            self.begin(i);
            for span in self.spans() {
                steps.run(span, share, self.functions);
                if let Some(dx) = dx {
                    for step in 0..span.count {
                        let to = (span.from + step) * plan.batch + row;
                        T::in_lanes(self.isa, dx.part(gathered.row(step, row), to, end - row));
                    }
                }
                for stage in self.stages() {
                    for shard in self.shards(i).0..self.shards(i).1 {
                        let weights = self.weights(span, shard, gathered);
                        let share = weights::Shared { weights, part: 0, parts: 1, stage };
                        T::in_lanes(self.isa, share);
                        self.between(stage, &weights);
                    }
                }
            }
            if self.has_pairs() {
                self.add_pairs(self.shards(i));
            }
        });
        if !self.has_pairs() {
            self.add_pairs((0, plan.shards));
        }
        Ok(())
    }

    /// Whether each part has both shards of all its pairs.
    fn has_pairs(&self) -> bool {
        (0..self.parts).all(|part| self.shards(part).0.is_multiple_of(2))
    }

    /// Adds up pairs of shards of which nobody else has any.
    fn add_pairs(&self, (shard, until): (usize, usize)) {
        let gradients = self.steps.plan.gradients();
        let at = self.gradients.wrapping_add(shard * gradients);
        // SAFETY: there are these shards, and nobody else touches them now.
        let shards = unsafe { std::slice::from_raw_parts_mut(at, (until - shard) * gradients) };
        weights::add_pairs(&self.steps.plan, shards);
    }

    /// The gradients of all shards, after the last step.
    pub(super) fn all_gradients(&self) -> &[T] {
        let plan = &self.steps.plan;
        // SAFETY: there are so many, and no thread writes them any more.
        unsafe { std::slice::from_raw_parts(self.gradients, plan.shards * plan.gradients()) }
    }

    /// Adds the cotangents of the state before the first step: what flows through its sums, and
    /// what bypasses them. They are added as a whole, so that a state has the same gradient wherever
    /// it comes from.
    pub(super) fn end(&self, into: &mut dyn Gradients<T>) -> Result<(), Error> {
        let plan = &self.steps.plan;
        let (hidden, state) = (plan.hidden, plan.batch * plan.hidden);
        for part in 0..self.parts {
            let (row, end) = self.rows(part);
            let own = row * hidden..end * hidden;
            // SAFETY: all threads have ended.
            let carried = unsafe { self.carried(part) };
            if into.h().is_some() {
                let through = if plan.cell {
                    // SAFETY: as above; there is room for the sums of all rows.
                    let sums =
                        unsafe { std::slice::from_raw_parts_mut(self.steps.sums, carried.len()) };
                    sums.fill(T::ZERO);
                    sums
                } else {
                    &mut *carried
                };
                let product = Through::new(plan, (self.copies.get(0), hidden), through);
                let cotangents = self.gathered(part).row(0, row);
                let cotangents = cotangents.wrapping_add((plan.stored - plan.sums) * hidden);
                product.share(self.isa, cotangents, 0, end - row);
                add(into.h(), own.clone(), state, through)?;
            }
            if plan.cell {
                add(into.c(), own, state, carried)?;
            }
        }
        Ok(())
    }

    /// All threads share the steps of a span, and then its part of the gradients.
    pub(super) fn in_spans(&self, into: &mut dyn Gradients<T>) -> Result<(), Error> {
        let plan = &self.steps.plan;
        let parts = parallel::parts(plan.operations() * plan.time, usize::MAX);
        let gathered = self.steps.gathered;
        self.begin(0);
        // SAFETY: nobody else is there yet.
        unsafe { self.copies.transposed(self.isa, 0, into.x().is_some()) };
        for span in self.spans() {
            Shares::of::<T>(plan, span.count).compute(plan, &|share| {
                self.steps.run(span, share, self.functions);
            });
            if let Some(dx) = self.inputs(into)? {
                let (to, rows) = (span.from * plan.batch, span.count * plan.batch);
                dx.share(self.isa, gathered.row(0, 0), to, rows);
            }
            for stage in self.stages() {
                let weights = self.weights(span, 0, gathered);
                let weights = Apart(weights);
                parallel::run(parts, &|part| {
                    let weights = *weights.get();
                    T::in_lanes(self.isa, weights::Shared { weights, part, parts, stage });
                });
                self.between(stage, weights.get());
            }
        }
        Ok(())
    }
}
