//! The cells that other programs have too.

use super::error::Error;
use super::layout::Part;
use elman_autograd::{Param, Var};
use elman_rnn::{
    Activation, AnyCell, Cell, CoupledLstm, Elman, Gate, Gru, Lstm, PeepholeLstm, ProjectedLstm,
    ResetFirstGru, Seq,
};
use elman_tensor::Real;

macro_rules! peers {
    ($($cell:ident)*) => {
        /// A cell that another program has too; cells become one by `into`.
        ///
        /// ```
        /// use elman_autograd::Params;
        /// use elman_io::exchange::Peer;
        /// use elman_rnn::{AnyCell, Kind, LayerSettings};
        ///
        /// let build = |kind| {
        ///     let settings = LayerSettings::new(kind, 8);
        ///     Params::<f32>::init(7, |p| AnyCell::new(p.scope("cell"), 3, &settings))
        /// };
        /// assert!(matches!(Peer::try_from(&build(Kind::Lstm)?.0), Ok(Peer::Lstm(_))));
        /// assert!(Peer::try_from(&build(Kind::Clockwork)?.0).is_err()); // nobody else has it
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum Peer {
            $(
                #[doc = concat!("[`", stringify!($cell), "`](elman_rnn::", stringify!($cell), ").")]
                $cell($cell),
            )*
        }

        $(
            impl From<$cell> for Peer {
                fn from(cell: $cell) -> Self {
                    Peer::$cell(cell)
                }
            }
        )*

        impl Peer {
            /// Its name, for errors.
            fn name(&self) -> &'static str {
                match self {
                    $(Peer::$cell(_) => stringify!($cell),)*
                }
            }
        }

        impl TryFrom<&AnyCell> for Peer {
            type Error = Error;

            /// The cell, if another program has it.
            fn try_from(cell: &AnyCell) -> Result<Self, Error> {
                match cell {
                    $(AnyCell::$cell(cell) => Ok(Peer::$cell(*cell)),)*
                    other => Err(Error::Ours { cell: other.kind().to_string() }),
                }
            }
        }
    };
}
peers!(Elman Lstm PeepholeLstm CoupledLstm ProjectedLstm Gru ResetFirstGru);

/// One level of a stack: a cell, or one for each direction, their outputs side by side. Cells, and
/// pairs of cells, become one by `into`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::exchange::onnx::Export;
/// use elman_rnn::Gru;
///
/// // A level in both directions, and one that reads it.
/// let ([forward, backward, above], params) = Params::<f32>::init(7, |p| {
///     let forward = Gru::new(p.scope("forward"), 3, 8)?;
///     let backward = Gru::new(p.scope("backward"), 3, 8)?;
///     Ok([forward, backward, Gru::new(p.scope("above"), 16, 4)?])
/// })?;
/// assert!(Export::new().level((forward, backward)).level(above).to_bytes(&params).is_ok());
/// // Without the one that reads backwards, the features are too few.
/// assert!(Export::new().level(forward).level(above).to_bytes(&params).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// That a program does not have it.
    pub(crate) fn unknown(&self, program: &'static str) -> Error {
        let cell = match self.activation() {
            Some(activation) => format!("{} with {activation:?}", self.name()),
            None => self.name().into(),
        };
        Error::Cell { program, cell }
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
        !matches!(self, Peer::Elman(_) | Peer::Gru(_) | Peer::ResetFirstGru(_))
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
