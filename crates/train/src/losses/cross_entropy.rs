//! Cross-entropy of logits and class ids.

use super::lattice::impossible;
use super::mean::{Losses, MOST, Weighed, add};
use super::pointwise::product;
use super::weighted::{Weighted, ignoring};
use elman_autograd::laws::{Draw, Sample};
use elman_autograd::{IdRange, Ids, Misfit, Side, Var};
use elman_kernels::{each, fit, map, sum, sum_by};
use elman_tensor::{Real, Shape, Tensor, View};
use std::panic::Location;

/// The cross-entropy of logits and class ids: the mean over rows of `ln Σ eˣʲ − x[id]`, in nats.
/// `logits: [.., classes]`, as many ids as rows, result `[]`.
///
/// Neither large logits nor certain rows lose digits: the loss of a row that is right up to 1e-20
/// is 1e-20, also in f32.
///
/// A class whose logit is −∞ is impossible: where it is the right one, the loss is ∞. A row whose
/// logits are all −∞ has the loss ∞, too, and no gradient.
///
/// An id that is no class is a misfit, another number of ids than of rows too, and no rows at all.
/// An id that a [mask](crate::masked) leaves out may be anything.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::cross_entropy;
///
/// // Who knows nothing of ten classes gives all the same logit, and loses ln 10.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = Tape::new().evaluate(&none, |g| {
///     cross_entropy(g.zeros([2, 10]), g.ids(&[3, 7])).item()
/// })?;
/// assert!((loss - 10.0_f64.ln()).abs() < 1e-12);
///
/// // Classes are counted from 0.
/// let failed = Tape::new().evaluate(&none, |g| {
///     cross_entropy(g.zeros([2, 10]), g.ids(&[3, 10])).item()
/// });
/// assert!(failed.is_err());
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn cross_entropy<'g, T: Real>(
    logits: Var<'g, T>,
    ids: impl Into<Weighted<'g, T, Ids<'g, T>>>,
) -> Var<'g, T> {
    apply(logits, ids.into(), 0.0, Location::caller())
}

/// [`cross_entropy`] over the rows whose id is not `ignored`: padding, positions without a target.
///
/// Ignored rows get no gradient, whatever their logits are. Where all rows are ignored, or there
/// are none, the loss is 0 and so is the gradient, because which rows count changes from batch to
/// batch. (PyTorch gives NaN.)
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::cross_entropy_ignoring;
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = |ids: [u32; 2]| {
///     Tape::new().evaluate(&none, |g| {
///         cross_entropy_ignoring(g.zeros([2, 10]), g.ids(&ids), 99).item()
///     })
/// };
/// assert_eq!(loss([3, 99])?, loss([3, 3])?); // a mean over the rows that count
/// assert_eq!(loss([99, 99])?, 0.0);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn cross_entropy_ignoring<'g, T: Real>(
    logits: Var<'g, T>,
    ids: Ids<'g, T>,
    ignored: u32,
) -> Var<'g, T> {
    apply(logits, ignoring(ids, ignored), 0.0, Location::caller())
}

/// [`cross_entropy`] with smoothed labels (Szegedy et al. 2016): what is wanted of a row is not its
/// class alone, but `1 − smoothing` of it and `smoothing / classes` of every class.
///
/// With [`ignoring`](crate::ignoring) some rows do not count. A smoothing that is not from 0 to 1
/// is a misfit.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_tensor::Tensor;
/// use elman_train::cross_entropy_smoothed;
///
/// // Certain of the right class: nothing is lost, unless labels are smoothed by a tenth.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let logits = Tensor::new([1, 2], vec![40.0, 0.0])?;
/// let loss = |smoothing: f64| {
///     Tape::new().evaluate(&none, |g| {
///         cross_entropy_smoothed(g.input(&logits), g.ids(&[0]), smoothing).item()
///     })
/// };
/// assert!(loss(0.0)? < 1e-12);
/// assert!((loss(0.1)? - 0.1 / 2.0 * 40.0).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn cross_entropy_smoothed<'g, T: Real>(
    logits: Var<'g, T>,
    ids: impl Into<Weighted<'g, T, Ids<'g, T>>>,
    smoothing: f64,
) -> Var<'g, T> {
    apply(logits, ids.into(), smoothing, Location::caller())
}

fn apply<'g, T: Real>(
    logits: Var<'g, T>,
    ids: Weighted<'g, T, Ids<'g, T>>,
    smoothing: f64,
    line: &'static Location<'static>,
) -> Var<'g, T> {
    let range = ids.target.range_in(logits.graph(), "cross_entropy", line);
    let largest = match ids.inside {
        None => range.bound().checked_sub(1),
        // Of those that count.
        Some(inside) => ids.target.with(|ids| {
            let largest = |flags: &[u32]| {
                let counted = ids.iter().zip(flags).filter(|&(_, &flag)| flag != 0);
                counted.map(|(&id, _)| id as usize).max()
            };
            inside.with(largest)
        }),
    };
    ids.mean(CrossEntropy { ids: range, largest, smoothing }, &[logits], line)
}

