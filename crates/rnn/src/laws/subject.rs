//! What is on trial: a cell or a layer.

use crate::cell::Cell;
use crate::layer::Layer;
use crate::scan::scan;
use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Graph, Var};
use elman_tensor::Real;

/// How a cell goes through its sequence; a layer has one way only.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum By {
    Sequence,
    Scan,
}

/// What turns a sequence and a state, its Vars in a list, into outputs and the last state.
pub(super) trait Subject {
    /// Whether its gradients are those of its values.
    const EXACT: bool;

    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Vec<Var<'g, T>>;

    fn run<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Vec<Var<'g, T>>,
        by: By,
    ) -> (Var<'g, T>, Vec<Var<'g, T>>);
}

pub(super) struct OfCell<'a, C>(pub(super) &'a C);

impl<C: Cell> Subject for OfCell<'_, C> {
    const EXACT: bool = C::EXACT;

    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Vec<Var<'g, T>> {
        parts(&self.0.initial(g, batch))
    }

    fn run<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Vec<Var<'g, T>>,
        by: By,
    ) -> (Var<'g, T>, Vec<Var<'g, T>>) {
        let mut given = s.into_iter();
        let start = self.0.initial(xs.graph(), xs.batch());
        let start = start.map(&mut |s| given.next().unwrap_or(s));
        let (ys, last) = match by {
            By::Sequence => self.0.sequence(xs, start),
            By::Scan => scan(self.0, xs, start),
        };
        (ys, parts(&last))
    }
}

/// The Vars of a state.
fn parts<'g, T: Real>(s: &impl State<'g, T>) -> Vec<Var<'g, T>> {
    let mut parts = Vec::new();
    s.each(&mut |s| parts.push(s));
    parts
}

pub(super) struct OfLayer<'a, L>(pub(super) &'a L);

impl<L: Layer> Subject for OfLayer<'_, L> {
    const EXACT: bool = true;

    fn initial<'g, T: Real>(&self, _: &'g Graph<'g, T>, _: usize) -> Vec<Var<'g, T>> {
        Vec::new()
    }

    fn run<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        _: Vec<Var<'g, T>>,
        _: By,
    ) -> (Var<'g, T>, Vec<Var<'g, T>>) {
        (self.0.forward(xs).values(), Vec::new())
    }
}
