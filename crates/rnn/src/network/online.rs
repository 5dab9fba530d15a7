//! A network as a cell.

use super::AnyState;
use super::any::AnyCell;
use super::deep::{Deep, DeepState};
use crate::adaptors::Dropout;
use crate::cell::Cell;
use crate::linear::Linear;
use crate::packed::Packed;
use crate::seq::Seq;
use elman_autograd::{Graph, Params, Var};
use elman_tensor::Real;

/// The layers and the readout of a [`Network`](crate::Network) as a cell: made by
/// [`Network::online`](crate::Network::online).
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Architecture, Input, Kind, LayerSettings, Network, Stream};
///
/// let layer = LayerSettings::new(Kind::Gru, 8);
/// let both = LayerSettings { bidirectional: true, ..layer.clone() };
/// let build = |layer| {
///     let layers = vec![layer];
///     let architecture = Architecture { input: Input::Features(2), layers, outputs: Some(1) };
///     Params::<f32>::init(1, |p| Network::new(p, &architecture))
/// };
/// let (network, params) = build(layer)?;
/// assert_eq!(Stream::new(&params, network.online()?).push(&[0.5, 1.0])?.len(), 1);
/// // A stream has no end from which it could be read.
/// let refused = build(both)?.0.online().unwrap_err().to_string();
/// assert!(refused.contains("the direction of a layer in a stream"), "{refused}");
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Online {
    pub(super) deep: Deep<Dropout<AnyCell>>,
    pub(super) head: Option<Linear>,
}

impl Cell for Online {
    type State<'g, T: Real> = DeepState<AnyState<'g, T>>;

    fn output(&self) -> usize {
        self.head.map_or(self.deep.output(), |head| head.output())
    }

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> Self::State<'g, T> {
        self.deep.initial(g, batch)
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        match self.head {
            Some(head) => (&self.deep).readout(head).step(x, s),
            None => self.deep.step(x, s),
        }
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        match self.head {
            Some(head) => (&self.deep).readout(head).sequence(xs, s),
            None => self.deep.sequence(xs, s),
        }
    }

    fn packed<T: Real>(&self, params: &Params<T>, batch: usize) -> Option<Box<dyn Packed<T>>> {
        match self.head {
            Some(head) => (&self.deep).readout(head).packed(params, batch),
            None => self.deep.packed(params, batch),
        }
    }
}
