//! The weighted mean: what all losses are put together by.

use elman_autograd::laws::{Draw, Sample};
use elman_autograd::{AnyRule, Backward, Forward, IdRange, Misfit, Operands, Shapes, Side};
use elman_kernels::{each, fill, fit, sum, update};
use elman_tensor::{Real, Shape, Tensor, View};
use std::slice::ChunksExactMut;

/// No loss has more operands.
pub(crate) const MOST: usize = 3;

/// Losses before they are put together, ℓᵢ of some operands: one number for each element, or row.
pub(crate) trait Losses: Send + Sync + 'static {
    /// The name, for errors.
    const NAME: &'static str;
    /// How many operands there are: the first ones of [`MOST`].
    const OPERANDS: usize;

    /// The shape of the losses. A weight may be one for each of them, or for each of their rows.
    fn shape(&self, x: [Shape; MOST]) -> Result<Shape, Misfit>;

    /// How many numbers forward keeps for the adjoint.
    fn kept(&self, _x: [Shape; MOST]) -> usize {
        0
    }

    /// wᵢ ← wᵢ ℓᵢ. Where a weight is 0 it stays so, and the operands are not looked at.
    fn forward<T: Real>(&self, x: [View<'_, T>; MOST], w: &mut [T], side: Side<'_, T>);

    /// dx += c Σ wᵢ ∂ℓᵢ/∂x for one operand. The weights are lent for any use.
    fn adjoint<T: Real>(&self, operand: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]);

    /// [`forward`](Losses::forward) where all weights are 1, and `w` holds old memory.
    fn forward_plain<T: Real>(&self, x: [View<'_, T>; MOST], w: &mut [T], side: Side<'_, T>) {
        fill(w, T::ONE);
        self.forward(x, w, side);
    }

    /// [`adjoint`](Losses::adjoint) where all weights are 1, and `w` holds old memory.
    fn adjoint_plain<T: Real>(&self, operand: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]) {
        fill(at.w, T::ONE);
        self.adjoint(operand, at, c, dx);
    }
}

/// The point at which an adjoint of losses is taken.
pub(crate) struct Weighed<'a, T> {
    /// The operands.
    pub(crate) x: [View<'a, T>; MOST],
    /// The weights of the losses.
    pub(crate) w: &'a mut [T],
    /// Kept numbers and integers.
    pub(crate) side: Side<'a, T>,
}

/// [`Losses`] at one scalar: an object, so that their mean is compiled once for all of them.
trait LossesAt<T> {
    fn kept(&self, x: [Shape; MOST]) -> usize;
    fn forward(&self, plain: bool, x: [View<'_, T>; MOST], w: &mut [T], side: Side<'_, T>);
    fn adjoint(&self, plain: bool, operand: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]);
}

impl<T: Real, L: Losses> LossesAt<T> for L {
    fn kept(&self, x: [Shape; MOST]) -> usize {
        Losses::kept(self, x)
    }

    fn forward(&self, plain: bool, x: [View<'_, T>; MOST], w: &mut [T], side: Side<'_, T>) {
        match plain {
            true => self.forward_plain(x, w, side),
            false => Losses::forward(self, x, w, side),
        }
    }

    fn adjoint(&self, plain: bool, operand: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]) {
        match plain {
            true => self.adjoint_plain(operand, at, c, dx),
            false => Losses::adjoint(self, operand, at, c, dx),
        }
    }
}

/// y = Σ wᵢ ℓᵢ / Σ wᵢ, the plain mean where there are no weights. Σ wᵢ is the weight of the loss.
///
/// The operands are those of the losses, and then the weights, where there are some. A loss whose
/// weight is 0 or whose flag is 0 is not there: neither it nor its weight gets a gradient. Where
/// none is there, y = 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mean<L> {
    pub(crate) losses: L,
    /// For each loss, or each row of them, whether it is there.
    pub(crate) inside: Option<IdRange>,
}

impl<L: Losses> Mean<L> {
    fn at<T: Real>(&self) -> MeanAt<'_, T> {
        MeanAt { losses: &self.losses, operands: L::OPERANDS, inside: self.inside }
    }
}

impl<T: Real, L: Losses> AnyRule<T> for Mean<L> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn shape(&self, x: Shapes<'_>) -> Result<Shape, Misfit> {
        fits(self.losses.shape(shapes(x))?, x.iter().nth(L::OPERANDS), self.inside)
    }

    /// The weighted losses, then what they keep themselves.
    fn kept(&self, x: Shapes<'_>) -> usize {
        let losses = self.losses.shape(shapes(x));
        losses.map_or(0, |losses| losses.len()).saturating_add(self.losses.kept(shapes(x)))
    }

    fn forward(&self, at: Forward<'_, T>) {
        self.at().forward(at);
    }

    fn adjoint(&self, at: Backward<'_, T>) {
        self.at().adjoint(at);
    }
}

fn shapes(x: Shapes<'_>) -> [Shape; MOST] {
    [x.get(0), x.get(1), x.get(2)]
}

/// An error unless weights and flags are for these losses.
fn fits(losses: Shape, weights: Option<Shape>, inside: Option<IdRange>) -> Result<Shape, Misfit> {
    let rows = losses.without(losses.rank().saturating_sub(1));
    if weights.is_some_and(|weights| ![losses, rows, losses.with_last(1)].contains(&weights)) {
        return Err(Misfit::new(format!("wanted weights {rows} or {losses}")));
    }
    if let Some(flags) = inside.map(|inside| inside.len())
        && ![losses.len(), losses.rows()].contains(&flags)
    {
        let (n, rows) = (losses.len(), losses.rows());
        return Err(Misfit::new(format!("a mask of {flags} flags for {n} losses in {rows} rows")));
    }
    if losses.is_empty() && weights.is_none() && inside.is_none() {
        return Err(Misfit::new("there are no elements to average over"));
    }
    Ok(Shape::SCALAR)
}

