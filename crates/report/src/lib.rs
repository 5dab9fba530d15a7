//! What a training did: on the terminal, in files, and on a page.
//!
//! Everything here looks at a [`Run`](elman_train::Run) and its
//! [`History`](elman_train::History), and changes nothing:
//!
//! * [`Progress`] on a terminal, or as lines.
//! * [`HistoryFile`], a CSV file that has its rows even if the run is killed.
//! * [`EventFile`], for TensorBoard.
//! * [`curves`], [`Forecast`], [`Gradients`], [`States`], [`Confusion`]: a [`Picture`] of each, as
//!   SVG or PNG.
//! * [`Report`], all of them on one page that needs no network.
//!
//! ```
//! use elman_autograd::{Params, Tape};
//! use elman_autograd::tensor::Init;
//! use elman_report::{HistoryFile, Progress, Report};
//! use elman_train::{Run, Trainer, Turn, sgd};
//!
//! let folder = std::env::temp_dir().join("elman-report-first");
//! std::fs::create_dir_all(&folder)?;
//! let (w, mut params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(3.0)))?;
//! let (mut trainer, mut tape) = (Trainer::new(sgd(0.1)), Tape::new());
//!
//! let mut run = Run::steps(50).validate_every(10);
//! let (mut progress, mut file) = (Progress::new(), HistoryFile::new(folder.join("history.csv")));
//! while let Some(turn) = run.turn()? {
//!     match turn {
//!         Turn::Train { .. } => run.trained(trainer.step(&mut params, |g| g.param(w).square())?),
//!         Turn::Validate { .. } => {
//!             let error = tape.evaluate(&params, |g| g.param(w).abs().item())?;
//!             run.validated(&params, &[("error", error)])?;
//!             file.follow(run.history())?;
//!         }
//!         Turn::Save { .. } => {}
//!     }
//!     progress.follow(&run);
//! }
//! let report = Report::new("One weight").table("Settings", [("rate", 0.1)]);
//! report.curves("Training", run.history()).save(folder.join("report.html"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The feature `png`, which is on if nothing else is said, is for [`Picture::png`].

#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod axis;
mod canvas;
mod chart;
mod error;
mod event_file;
mod figures;
mod history_file;
mod picture;
mod progress;
mod report;

pub use elman_train as train;
pub use error::Error;
pub use event_file::EventFile;
pub use figures::{Confusion, Forecast, Gradients, States, curves, gradient_norms};
pub use history_file::{HistoryFile, history_csv};
pub use picture::Picture;
pub use progress::Progress;
pub use report::Report;

/// The README's program is compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
