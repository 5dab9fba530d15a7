//! One step at a time, with weights packed once.

use super::forward::{Once, Steps};
use super::plan::Plan;
use super::recurrence::{Cell, Recurrence, with_recurrence};
use super::split::share_step;
use super::{Columns, Marks, Sizes, check_columns, pack};
use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::memory::prefer_large_pages;
use crate::real::Real;

/// The packed weights of a cell, and memory for its steps.
///
/// ```
/// use elman_kernels::Isa;
/// use elman_kernels::fused::{Cell, Columns, Step};
///
/// // One unit that adds up what it is given.
/// let [one, zero] = [&[1.0][..], &[0.0]].map(|values| [Columns { values, width: 1, first: 0 }]);
/// let mut step = Step::new(Cell::Relu, [1, 1, 1], &one, &one, &zero)?;
/// let mut h = [10.0];
/// step.run(Isa::used(), &[1.0], &mut h, &mut [])?;
/// step.run(Isa::used(), &[2.0], &mut h, &mut [])?;
/// assert_eq!(h, [13.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Step<T> {
    cell: Cell,
    plan: Plan,
    memory: Vec<T>,
    /// Where the first cache line of the memory began when it was made.
    start: usize,
    /// Whether the last step went through the weights from their end: each begins with what the
    /// one before has left in the caches.
    back: bool,
}

impl<T: Real> Step<T> {
    /// Packs weights and biases, see [`Forward`](super::Forward), for steps of `batch` rows.
    ///
    /// # Errors
    /// If a length does not fit.
    pub fn new(
        cell: Cell,
        [batch, input, hidden]: [usize; 3],
        w: &[Columns<'_, T>],
        u: &[Columns<'_, T>],
        b: &[Columns<'_, T>],
    ) -> Result<Self, Error> {
        let sizes = Sizes { time: 1, batch, input, hidden };
        let plan = with_recurrence!(cell, cell => plan(cell, sizes))?;
        check_columns(&plan, w, u, b)?;
        let (mut memory, len) = (Vec::new(), plan.step().end + LINE);
        memory.try_reserve_exact(len).map_err(|_| Error::Length {
            kernel: "fused step",
            wanted: len,
            given: 0,
        })?;
        prefer_large_pages(&mut memory, len);
        memory.resize(len, T::ZERO);
        let start = memory.as_ptr().align_offset(64).min(LINE);
        if hidden > 0 {
            pack::forward(&plan, w, u, b, &mut memory[start..][..plan.step().before]);
        }
        Ok(Step { cell, plan, memory, start, back: false })
    }

    /// The rows, the features of an input, and the units.
    pub fn sizes(&self) -> [usize; 3] {
        [self.plan.batch, self.plan.input, self.plan.hidden]
    }

    /// The kind of cell.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// One step: an input `[batch, input]` and a state, of which the cell is empty where there is
    /// none, to the next state, the same bits as in a sequence. The output is `h`.
    ///
    /// # Errors
    /// If a length does not fit.
    pub fn run(&mut self, isa: Isa, x: &[T], h: &mut [T], c: &mut [T]) -> Result<(), Error> {
        T::fused_step(isa, self, x, h, c)
    }
}

/// Scalars of the widest cache line.
const LINE: usize = 16;

fn plan<C: Recurrence>(cell: C, sizes: Sizes) -> Result<Plan, Error> {
    super::kept_by(cell, sizes).map(|_| Plan::of_steps::<C>(sizes))
}

/// See [`Step::run`].
pub(crate) fn step<T: Real, C: Recurrence>(
    isa: Isa,
    cell: C,
    with: &mut Step<T>,
    x: &[T],
    h: &mut [T],
    c: &mut [T],
) -> Result<(), Error> {
    let plan = with.plan;
    let Plan { batch, input, hidden, .. } = plan;
    length("fused step", batch * input, x.len())?;
    length("fused step", batch * hidden, h.len())?;
    length("fused step", if C::CELL { batch * hidden } else { 0 }, c.len())?;
    if h.is_empty() {
        return Ok(());
    }
    with.back = !with.back;
    let parts = plan.step();
    let (packed, rest) = with.memory[with.start..].split_at_mut(parts.before);
    let (before, sums) = rest.split_at_mut(parts.sums - parts.before);
    let y = h.as_mut_ptr();
    let h = if plan.blocks == 1 {
        y.cast_const()
    } else {
        // What one block of units writes is not what another one reads.
        before[..h.len()].copy_from_slice(h);
        before.as_ptr()
    };
    let steps = Steps {
        cell,
        plan,
        marks: Marks::default(),
        x: x.as_ptr(),
        h,
        y,
        weights: packed.as_ptr(),
        // A single row has no time to bring anything.
        far_weights: batch > 1 && plan.far_weights::<T>(),
        records: std::ptr::null_mut(),
        past_caches: false,
        sums: sums.as_mut_ptr(),
        carried: c.as_mut_ptr(),
        back: with.back,
    };
    share_step(&plan, |share| {
        T::in_lanes(isa, Once { steps: &steps, share });
    });
    Ok(())
}
