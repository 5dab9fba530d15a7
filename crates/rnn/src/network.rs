//! A network that is put together when the program runs.

mod any;
mod deep;
mod online;
mod settings;

pub use any::{AnyCell, AnyState, Kind};
pub use deep::{Deep, DeepState};
pub use online::Online;
pub use settings::{Architecture, Input, LayerSettings};

use crate::adaptors::Dropout;
use crate::bidirectional::Bidirectional;
use crate::cell::Cell;
use crate::embedding::Embedding;
use crate::layer::{Layer, Rnn};
use crate::linear::Linear;
use crate::seq::Seq;
use elman_autograd::{Error, Graph, Scope, Var};
use elman_tensor::Real;

/// A network that is put together when the program runs: an embedding, if elements are symbols;
/// layers of cells, in one direction or both; a linear readout, if there is one.
///
/// A model whose structure is known when it is written is better put together from its parts, each
/// with its own type.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Architecture, Input, Kind, Layer, LayerSettings, Network, Stream};
/// use elman_tensor::Tensor;
///
/// let below = LayerSettings { dropout: 0.1, ..LayerSettings::new(Kind::Lstm, 16) };
/// let layers = vec![below, LayerSettings::new(Kind::Gru, 8)];
/// let architecture = Architecture { input: Input::Features(2), layers, outputs: Some(1) };
/// let (network, params) = Params::<f32>::init(1, |p| Network::new(p, &architecture))?;
/// let x = Tensor::from_fn([20, 4, 2], |i| (i as f32).sin())?;
/// let y = Tape::new().evaluate(&params, |g| network.forward(g.input(&x)).values().shape())?;
/// assert_eq!(y.dims(), [20, 4, 1]);
///
/// // Where no layer reads backwards, it is also a cell: for streams.
/// let mut stream = Stream::new(&params, network.online()?);
/// assert_eq!(stream.push(&[0.5, 1.0])?.len(), 1);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    embedding: Option<Embedding>,
    layers: Vec<NetworkLayer>,
    head: Option<Linear>,
}

/// A layer of a [`Network`] with its weights.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Architecture, Input, Kind, LayerSettings, Network, NetworkLayer};
///
/// let both = LayerSettings { bidirectional: true, ..LayerSettings::new(Kind::Gru, 8) };
/// let layers = vec![both, LayerSettings::new(Kind::Lstm, 4)];
/// let architecture = Architecture { input: Input::Features(2), layers, outputs: None };
/// let (network, _) = Params::<f32>::init(1, |p| Network::new(p, &architecture))?;
/// let outputs: Vec<_> = network.layers().iter().map(NetworkLayer::output).collect();
/// assert_eq!(outputs, [8 + 8, 4]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum NetworkLayer {
    /// A cell that reads each row from its beginning.
    Forward(Box<Dropout<AnyCell>>),
    /// Two cells, one for each direction.
    Both(Box<Dropout<Bidirectional<AnyCell, AnyCell>>>),
}

impl Network {
    /// The network of an architecture.
    ///
    /// Weights lie under `embedding`, `layer0`, `layer1`, … (with both directions under
    /// `layer0.forward` and `layer0.backward`) and `head`.
    ///
    /// # Errors
    /// If there is no layer; if a cell does not have an option that was given, or an option cannot
    /// be; if a weight cannot be created.
    pub fn new(p: &mut Scope<'_>, architecture: &Architecture) -> Result<Self, Error> {
        if architecture.layers.is_empty() {
            let (what, wanted) = ("the number of layers of a network", "1 at least");
            return Err(Error::Setting { what, wanted, given: "0".into() });
        }
        let (embedding, mut features) = match architecture.input {
            Input::Features(features) => (None, features),
            Input::Symbols { count, size } => {
                (Some(Embedding::new(p.scope("embedding"), count, size)?), size)
            }
        };
        let mut layers = Vec::new();
        for (i, layer) in architecture.layers.iter().enumerate() {
            let layer = NetworkLayer::new(p, &format!("layer{i}"), features, layer)?;
            features = layer.output();
            layers.push(layer);
        }
        let head = match architecture.outputs {
            Some(outputs) => Some(Linear::new(p.scope("head"), features, outputs)?),
            None => None,
        };
        Ok(Network { embedding, layers, head })
    }

    /// The table of vectors, if elements are symbols.
    pub fn embedding(&self) -> Option<Embedding> {
        self.embedding
    }

    /// The layers, that which reads the input first.
    pub fn layers(&self) -> &[NetworkLayer] {
        &self.layers
    }

    /// The readout, if there is one.
    pub fn head(&self) -> Option<Linear> {
        self.head
    }

