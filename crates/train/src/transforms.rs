//! The transforms: one a file, or a few that are closely related.

mod adam;
mod clip;
mod decay;
mod descent;
mod rmsprop;
mod schedule;

pub use adam::{Adam, AdamW, adam, adamw};
pub use clip::{ClipNorm, ClipValue, clip_norm, clip_value};
pub use decay::{Decay, decay};
pub use descent::{Momentum, Nesterov, Sgd, momentum, nesterov, sgd};
pub use rmsprop::{RmsProp, rmsprop};
pub use schedule::{
    Constant, Cosine, Exponential, Schedule, StepDecay, WarmUp, constant, cosine, exponential,
    step_decay, warm_up,
};
