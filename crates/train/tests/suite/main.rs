//! Losses, updates, runs and decoders, seen from outside.

#[macro_use]
mod property;

mod accumulate;
mod average;
mod ctc;
mod decode;
mod groups;
mod losses;
mod object;
mod reference;
mod run;
mod trainer;
mod transforms;
mod weights;
