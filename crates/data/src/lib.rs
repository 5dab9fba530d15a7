//! Sequences to learn from: tasks with known answers, chaotic series, measured series
//! in CSV files, and the windows and batches that a training loop reads.
//!
//! A [`Task`] is an endless supply of batches, each a pure function of its index:
//! nothing has to be stored to continue a run or to repeat one. Each knows its
//! [`baseline`](Task::baseline), the loss of a predictor that does not look. An own task
//! is a type with three methods.
//!
//! * Memory: [`Adding`], [`Multiplication`], [`TemporalOrder`], [`LongLag`],
//!   [`CopyMemory`], [`Echo`], [`Parity`], [`SpikeDelays`].
//! * Grammars, of which the legal next symbols are asked: [`Reber`], [`EmbeddedReber`],
//!   [`ContinualReber`], [`Counting`] (aⁿbⁿ, aⁿbⁿcⁿ), [`Dyck2`]; and [`Tomita`], which
//!   asks whether a string belongs to the language.
//! * Forecasts: [`MackeyGlass`], [`Lorenz`], [`Narma10`], [`Sines`].
//! * Shapes: [`Mnist1d`]. And nothing that could be learned: [`RandomSequence`].
//!
//! Rows of a batch may be of different [`lengths`](Batch::lengths); what lies past their
//! ends is zero, with [`PADDING`] for a class. [`Buckets`] puts sequences of about equal
//! lengths together.
//!
//! A measured series is read from a file ([`Table`], [`read_column`]) with a stated
//! choice for [`Missing`] values, cut in time ([`Split`]), scaled with the statistics
//! of its training part ([`Scaler`]), and cut into [`Windows`], which become a task when
//! they are [`shuffled`](Windows::shuffled). A text becomes ids by its [`Alphabet`], and
//! [`Streams`] read it piece by piece.
//!
//! Sequences are `[time, batch, feature]`. Numbers are made in f64 and rounded to the
//! scalar of the [`Batch`]. Nothing panics for any size or value: what cannot be meant
//! is an [`Error`], and sizes above [`LIMIT`] are errors before anything is allocated.
//!
//! ```
//! use elman_data::{Adding, Batch, Scaler, Split, Task, Windows};
//! # fn main() -> Result<(), elman_data::Error> {
//! // A task: batches of 32 sequences of 100 steps, two features each.
//! let task = Adding::new(7, 100, 32)?;
//! let mut batch = Batch::<f32>::new();
//! for step in 0..3 {
//!     task.fill(&mut batch, step)?; // a training step goes here
//! }
//! assert_eq!(batch.x.shape().dims(), [100, 32, 2]);
//! assert_eq!(batch.y.shape().dims(), [32, 1]);
//!
//! // A series: learn from its first 70 percent, 24 steps in, 12 steps out.
//! let mut series: Vec<f64> = (0..200).map(|t| (t as f64 / 5.0).sin()).collect();
//! let split = Split::fractions(series.len(), 0.7, 0.15)?;
//! Scaler::standard(&series[split.train.clone()], 1)?.transform(&mut series)?;
//! let windows = Windows::new(&series, 1, 24, 12)?;
//! let train = windows.targets(split.train)?.shuffled(7, 16)?;
//! train.fill(&mut batch, 0)?;
//! assert_eq!(batch.x.shape().dims(), [24, 16, 1]);
//!
//! // Every window of the test part, once, in the order of time.
//! let test = windows.targets(split.test)?.stride(12)?;
//! test.fill(&mut batch, 0..test.count())?;
//! # Ok(()) }
//! ```

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod alphabet;
mod automaton;
mod batch;
mod buckets;
mod error;
mod fields;
mod header;
mod layout;
mod lines;
mod missing;
mod moments;
mod records;
mod scaler;
mod scratch;
mod shuffled;
mod split;
mod streams;
mod symbols;
mod table;
mod task;
mod tasks;
mod windows;

pub use alphabet::Alphabet;
pub use batch::{Batch, PADDING, Row};
pub use buckets::{Buckets, Order};
pub use elman_tensor as tensor;
pub use error::Error;
pub use layout::{LIMIT, Layout, Target};
pub use missing::Missing;
pub use records::{Column, Records};
pub use scaler::Scaler;
pub use scratch::Scratch;
pub use shuffled::Shuffled;
pub use split::Split;
pub use streams::{Piece, Streams};
pub use table::{Table, read_column};
pub use task::Task;
pub use tasks::*;
pub use windows::{Form, Windows};

/// The README's program is compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
