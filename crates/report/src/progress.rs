//! How far a run is.

use elman_train::Run;
use elman_train::tensor::Real;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Shows how far a run is: a bar on a terminal, elsewhere a line for each row of its history.
///
/// ```
/// use elman_report::Progress;
/// use elman_train::{Run, Turn};
///
/// let mut lines = Vec::new();
/// let mut run = Run::<f32>::steps(6).record_every(3);
/// let mut progress = Progress::lines(&mut lines);
/// while let Some(turn) = run.turn()? {
///     if let Turn::Train { step, .. } = turn {
///         run.trained(1.0 / (step as f32 + 1.0));
///     }
///     progress.follow(&run);
/// }
/// drop(progress);
/// let lines = String::from_utf8(lines)?;
/// assert!(lines.starts_with("step 3 of 6, loss 0.611, "), "{lines}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Progress<W: Write = io::Stderr> {
    shown: Shown<W>,
    /// How many rows of the history were shown.
    rows: usize,
}

#[derive(Debug)]
enum Shown<W> {
    Bar { bar: ProgressBar, last: Option<Instant> },
    Lines(W),
}

/// A bar is drawn anew after this time.
const PAUSE: Duration = Duration::from_millis(60);

impl Progress {
    /// On the standard error stream: a bar if that is a terminal, else lines.
    pub fn new() -> Self {
        let stderr = io::stderr();
        if !stderr.is_terminal() {
            return Progress::lines(stderr);
        }
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { shown: Shown::Bar { bar, last: None }, rows: 0 }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}

impl<W: Write> Progress<W> {
    /// As lines, into anything.
    pub fn lines(out: W) -> Self {
        Progress { shown: Shown::Lines(out), rows: 0 }
    }

    /// Shows where the run is. To be called after every turn: it does little if there is nothing
    /// new.
    ///
    /// A line that cannot be written (a closed pipe, a full disk) is dropped: progress is never a
    /// reason to stop a training.
    pub fn follow<T: Real>(&mut self, run: &Run<T>) {
        let rows = run.history().rows.len();
        match &mut self.shown {
            Shown::Bar { bar, last } => {
                let over = run.end().is_some();
                if over || last.is_none_or(|last| last.elapsed() >= PAUSE) {
                    *last = Some(Instant::now());
                    bar.set_length(run.total());
                    bar.set_position(run.done());
                    bar.set_message(status(run));
                }
                if over {
                    bar.abandon();
                }
            }
            Shown::Lines(out) => {
                if rows > self.rows {
                    let (done, total) = (run.done(), run.total());
                    _ = writeln!(out, "step {done} of {total}, {}", status(run))
                        .and_then(|()| out.flush());
                }
            }
        }
        self.rows = rows;
    }
}

/// Loss, metrics, rate, pace and the time that is left.
fn status<T: Real>(run: &Run<T>) -> String {
    let history = run.history();
    let validated = history.rows.iter().rfind(|row| !row.metrics.is_empty());
    let metrics = validated.iter().flat_map(|row| row.metrics.iter().copied());
    let metrics = history.metrics.iter().map(String::as_str).zip(metrics);
    let loss = run.loss().map(|loss| ("loss", loss));
    let rate = run.snapshot().rate.map(|rate| ("rate", rate));
    let numbers = loss.into_iter().chain(metrics).chain(rate);
    let mut parts: Vec<_> = numbers.map(|(name, x)| format!("{name} {}", short(x))).collect();

    let pace = run.done() as f64 / run.seconds();
    parts.push(format!("{} steps/s", short(pace)));
    let left = run.total().saturating_sub(run.done()) as f64 / pace;
    if run.end().is_none()
        && let Ok(left) = Duration::try_from_secs_f64(left)
    {
        parts.push(format!("{} left", HumanDuration(left)));
    }
    parts.join(", ")
}

/// Three digits.
fn short(x: f64) -> String {
    let size = x.abs();
    match x {
        _ if size >= 1e5 || (size < 1e-3 && size > 0.0) => format!("{x:.2e}"),
        _ if size >= 100.0 => format!("{x:.0}"),
        _ if size >= 10.0 => format!("{x:.1}"),
        _ if size >= 1.0 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}
