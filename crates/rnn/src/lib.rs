//! Recurrent cells, layers, sequences and streams.
//!
//! A [`Cell`] is one step: an input and a state give an output and the next state, written as the
//! paper writes it. From that alone come whole sequences ([`scan`]), stacking ([`Cell::stack`]),
//! a readout ([`Cell::readout`]), prediction one step at a time ([`Stream`]), and the proof of
//! its gradients ([`laws::cell`]).
//!
//! ```
//! use elman_autograd::{Grad, Params, Tape};
//! use elman_rnn::{Cell, Layer, Linear, Lstm, Rnn, Stream};
//! use elman_tensor::Tensor;
//!
//! // An LSTM of 8 with a linear readout: 1 number in, 1 number out, at every step.
//! let (model, params) = Params::<f32>::init(7, |p| {
//!     let lstm = Lstm::new(p.scope("lstm"), 1, 8)?;
//!     Ok(lstm.readout(Linear::new(p.scope("head"), 8, 1)?))
//! })?;
//!
//! // Train on sequences [time, batch, feature] …
//! let x = Tensor::from_fn([20, 3, 1], |i| (i as f32 * 0.3).sin())?;
//! let mut grad = Grad::zeros(&params);
//! let loss = Tape::new().gradient(&params, &mut grad, |g| {
//!     let y = Rnn(model).forward(g.input(&x)).values();
//!     (y.slice(0, 19) - g.input(&x).slice(1, 19)).square().mean()
//! })?;
//! assert!(loss > 0.0);
//!
//! // … and predict a stream, one step at a time.
//! let mut stream = Stream::new(&params, model);
//! let next: &[f32] = stream.push(&[0.5])?;
//! assert_eq!(next.len(), 1);
//! # Ok::<(), elman_autograd::Error>(())
//! ```
//!
//! Around a cell there may be dropout of several kinds, residuals, learned initial states, segments
//! that are computed again: see [`Dropout`], [`Variational`], [`Zoneout`], [`WeightDrop`],
//! [`Residual`], [`Skip`], [`Learned`], [`Truncated`], [`Clipped`] and [`Segmented`].
//! [`Bidirectional`] reads each row from both ends, [`Carried`] takes a stream in pieces, and
//! [`watched`] tells how far back gradients reach. [`Network`] and [`Deep`] are put together when a
//! program runs. [`EchoState`] is not trained but read out, by [`Ridge`] or [`RecursiveLeastSquares`],
//! and [`Rtrl`] learns without storing the past.
//!
//! Sequences are `[time, batch, feature]`. Weights are `[in, gates × hidden]`, and initial weights
//! those of PyTorch, unless said otherwise.

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod adaptors;
mod bidirectional;
mod carried;
mod cell;
mod cells;
mod embedding;
mod fused;
mod gate;
pub mod laws;
mod layer;
mod linear;
mod network;
mod packed;
mod readout;
mod regression;
mod rtrl;
mod scan;
mod seq;
mod stack;
mod state;
mod stream;
mod watched;

pub use adaptors::{
    Clipped, Dropout, Learned, Residual, Segmented, Skip, Truncated, Variational, WeightDrop,
    Zoneout,
};
pub use bidirectional::{Bidirectional, Merge};
pub use carried::Carried;
pub use cell::Cell;
pub use cells::{
    Activation, AntisymmetricRnn, Cfc, Clockwork, CoRnn, ConcatElman, CoupledLstm, EchoState,
    Elman, FastGrnn, FastRnn, ForgetBias, Gru, IndRnn, Interval, Janet, Jordan, LayerNormLstm, Lem,
    Lru, Lstm, Ltc, Mgu, MinGru, MinLstm, MultiplicativeLstm, PeepholeLstm, ProjectedLstm, Qrnn,
    Reservoir, ResetFirstGru, SLstm, Sru, Ugrnn,
};
pub use elman_autograd as autograd;
pub use elman_tensor as tensor;
pub use embedding::Embedding;
pub use gate::Gate;
pub use layer::{Layer, Rnn, Then};
pub use linear::Linear;
pub use network::{
    AnyCell, AnyState, Architecture, Deep, DeepState, Input, Kind, LayerSettings, Network,
    NetworkLayer, Online,
};
pub use packed::Packed;
pub use readout::Readout;
pub use regression::{Coefficients, RecursiveLeastSquares, Ridge};
pub use rtrl::{Diagonal, DiagonalRtrl, Rtrl};
pub use scan::scan;
pub use seq::Seq;
pub use stack::Stack;
pub use state::State;
pub use stream::{FreeRun, Predict, Stream};
pub use watched::watched;

/// The README's program is compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
