//! What differs between cells: the pointwise part of a step, and its adjoint.

use crate::lanes::Lanes;

/// The cells that there are kernels for.
///
/// ```
/// use elman_kernels::fused::Cell;
///
/// // The candidate of a gated unit is two sums, one of the input and one of the state.
/// assert_eq!((Cell::LongShort.sums(), Cell::LongShort.stored()), (4, 4));
/// assert_eq!((Cell::Gated.sums(), Cell::Gated.stored()), (3, 4));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cell {
    /// h′ = tanh(b + x · W + h · U).
    Tanh,
    /// h′ = max(b + x · W + h · U, 0).
    Relu,
    /// c′ = σ(f) ∘ c + σ(i) ∘ tanh(g), h′ = σ(o) ∘ tanh(c′), for the sums i, f, g, o of input and
    /// state.
    LongShort,
    /// n = tanh(a + σ(r) ∘ q), h′ = (1 − σ(z)) ∘ n + σ(z) ∘ h, for the sums a, r, z, q, of which
    /// the input has no part in q and the state none in a.
    Gated,
}

/// Calls a block with `C` bound to the recurrence of a cell.
macro_rules! with_recurrence {
    ($cell:expr, $c:ident => $call:expr) => {
        match $cell {
            $crate::fused::Cell::Tanh => {
                let $c = $crate::fused::recurrence::Tanh;
                $call
            }
            $crate::fused::Cell::Relu => {
                let $c = $crate::fused::recurrence::Relu;
                $call
            }
            $crate::fused::Cell::LongShort => {
                let $c = $crate::fused::recurrence::LongShort;
                $call
            }
            $crate::fused::Cell::Gated => {
                let $c = $crate::fused::recurrence::Gated;
                $call
            }
        }
    };
}
pub(crate) use with_recurrence;

impl Cell {
    /// Sums that the input takes part in, and as many that the state does.
    pub fn sums(self) -> usize {
        fn of<C: Recurrence>(_: C) -> usize {
            C::SUMS
        }
        with_recurrence!(self, cell => of(cell))
    }

    /// All sums: where there are more than [`sums`](Cell::sums), the first ones are of the input,
    /// the last ones of the state.
    pub fn stored(self) -> usize {
        fn of<C: Recurrence>(_: C) -> usize {
            C::STORED
        }
        with_recurrence!(self, cell => of(cell))
    }

    /// Whether there is a second state, which is carried beside the output.
    pub fn carries(self) -> bool {
        fn of<C: Recurrence>(_: C) -> bool {
            C::CELL
        }
        with_recurrence!(self, cell => of(cell))
    }
}

/// The pointwise part of a recurrent step, in registers.
///
/// A step sums `b + x · W` into the first [`SUMS`](Self::SUMS) of [`STORED`](Self::STORED) sums
/// and `h · U` into the last ones; where the two overlap, one sum has both.
pub(crate) trait Recurrence: Copy + Default + Send + Sync {
    /// Sums that the input takes part in, and as many that the state does.
    const SUMS: usize;
    /// All sums.
    const STORED: usize;
    /// Whether there is a second state, the cell, that is carried beside the output.
    const CELL: bool;
    /// The place of what the output leaves to be kept: that of a sum, or behind those of all sums
    /// and of the old cell.
    const LAST: usize;
    /// Which gates the output is made of.
    const FOR_OUTPUT: [bool; 4];

    /// From the sums and the old state (the cell if there is one, else the output) to the gates,
    /// which are kept in place of the sums, and to the new cell or, where there is none, the old
    /// output again.
    fn gates<L: Lanes>(self, sums: [L; 4], old: L) -> ([L; 4], L);

    /// From what [`gates`](Self::gates) returned to the output, and to what is kept at
    /// [`LAST`](Self::LAST).
    fn output<L: Lanes>(self, gates: [L; 4], state: L) -> (L, L);

    /// From the cotangent of the output and what the next step has carried back (of the cell, if
    /// there is one, else a part of the output's that bypasses the sums) to the cotangents of the
    /// sums and what is carried back further.
    fn backward<L: Lanes>(self, dh: L, carried: L, at: Kept<L>) -> ([L; 4], L);
}

/// What is known of a step on the way back.
#[derive(Clone, Copy)]
pub(crate) struct Kept<L> {
    /// What forward kept in place of the sums.
    pub(crate) sums: [L; 4],
    /// What the output left to be kept.
    pub(crate) last: L,
    /// The state before: the cell if there is one, else the output.
    pub(crate) old: L,
    /// The output.
    pub(crate) h: L,
}

/// h′ = tanh(b + x · W + h · U).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tanh;

impl Recurrence for Tanh {
    const SUMS: usize = 1;
    const STORED: usize = 1;
    const CELL: bool = false;
    const LAST: usize = 0;
    const FOR_OUTPUT: [bool; 4] = [true, false, false, false];

    #[inline(always)]
    fn gates<L: Lanes>(self, sums: [L; 4], old: L) -> ([L; 4], L) {
        (sums, old)
    }

