//! Networks that are put together when the program runs.

use super::error::Error;
use super::onnx::Export;
use super::peer::Level;
use elman_rnn::{Bidirectional, Network, NetworkLayer};

/// The levels of a network, for [`StateDict::recurrent`](super::pytorch::StateDict::recurrent) and
/// [`Weights::recurrent`](super::keras::Weights::recurrent). Dropout has no weights, and is left
/// out.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::exchange::{Level, levels};
/// use elman_rnn::{Architecture, Input, Kind, LayerSettings, Network};
///
/// let network = |cell| {
///     let both = LayerSettings { bidirectional: true, ..LayerSettings::new(cell, 8) };
///     let layers = vec![both, LayerSettings::new(Kind::Gru, 4)];
///     let architecture = Architecture { input: Input::Features(3), layers, outputs: None };
///     Params::<f32>::init(1, |p| Network::new(p, &architecture))
/// };
/// assert!(matches!(levels(&network(Kind::Lstm)?.0)?[..], [Level::Both(..), Level::Forward(_)]));
///
/// let refused = levels(&network(Kind::Mgu)?.0).unwrap_err().to_string();
/// assert!(refused.starts_with("the cell mgu is ours alone"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If no other program has one of the cells.
pub fn levels(network: &Network) -> Result<Vec<Level>, Error> {
    let level = |layer: &NetworkLayer| match layer {
        NetworkLayer::Forward(cell) => Ok(Level::Forward(cell.inner().try_into()?)),
        NetworkLayer::Both(both) => {
            let Bidirectional { forward, backward, .. } = both.inner();
            Ok(Level::Both(forward.try_into()?, backward.try_into()?))
        }
    };
    network.layers().iter().map(level).collect()
}

impl Export {
    /// A network, as it is without dropout.
    ///
    /// ```
    /// use elman_autograd::Params;
    /// use elman_io::exchange::onnx::Export;
    /// use elman_rnn::{Architecture, Input, Kind, LayerSettings, Network};
    ///
    /// let layers = vec![LayerSettings::new(Kind::Gru, 8)];
    /// let architecture = Architecture { input: Input::Features(3), layers, outputs: Some(2) };
    /// let (network, params) = Params::<f32>::init(1, |p| Network::new(p, &architecture))?;
    /// let bytes = Export::network(&network)?.to_bytes(&params)?;
    /// # assert!(!bytes.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If no other program has one of the cells.
    pub fn network(network: &Network) -> Result<Self, Error> {
        let mut export = levels(network)?.into_iter().fold(Export::new(), Export::level);
        if let Some(embedding) = network.embedding() {
            export = export.embedding(embedding);
        }
        if let Some(head) = network.head() {
            export = export.head(head);
        }
        Ok(export)
    }
}
