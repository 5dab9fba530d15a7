//! Pictures of what a training did: one a file.

mod confusion;
mod curves;
mod forecast;
mod gradients;
mod states;

pub use confusion::Confusion;
pub use curves::curves;
pub(crate) use curves::panels;
pub use forecast::Forecast;
pub use gradients::{Gradients, gradient_norms};
pub use states::States;
