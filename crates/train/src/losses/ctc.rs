//! Connectionist temporal classification.

use super::lattice::{Lattice, impossible};
use super::mean::{Losses, MOST, Weighed, add};
use super::weighted::Weighted;
use elman_autograd::laws::{Draw, Sample};
use elman_autograd::{IdRange, Ids, Misfit, Side, Var};
use elman_kernels::{argmax, each, fit, map, sum};
use elman_tensor::{Real, Shape, Tensor, View};
use std::panic::Location;

/// The loss of connectionist temporal classification, and its settings (Graves et al. 2006).
///
/// A row of labels is shorter than the row of steps it belongs to, and nobody knows which step
/// belongs to which label. A network that may also answer *blank* in each step is trained on the
/// probability of all its alignments together that give the labels once repeated classes are made
/// one and blanks are left out. [`ctc_greedy`](crate::ctc_greedy) and [`ctc_beam`](crate::ctc_beam)
/// read labels off a trained network.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::{Ctc, ctc};
///
/// let ((), params) = Params::<f64>::init(0, |_| Ok(()))?;
/// let losses = Tape::new().evaluate(&params, |g| {
///     // Three steps, two rows, a blank (0) and two labels, all equally likely. The first row
///     // has the label 1, in two steps; the second has 1 and 2, in three.
///     let (logits, lengths) = (g.zeros([3, 2, 3]), g.ids(&[2, 3]));
///     let (labels, label_lengths) = (g.ids(&[1, 1, 2]), g.ids(&[1, 2]));
///     [
///         ctc(logits, lengths, labels, label_lengths, 0).item(),
///         Ctc::new(0).per_label(false).loss(logits, lengths, labels, label_lengths).item(),
///     ]
/// })?;
/// // Three of nine alignments give the first row's label, five of 27 the second row's two.
/// let [first, second] = [(9.0f64 / 3.0).ln(), (27.0f64 / 5.0).ln()];
/// assert!((losses[0] - (first + second / 2.0) / 2.0).abs() < 1e-12);
/// assert!((losses[1] - (first + second) / 2.0).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ctc {
    blank: u32,
    per_label: bool,
    zero_infinity: bool,
}

/// The loss of connectionist temporal classification with the usual settings:
/// [`Ctc::new`]`(blank)`[`.loss(..)`](Ctc::loss).
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_train::ctc;
///
/// // Two steps of blank (0) or label (1), all equally likely: 01, 10 and 11 give the label once.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let loss = Tape::new().evaluate(&none, |g| {
///     ctc(g.zeros([2, 1, 2]), g.ids(&[2]), g.ids(&[1]), g.ids(&[1]), 0).item()
/// })?;
/// assert!((loss - (4.0 / 3.0_f64).ln()).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[track_caller]
pub fn ctc<'g, T: Real>(
    logits: Var<'g, T>,
    lengths: Ids<'g, T>,
    labels: impl Into<Weighted<'g, T, Ids<'g, T>>>,
    label_lengths: Ids<'g, T>,
    blank: u32,
) -> Var<'g, T> {
    Ctc::new(blank).loss(logits, lengths, labels, label_lengths)
}

impl Ctc {
    /// Settings with this class as the blank: losses per label, impossible rows infinite.
    pub fn new(blank: u32) -> Self {
        Ctc { blank, per_label: true, zero_infinity: false }
    }

    /// Whether the loss of a row is divided by the number of its labels, of none by 1; on, if
    /// nothing else is said. Either way the result is the mean over rows.
    #[must_use]
    pub fn per_label(self, on: bool) -> Self {
        Ctc { per_label: on, ..self }
    }

    /// Whether a row that cannot have its labels has the loss 0 and not ∞; off, if nothing else is
    /// said.
    ///
    /// A row of fewer steps than it has labels, and blanks between equal ones, has no alignment; so
    /// has one whose alignments all go through a logit of −∞. It gets no gradient, whatever its
    /// loss is. It still is one of the rows of the mean.
    #[must_use]
    pub fn zero_infinity(self, on: bool) -> Self {
        Ctc { zero_infinity: on, ..self }
    }

