//! Exchange of models with other programs: see [`exchange`].

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod exchange;
