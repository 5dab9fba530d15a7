//! The command, as a process and as a library.

mod checks;
mod command;
mod files;
mod inputs;
mod messages;
mod mistakes;
mod runs;
mod seeds;
mod sequences;
mod settings;
mod shared;
mod streams;
