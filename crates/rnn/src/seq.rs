//! Sequences, with what belongs to them.

use elman_autograd::{Graph, Ids, Var};
use elman_tensor::Real;
use std::panic::Location;

/// A batch of sequences `[time, batch, feature]`, with lengths and resets where there are some.
///
/// A `Var` of three axes is a sequence without either. More than [`LIMIT`](Seq::LIMIT) steps ×
/// rows are taken for a mistake.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::Seq;
/// use elman_tensor::Tensor;
///
/// // Two rows of three steps, of which the second row has one: what lies past its end is gone.
/// let x = Tensor::new([3, 2, 1], vec![1.0, 10.0, 2.0, f64::NAN, 3.0, f64::NAN])?;
/// let ((), none) = Params::<f64>::init(1, |_| Ok(()))?;
/// Tape::new().evaluate(&none, |g| {
///     let xs = Seq::from(g.input(&x)).with_lengths(&[3, 1]);
///     assert_eq!(xs.values().tensor().values(), [1.0, 10.0, 2.0, 0.0, 3.0, 0.0]);
///     assert_eq!(xs.last().tensor().values(), [3.0, 10.0]);
///     assert_eq!(xs.reversed().values().tensor().values(), [3.0, 10.0, 2.0, 0.0, 1.0, 0.0]);
/// })?;
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Seq<'g, T: Real> {
    values: Var<'g, T>,
    /// For each row, how many steps it has.
    lengths: Option<Ids<'g, T>>,
    /// For each step and row, whether it lies before the row's end.
    inside: Option<Ids<'g, T>>,
    /// For each step and row, whether the state starts anew before it.
    resets: Option<Ids<'g, T>>,
}

impl<'g, T: Real> From<Var<'g, T>> for Seq<'g, T> {
    fn from(values: Var<'g, T>) -> Self {
        Seq { values, lengths: None, inside: None, resets: None }
    }
}

impl<'g, T: Real> Seq<'g, T> {
    /// The most steps × rows, of empty rows too: 2²⁸.
    pub const LIMIT: usize = 1 << 28;

