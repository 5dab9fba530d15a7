//! Collecting the items of a sequence.

use crate::arena::Listed;
use crate::graph::Graph;
use crate::ids::Ids;
use crate::place::Place;
use crate::rules::{Concat, Stack};
use crate::segment::Segment;
use crate::var::Var;
use elman_tensor::Real;
use std::panic::Location;

/// Vars collected one by one, to be put together: the outputs of a loop over time. The list's
/// memory belongs to the tape and is used again.
///
/// ```
/// use elman_autograd::{Params, Tape};
///
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let y = Tape::new().evaluate(&none, |g| {
///     let (mut items, mut h) = (g.items(), g.constant([2], 1.0));
///     for _ in 0..3 {
///         h = 2.0 * h;
///         items.push(h);
///     }
///     items.stack().tensor()
/// })?;
/// assert_eq!(y.shape().dims(), [3, 2]); // a new outermost axis
/// assert_eq!(y.values(), [2.0, 2.0, 4.0, 4.0, 8.0, 8.0]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub struct Items<'g, T: Real> {
    graph: &'g Graph<'g, T>,
    places: Vec<Place>,
    /// How many the tape's limit allows.
    limit: usize,
}

impl<'g, T: Real> Graph<'g, T> {
    /// An empty collection.
    #[track_caller]
    pub fn items(&'g self) -> Items<'g, T> {
        let (mut places, mut limit) = (Vec::new(), 0);
        if let Some(mut arena) = self.lend("stack", Location::caller()) {
            places = arena.lists.pop().unwrap_or_default();
            limit = arena.limit / size_of::<Place>();
        }
        Items { graph: self, places, limit }
    }
}

impl<'g, T: Real> Items<'g, T> {
    /// Appends a Var.
    #[track_caller]
    pub fn push(&mut self, x: Var<'g, T>) {
        let line = Location::caller();
        if !self.graph.owns("stack", &[x], line) {
            return;
        }
        if self.places.len() < self.limit {
            self.places.push(x.place);
        } else {
            let reason = format!("more than {} items are beyond the tape's limit", self.limit);
            self.graph.refuse("stack", reason, line);
        }
    }

    /// All of them along a new outermost axis; there must be at least one.
    #[track_caller]
    pub fn stack(self) -> Var<'g, T> {
        self.graph.apply_listed(Stack, Listed::Places(&self.places), Location::caller())
    }

    /// All of them one after the other along an axis they have; there must be at least one.
    #[track_caller]
    pub fn concat(self, axis: usize) -> Var<'g, T> {
        let places = Listed::Places(&self.places);
        self.graph.apply_listed(Concat { axis }, places, Location::caller())
    }

    /// [`Graph::recompute`] of all of them and of some integers.
    #[track_caller]
    pub fn recompute<F, const N: usize>(self, ids: [Ids<'g, T>; N], f: F) -> Var<'g, T>
    where
        F: Segment<T, N>,
    {
        self.graph.segment(Listed::Places(&self.places), ids, f, Location::caller())
    }
}

impl<T: Real> Drop for Items<'_, T> {
    fn drop(&mut self) {
        self.places.clear();
        // A list dropped while the recording is busy is lost, which costs an allocation.
        if let Some(mut arena) = self.graph.idle() {
            arena.lists.push(std::mem::take(&mut self.places));
        }
    }
}