/// A [`Mean`] at one scalar.
struct MeanAt<'a, T> {
    losses: &'a dyn LossesAt<T>,
    /// How many operands the losses have.
    operands: usize,
    inside: Option<IdRange>,
}

impl<T: Real> MeanAt<'_, T> {
    /// The operands of the losses.
    fn operands<'a>(x: Operands<'a, T>) -> [View<'a, T>; MOST] {
        [x.get(0), x.get(1), x.get(2)]
    }

    /// The losses' own kept numbers, behind the weights.
    fn kept(&self, x: Shapes<'_>) -> usize {
        self.losses.kept(shapes(x))
    }

    /// Whether all weights are 1.
    fn plain(&self, operands: usize) -> bool {
        operands == self.operands && self.inside.is_none()
    }

    /// The weights of all losses, and their sum.
    fn weights(&self, x: Operands<'_, T>, ids: &[u32], w: &mut [T]) -> T {
        fill(w, T::ONE);
        if x.count() > self.operands {
            let weights = x.get(self.operands).values();
            runs(w, weights.len()).zip(weights).for_each(|(w, &weight)| w.fill(weight));
        }
        if let Some(inside) = self.inside {
            let flags = inside.of(ids);
            let outside = runs(w, flags.len()).zip(flags).filter(|&(_, &flag)| flag == 0);
            outside.for_each(|(w, _)| w.fill(T::ZERO));
        }
        sum(w)
    }

    /// y = Σ w ℓ / Σ w
    fn forward(&self, at: Forward<'_, T>) {
        let Forward { x, mut y, side: Side { kept, ids }, loss_weight } = at;
        let (w, kept) = kept.split_at_mut(kept.len() - self.kept(x.shapes()));
        let plain = self.plain(x.count());
        let total = match plain {
            true => T::from_f64(w.len() as f64),
            false => self.weights(x, ids, w),
        };
        self.losses.forward(plain, Self::operands(x), w, Side { kept, ids });
        *loss_weight = total;
        y.values_mut().fill(if total == T::ZERO { T::ZERO } else { sum(w) / total });
    }

    /// dx = dy Σ w ∂ℓ/∂x / Σ w,  dw = dy (ℓ − y) / Σ w
    fn adjoint(&self, at: Backward<'_, T>) {
        let Backward { x, y, dy, side: Side { kept, ids }, mut d, .. } = at;
        let (&[y], &[dy]) = (y.values(), dy.values()) else { return };
        let (w, kept) = kept.split_at_mut(kept.len() - self.kept(x.shapes()));
        let (operands, plain) = (Self::operands(x), self.plain(x.count()));
        for operand in 0..x.count() {
            let Some(mut d) = d.of(operand) else { continue };
            let total = match plain {
                true => T::from_f64(w.len() as f64),
                false => self.weights(x, ids, w),
            };
            if total == T::ZERO {
                return;
            }
            let (c, side) = (dy / total, Side { kept: &mut *kept, ids });
            if operand < self.operands {
                let at = Weighed { x: operands, w: &mut *w, side };
                self.losses.adjoint(plain, operand, at, c, d.values_mut());
            } else {
                // With 1 for each loss that is there, they stand alone.
                each(w, |w| *w = if *w == T::ZERO { T::ZERO } else { T::ONE });
                gather(-(c * y), w, d.values_mut());
                self.losses.forward(false, operands, w, side);
                gather(c, w, d.values_mut());
            }
        }
    }
}

/// dx += c s
pub(crate) fn add<T: Real>(dx: &mut [T], c: T, s: &[T]) {
    fit(update(dx, s, |dx, s| *dx += c * s));
}

/// As many equal runs of the losses as there are weights or flags.
fn runs<T>(w: &mut [T], count: usize) -> ChunksExactMut<'_, T> {
    let run = w.len().checked_div(count).unwrap_or(0).max(1);
    w.chunks_exact_mut(run)
}

/// `dw[r] += c Σ w` over the run of each weight.
fn gather<T: Real>(c: T, w: &mut [T], dw: &mut [T]) {
    let count = dw.len();
    dw.iter_mut().zip(runs(w, count)).for_each(|(dw, w)| *dw += c * sum(w));
}

impl<L: Losses + Sample> Sample for Mean<L> {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let (losses, mut x) = L::sample(draw);
        let all = std::array::from_fn(|i| x.get(i).map_or_else(Shape::default, Tensor::shape));
        let shape = losses.shape(all).unwrap_or_default();
        let (n, rows) = (shape.len(), shape.without(shape.rank().saturating_sub(1)));
        let flags = [n, shape.rows()][draw.pick(2)];
        let inside = (n == 0 || draw.pick(2) == 0).then(|| draw.ids(flags, 2));
        let weights = [rows, shape, shape.with_last(1)][draw.pick(3)];
        let flag = |i: usize| inside.is_none_or(|ids| ids.of(draw.all_ids())[i * flags / n] != 0);
        let mut there: Vec<_> =
            (0..n).filter(|&i| flag(i)).map(|i| i * weights.len() / n).collect();
        there.dedup();
        // The slope of a weight is a difference of losses. Of one loss it is 0, and of two that are
        // all but equal it has fewer digits than the law demands; three are hardly ever so.
        if n == 0 || there.len() > 2 && draw.pick(3) > 0 {
            x.push(draw.uniform(weights.dims(), 0.2, 1.5));
        }
        (Mean { losses, inside }, x)
    }
}