    /// The vectors of a batch of sequences of symbols, step by step, for
    /// [`forward`](Layer::forward).
    #[track_caller]
    pub fn symbols<'g, T: Real>(
        &self,
        g: &'g Graph<'g, T>,
        ids: &[u32],
        batch: usize,
    ) -> Seq<'g, T> {
        match self.embedding {
            Some(embedding) => embedding.sequence(g, ids, batch).into(),
            None => {
                let reason = "the network reads numbers, not symbols".into();
                g.refuse("symbols", reason, std::panic::Location::caller());
                g.absent().into()
            }
        }
    }

    /// What the network has to say of each row as a whole, `[batch, out]`: its readout of what the
    /// last layer knows [at the end](NetworkLayer::ends).
    ///
    /// ```
    /// use elman_autograd::{Params, Tape};
    /// use elman_rnn::{Architecture, Input, Kind, LayerSettings, Network, Seq};
    /// use elman_tensor::Tensor;
    ///
    /// let both = LayerSettings { bidirectional: true, ..LayerSettings::new(Kind::Gru, 8) };
    /// let architecture =
    ///     Architecture { input: Input::Features(1), layers: vec![both], outputs: Some(3) };
    /// let (network, params) = Params::<f32>::init(1, |p| Network::new(p, &architecture))?;
    /// // Three rows of 5, 2 and 4 steps, each of which belongs to one of three classes.
    /// let x = Tensor::from_fn([5, 3, 1], |i| (i as f32).cos())?;
    /// let logits = Tape::new().evaluate(&params, |g| {
    ///     network.ends(Seq::from(g.input(&x)).with_lengths(&[5, 2, 4])).tensor()
    /// })?;
    /// assert_eq!(logits.shape().dims(), [3, 3]);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[track_caller]
    pub fn ends<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Var<'g, T> {
        self.read_out(self.layers.iter().fold(xs.into(), |xs, layer| layer.forward(xs)))
    }

    /// The same where the layers have run already: the readout of what the last of them knows at the
    /// end, given its outputs. For whoever wants to see what lies between layers.
    ///
    /// ```
    /// use elman_autograd::{Params, Tape};
    /// use elman_rnn::{Architecture, Input, Kind, Layer, LayerSettings, Network, Seq};
    /// use elman_tensor::Tensor;
    ///
    /// let layers = vec![LayerSettings::new(Kind::Gru, 8)];
    /// let architecture = Architecture { input: Input::Features(1), layers, outputs: Some(3) };
    /// let (network, params) = Params::<f32>::init(1, |p| Network::new(p, &architecture))?;
    /// let x = Tensor::from_fn([5, 1, 1], |i| (i as f32).cos())?;
    /// Tape::new().evaluate(&params, |g| {
    ///     let ys = network.layers()[0].forward(g.input(&x));
    ///     let states = ys.values().tensor();
    ///     assert_eq!(states.shape().dims(), [5, 1, 8]);
    ///     assert_eq!(network.read_out(ys).tensor(), network.ends(g.input(&x)).tensor());
    /// })?;
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[track_caller]
    pub fn read_out<'g, T: Real>(&self, ys: impl Into<Seq<'g, T>>) -> Var<'g, T> {
        let ys = ys.into();
        let ends = self.layers.last().map_or_else(|| ys.last(), |layer| layer.ends(ys));
        self.head.map_or(ends, |head| head.of(ends))
    }

    /// The layers and the readout as a cell, for streams; an embedding's vectors are pushed by the
    /// caller ([`Embedding::row`]).
    ///
    /// # Errors
    /// If a layer reads rows from their end, which a stream does not have; if there are more layers
    /// than [`Deep::MOST`].
    pub fn online(&self) -> Result<Online, Error> {
        let cells = self.layers.iter().map(|layer| match layer {
            NetworkLayer::Forward(cell) => Ok(Dropout::clone(cell)),
            NetworkLayer::Both(_) => Err(Error::Setting {
                what: "the direction of a layer in a stream",
                wanted: "forward",
                given: "both directions".into(),
            }),
        });
        let deep = Deep::new(cells.collect::<Result<_, _>>()?)?;
        Ok(Online { deep, head: self.head })
    }
}

impl Layer for Network {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        let xs = self.layers.iter().fold(xs.into(), |xs, layer| layer.forward(xs));
        match &self.head {
            Some(head) => head.forward(xs),
            None => xs,
        }
    }
}

impl NetworkLayer {
    /// A layer that reads so many features.
    fn new(
        p: &mut Scope<'_>,
        name: &str,
        features: usize,
        layer: &LayerSettings,
    ) -> Result<Self, Error> {
        if !layer.bidirectional {
            let cell = AnyCell::new(p.scope(name), features, layer)?;
            let cell = Dropout::new(cell, p.scope(name), layer.dropout)?;
            return Ok(NetworkLayer::Forward(Box::new(cell)));
        }
        let mut p = p.scope(name);
        let forward = AnyCell::new(p.scope("forward"), features, layer)?;
        let backward = AnyCell::new(p.scope("backward"), features, layer)?;
        let both = Bidirectional::new(forward, backward);
        Ok(NetworkLayer::Both(Box::new(Dropout::new(both, p, layer.dropout)?)))
    }

    /// Of this layer's outputs, what it knows when it has read each row, `[batch, out]`: the last
    /// step, or, where it reads both ways, what each direction has at its own end; 0 for rows of no
    /// steps.
    #[track_caller]
    pub fn ends<'g, T: Real>(&self, ys: Seq<'g, T>) -> Var<'g, T> {
        match self {
            NetworkLayer::Forward(_) => ys.last(),
            NetworkLayer::Both(both) => ys.last_of_both(both.inner().forward.output()),
        }
    }

    /// The number of features of an output.
    pub fn output(&self) -> usize {
        match self {
            NetworkLayer::Forward(cell) => cell.output(),
            NetworkLayer::Both(both) => {
                let Bidirectional { forward, backward, .. } = both.inner();
                forward.output().saturating_add(backward.output())
            }
        }
    }
}

impl Layer for NetworkLayer {
    #[track_caller]
    fn forward<'g, T: Real>(&self, xs: impl Into<Seq<'g, T>>) -> Seq<'g, T> {
        match self {
            // A dropout of a cell is a cell, one of a layer a layer.
            NetworkLayer::Forward(cell) => Rnn(&**cell).forward(xs),
            NetworkLayer::Both(both) => both.forward(xs),
        }
    }
}
