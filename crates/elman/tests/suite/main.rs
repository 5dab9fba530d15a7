//! What holds across crates: bits, allocations, panics, numbers of other libraries, and the guide.

mod allocation;
mod bits;
mod checkpoints;
mod concat_elman;
mod docs;
mod everywhere;
mod keras;
mod layers;
mod long;
mod panics;
mod peers;
mod pytorch;
mod pytorch_layers;
mod sequences;
mod streams;
mod support;
mod workspace;
