//! The cells that other programs have too.

use super::error::Error;
use super::layout::Part;
use elman_autograd::{Param, Var};
use elman_rnn::{
    Activation, Cell, CoupledLstm, Elman, Gate, Gru, Lstm, PeepholeLstm, ProjectedLstm,
    ResetFirstGru, Seq,
};
use elman_tensor::Real;

/// A cell that another program has too; cells become one by `into`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the cell of its name")]
pub enum Peer {
    Elman(Elman),
    Lstm(Lstm),
    PeepholeLstm(PeepholeLstm),
    CoupledLstm(CoupledLstm),
    ProjectedLstm(ProjectedLstm),
    Gru(Gru),
    ResetFirstGru(ResetFirstGru),
}

macro_rules! from {
    ($($cell:ident)*) => {$(
        impl From<$cell> for Peer {
            fn from(cell: $cell) -> Self {
                Peer::$cell(cell)
            }
        }
    )*};
}
from!(Elman Lstm PeepholeLstm CoupledLstm ProjectedLstm Gru ResetFirstGru);

/// One level of a stack: a cell, or one for each direction, their outputs side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it is made of handles, and as rare as levels")]
pub enum Level {
    /// A cell that reads forwards.
    Forward(Peer),
    /// A cell that reads forwards, and one that reads backwards.
    Both(Peer, Peer),
}

impl<C: Into<Peer>> From<C> for Level {
    fn from(cell: C) -> Self {
        Level::Forward(cell.into())
    }
}

impl<A: Into<Peer>, B: Into<Peer>> From<(A, B)> for Level {
    fn from((forward, backward): (A, B)) -> Self {
        Level::Both(forward.into(), backward.into())
    }
}

impl Level {
    /// The cells, that which reads forwards first.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Peer> {
        let (forward, backward) = match self {
            Level::Forward(cell) => (cell, None),
            Level::Both(forward, backward) => (forward, Some(backward)),
        };
        std::iter::once(forward).chain(backward)
    }

    /// The number of features of its outputs.
    pub(crate) fn output(&self) -> usize {
        self.cells().map(Peer::output).sum()
    }
}

/// One affine sum of a cell: where its columns lie in our weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sum {
    /// Of the input, `[in, hidden]`.
    pub(crate) w: Part,
    /// Of the state, `[state, hidden]`.
    pub(crate) u: Part,
    /// The bias, `[hidden]`.
    pub(crate) b: Part,
    /// The state's own bias, where there is one.
    pub(crate) c: Option<Part>,
}

impl Sum {
    /// The sums that lie side by side in a gate, so many of them.
    fn of(gate: Gate, sums: usize) -> Vec<Sum> {
        let [w, u, b] = gate.params();
        let hidden = b.shape().last() / sums;
        let part = |weight, sum| Part::whole(weight).columns(sum * hidden, hidden);
        (0..sums)
            .map(|sum| Sum { w: part(w, sum), u: part(u, sum), b: part(b, sum), c: None })
            .collect()
    }
}

impl Peer {
    /// Its name, for errors.
    pub(crate) fn name(&self) -> String {
        match self {
            Peer::Elman(cell) => format!("Elman with {:?}", cell.activation()),
            Peer::Lstm(_) => "Lstm".into(),
            Peer::PeepholeLstm(_) => "PeepholeLstm".into(),
            Peer::CoupledLstm(_) => "CoupledLstm".into(),
            Peer::ProjectedLstm(_) => "ProjectedLstm".into(),
            Peer::Gru(_) => "Gru".into(),
            Peer::ResetFirstGru(_) => "ResetFirstGru".into(),
        }
    }

    /// That a program does not have it.
    pub(crate) fn unknown(&self, program: &'static str) -> Error {
        Error::Cell { program, cell: self.name() }
    }

    /// Its sums, in our order.
    pub(crate) fn sums(&self) -> Vec<Sum> {
        match self {
            Peer::Elman(cell) => Sum::of(cell.gate(), 1),
            Peer::Lstm(cell) => Sum::of(cell.gates(), 4),
            Peer::PeepholeLstm(cell) => Sum::of(cell.gates(), 4),
            Peer::CoupledLstm(cell) => Sum::of(cell.gates(), 3),
            Peer::ProjectedLstm(cell) => Sum::of(cell.gates(), 4),
            Peer::Gru(cell) => {
                let [w, b, u, c] = cell.candidate().map(Part::whole);
                let mut sums = Sum::of(cell.gates(), 2);
                sums.push(Sum { w, u, b, c: Some(c) });
                sums
            }
            Peer::ResetFirstGru(cell) => {
                let mut sums = Sum::of(cell.gates(), 2);
                sums.extend(Sum::of(cell.candidate(), 1));
                sums
            }
        }
    }

    /// The first of its gates.
    fn gate(&self) -> Gate {
        match self {
            Peer::Elman(cell) => cell.gate(),
            Peer::Lstm(cell) => cell.gates(),
            Peer::PeepholeLstm(cell) => cell.gates(),
            Peer::CoupledLstm(cell) => cell.gates(),
            Peer::ProjectedLstm(cell) => cell.gates(),
            Peer::Gru(cell) => cell.gates(),
            Peer::ResetFirstGru(cell) => cell.gates(),
        }
    }

    /// The number of features it reads.
    pub(crate) fn input(&self) -> usize {
        self.gate().params()[0].shape().rows()
    }

    /// The number of units of each of its sums.
    pub(crate) fn hidden(&self) -> usize {
        match self {
            Peer::ProjectedLstm(cell) => cell.projection().shape().rows(),
            _ => self.output(),
        }
    }

    /// The number of features of its output.
    pub(crate) fn output(&self) -> usize {
        self.gate().hidden()
    }

    /// Whether its state has a cell beside the output.
    pub(crate) fn carries(&self) -> bool {
        match self {
            Peer::Elman(_) | Peer::Gru(_) | Peer::ResetFirstGru(_) => false,
            Peer::Lstm(_) | Peer::PeepholeLstm(_) | Peer::CoupledLstm(_) => true,
            Peer::ProjectedLstm(_) => true,
        }
    }

    /// The projection of its output, where it has one.
    pub(crate) fn projection(&self) -> Option<Param> {
        match self {
            Peer::ProjectedLstm(cell) => Some(cell.projection()),
            _ => None,
        }
    }

    /// The weights through which its gates i, f and o see the cell, where they do.
    pub(crate) fn peepholes(&self) -> Option<Param> {
        match self {
            Peer::PeepholeLstm(cell) => Some(cell.peepholes()),
            _ => None,
        }
    }

    /// What it applies to its sum, if it has just one.
    pub(crate) fn activation(&self) -> Option<Activation> {
        match self {
            Peer::Elman(cell) => Some(cell.activation()),
            _ => None,
        }
    }

    /// A whole sequence from a state `[h, c]`, whose `c` counts where the cell has one.
    #[track_caller]
    pub(crate) fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        [h, c]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let alone = |(y, [h]): (_, [_; 1])| (y, [h, c]);
        match self {
            Peer::Elman(cell) => alone(cell.sequence(xs, [h])),
            Peer::Lstm(cell) => cell.sequence(xs, [h, c]),
            Peer::PeepholeLstm(cell) => cell.sequence(xs, [h, c]),
            Peer::CoupledLstm(cell) => cell.sequence(xs, [h, c]),
            Peer::ProjectedLstm(cell) => cell.sequence(xs, [h, c]),
            Peer::Gru(cell) => alone(cell.sequence(xs, [h])),
            Peer::ResetFirstGru(cell) => alone(cell.sequence(xs, [h])),
        }
    }
}
