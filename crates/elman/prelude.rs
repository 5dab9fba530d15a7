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
    Activation, Bidirectional, Carried, Cell, Clipped, ConcatElman, Dropout, EchoState, Elman,
    Embedding, Gate, Gru, Layer, Learned, Linear, Lstm, Merge, RecursiveLeastSquares, Reservoir,
    Residual, Ridge, Rnn, Segmented, Seq, Skip, Stream, Truncated, Variational, WeightDrop,
    Zoneout,
};
pub use elman_tensor::{Dual, Init, Random, Real, Shape, Tensor, View, ViewMut};
pub use elman_train::{
    Trainer, Transform, adam, adamw, clip_norm, clip_value, constant, cosine, cross_entropy,
    cross_entropy_ignoring, decay, exponential, huber, mae, momentum, mse, nesterov, rmsprop, sgd,
    step_decay, warm_up,
};

pub use crate::Error;
