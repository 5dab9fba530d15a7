//! What a network is made of, as plain data.

use super::any::Kind;
use crate::cells::{Activation, ForgetBias};
use elman_autograd::Error;

/// A network as plain data, of which [`Network::new`](crate::Network::new) builds one: for settings
/// files, and for files of weights that say what they are of.
///
/// With the feature `serde` it can be read and written; fields that are not known are refused, and
/// what is left out has the value of [`LayerSettings::new`]. A file may ask for a network of any
/// size: [`Params::within`](elman_autograd::Params::within) builds none beyond a limit.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Architecture, Input, Kind, LayerSettings, Network};
///
/// // A model of text: 100 symbols in, a number for each of them out.
/// let architecture = Architecture {
///     input: Input::Symbols { count: 100, size: 16 },
///     layers: vec![LayerSettings::new(Kind::Lstm, 32); 2],
///     outputs: Some(100),
/// };
/// let (_, params) = Params::<f32>::init(1, |p| Network::new(p, &architecture))?;
/// let lstm = |input: usize| 4 * (input * 32 + 32 * 32 + 32);
/// assert_eq!(params.len(), 100 * 16 + lstm(16) + lstm(32) + (32 * 100 + 100));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Architecture {
    /// What an element of a sequence is.
    pub input: Input,
    /// The layers, that which reads the input first.
    pub layers: Vec<LayerSettings>,
    /// The outputs of the linear readout; `None` where the last layer is the output.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub outputs: Option<usize>,
}

/// What an element of a sequence is.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Architecture, Input, Kind, LayerSettings, Network};
///
/// let count = |input| -> Result<usize, elman_autograd::Error> {
///     let layers = vec![LayerSettings::new(Kind::Elman, 8)];
///     let architecture = Architecture { input, layers, outputs: None };
///     Ok(Params::<f32>::init(1, |p| Network::new(p, &architecture))?.1.len())
/// };
/// // Symbols have a table of vectors, and are otherwise read like as many features.
/// let (features, symbols) = (Input::Features(5), Input::Symbols { count: 26, size: 5 });
/// assert_eq!(count(symbols)?, 26 * 5 + count(features)?);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Input {
    /// So many numbers.
    Features(usize),
    /// One of `count` symbols, each with a learned vector of `size` numbers.
    Symbols {
        /// How many symbols there are.
        count: usize,
        /// The numbers of a symbol's vector.
        size: usize,
    },
}

/// A layer of a [`Network`](crate::Network): a cell with its options, and what is around it.
///
/// An option that is `None` is what the cell's `new` takes. One that the cell does not have is an
/// error.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{AnyCell, ForgetBias, Kind, LayerSettings};
///
/// let bias = ForgetBias::Constant(1.0);
/// let settings = LayerSettings { forget_bias: Some(bias), ..LayerSettings::new(Kind::Lstm, 8) };
/// let build = |settings| Params::<f32>::init(1, |p| AnyCell::new(p.scope("cell"), 2, &settings));
/// assert!(build(settings.clone()).is_ok());
/// // The same for a cell that has no forget gate.
/// let refused = build(LayerSettings { cell: Kind::Gru, ..settings }).unwrap_err();
/// assert!(refused.to_string().contains("the forget bias"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct LayerSettings {
    /// Which cell.
    pub cell: Kind,
    /// The number of its units.
    pub hidden: usize,
    /// What an `elman`, `ind_rnn` applies to its sums.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub activation: Option<Activation>,
    /// How the forget gates of an `lstm`, `s_lstm`, `janet`, `ugrnn` start.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub forget_bias: Option<ForgetBias>,
    /// The features of an output of a `projected_lstm`, `jordan`, `lru`; as many as units, if
    /// nothing else is said.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub outputs: Option<usize>,
    /// The periods of the modules of a `clockwork`, among which the units are divided; 1, 2, 4, 8,
    /// if nothing else is said.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub periods: Option<Vec<u32>>,
    /// Whether a second cell reads each row from its end, its outputs beside those of the first.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "std::ops::Not::not"))]
    pub bidirectional: bool,
    /// The rate at which outputs are dropped in training.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    pub dropout: f64,
}

#[cfg(feature = "serde")]
fn is_zero(rate: &f64) -> bool {
    *rate == 0.0
}

impl LayerSettings {
    /// A cell with so many units, and nothing around it.
    pub fn new(cell: Kind, hidden: usize) -> Self {
        LayerSettings {
            cell,
            hidden,
            activation: None,
            forget_bias: None,
            outputs: None,
            periods: None,
            bidirectional: false,
            dropout: 0.0,
        }
    }
}

/// The options of a layer that its cell has not asked for yet.
pub(super) struct Options {
    cell: Kind,
    activation: Option<Activation>,
    forget_bias: Option<ForgetBias>,
    outputs: Option<usize>,
    periods: Option<Vec<u32>>,
}

impl Options {
    pub(super) fn of(layer: &LayerSettings) -> Self {
        let LayerSettings { cell, activation, forget_bias, outputs, .. } = *layer;
        Options { cell, activation, forget_bias, outputs, periods: layer.periods.clone() }
    }

    pub(super) fn activation(&mut self, usual: Activation) -> Activation {
        self.activation.take().unwrap_or(usual)
    }

    pub(super) fn forget_bias(&mut self, usual: ForgetBias) -> ForgetBias {
        self.forget_bias.take().unwrap_or(usual)
    }

    pub(super) fn outputs(&mut self, usual: usize) -> usize {
        self.outputs.take().unwrap_or(usual)
    }

    /// The periods of modules that share so many units evenly.
    pub(super) fn periods(&mut self, hidden: usize) -> Result<Vec<u32>, Error> {
        let periods = self.periods.take().unwrap_or_else(|| vec![1, 2, 4, 8]);
        if hidden.checked_rem(periods.len()).unwrap_or(0) == 0 {
            return Ok(periods);
        }
        let (what, wanted) = ("the units of a clockwork", "a multiple of its number of periods");
        Err(Error::Setting { what, wanted, given: format!("{hidden} for {periods:?}") })
    }

    /// An error if there is an option that nobody asked for.
    pub(super) fn finish(self) -> Result<(), Error> {
        let given = [
            ("the activation", self.activation.is_some()),
            ("the forget bias", self.forget_bias.is_some()),
            ("the number of outputs", self.outputs.is_some()),
            ("the list of periods", self.periods.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((what, _)) => Err(Error::Setting {
                what,
                wanted: "left to a cell that has one",
                given: format!("one for {}", self.cell),
            }),
        }
    }
}
