//! The transforms: one a file, or a few that are closely related.

mod adadelta;
mod adagrad;
mod adam;
mod clip;
mod decay;
mod descent;
mod freeze;
mod lamb;
mod lion;
mod moments;
mod nadam;
mod noise;
mod norm;
mod one_cycle;
mod only;
mod plateau;
mod radam;
mod restarts;
mod rmsprop;
mod schedule;
mod trust;

pub use adadelta::{AdaDelta, adadelta};
pub use adagrad::{AdaGrad, adagrad};
pub use adam::{Adam, AdamW, adam, adamw};
pub use clip::{ClipNorm, ClipValue, clip_norm, clip_value};
pub use decay::{Decay, decay};
pub use descent::{Momentum, Nesterov, Sgd, Sgdw, momentum, nesterov, sgd, sgdw};
pub use freeze::{Freeze, freeze};
pub use lamb::{Lamb, lamb};
pub use lion::{Lion, lion};
pub use nadam::{Nadam, nadam};
pub use noise::{Noise, noise};
pub use one_cycle::{OneCycle, one_cycle};
pub use only::{Only, only};
pub use plateau::{Plateau, plateau};
pub use radam::{Radam, radam};
pub use restarts::{WarmRestarts, warm_restarts};
pub use rmsprop::{RmsProp, rmsprop};
pub use schedule::{
    Constant, Cosine, Exponential, Schedule, StepDecay, WarmUp, constant, cosine, exponential,
    step_decay, warm_up,
};
pub use trust::{Trust, trust};
