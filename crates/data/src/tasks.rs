//! The list of generators: each is one file, and one line in each of the two lists.

mod adding;
mod copy_memory;
mod lorenz;
mod mackey_glass;
mod narma;
mod parity;
mod random_sequence;
mod sines;

pub use adding::Adding;
pub use copy_memory::CopyMemory;
pub use lorenz::Lorenz;
pub use mackey_glass::MackeyGlass;
pub use narma::Narma10;
pub use parity::Parity;
pub use random_sequence::RandomSequence;
pub use sines::Sines;