/// ℓᵣ = ln Σⱼ eˣʳʲ − (1 − ε) x[r, id[r]] − ε Σⱼ xᵣⱼ / classes
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CrossEntropy {
    ids: IdRange,
    /// The largest id of the rows that count.
    largest: Option<usize>,
    /// ε.
    smoothing: f64,
}

impl Losses for CrossEntropy {
    const NAME: &'static str = "cross_entropy";
    const OPERANDS: usize = 1;

    fn shape(&self, [x, ..]: [Shape; MOST]) -> Result<Shape, Misfit> {
        let (rows, classes) = (x.rows(), x.last());
        if x.rank() == 0 {
            return Err(Misfit::new("wanted logits [.., classes]"));
        }
        if self.ids.len() != rows {
            let reason = format!("{} ids for {rows} rows of logits", self.ids.len());
            return Err(Misfit::new(reason));
        }
        if let Some(id) = self.largest.filter(|&id| id >= classes) {
            return Err(Misfit::new(format!("id {id} of {classes} classes")));
        }
        if !(0.0..=1.0).contains(&self.smoothing) {
            let reason = format!("the smoothing must be from 0 to 1, got {}", self.smoothing);
            return Err(Misfit::new(reason));
        }
        Ok(x.with_last(1))
    }

    /// For each row w ∂ℓ/∂x.
    fn kept(&self, [x, ..]: [Shape; MOST]) -> usize {
        x.len()
    }

    fn forward<T: Real>(&self, [x, ..]: [View<'_, T>; MOST], w: &mut [T], side: Side<'_, T>) {
        let width = x.shape().last();
        side.kept.fill(T::ZERO);
        let rows =
            x.values().chunks_exact(width.max(1)).zip(side.kept.chunks_exact_mut(width.max(1)));
        for (((x, slope), w), &id) in rows.zip(w).zip(self.ids.of(side.ids)) {
            if *w != T::ZERO && (id as usize) < width {
                *w = loss(*w, x, id as usize, self.smoothing, slope);
            }
        }
    }

    /// dx = c w (softmax x − (1 − ε) onehot id − ε / classes)
    fn adjoint<T: Real>(&self, _: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]) {
        add(dx, c, at.side.kept);
    }
}

/// w ℓ of a row of the class `c`; `slope` becomes w ∂ℓ/∂x.
///
/// With eⱼ = exp(xⱼ − max x) and the sum s of all eⱼ but that of the class c:
/// ln Σ eˣʲ − x_c = ln((s + e_c) / e_c) = softplus(ln s − (x_c − max x)).
fn loss<T: Real>(w: T, x: &[T], c: usize, smoothing: f64, slope: &mut [T]) -> T {
    let max = x.iter().fold(x[c], |m, &x| if x > m { x } else { m });
    if max == impossible() {
        slope.fill(T::ZERO);
        return w * -max;
    }
    fit(map(x, slope, |x| (x - max).exp()));
    let class = slope[c];
    slope[c] = T::ZERO;
    let others = sum(slope);
    let scale = w / (class + others);
    each(slope, |p| *p *= scale);
    // Not p − 1, which would round to 0 where the row is all but certain.
    slope[c] = -others * scale;
    let certain = if others == T::ZERO { T::ZERO } else { (others.ln() - (x[c] - max)).softplus() };
    if smoothing == 0.0 {
        return w * certain;
    }
    // The mean over all classes j of ln Σ eˣⁱ − xⱼ, of which no term is negative.
    let n = T::from_f64(x.len() as f64);
    let (part, rest) = (T::from_f64(smoothing), T::from_f64(1.0 - smoothing));
    let even = (class + others).ln() + sum_by(x, |x| max - x) / n;
    let each_class = w * part / n;
    each(slope, |slope| *slope -= each_class);
    slope[c] += w * part;
    w * (product(rest, certain) + part * even)
}

impl Sample for CrossEntropy {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let (rows, classes) = (draw.size(0), draw.size(1).max(1));
        let ids = draw.ids(rows, classes);
        // Of two classes, both slopes may be all but 0: fewer digits than the law demands.
        let smoothing = [0.0, draw.number(0.0, 1.0), 1.0][draw.pick(3)];
        let smoothing = if classes == 2 { 0.0 } else { smoothing };
        let rule = CrossEntropy { ids, largest: None, smoothing };
        (rule, vec![draw.normal(&[rows, classes])])
    }
}
