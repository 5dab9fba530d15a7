//! A cell that is chosen when the program runs.

use super::settings::{LayerSettings, Options};
use crate::cell::Cell;
use crate::cells::*;
use crate::packed::Packed;
use crate::seq::Seq;
use crate::state::State;
use elman_autograd::{Error, Graph, Params, Scope, Var};
use elman_tensor::Real;
use std::fmt;
use std::panic::Location;
use std::str::FromStr;

/// The list of cells: the name of each type, its name in settings, and how it is built from
/// (scope, input, hidden, options).
macro_rules! cells {
    ($($cell:ident $name:literal: |$p:ident, $input:ident, $hidden:ident, $o:pat_param| $build:expr;)*) => {
        /// The name of a built-in cell, for settings that are read when the program runs.
        ///
        /// As text it is the cell's name in lower case, words joined by `_`.
        ///
        /// ```
        /// use elman_rnn::Kind;
        ///
        /// assert_eq!("reset_first_gru".parse(), Ok(Kind::ResetFirstGru));
        /// assert_eq!(Kind::Lstm.to_string(), "lstm");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum Kind {
            $(
                #[doc = concat!("[`", stringify!($cell), "`](crate::", stringify!($cell), ").")]
                #[cfg_attr(feature = "serde", serde(rename = $name))]
                $cell,
            )*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Kind] = &[$(Kind::$cell),*];

            /// The name in settings.
            pub fn name(self) -> &'static str {
                match self {
                    $(Kind::$cell => $name,)*
                }
            }
        }

        /// One of the built-in cells, chosen when the program runs: for settings files and models
        /// from elsewhere.
        ///
        /// It computes what the cell computes, by its kernel if it has one. [`AnyCell::new`] builds
        /// it from a [`LayerSettings`], `AnyCell::from` from a cell. An
        /// [`EchoState`](crate::EchoState), which is not trained by gradients, is not among them.
        ///
        /// ```
        /// use elman_autograd::Params;
        /// use elman_rnn::{AnyCell, Kind, LayerSettings, Stream};
        ///
        /// let (cell, params) = Params::<f32>::init(1, |p| {
        ///     AnyCell::new(p.scope("cell"), 2, &LayerSettings::new(Kind::Lstm, 8))
        /// })?;
        /// assert_eq!(Stream::new(&params, cell).push(&[0.5, 1.0])?.len(), 8);
        /// # Ok::<(), elman_autograd::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum AnyCell {
            $(
                #[doc = concat!("[`", stringify!($cell), "`](crate::", stringify!($cell), ").")]
                $cell($cell),
            )*
        }

        $(
            impl From<$cell> for AnyCell {
                fn from(cell: $cell) -> Self {
                    AnyCell::$cell(cell)
                }
            }
        )*

        impl AnyCell {
            /// The cell of a layer, for so many input features; what is around it is left to the
            /// [`Network`](crate::Network).
            ///
            /// # Errors
            /// If a weight cannot be created; if the layer has an option that the cell does not
            /// have, or one that cannot be.
            pub fn new(p: Scope<'_>, input: usize, layer: &LayerSettings) -> Result<Self, Error> {
                let hidden = layer.hidden;
                let mut options = Options::of(layer);
                let cell = match layer.cell {
                    $(Kind::$cell => {
                        let ($p, $input, $hidden, $o) = (p, input, hidden, &mut options);
                        $build?.into()
                    })*
                };
                options.finish().map(|()| cell)
            }

            /// Which cell it is.
            pub fn kind(&self) -> Kind {
                match self {
                    $(AnyCell::$cell(_) => Kind::$cell,)*
                }
            }
        }

        impl Cell for AnyCell {
            type State<'g, T: Real> = AnyState<'g, T>;

            fn output(&self) -> usize {
                match self {
                    $(AnyCell::$cell(cell) => cell.output(),)*
                }
            }

            #[track_caller]
            fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> AnyState<'g, T> {
                match self {
                    $(AnyCell::$cell(cell) => AnyState::of(&cell.initial(g, batch)),)*
                }
            }

            #[track_caller]
            fn step<'g, T: Real>(
                &self,
                x: Var<'g, T>,
                s: AnyState<'g, T>,
            ) -> (Var<'g, T>, AnyState<'g, T>) {
                let (g, line) = (x.graph(), Location::caller());
                match self {
                    $(AnyCell::$cell(cell) => {
                        let (y, s) = cell.step(x, s.into_state(g, line));
                        (y, AnyState::of(&s))
                    })*
                }
            }

            #[track_caller]
            fn sequence<'g, T: Real>(
                &self,
                xs: Seq<'g, T>,
                s: AnyState<'g, T>,
            ) -> (Var<'g, T>, AnyState<'g, T>) {
                let (g, line) = (xs.graph(), Location::caller());
                match self {
                    $(AnyCell::$cell(cell) => {
                        let (ys, s) = cell.sequence(xs, s.into_state(g, line));
                        (ys, AnyState::of(&s))
                    })*
                }
            }

            fn packed<T: Real>(
                &self,
                params: &Params<T>,
                batch: usize,
            ) -> Option<Box<dyn Packed<T>>> {
                match self {
                    $(AnyCell::$cell(cell) => cell.packed(params, batch),)*
                }
            }
        }
    };
}

