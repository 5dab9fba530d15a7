//! What a trainer remembers, saved and restored.

use super::engine::{ACCUMULATED_WEIGHT, Engine};
use super::weights::differ;
use crate::error::Error;
use crate::layout::Layout;
use crate::transform::TransformAt;
use elman_tensor::Real;
use std::panic::Location;

/// What a trainer remembers between two steps, as plain data: see [`Trainer::snapshot`](crate::Trainer::snapshot).
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
    /// What was [reported](crate::Trainer::report) since the last update.
    pub metric: Option<T>,
    /// The weights that were trained: the path of each and how many numbers it has; `None` before
    /// the first step.
    pub weights: Option<Vec<(String, usize)>>,
    /// What the transforms remember, in their order, then the sums and the average of the trainer
    /// itself: a name and the numbers of each buffer.
    pub buffers: Vec<(String, Vec<T>)>,
}

impl<T: Real> Engine<T> {
    pub(super) fn snapshot(&self, chain: &dyn TransformAt<T>) -> Snapshot<T> {
        let mut buffers = Vec::new();
        let mut rest = &self.memory[..];
        if self.weights.is_some() {
            self.list(chain, self.layout(), &mut |name, len| {
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

    #[track_caller]
    pub(super) fn restore(
        &mut self,
        chain: &dyn TransformAt<T>,
        snapshot: &Snapshot<T>,
    ) -> Result<(), Error> {
        let weights = self.weights.as_ref().or(snapshot.weights.as_ref());
        let mut list = Vec::new();
        if let Some(weights) = weights {
            let layout = Layout::new(weights);
            self.check(chain, layout)?;
            self.list(chain, layout, &mut |name, len| list.push((name, len)));
        }
        let (own, other) = (self.weights.as_deref(), snapshot.weights.as_deref());
        let kept: Vec<_> = list.iter().copied().filter(|(name, _)| !name.is_empty()).collect();
        let given = snapshot.buffers.iter().map(|(name, values)| (name.as_str(), values.len()));
        let given: Vec<_> = given.collect();
        let refused = |trained| Error::OtherSnapshot {
            wanted: describe(trained, &kept),
            given: describe(other, &given),
        };
        // Snapshots had no weights of accumulated losses at first. Between two updates these are 0.
        let boundary = snapshot.step.checked_rem(self.batches) == Some(0);
        let no_weight = boundary && given.iter().all(|(name, _)| *name != ACCUMULATED_WEIGHT);
        let is_held = |name: &str| !(name.is_empty() || no_weight && name == ACCUMULATED_WEIGHT);
        // Before the first step there is nothing to hold.
        let held = kept.iter().copied().filter(|(name, _)| other.is_some() && is_held(name));
        let held: Vec<_> = held.collect();
        let another_count = own.is_some() && other.is_some() && count(own) != count(other);
        if another_count || given != held {
            return Err(refused(weights.map(Vec::as_slice)));
        }
        if let (Some(own), Some(other)) = (own, other)
            && own != other
        {
            return Err(differ(own, other, Location::caller()));
        }
        // Nobody has measured the weights of the snapshot yet.
        let mut memory = Vec::new();
        let size = list.iter().fold(0usize, |size, (_, len)| size.saturating_add(*len));
        if memory.try_reserve_exact(size).is_err() {
            return Err(refused(own));
        }
        let mut buffers = snapshot.buffers.iter();
        for &(name, len) in &list {
            match if is_held(name) { buffers.next() } else { None } {
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

fn describe(weights: Option<&[(String, usize)]>, list: &[(&str, usize)]) -> String {
    let list: Vec<_> = list.iter().map(|(name, len)| format!("{name} [{len}]")).collect();
    let buffers = if list.is_empty() { "nothing".into() } else { list.join(", ") };
    format!("{} weights with {buffers}", count(weights))
}
