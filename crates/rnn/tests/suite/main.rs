//! Cells, adaptors, layers and streams, seen from outside.

mod adaptors;
mod bidirectional;
mod echo_state;
mod network;
mod papers;
mod planted;
mod rtrl;
mod watched;