    /// The mean over rows of −ln p(labels | logits), in nats, divided by the number of the row's
    /// labels. `logits: [time, batch, classes]`, `batch` lengths and label lengths, the labels of
    /// all rows one after the other, result `[]`.
    ///
    /// What lies past the length of a row is not looked at. A row of no steps has no labels, or no
    /// alignment; a row without labels is blank throughout. Labels can be
    /// [weighted](crate::weighted) or [masked](crate::masked), with a weight for each row.
    ///
    /// Lengths that do not fit, labels that are no class, a blank that is none, and a blank among
    /// the labels are a misfit.
    #[track_caller]
    pub fn loss<'g, T: Real>(
        self,
        logits: Var<'g, T>,
        lengths: Ids<'g, T>,
        labels: impl Into<Weighted<'g, T, Ids<'g, T>>>,
        label_lengths: Ids<'g, T>,
    ) -> Var<'g, T> {
        let (labels, line) = (labels.into(), Location::caller());
        let ids = [lengths, labels.target, label_lengths];
        let [a, b, c] = ids.map(|ids| ids.range_in(logits.graph(), "ctc", line));
        let rows = ids[0].with(|lengths| {
            let rows = |labels: &[u32], label_lengths: &[u32]| {
                Rows::new(self, [a, b, c], [lengths, labels, label_lengths])
            };
            ids[1].with(|labels| ids[2].with(|label_lengths| rows(labels, label_lengths)))
        });
        labels.mean(rows, &[logits], line)
    }
}

/// ℓᵣ = −ln p(labels | logits) of the rows of a batch, per label or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    ctc: Ctc,
    lengths: IdRange,
    labels: IdRange,
    label_lengths: IdRange,
    /// How many labels the rows have together.
    wanted: usize,
    /// Whether the blank is a label.
    blank: bool,
    /// Steps × states of all lattices.
    cells: usize,
    /// The states of the largest.
    states: usize,
}

impl Rows {
    fn new(
        ctc: Ctc,
        [lengths, labels, label_lengths]: [IdRange; 3],
        [steps, all, counts]: [&[u32]; 3],
    ) -> Self {
        let states = |&count: &u32| 2 * count as usize + 1;
        let cells =
            steps.iter().zip(counts).map(|(&time, n)| (time as usize).saturating_mul(states(n)));
        Rows {
            ctc,
            lengths,
            labels,
            label_lengths,
            wanted: counts.iter().map(|&n| n as usize).sum(),
            blank: all.contains(&ctc.blank),
            cells: cells.fold(0, usize::saturating_add),
            states: counts.iter().map(states).max().unwrap_or(0),
        }
    }

    /// The lattice of each row.
    fn lattices<'a>(&'a self, ids: &'a [u32]) -> impl Iterator<Item = Lattice<'a>> {
        let mut rest = self.labels.of(ids);
        let rows = self.lengths.of(ids).iter().zip(self.label_lengths.of(ids));
        rows.map_while(move |(&time, &count)| {
            let (labels, after) = rest.split_at_checked(count as usize)?;
            rest = after;
            Some(Lattice { time: time as usize, labels, blank: self.ctc.blank })
        })
    }

    /// What the loss of a row is divided by.
    fn divisor<T: Real>(&self, lattice: &Lattice<'_>) -> T {
        T::from_f64(if self.ctc.per_label { lattice.labels.len().max(1) as f64 } else { 1.0 })
    }
}

/// Writes ln softmax x, whose largest element keeps its digits however near to 0 it is: with eⱼ =
/// exp(xⱼ − max x) and the sum s of all eⱼ but that of the maximum, it is −softplus(ln s). Where all
/// are −∞, no class is possible.
fn log_softmax<T: Real>(x: &[T], y: &mut [T]) {
    let Some(top) = argmax(x) else { return y.fill(T::NAN) };
    let max = x[top];
    if max == impossible() {
        return y.fill(max);
    }
    fit(map(x, y, |x| (x - max).exp()));
    y[top] = T::ZERO;
    let others = sum(y);
    let rest = if others == T::ZERO { T::ZERO } else { others.ln().softplus() };
    fit(map(x, y, |x| (x - max) - rest));
}

impl Losses for Rows {
    const NAME: &'static str = "ctc";
    const OPERANDS: usize = 1;

