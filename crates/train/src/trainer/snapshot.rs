//! What a trainer remembers, saved and restored.

use super::{Trainer, demand};
use crate::error::Error;
use crate::layout::Layout;
use crate::transform::Transform;
use elman_tensor::Real;
use std::panic::Location;

/// What a trainer remembers between two steps, as plain data: see [`Trainer::snapshot`].
///
/// ```
/// use elman_autograd::Params;
/// use elman_tensor::Init;
/// use elman_train::{Trainer, Transform, momentum, sgd};
///
/// let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Zeros))?;
/// let mut trainer = Trainer::new(momentum(0.5).then(sgd(1.0)));
/// for _ in 0..2 {
///     trainer.step(&mut params, |g| g.param(w))?;
/// }
/// let snapshot = trainer.snapshot();
/// assert_eq!(snapshot.step, 2);
/// assert_eq!(snapshot.weights, Some(vec![("w".into(), 1)]));
/// assert_eq!(snapshot.buffers, [("momentum.velocity".into(), vec![1.5])]); // ½ · 1 + 1
/// # Ok::<(), elman_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot<T> {
    /// How many steps were done.
    pub step: u64,
    /// What was [reported](Trainer::report) since the last update.
    pub metric: Option<T>,
    /// The weights that were trained: the path of each and how many numbers it has; `None` before
    /// the first step.
    pub weights: Option<Vec<(String, usize)>>,
    /// What the transforms remember, in their order, then the sums and the average of the trainer
    /// itself: a name and the numbers of each buffer.
    pub buffers: Vec<(String, Vec<T>)>,
}

impl<T: Real, X: Transform> Trainer<T, X> {
    /// Copies what persists between steps: with the weights, all that is needed to go on with the
    /// same bits.
    ///
    /// Settings are not in it: neither those of the transforms nor the tape's seed.
    pub fn snapshot(&self) -> Snapshot<T> {
        let mut buffers = Vec::new();
        let mut rest = &self.memory[..];
        if self.weights.is_some() {
            self.list(self.layout(), &mut |name, len| {
                let (buffer, after) = rest.split_at(len.min(rest.len()));
                if !name.is_empty() {
                    buffers.push((name.to_string(), buffer.to_vec()));
                }
                rest = after;
            });
        }
        let (step, metric, weights) = (self.step, self.metric, self.weights.clone());
        Snapshot { step, metric, weights, buffers }
    }

    /// Goes back, or forth, to a snapshot, also one of another trainer with the same transforms.
    ///
    /// Settings may differ, and transforms without memory may be added or left out.
    ///
    /// # Errors
    /// If the snapshot is of other transforms, or, where steps were done, of other weights; if
    /// settings make no sense for its weights. The trainer is then as before.
    #[track_caller]
    pub fn restore(&mut self, snapshot: &Snapshot<T>) -> Result<(), Error> {
        let weights = self.weights.as_ref().or(snapshot.weights.as_ref());
        let mut list = Vec::new();
        if let Some(weights) = weights {
            let layout = Layout::new(weights);
            self.check(layout)?;
            self.list(layout, &mut |name, len| list.push((name, len)));
        }
        let kept = list.iter().copied().filter(|(name, _)| !name.is_empty());
        let given = snapshot.buffers.iter().map(|(name, values)| (name.as_str(), values.len()));
        let refused = |trained| Error::OtherSnapshot {
            wanted: describe(trained, kept.clone()),
            given: describe(snapshot.weights.as_deref(), given.clone()),
        };
        // Before the first step there is nothing to hold.
        let held = kept.clone().take_while(|_| snapshot.weights.is_some());
        let (own, other) = (self.weights.as_deref(), snapshot.weights.as_deref());
        let another_count = own.is_some() && other.is_some() && count(own) != count(other);
        if another_count || !given.clone().eq(held) {
            return Err(refused(weights.map(Vec::as_slice)));
        }
        if let (Some(own), Some(other)) = (own, other) {
            let other = || other.iter().map(|(path, len)| (path.as_str(), *len));
            demand(own, other, Location::caller())?;
        }
        // Nobody has measured the weights of the snapshot yet.
        let mut memory = Vec::new();
        let size = list.iter().fold(0usize, |size, (_, len)| size.saturating_add(*len));
        if memory.try_reserve_exact(size).is_err() {
            return Err(refused(own));
        }
        let mut buffers = snapshot.buffers.iter();
        for &(name, len) in &list {
            match if name.is_empty() { None } else { buffers.next() } {
                Some((_, values)) => memory.extend_from_slice(values),
                None => memory.resize(memory.len() + len, T::ZERO),
            }
        }
        self.memory = memory;
        self.weights = weights.cloned();
        (self.step, self.metric) = (snapshot.step, snapshot.metric);
        Ok(())
    }
}

fn count(weights: Option<&[(String, usize)]>) -> usize {
    weights.map_or(0, |weights| Layout::new(weights).len())
}

fn describe<'a>(
    weights: Option<&[(String, usize)]>,
    list: impl Iterator<Item = (&'a str, usize)>,
) -> String {
    let list: Vec<_> = list.map(|(name, len)| format!("{name} [{len}]")).collect();
    let buffers = if list.is_empty() { "nothing".into() } else { list.join(", ") };
    format!("{} weights with {buffers}", count(weights))
}