    #[inline(always)]
    fn output<L: Lanes>(self, sums: [L; 4], _: L) -> (L, L) {
        let h = sums[0].tanh().flush_to_zero();
        (h, h)
    }

    #[inline(always)]
    fn backward<L: Lanes>(self, dh: L, carried: L, at: Kept<L>) -> ([L; 4], L) {
        let dh = dh.flush_to_zero();
        ([dh.mul(L::splat(one::<L>()).sub(at.h.mul(at.h))); 4], carried)
    }
}

/// h′ = max(b + x · W + h · U, 0).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Relu;

impl Recurrence for Relu {
    const SUMS: usize = 1;
    const STORED: usize = 1;
    const CELL: bool = false;
    const LAST: usize = 0;
    const FOR_OUTPUT: [bool; 4] = [true, false, false, false];

    #[inline(always)]
    fn gates<L: Lanes>(self, sums: [L; 4], old: L) -> ([L; 4], L) {
        (sums, old)
    }

    #[inline(always)]
    fn output<L: Lanes>(self, sums: [L; 4], _: L) -> (L, L) {
        let h = sums[0].unless_negative(sums[0], L::splat(zero::<L>())).flush_to_zero();
        (h, h)
    }

    #[inline(always)]
    fn backward<L: Lanes>(self, dh: L, carried: L, at: Kept<L>) -> ([L; 4], L) {
        ([at.h.unless_negative(dh.flush_to_zero(), L::splat(zero::<L>())); 4], carried)
    }
}

/// c′ = σ(f) ∘ c + σ(i) ∘ tanh(g), h′ = σ(o) ∘ tanh(c′); sums in the order i, f, g, o.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LongShort;

impl Recurrence for LongShort {
    const SUMS: usize = 4;
    const STORED: usize = 4;
    const CELL: bool = true;
    const LAST: usize = 5;
    const FOR_OUTPUT: [bool; 4] = [false, false, false, true];

    #[inline(always)]
    fn gates<L: Lanes>(self, [i, f, g, o]: [L; 4], c: L) -> ([L; 4], L) {
        let [i, f, g, o] = [i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()];
        ([i, f, g, o], f.mul(c).add(i.mul(g)).flush_to_zero())
    }

    #[inline(always)]
    fn output<L: Lanes>(self, [.., o]: [L; 4], c: L) -> (L, L) {
        let tanh_c = c.tanh();
        (o.mul(tanh_c).flush_to_zero(), tanh_c)
    }

    #[inline(always)]
    fn backward<L: Lanes>(self, dh: L, dc: L, at: Kept<L>) -> ([L; 4], L) {
        let ([i, f, g, o], tanh_c) = (at.sums, at.last);
        let one = L::splat(one::<L>());
        let slope = |y: L| y.mul(one.sub(y));
        let dh = dh.flush_to_zero();
        let dc = dc.add(dh.mul(o).mul(one.sub(tanh_c.mul(tanh_c)))).flush_to_zero();
        let di = dc.mul(g).mul(slope(i));
        let df = dc.mul(at.old).mul(slope(f));
        let dg = dc.mul(i).mul(one.sub(g.mul(g)));
        let do_ = dh.mul(tanh_c).mul(slope(o));
        ([di, df, dg, do_], dc.mul(f))
    }
}

/// n = tanh(a + σ(r) ∘ q), h′ = (1 − σ(z)) ∘ n + σ(z) ∘ h; sums in the order a, r, z, q, of which
/// the input has no part in q and the state none in a.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gated;

impl Recurrence for Gated {
    const SUMS: usize = 3;
    const STORED: usize = 4;
    const CELL: bool = false;
    const LAST: usize = 0;
    const FOR_OUTPUT: [bool; 4] = [true, false, true, false];

    #[inline(always)]
    fn gates<L: Lanes>(self, [a, r, z, q]: [L; 4], h: L) -> ([L; 4], L) {
        let r = r.sigmoid();
        ([a.add(r.mul(q)), r, z.sigmoid(), q], h)
    }

    #[inline(always)]
    fn output<L: Lanes>(self, [a, _, z, _]: [L; 4], h: L) -> (L, L) {
        let n = a.tanh();
        let one = L::splat(one::<L>());
        (one.sub(z).mul(n).add(z.mul(h)).flush_to_zero(), n)
    }

    #[inline(always)]
    fn backward<L: Lanes>(self, dh: L, carried: L, at: Kept<L>) -> ([L; 4], L) {
        let [n, r, z, q] = at.sums;
        let one = L::splat(one::<L>());
        let slope = |y: L| y.mul(one.sub(y));
        let dh = dh.add(carried).flush_to_zero();
        let da = dh.mul(one.sub(z)).mul(one.sub(n.mul(n)));
        let dr = da.mul(q).mul(slope(r));
        let dz = dh.mul(at.old.sub(n)).mul(slope(z));
        ([da, dr, dz, da.mul(r)], dh.mul(z))
    }
}

fn one<L: Lanes>() -> L::Scalar {
    <L::Scalar as crate::Real>::ONE
}

fn zero<L: Lanes>() -> L::Scalar {
    <L::Scalar as crate::Real>::ZERO
}