    /// The elements, `[time, batch, feature]`; past the end of a row they are 0.
    pub fn values(&self) -> Var<'g, T> {
        self.values
    }

    /// The recording.
    pub fn graph(&self) -> &'g Graph<'g, T> {
        self.values.graph()
    }

    /// The number of steps.
    pub fn time(&self) -> usize {
        self.values.shape().get(0).unwrap_or(0)
    }

    /// The number of rows.
    pub fn batch(&self) -> usize {
        self.values.shape().get(1).unwrap_or(0)
    }

    /// The lengths of the rows, where they were given.
    pub fn lengths(&self) -> Option<Ids<'g, T>> {
        self.lengths
    }

    /// For each step and row 1 before the row's end, else 0; where lengths were given.
    pub fn inside(&self) -> Option<Ids<'g, T>> {
        self.inside
    }

    /// For each step and row not 0 where the state starts anew; where resets were given.
    pub fn resets(&self) -> Option<Ids<'g, T>> {
        self.resets
    }

    /// Gives each row a length, 0 allowed. Outputs past it will be 0, and the state stays as the
    /// row left it.
    ///
    /// What lies past the end is replaced by 0 here, on entry: masking outputs alone would let
    /// 0 · NaN into the weights' gradients.
    #[track_caller]
    #[must_use]
    pub fn with_lengths(self, lengths: &[u32]) -> Self {
        let (g, line) = (self.graph(), Location::caller());
        let (time, batch) = (self.time(), self.batch());
        self.check("lengths", line);
        if lengths.len() != batch {
            let reason = format!("{} lengths for {batch} rows", lengths.len());
            g.refuse("lengths", reason, line);
        }
        if let Some(long) = lengths.iter().find(|&&l| l as usize > time) {
            g.refuse("lengths", format!("length {long} of {time} steps"), line);
        }
        if g.failed() {
            return self;
        }
        let lengths = g.ids(lengths);
        let inside = Some(inside(lengths, time, batch));
        let xs = Seq { lengths: Some(lengths), inside, ..self };
        Seq { values: xs.silenced(self.values), ..xs }
    }

    /// Starts the state of a row anew before each step whose flag is not 0: `[time × batch]`
    /// flags, step by step.
    ///
    /// ```
    /// use elman_autograd::{Params, Tape};
    /// use elman_rnn::{Gru, Layer, Rnn, Seq};
    /// use elman_tensor::Tensor;
    ///
    /// // One row of which the third step begins something else: it is answered like a first step.
    /// let (gru, params) = Params::<f64>::init(1, |p| Gru::new(p.scope("gru"), 1, 4))?;
    /// let x = Tensor::from_fn([3, 1, 1], |_| 0.5)?;
    /// Tape::new().evaluate(&params, |g| {
    ///     let ys = Rnn(gru).forward(Seq::from(g.input(&x)).with_resets(&[0, 0, 1])).values();
    ///     assert_eq!(ys.at(2).tensor(), ys.at(0).tensor());
    ///     assert_ne!(ys.at(1).tensor(), ys.at(0).tensor());
    /// })?;
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn with_resets(self, resets: &[u32]) -> Self {
        let (g, line) = (self.graph(), Location::caller());
        self.check("resets", line);
        let wanted = self.time().saturating_mul(self.batch());
        if resets.len() != wanted {
            let reason = format!("{} flags for {} steps × rows", resets.len(), wanted);
            g.refuse("resets", reason, line);
        }
        if g.failed() {
            return self;
        }
        Seq { resets: Some(g.ids(resets)), ..self }
    }

    /// A sequence of values that are 0 past the end already, with lengths and resets where there
    /// are some.
    #[track_caller]
    pub(crate) fn marked(values: Var<'g, T>, [lengths, resets]: [Option<Ids<'g, T>>; 2]) -> Self {
        let xs = Seq { resets, ..Seq::from(values) };
        let Some(lengths) = lengths else { return xs };
        let inside = Some(inside(lengths, xs.time(), xs.batch()));
        Seq { lengths: Some(lengths), inside, ..xs }
    }

    /// The same sequence, of which no row starts anew.
    pub(crate) fn without_resets(self) -> Self {
        Seq { resets: None, ..self }
    }

    /// Values of as many steps and rows, with zeros past the end of each row: for layers that would
    /// put something there, such as a bias.
    #[track_caller]
    pub fn silenced(&self, values: Var<'g, T>) -> Var<'g, T> {
        let Some(inside) = self.inside else { return values };
        let (shape, rows) = (values.shape(), [values.shape().rows(), values.shape().last()]);
        let silence = self.graph().zeros(rows);
        values.reshape(rows).select(inside, silence).reshape(shape)
    }

    /// The same lengths and resets with other values of as many steps and rows.
    #[track_caller]
    #[must_use]
    pub fn with_values(self, values: Var<'g, T>) -> Self {
        let sizes = |x: Var<'g, T>| [x.shape().get(0), x.shape().get(1)];
        let marked = self.inside.is_some() || self.resets.is_some();
        if marked && sizes(values) != sizes(self.values) {
            let (of, line) = (self.values.shape(), Location::caller());
            let reason = format!("lengths or resets of {of} for values {}", values.shape());
            self.graph().refuse("sequence", reason, line);
        }
        Seq { values, ..self }
    }

    /// `len` steps from `start`, with the lengths and resets that belong to them.
    #[track_caller]
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        let (g, batch) = (self.graph(), self.batch());
        let values = self.values.slice(start, len);
        if g.failed() {
            return Seq { values, ..*self };
        }
        // Sizes fit here: the values have these steps.
        let part = |flags: Ids<'g, T>| flags.part(start * batch, len * batch);
        let left = |_, length: u32| (length as usize).saturating_sub(start).min(len) as u32;
        let mut lengths = self.lengths;
        if let Some(lengths) = &mut lengths {
            *lengths = lengths.map(left);
        }
        let (inside, resets) = (self.inside.and_then(part), self.resets.and_then(part));
        Seq { values, lengths, inside, resets }
    }

    /// Each row backwards from its own end; what lies past the end stays there. A row that starts
    /// anew somewhere does so between the same two steps.
    #[track_caller]
    #[must_use]
    pub fn reversed(&self) -> Self {
        let (g, line) = (self.graph(), Location::caller());
        self.check("reversed", line);
        let (time, batch, shape) = (self.time(), self.batch(), self.values.shape());
        if g.failed() || time * batch == 0 {
            return *self;
        }
        // Where the row of an index ends, out of the lengths, if there are some.
        let end = move |lengths: &[u32], i: usize| {
            lengths.get(i % batch).map_or(time, |&length| length as usize)
        };
        let lengths = match self.lengths {
            Some(lengths) => lengths,
            None => g.ids(&[]),
        };
        let from = g.ids_of([lengths], time * batch, |i, [lengths]| {
            let (t, b, end) = (i / batch, i % batch, end(lengths, i));
            (if t < end { (end - 1 - t) * batch + b } else { i }) as u32
        });
        let values = self.values.reshape([time * batch, shape.last()]).gather(from).reshape(shape);
        let mut resets = self.resets;
        if let Some(resets) = &mut resets {
            *resets = g.ids_of([lengths, *resets], time * batch, |i, [lengths, resets]| {
                let (t, b, end) = (i / batch, i % batch, end(lengths, i));
                // What lay before step `end − t` lies before step `t` now.
                if 0 < t && t < end { resets[(end - t) * batch + b] } else { 0 }
            });
        }
        Seq { values, resets, ..*self }
    }

    /// The recording fails unless this is a sequence of a size that can be meant.
    pub(crate) fn check(&self, what: &'static str, line: &'static Location<'static>) {
        let shape = self.values.shape();
        if shape.rank() != 3 {
            let reason = format!("wanted a sequence [time, batch, feature], got {shape}");
            self.graph().refuse(what, reason, line);
        }
        if self.time().saturating_mul(self.batch().max(1)) > Self::LIMIT {
            let reason = format!("{shape} has more than {} steps × rows", Self::LIMIT);
            self.graph().refuse(what, reason, line);
        }
    }

    /// The last step of each row, at its own end: `[batch, feature]`, 0 for rows of no steps.
    #[track_caller]
    pub fn last(&self) -> Var<'g, T> {
        self.ends(self.graph().zeros([self.batch(), self.values.shape().last()]))
    }

    /// What two directions, side by side, have at their own ends, `[batch, feature]`: of the first
    /// `forward` features the [last](Self::last) step of each row, of the others, which read the
    /// row from its end, the first one.
    #[track_caller]
    pub fn last_of_both(&self, forward: usize) -> Var<'g, T> {
        let features = self.values.shape().last();
        if self.time() == 0 {
            return self.last();
        }
        let ahead = self.values.part(2, 0, forward);
        let back = self.values.part(2, forward, features.saturating_sub(forward));
        self.graph().concat(1, &[self.with_values(ahead).last(), back.at(0)])
    }

    /// The last step of each row, or its part of `start`, `[batch, feature]`, for rows of no steps.
    #[track_caller]
    pub(crate) fn ends(&self, start: Var<'g, T>) -> Var<'g, T> {
        let (time, batch, size) = (self.time(), self.batch(), self.values.shape().last());
        if time == 0 {
            return start;
        }
        let Some(lengths) = self.lengths else { return self.values.at(time - 1) };
        // Where each row ends; rows that never began are replaced afterwards.
        let ends = lengths.map(|b, length| ((length.max(1) - 1) as usize * batch + b) as u32);
        let last = self.values.reshape([time * batch, size]).gather(ends);
        last.select(lengths, start)
    }
}

/// For each step and row, whether it lies before the row's end.
#[track_caller]
fn inside<'g, T: Real>(lengths: Ids<'g, T>, time: usize, batch: usize) -> Ids<'g, T> {
    lengths.graph().ids_of([lengths], time * batch, |i, [lengths]| {
        u32::from(i / batch < lengths.get(i % batch).map_or(0, |&length| length as usize))
    })
}
