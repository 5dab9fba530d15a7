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
    Activation, Carried, Cell, ConcatElman, Elman, Embedding, Gate, Gru, Layer, Linear, Lstm, Rnn,
    Seq, Stream,
};
pub use elman_tensor::{Dual, Init, Random, Real, Shape, Tensor, View, ViewMut};
pub use elman_train::{
    Beam, Ctc, Hypothesis, Sampler, Trainer, Transform, Weighted, adam, adamw,
    binary_cross_entropy, binary_cross_entropy_balanced, clip_norm, clip_value, constant, cosine,
    cross_entropy, cross_entropy_ignoring, cross_entropy_smoothed, ctc, ctc_beam, ctc_greedy,
    decay, exponential, gaussian_nll, huber, ignoring, mae, masked, momentum, mse, nesterov,
    pinball, poisson_nll, rmsprop, sgd, step_decay, warm_up, weighted,
};

pub use crate::Error;