    fn shape(&self, [x, ..]: [Shape; MOST]) -> Result<Shape, Misfit> {
        let &[time, batch, classes] = x.dims() else {
            return Err(Misfit::new("wanted logits [time, batch, classes]"));
        };
        let (labels, blank) = (self.labels, self.ctc.blank);
        for (what, ids) in [("lengths", self.lengths), ("label lengths", self.label_lengths)] {
            if ids.len() != batch {
                return Err(Misfit::new(format!("{} {what} for {batch} rows", ids.len())));
            }
        }
        if self.lengths.bound() > time.saturating_add(1) {
            let reason = format!("length {} of {time} steps", self.lengths.bound() - 1);
            return Err(Misfit::new(reason));
        }
        if labels.len() != self.wanted {
            let reason = format!("{} labels for rows of {} together", labels.len(), self.wanted);
            return Err(Misfit::new(reason));
        }
        if labels.bound() > classes {
            let reason = format!("label {} of {classes} classes", labels.bound() - 1);
            return Err(Misfit::new(reason));
        }
        if batch > 0 && blank as usize >= classes {
            return Err(Misfit::new(format!("blank {blank} of {classes} classes")));
        }
        if self.blank {
            return Err(Misfit::new(format!("the blank, {blank}, is among the labels")));
        }
        Ok(Shape::from([batch, 1]))
    }

    /// Log probabilities as the logits lie, the lattices one after the other, two of their steps.
    fn kept(&self, [x, ..]: [Shape; MOST]) -> usize {
        x.len().saturating_add(self.cells).saturating_add(2 * self.states)
    }

    fn forward<T: Real>(&self, [x, ..]: [View<'_, T>; MOST], w: &mut [T], side: Side<'_, T>) {
        side.kept.fill(T::ZERO);
        let (log_p, mut cells) = side.kept.split_at_mut(x.values().len());
        let (batch, classes) = (w.len(), x.shape().last());
        for (b, (lattice, w)) in self.lattices(side.ids).zip(w).enumerate() {
            let alpha;
            (alpha, cells) = cells.split_at_mut(lattice.time * lattice.states());
            if *w == T::ZERO {
                continue;
            }
            let row = |t: usize| (t * batch + b) * classes..(t * batch + b + 1) * classes;
            for t in 0..lattice.time {
                log_softmax(&x.values()[row(t)], &mut log_p[row(t)]);
            }
            lattice.forward(|t| &log_p[row(t)], alpha);
            let all = lattice.log_probability(alpha);
            let zero = self.ctc.zero_infinity && all == impossible();
            let loss = if zero { T::ZERO } else { T::ZERO - all };
            *w *= loss / self.divisor(&lattice);
        }
    }

    /// dxₜ = c w (softmax xₜ − γₜ), where γₜ(k) is the probability that an alignment is in class k
    /// in step t: the sum of α β / p over the states of k.
    fn adjoint<T: Real>(&self, _: usize, at: Weighed<'_, T>, c: T, dx: &mut [T]) {
        let Weighed { x: [x, ..], w, side } = at;
        let (log_p, rest) = side.kept.split_at_mut(x.values().len());
        let (mut cells, steps) = rest.split_at_mut(self.cells);
        let (batch, classes) = (w.len(), x.shape().last());
        for (b, (lattice, w)) in self.lattices(side.ids).zip(w).enumerate() {
            let (states, alpha) = (lattice.states(), cells);
            let (alpha, after) = alpha.split_at_mut(lattice.time * states);
            cells = after;
            let all = lattice.log_probability(alpha);
            if *w == T::ZERO || all == impossible() {
                continue;
            }
            let c = c * *w / self.divisor(&lattice);
            let (beta, before) = steps.split_at_mut(self.states);
            let (mut beta, mut before) = (&mut beta[..states], &mut before[..states]);
            lattice.last(beta);
            for t in (0..lattice.time).rev() {
                let row = (t * batch + b) * classes..(t * batch + b + 1) * classes;
                let slope = &mut log_p[row.clone()];
                lattice.back(slope, beta, before);
                each(slope, |p| *p = p.exp());
                for s in 0..states {
                    slope[lattice.class(s)] -= (alpha[t * states + s] + beta[s] - all).exp();
                }
                add(&mut dx[row], c, slope);
                std::mem::swap(&mut beta, &mut before);
            }
        }
    }
}

impl Sample for Rows {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let (time, batch, blank) = (draw.size(0), draw.size(1), draw.size(2));
        let lengths = draw.ids(batch, time + 1);
        let label_lengths = draw.ids(batch, if blank == 0 { 1 } else { 4 });
        let count = label_lengths.of(draw.all_ids()).iter().sum::<u32>() as usize;
        let labels = draw.ids(count, blank);
        let ctc = Ctc { blank: blank as u32, per_label: draw.pick(2) == 0, zero_infinity: true };
        let ranges = [lengths, labels, label_lengths];
        let rows = Rows::new(ctc, ranges, ranges.map(|ids| ids.of(draw.all_ids())));
        (rows, vec![draw.normal(&[time, batch, blank + 1])])
    }
}