cells! {
    AntisymmetricRnn "antisymmetric_rnn": |p, input, hidden, _| AntisymmetricRnn::new(p, input, hidden);
    Cfc "cfc": |p, input, hidden, _| Cfc::new(p, input, hidden);
    Clockwork "clockwork": |p, input, hidden, o| {
        let periods = o.periods(hidden)?;
        Clockwork::new(p, input, hidden / periods.len().max(1), &periods)
    };
    CoRnn "co_rnn": |p, input, hidden, _| CoRnn::new(p, input, hidden);
    ConcatElman "concat_elman": |p, input, hidden, _| ConcatElman::new(p, input, hidden);
    CoupledLstm "coupled_lstm": |p, input, hidden, _| CoupledLstm::new(p, input, hidden);
    Elman "elman": |p, input, hidden, o| {
        Elman::with(p, input, hidden, o.activation(Activation::Tanh))
    };
    FastGrnn "fast_grnn": |p, input, hidden, _| FastGrnn::new(p, input, hidden);
    FastRnn "fast_rnn": |p, input, hidden, _| FastRnn::new(p, input, hidden);
    Gru "gru": |p, input, hidden, _| Gru::new(p, input, hidden);
    IndRnn "ind_rnn": |p, input, hidden, o| {
        IndRnn::new(p, input, hidden)?.with_activation(o.activation(Activation::Relu))
    };
    Janet "janet": |p, input, hidden, o| {
        Janet::with(p, input, hidden, o.forget_bias(ForgetBias::Constant(1.0)))
    };
    Jordan "jordan": |p, input, hidden, o| Jordan::new(p, input, hidden, o.outputs(hidden));
    LayerNormLstm "layer_norm_lstm": |p, input, hidden, _| LayerNormLstm::new(p, input, hidden);
    Lem "lem": |p, input, hidden, _| Lem::new(p, input, hidden);
    Lru "lru": |p, input, hidden, o| Lru::new(p, input, hidden, o.outputs(hidden));
    Lstm "lstm": |p, input, hidden, o| {
        Lstm::with(p, input, hidden, o.forget_bias(ForgetBias::Drawn))
    };
    Ltc "ltc": |p, input, hidden, _| Ltc::new(p, input, hidden);
    Mgu "mgu": |p, input, hidden, _| Mgu::new(p, input, hidden);
    MinGru "min_gru": |p, input, hidden, _| MinGru::new(p, input, hidden);
    MinLstm "min_lstm": |p, input, hidden, _| MinLstm::new(p, input, hidden);
    MultiplicativeLstm "multiplicative_lstm": |p, input, hidden, _| {
        MultiplicativeLstm::new(p, input, hidden)
    };
    PeepholeLstm "peephole_lstm": |p, input, hidden, _| PeepholeLstm::new(p, input, hidden);
    ProjectedLstm "projected_lstm": |p, input, hidden, o| {
        ProjectedLstm::new(p, input, hidden, o.outputs(hidden))
    };
    Qrnn "qrnn": |p, input, hidden, _| Qrnn::new(p, input, hidden);
    ResetFirstGru "reset_first_gru": |p, input, hidden, _| ResetFirstGru::new(p, input, hidden);
    SLstm "s_lstm": |p, input, hidden, o| {
        SLstm::with(p, input, hidden, o.forget_bias(ForgetBias::Drawn))
    };
    Sru "sru": |p, input, hidden, _| Sru::new(p, input, hidden);
    Ugrnn "ugrnn": |p, input, hidden, o| {
        Ugrnn::with(p, input, hidden, o.forget_bias(ForgetBias::Constant(1.0)))
    };
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Kind::ALL.iter().find(|kind| kind.name() == name);
        found.copied().ok_or_else(|| Error::Setting {
            what: "the name of a cell",
            wanted: "one that there is (elman, lstm, gru, …)",
            given: format!("{name:?}"),
        })
    }
}

/// The state of an [`AnyCell`]: as many Vars as the cell has.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{AnyCell, Cell, Kind, LayerSettings, State};
///
/// for (kind, vars) in [(Kind::Gru, 1), (Kind::Lstm, 2), (Kind::SLstm, 3)] {
///     let (cell, params) = Params::<f32>::init(1, |p| {
///         AnyCell::new(p.scope("cell"), 2, &LayerSettings::new(kind, 8))
///     })?;
///     let mut count = 0;
///     Tape::new().evaluate(&params, |g| cell.initial(g, 1).each(&mut |_| count += 1))?;
///     assert_eq!(count, vars);
/// }
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct AnyState<'g, T: Real>([Option<Var<'g, T>>; MOST]);

/// The most Vars that the state of a built-in cell has.
const MOST: usize = 3;

impl<'g, T: Real> AnyState<'g, T> {
    /// The Vars of another state; of more than there is room for, the first.
    pub(super) fn of(s: &impl State<'g, T>) -> Self {
        let mut vars = [None; MOST];
        let mut free = vars.iter_mut();
        s.each(&mut |x| {
            if let Some(place) = free.next() {
                *place = Some(x);
            }
        });
        AnyState(vars)
    }

    /// The state of a cell, which must have as many Vars.
    fn into_state<S: State<'g, T>>(
        self,
        g: &'g Graph<'g, T>,
        line: &'static Location<'static>,
    ) -> S {
        let (mut given, mut wanted) = (self.0.into_iter().flatten(), 0);
        let s = S::same(g.absent()).map(&mut |absent| {
            wanted += 1;
            given.next().unwrap_or(absent)
        });
        let count = self.0.iter().flatten().count();
        if count != wanted {
            g.refuse("state", format!("wanted {wanted} Vars, got {count}"), line);
        }
        s
    }
}

impl<'g, T: Real> State<'g, T> for AnyState<'g, T> {
    fn same(x: Var<'g, T>) -> Self {
        AnyState([Some(x); MOST])
    }

    fn map(self, f: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        AnyState(self.0.map(|x| x.map(&mut *f)))
    }

    fn zip(self, other: Self, f: &mut dyn FnMut(Var<'g, T>, Var<'g, T>) -> Var<'g, T>) -> Self {
        AnyState(std::array::from_fn(|i| self.0[i].zip(other.0[i]).map(|(a, b)| f(a, b))))
    }
}
