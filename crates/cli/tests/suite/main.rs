//! The command, as a process and as a library.

mod command;
mod inputs;
mod mistakes;
mod runs;
mod seeds;
mod sequences;
mod settings;
mod shared;
