//! Cross-entropy of logits and class ids.

use elman_autograd::laws::{Draw, Sample};
use elman_autograd::{At, IdRange, Ids, Misfit, Partials, Rule, Side, Var};
use elman_kernels::{each, fit, map, sum, update};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};
use std::panic::Location;

/// The cross-entropy of logits and class ids: the mean over rows of `ln Σ eˣʲ − x[id]`, in nats.
/// `logits: [.., classes]`, as many ids as rows, result `[]`.
///
/// Neither large logits nor certain rows lose digits: the loss of a row that is right up to 1e-20
/// is 1e-20, also in f32.
///
/// An id that is no class is a misfit, another number of ids than of rows too, and no rows at all.
#[track_caller]
pub fn cross_entropy<'g, T: Real>(logits: Var<'g, T>, ids: Ids<'g, T>) -> Var<'g, T> {
    apply(logits, ids, None, Location::caller())
}

/// [`cross_entropy`] over the rows whose id is not `ignored`: padding, positions without a target.
///
/// Ignored rows get no gradient, whatever their logits are. Where all rows are ignored, or there
/// are none, the loss is 0 and so is the gradient, because which rows count changes from batch to
/// batch. (PyTorch gives NaN.)
#[track_caller]
pub fn cross_entropy_ignoring<'g, T: Real>(
    logits: Var<'g, T>,
    ids: Ids<'g, T>,
    ignored: u32,
) -> Var<'g, T> {
    apply(logits, ids, Some(ignored), Location::caller())
}

fn apply<'g, T: Real>(
    logits: Var<'g, T>,
    ids: Ids<'g, T>,
    ignored: Option<u32>,
    line: &'static Location<'static>,
) -> Var<'g, T> {
    let g = logits.graph();
    let range = ids.range_in(g, "cross_entropy", line);
    let rule = ids.with(|values| CrossEntropy::new(range, values, ignored));
    g.apply_at(rule, [logits], line)
}

/// y = Σᵣ (ln Σⱼ eˣʳʲ − x[r, id[r]]) / n over the n rows that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CrossEntropy {
    ids: IdRange,
    ignored: Option<u32>,
    /// How many rows count.
    counted: usize,
    /// The largest id among them.
    largest: Option<u32>,
}

impl CrossEntropy {
    fn new(ids: IdRange, values: &[u32], ignored: Option<u32>) -> Self {
        let counted = || values.iter().copied().filter(|&id| Some(id) != ignored);
        CrossEntropy { ids, ignored, counted: counted().count(), largest: counted().max() }
    }

    /// The class of each row that counts, `None` for the others.
    fn classes<'a>(&'a self, ids: &'a [u32]) -> impl Iterator<Item = Option<usize>> + 'a {
        let ids = self.ids.of(ids).iter();
        ids.map(|&id| (Some(id) != self.ignored).then_some(id as usize))
    }
}

impl<T: Real> Rule<T, 1> for CrossEntropy {
    const NAME: &'static str = "cross_entropy";

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
        let (rows, classes) = (x.rows(), x.last());
        if x.rank() == 0 {
            return Err(Misfit::new("wanted logits [.., classes]"));
        }
        if self.ids.len() != rows {
            let reason = format!("{} ids for {rows} rows of logits", self.ids.len());
            return Err(Misfit::new(reason));
        }
        if let Some(id) = self.largest.filter(|&id| id as usize >= classes) {
            return Err(Misfit::new(format!("id {id} of {classes} classes")));
        }
        if rows == 0 && self.ignored.is_none() {
            return Err(Misfit::new("there are no rows to average over"));
        }
        Ok(Shape::SCALAR)
    }

    /// For each row ∂(its loss)/∂x, then the losses.
    fn kept(&self, [x]: [Shape; 1]) -> usize {
        x.len().saturating_add(x.rows())
    }

    /// With eⱼ = exp(xⱼ − max x) and the sum s of all eⱼ but that of the class c:
    /// the loss is ln((s + e_c) / e_c) = softplus(ln s − (x_c − max x)).
    fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let width = x.shape().last();
        let (slopes, losses) = side.kept.split_at_mut(x.values().len());
        slopes.fill(T::ZERO);
        losses.fill(T::ZERO);
        for (r, class) in self.classes(side.ids).enumerate() {
            let row = r * width..(r + 1) * width;
            if let (Some(c), Some(x), Some(p)) =
                (class, x.values().get(row.clone()), slopes.get_mut(row))
                && c < width
            {
                losses[r] = loss(x, c, p);
            }
        }
        let n = T::from_f64(self.counted.max(1) as f64);
        y.values_mut().fill(sum(losses) / n);
    }

    /// dx = dy (softmax x − onehot c) / n, in the rows that count
    fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let (slopes, _) = at.side.kept.split_at(at.x[0].values().len());
        if let (Some(mut dx), &[dy], 1..) = (d.of(0), dy.values(), self.counted) {
            let c = dy / T::from_f64(self.counted as f64);
            fit(update(dx.values_mut(), slopes, |dx, slope| *dx += c * slope));
        }
    }
}

/// The loss of a row of the class `c`; `slope` becomes softmax x − onehot c.
fn loss<T: Real>(x: &[T], c: usize, slope: &mut [T]) -> T {
    let max = x.iter().fold(x[c], |m, &x| if x > m { x } else { m });
    fit(map(x, slope, |x| (x - max).exp()));
    let class = slope[c];
    slope[c] = T::ZERO;
    let others = sum(slope);
    let scale = T::ONE / (class + others);
    each(slope, |p| *p *= scale);
    // Not p − 1, which would round to 0 where the row is all but certain.
    slope[c] = -others * scale;
    if others == T::ZERO { T::ZERO } else { (others.ln() - (x[c] - max)).softplus() }
}

impl Sample for CrossEntropy {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let (rows, classes) = (draw.size(0), draw.size(1).max(1));
        let ids = draw.ids(rows, classes);
        let ignored = Some(draw.pick(classes) as u32).filter(|_| rows == 0 || draw.pick(2) == 0);
        let rule = CrossEntropy::new(ids, ids.of(draw.all_ids()), ignored);
        (rule, vec![draw.normal(&[rows, classes])])
    }
}
