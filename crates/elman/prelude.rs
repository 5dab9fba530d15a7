//! The names that programs use most.

pub use elman_autograd::rules::Elementwise;
pub use elman_autograd::{
    At, Error as GraphError, Grad, Graph, Misfit, Param, Params, Partials, Rule, Scope, Side, Tape,
    Var,
};
pub use elman_data::{
    Adding, Batch, CopyMemory, Form, Lorenz, MackeyGlass, Missing, Narma10, Parity, RandomSequence,
    Row, Scaler, Scratch, Sines, Split, Table, Target, Task, Windows, read_column,
};
pub use elman_kernels::argmax;
pub use elman_rnn::{
    Activation, AntisymmetricRnn, Carried, Cell, Cfc, Clockwork, CoRnn, ConcatElman, CoupledLstm,
    Elman, Embedding, FastGrnn, FastRnn, ForgetBias, Gate, Gru, IndRnn, Interval, Janet, Jordan,
    Layer, LayerNormLstm, Lem, Linear, Lstm, Ltc, Mgu, MultiplicativeLstm, PeepholeLstm,
    ProjectedLstm, ResetFirstGru, Rnn, SLstm, Seq, Stream, Ugrnn,
};
pub use elman_tensor::{Dual, Init, Random, Real, Shape, Tensor, View, ViewMut};
pub use elman_train::{
    Trainer, Transform, adam, adamw, clip_norm, clip_value, constant, cosine, cross_entropy,
    cross_entropy_ignoring, decay, exponential, huber, mae, momentum, mse, nesterov, rmsprop, sgd,
    step_decay, warm_up,
};

pub use crate::Error;
