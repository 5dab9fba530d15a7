//! What is on trial: a cell or a layer, behind a trait object.
//!
//! Only what is here is compiled for each cell; the laws are compiled once for each scalar.

use super::given::Given;
use crate::cell::Cell;
use crate::layer::Layer;
use crate::rtrl::Rtrl;
use crate::scan::scan;
use crate::seq::Seq;
use crate::state::State;
use crate::stream::Stream;
use elman_autograd::{Error, Grad, Graph, Params, Var};
use elman_tensor::{Dual, Real, Tensor};

/// How a cell goes through its sequence; a layer has one way only.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum By {
    Sequence,
    Scan,
}

/// What turns a sequence and a state, its Vars in a list, into outputs and the last state.
pub(super) trait At<T: Real> {
    fn initial<'g>(&self, g: &'g Graph<'g, T>, batch: usize) -> Vec<Var<'g, T>>;

    fn run<'g>(&self, xs: Seq<'g, T>, s: Vec<Var<'g, T>>, by: By) -> (Var<'g, T>, Vec<Var<'g, T>>);
}

/// A cell or a layer at the scalars of the laws.
pub(super) trait Subject: At<f32> + At<f64> + At<Dual<f64>> {
    /// Whether its gradients are those of its values.
    fn exact(&self) -> bool;
}

/// A cell's steps one at a time, from the initial state on.
pub(super) trait Streamed<T: Real> {
    /// The outputs of a stream and its last state.
    fn stream(&self, params: &Params<T>, x: &Tensor<T>) -> Result<(Vec<T>, Option<Vec<T>>), Error>;
}

/// A cell at the scalars of its laws.
pub(super) trait CellSubject: Subject + Streamed<f32> + Streamed<f64> {
    fn output(&self) -> usize;

    /// What real-time recurrent learning adds up over the steps: the gradient of the outputs, each
    /// times its cotangent.
    fn rtrl(&self, params: &Params<f64>, given: &Given<f64>) -> Result<Vec<f64>, Error>;
}

pub(super) struct OfCell<'a, C>(pub(super) &'a C);

impl<T: Real, C: Cell> At<T> for OfCell<'_, C> {
    fn initial<'g>(&self, g: &'g Graph<'g, T>, batch: usize) -> Vec<Var<'g, T>> {
        parts(&self.0.initial(g, batch))
    }

    fn run<'g>(&self, xs: Seq<'g, T>, s: Vec<Var<'g, T>>, by: By) -> (Var<'g, T>, Vec<Var<'g, T>>) {
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

impl<C: Cell> Subject for OfCell<'_, C> {
    fn exact(&self) -> bool {
        C::EXACT
    }
}

impl<T: Real, C: Cell> Streamed<T> for OfCell<'_, C> {
    fn stream(&self, params: &Params<T>, x: &Tensor<T>) -> Result<(Vec<T>, Option<Vec<T>>), Error> {
        let dims = x.shape();
        let mut stream = Stream::rows(params, self.0, dims.get(1).unwrap_or(0));
        let mut y = Vec::new();
        for t in 0..dims.get(0).unwrap_or(0) {
            if let Some(x) = x.at(t) {
                y.extend_from_slice(stream.push(x.values())?);
            }
        }
        Ok((y, stream.state().map(<[T]>::to_vec)))
    }
}

impl<C: Cell> CellSubject for OfCell<'_, C> {
    fn output(&self) -> usize {
        self.0.output()
    }

    fn rtrl(&self, params: &Params<f64>, given: &Given<f64>) -> Result<Vec<f64>, Error> {
        let mut learning = Rtrl::new(params, self.0, given.batch())?;
        let (mut step, mut sum) = (Grad::zeros(params), vec![0.0; params.len()]);
        for t in 0..given.time() {
            if let (Some(x), Some(w)) = (given.x.at(t), given.wy.at(t)) {
                learning.step(params, x, &mut step, |g, y| (y * g.input(w)).sum())?;
                sum.iter_mut().zip(step.values()).for_each(|(sum, g)| *sum += g);
            }
        }
        Ok(sum)
    }
}

/// The Vars of a state.
fn parts<'g, T: Real>(s: &impl State<'g, T>) -> Vec<Var<'g, T>> {
    let mut parts = Vec::new();
    s.each(&mut |s| parts.push(s));
    parts
}

pub(super) struct OfLayer<'a, L>(pub(super) &'a L);

impl<T: Real, L: Layer> At<T> for OfLayer<'_, L> {
    fn initial<'g>(&self, _: &'g Graph<'g, T>, _: usize) -> Vec<Var<'g, T>> {
        Vec::new()
    }

    fn run<'g>(&self, xs: Seq<'g, T>, _: Vec<Var<'g, T>>, _: By) -> (Var<'g, T>, Vec<Var<'g, T>>) {
        (self.0.forward(xs).values(), Vec::new())
    }
}

impl<L: Layer> Subject for OfLayer<'_, L> {
    fn exact(&self) -> bool {
        true
    }
}
