//! The names that programs use most.

pub use elman_autograd::{Grad, Graph, Param, Params, Scope, Tape, Var};
pub use elman_data::*;
pub use elman_rnn::{
    Activation, Cell, ConcatElman, Elman, Embedding, Gate, Gru, Layer, Linear, Lstm, Rnn, Seq,
    Stream,
};
pub use elman_tensor::{Dual, Init, Random, Real, Shape, Tensor};
pub use elman_train::*;

pub use crate::Error;
