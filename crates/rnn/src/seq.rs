//! Sequences, with what belongs to them.

use elman_autograd::{Graph, Ids, Var};
use elman_tensor::Real;
use std::panic::Location;

/// A batch of sequences `[time, batch, feature]`, with lengths and resets where there are some.
///
/// A `Var` of three axes is a sequence without either. More than [`LIMIT`](Seq::LIMIT) steps ×
/// rows are taken for a mistake.
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
        let flag = |t: usize| lengths.iter().map(move |&l| u32::from(t < l as usize));
        let inside = g.ids_from((0..time).flat_map(flag));
        let shape = self.values.shape();
        let zeros = g.zeros(shape);
        let rows = [time * batch, shape.last()];
        let values = self.values.reshape(rows).select(inside, zeros.reshape(rows)).reshape(shape);
        Seq { values, lengths: Some(g.ids(lengths)), inside: Some(inside), ..self }
    }

    /// Starts the state of a row anew before each step whose flag is not 0: `[time × batch]`
    /// flags, step by step.
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
