//! Losses, updates and the step between them; and decoders, for what was learned.
//!
//! A loss is a function from [`Var`](elman_autograd::Var)s to a `Var`: [`mse`], [`cross_entropy`],
//! [`gaussian_nll`], [`ctc`]. Its target may say what counts and how much ([`weighted`],
//! [`masked`], [`ignoring`]). An update is a chain of [`Transform`]s that is read from left to
//! right: it turns the gradient into what is subtracted from the weights. Clipping, momentum,
//! decay and schedules are the same noun as Adam:
//!
//! ```
//! # use elman_train::{Transform, adam, clip_norm, decay, momentum, sgd, step_decay, warm_up};
//! let usual = clip_norm(1.0).then(adam(5e-3)).then(step_decay(0.5, 1500));
//! let heavy_ball = decay(1e-4).then(momentum(0.9)).then(sgd(0.1)).then(warm_up(100));
//! ```
//!
//! A chain may treat some weights otherwise than the rest:
//!
//! ```
//! # use elman_train::{Transform, adam, constant, decay, freeze, only};
//! let fine_tuning = freeze("embedding.*").then(adam(1e-3)).then(only("lstm.*", constant(0.1)));
//! let no_decay_of_biases = adam(1e-3).then(only("*.w", decay(1e-5)));
//! ```
//!
//! A [`Trainer`] runs a chain. The loop belongs to the caller:
//!
//! ```
//! use elman_autograd::Params;
//! use elman_tensor::{Init, Tensor};
//! use elman_train::{Trainer, Transform, adam, clip_norm, mse};
//!
//! let (w, mut params) = Params::<f64>::init(7, |p| p.weight("w", [2, 1], Init::Constant(0.0)))?;
//! let x = Tensor::new([3, 2], vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0])?;
//! let y = Tensor::new([3, 1], vec![2.0, -1.0, 1.0])?;
//!
//! let mut trainer = Trainer::new(clip_norm(1.0).then(adam(0.05)));
//! let mut loss = f64::NAN;
//! for _ in 0..500 {
//!     loss = trainer.step(&mut params, |g| mse(g.input(&x).dot(g.param(w)), g.input(&y)))?;
//! }
//! assert!(loss < 1e-6);
//! assert!((params.values()[0] - 2.0).abs() < 1e-2); // y = 2 x₀ − x₁
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What persists between two steps is plain data: [`Trainer::snapshot`] copies it, and
//! [`Trainer::restore`] goes on with the same bits as if nothing had been interrupted. A loss or a
//! gradient that is infinite or NaN is an error before any weight is touched.
//!
//! A [`Run`] says what is to be done next, from the first step to the last: train, validate, save.
//! It stops early, remembers the best weights and the [`History`], and is plain data as well.
//!
//! Logits become symbols by a [`Sampler`], a [`Beam`] search, or [`ctc_greedy`] and [`ctc_beam`].
//! They take slices and know no network.

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod average;
mod decode;
mod error;
mod layout;
mod losses;
mod run;
mod trainer;
mod transform;
mod transforms;

pub use average::{Average, ema, swa};
pub use decode::{Beam, Hypothesis, Sampler, ctc_beam, ctc_greedy};
pub use elman_autograd as autograd;
pub use elman_tensor as tensor;
pub use error::{Error, Quantity};
pub use layout::Layout;
pub use losses::{
    Ctc, Weighted, binary_cross_entropy, binary_cross_entropy_balanced, cross_entropy,
    cross_entropy_ignoring, cross_entropy_smoothed, ctc, gaussian_nll, huber, ignoring, mae,
    masked, mse, pinball, poisson_nll, weighted,
};
pub use run::{Best, End, History, Row, Run, RunSnapshot, Turn};
pub use trainer::{Snapshot, Trainer};
pub use transform::{Chain, Now, Transform};
pub use transforms::{
    AdaDelta, AdaGrad, Adam, AdamW, ClipNorm, ClipValue, Constant, Cosine, Decay, Exponential,
    Freeze, Lamb, Lion, Momentum, Nadam, Nesterov, Noise, OneCycle, Only, Plateau, Radam, RmsProp,
    Schedule, Sgd, Sgdw, StepDecay, Trust, WarmRestarts, WarmUp, adadelta, adagrad, adam, adamw,
    clip_norm, clip_value, constant, cosine, decay, exponential, freeze, lamb, lion, momentum,
    nadam, nesterov, noise, one_cycle, only, plateau, radam, rmsprop, sgd, sgdw, step_decay, trust,
    warm_restarts, warm_up,
};

/// The README's program is compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
