//! One step at a time, with weights packed once.

use super::forward::{Functions, Steps, functions};
use super::plan::Plan;
use super::recurrence::{Cell, Recurrence, with_recurrence};
use super::single::Single;
use super::split::{Share, StepShares};
use super::{Columns, Marks, Sizes, check_columns, pack};
use crate::dispatch::Isa;
use crate::error::{Error, length};
use crate::memory::Lined;
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
/// let mut y = [0.0];
/// step.run(Isa::used(), &[1.0], &mut h, &mut [], &mut y)?;
/// assert_eq!((h, y), ([11.0], [11.0]));
/// step.run(Isa::used(), &[2.0], &mut h, &mut [], &mut [])?;
/// assert_eq!(h, [13.0]);
/// # Ok::<(), elman_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Step<T> {
    cell: Cell,
    sizes: [usize; 3],
    packed: Packed<T>,
}

#[derive(Debug, Clone)]
enum Packed<T> {
    Single(Single<T>),
    Several(Several<T>),
}

impl<T: Real> Step<T> {
    /// Packs weights and biases, see [`Forward`](super::Forward), for steps of `batch` rows.
    ///
    /// # Errors
    /// If a length does not fit.
    pub fn new(
        cell: Cell,
        sizes: [usize; 3],
        w: &[Columns<'_, T>],
        u: &[Columns<'_, T>],
        b: &[Columns<'_, T>],
    ) -> Result<Self, Error> {
        let packed = with_recurrence!(cell, cell => Packed::new(cell, sizes, w, u, b))?;
        Ok(Step { cell, sizes, packed })
    }

    /// The rows, the features of an input, and the units.
    pub fn sizes(&self) -> [usize; 3] {
        self.sizes
    }

    /// The kind of cell.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// One step: an input `[batch, input]` and a state, of which the cell is empty where there is
    /// none, to the next state, the same bits as in a sequence. The output is `h`; `y` gets a copy
    /// of it, cheaper than one that is made afterwards, and is empty where nobody wants one.
    ///
    /// # Errors
    /// If a length does not fit.
    #[inline]
    pub fn run(
        &mut self,
        isa: Isa,
        x: &[T],
        h: &mut [T],
        c: &mut [T],
        y: &mut [T],
    ) -> Result<(), Error> {
        T::fused_step(isa, self, x, h, c, y)
    }
}

impl<T: Real> Packed<T> {
    fn new<C: Recurrence>(
        cell: C,
        [batch, input, hidden]: [usize; 3],
        w: &[Columns<'_, T>],
        u: &[Columns<'_, T>],
        b: &[Columns<'_, T>],
    ) -> Result<Self, Error> {
        let sizes = Sizes { time: 1, batch, input, hidden };
        super::kept_by(cell, sizes)?;
        let plan = Plan::of_steps::<C>(sizes);
        check_columns(&plan, w, u, b)?;
        Ok(if batch == 1 {
            Packed::Single(Single::new::<C>([input, hidden], w, u, b)?)
        } else {
            Packed::Several(Several::new(plan, w, u, b)?)
        })
    }
}

/// See [`Step::run`].
#[inline(always)]
pub(crate) fn step<T: Real, C: Recurrence>(
    isa: Isa,
    cell: C,
    with: &mut Step<T>,
    x: &[T],
    [h, c, y]: [&mut [T]; 3],
) -> Result<(), Error> {
    let [batch, input, hidden] = with.sizes;
    length("fused step", batch * input, x.len())?;
    length("fused step", batch * hidden, h.len())?;
    length("fused step", if C::CELL { batch * hidden } else { 0 }, c.len())?;
    length("fused step", if y.is_empty() { 0 } else { batch * hidden }, y.len())?;
    match &mut with.packed {
        Packed::Single(single) => single.run(isa, cell, x, [h, c, y]),
        Packed::Several(several) => {
            several.run(x, h, c, functions(isa, cell));
            if !y.is_empty() {
                y.copy_from_slice(h);
            }
        }
    }
    Ok(())
}

/// Packed weights for several rows, or none, and memory for their steps.
#[derive(Debug, Clone)]
struct Several<T> {
    plan: Plan,
    memory: Lined<T>,
    /// Whether the last step went through the weights from their end: each begins with what the
    /// one before has left in the caches.
    back: bool,
}

impl<T: Real> Several<T> {
    /// Packs weights and biases, whose lengths have been checked.
    fn new(
        plan: Plan,
        w: &[Columns<'_, T>],
        u: &[Columns<'_, T>],
        b: &[Columns<'_, T>],
    ) -> Result<Self, Error> {
        let mut memory = Lined::new("fused step", plan.step().end)?;
        if plan.hidden > 0 {
            pack::forward(&plan, [w, u, b], &mut memory[..plan.step().before]);
        }
        Ok(Several { plan, memory, back: false })
    }

    /// See [`Step::run`], which has checked the lengths.
    fn run(&mut self, x: &[T], h: &mut [T], c: &mut [T], functions: Functions<T>) {
        if h.is_empty() {
            return;
        }
        let plan = self.plan;
        self.back = !self.back;
        let parts = plan.step();
        let (packed, rest) = self.memory.split_at_mut(parts.before);
        let (before, sums) = rest.split_at_mut(parts.sums - parts.before);
        // What one block of units writes is not what another one reads.
        before[..h.len()].copy_from_slice(h);
        let steps = Steps {
            plan,
            marks: Marks::default(),
            x: x.as_ptr(),
            h: before.as_ptr(),
            y: h.as_mut_ptr(),
            weights: packed.as_ptr(),
            far_weights: plan.far_weights::<T>(),
            records: std::ptr::null_mut(),
            past_caches: false,
            sums: sums.as_mut_ptr(),
            c: std::ptr::null(),
            last: std::ptr::null_mut(),
            carried: c.as_mut_ptr(),
            back: self.back,
        };
        let shares = StepShares::of(plan.operations(), plan.blocks);
        shares.compute(|i| {
            steps.run_once(&Share::of_units(&plan, shares.blocks(i)), functions);
        });
    }
}
