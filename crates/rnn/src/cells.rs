//! The cells: one a file.

mod activation;
mod concat_elman;
mod coupled_lstm;
mod elman;
mod forget_bias;
mod gru;
mod layer_norm_lstm;
mod lstm;
mod peephole_lstm;
mod projected_lstm;
mod setting;

pub use activation::Activation;
pub use concat_elman::ConcatElman;
pub use coupled_lstm::CoupledLstm;
pub use elman::Elman;
pub use forget_bias::ForgetBias;
pub use gru::Gru;
pub use layer_norm_lstm::LayerNormLstm;
pub use lstm::Lstm;
pub use peephole_lstm::PeepholeLstm;
pub use projected_lstm::ProjectedLstm;
