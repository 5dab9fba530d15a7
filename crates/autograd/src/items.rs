//! Collecting the items of a sequence.

use crate::graph::Graph;
use crate::place::Place;
use crate::rules::Stack;
use crate::var::Var;
use elman_tensor::Real;
use std::panic::Location;

/// Vars collected one by one, to be stacked along a new outermost axis: the outputs of a loop
/// over time. The list's memory belongs to the tape and is used again.
pub struct Items<'g, T: Real> {
    graph: &'g Graph<'g, T>,
    places: Vec<Place>,
}

impl<'g, T: Real> Graph<'g, T> {
    /// An empty collection.
    pub fn items(&'g self) -> Items<'g, T> {
        let places = self.arena.borrow_mut().lists.pop().unwrap_or_default();
        Items { graph: self, places }
    }
}

impl<'g, T: Real> Items<'g, T> {
    /// Appends a Var.
    #[track_caller]
    pub fn push(&mut self, x: Var<'g, T>) {
        if std::ptr::eq(x.graph, self.graph) {
            self.places.push(x.place);
        } else {
            let reason = "all operands must belong to this recording".into();
            self.graph.refuse("stack", reason, Location::caller());
        }
    }

    /// All of them along a new outermost axis; there must be at least one.
    #[track_caller]
    pub fn stack(self) -> Var<'g, T> {
        let graph = self.graph;
        if graph.failed() {
            return graph.absent();
        }
        let call = graph.call(Location::caller());
        let places = self.places.iter().copied();
        let stacked =
            graph.arena.borrow_mut().apply(graph.params(), Stack, places, graph.recording, call);
        graph.var(stacked)
    }
}

impl<T: Real> Drop for Items<'_, T> {
    fn drop(&mut self) {
        self.places.clear();
        self.graph.arena.borrow_mut().lists.push(std::mem::take(&mut self.places));
    }
}
