//! An entry of the table, what came out, and how it is printed.

use elman::prelude::Error;
use std::time::Duration;

/// A result of the literature, and how it is reproduced.
pub(crate) struct Entry {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// Model and training, in short.
    pub(crate) setting: &'static str,
    /// The result of the paper, with what it measures.
    pub(crate) published: &'static str,
    /// What every run has to reach.
    pub(crate) goal: Goal,
    /// How many seeds, from 1 on.
    pub(crate) seeds: u64,
    /// How many of them in the fixed subset; 0 for those that take too long, or fall short.
    pub(crate) quick: u64,
    /// The result of a run with this seed.
    pub(crate) run: fn(u64) -> Result<f64, Error>,
}

/// What a result has to be.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// An error below this; the entry says which.
    Error(f64),
    /// At most so many bits per character.
    Bits(f64),
    /// At least so many per cent.
    Percent(f64),
    /// At most so many sequences to learn from.
    Sequences(f64),
    /// Right up to at least this length.
    Length(f64),
}

impl Goal {
    /// Whether a result reaches it; NaN does not.
    fn reached(self, result: f64) -> bool {
        match self {
            Goal::Error(most) => result < most,
            Goal::Bits(most) | Goal::Sequences(most) => result <= most,
            Goal::Percent(least) | Goal::Length(least) => result >= least,
        }
    }

    fn wanted(self) -> String {
        match self {
            Goal::Error(most) => format!("error < {most}"),
            Goal::Bits(most) => format!("≤ {most} bits"),
            Goal::Percent(least) => format!("≥ {least} %"),
            Goal::Sequences(most) => format!("≤ {most} sequences"),
            Goal::Length(least) => format!("n ≥ {least}"),
        }
    }

    fn show(self, result: f64) -> String {
        match self {
            Goal::Error(_) => format!("{result:.1e}"),
            Goal::Bits(_) => format!("{result:.3}"),
            Goal::Percent(_) => format!("{result:.1}"),
            Goal::Sequences(_) | Goal::Length(_) => format!("{result:.0}"),
        }
    }
}

/// The table of all entries, as it was printed once.
const COMMITTED: &str = include_str!("../../../docs/src/literature.md");

/// An entry with the results of its runs.
pub(crate) struct Outcome {
    pub(crate) entry: &'static Entry,
    results: Vec<f64>,
    /// Of all runs.
    time: Duration,
}

impl Outcome {
    /// Of results in the order of the seeds, each with its time.
    pub(crate) fn new(entry: &'static Entry, runs: impl Iterator<Item = (f64, Duration)>) -> Self {
        let (results, times): (Vec<f64>, Vec<Duration>) = runs.unzip();
        Outcome { entry, results, time: times.iter().sum() }
    }

    /// Whether the committed table has other results for these seeds, or none.
    pub(crate) fn differs(&self) -> bool {
        let row = |line: &&str| line.split('|').nth(1).map(str::trim) == Some(self.entry.name);
        let row = COMMITTED.lines().find(row).and_then(|line| line.split('|').nth(5));
        let committed = row.unwrap_or_default().split(',').map(str::trim);
        let ours = self.results.iter().map(|&result| self.entry.goal.show(result));
        !ours.eq(committed.take(self.results.len()))
    }

    /// Whether a run misses the goal.
    pub(crate) fn short(&self) -> bool {
        !self.results.iter().all(|&result| self.entry.goal.reached(result))
    }
}

/// Prints the table in Markdown; the time is the mean of a run.
pub(crate) fn print(outcomes: &[Outcome]) {
    println!("| task | setting | published | wanted | ours, seed by seed | a run takes |");
    println!("|---|---|---|---|---|---:|");
    for outcome in outcomes {
        let Entry { name, setting, published, goal, .. } = outcome.entry;
        let ours: Vec<String> = outcome.results.iter().map(|&r| goal.show(r)).collect();
        let remark = if outcome.short() { " **short**" } else { "" };
        let time = outcome.time.as_secs_f64() / outcome.results.len() as f64;
        println!(
            "| {name} | {setting} | {published} | {} | {}{remark} | {time:.0} s |",
            goal.wanted(),
            ours.join(", ")
        );
    }
}
