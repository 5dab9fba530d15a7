//! The names that programs use most.

pub use elman_autograd::rules::Elementwise;
pub use elman_autograd::{
    At, Error as GraphError, Grad, Graph, Misfit, Param, Params, Partials, Rule, Scope, Side, Tape,
    Var,
};
pub use elman_data::{
    Adding, Alphabet, Batch, Buckets, ContinualReber, CopyMemory, Counting, Dyck2, Echo,
    EmbeddedReber, Form, LongLag, Lorenz, MackeyGlass, Missing, Mnist1d, Multiplication, Narma10,
    Order, PADDING, Parity, Piece, RandomSequence, Reber, Row, Scaler, Scratch, Sines, SpikeDelays,
    Split, Streams, Table, Target, Task, TemporalOrder, Tomita, Windows, read_column,
};
pub use elman_kernels::argmax;
pub use elman_rnn::{
    Activation, AntisymmetricRnn, AnyCell, Architecture, Bidirectional, Carried, Cell, Cfc,
    Clipped, Clockwork, CoRnn, ConcatElman, CoupledLstm, Deep, DiagonalRtrl, Dropout, EchoState,
    Elman, Embedding, FastGrnn, FastRnn, ForgetBias, Gate, Gru, IndRnn, Input, Interval, Janet,
    Jordan, Kind, Layer, LayerNormLstm, LayerSettings, Learned, Lem, Linear, Lru, Lstm, Ltc, Merge,
    Mgu, MinGru, MinLstm, MultiplicativeLstm, Network, PeepholeLstm, ProjectedLstm, Qrnn,
    RecursiveLeastSquares, Reservoir, ResetFirstGru, Residual, Ridge, Rnn, Rtrl, SLstm, Segmented,
    Seq, Skip, Sru, Stream, Truncated, Ugrnn, Variational, WeightDrop, Zoneout,
};
pub use elman_tensor::{Dual, Init, Random, Real, Shape, Tensor, View, ViewMut};
pub use elman_train::{
    Beam, Ctc, Hypothesis, Run, Sampler, Schedule, Trainer, Transform, Turn, Weighted, adadelta,
    adagrad, adam, adamw, binary_cross_entropy, binary_cross_entropy_balanced, clip_norm,
    clip_value, constant, cosine, cross_entropy, cross_entropy_ignoring, cross_entropy_smoothed,
    ctc, ctc_beam, ctc_greedy, decay, ema, exponential, freeze, gaussian_nll, huber, ignoring,
    lamb, lion, mae, masked, momentum, mse, nadam, nesterov, noise, one_cycle, only, pinball,
    plateau, poisson_nll, radam, rmsprop, sgd, sgdw, step_decay, swa, trust, warm_restarts,
    warm_up, weighted,
};

pub use crate::Error;
