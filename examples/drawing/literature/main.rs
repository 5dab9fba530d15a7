//! Results of the literature, reproduced: what papers report, and what comes out here.
//!
//! Each task is one file with one entry or two: the setting, what was published, the number that
//! every run has to reach, and a function from a seed to that number. Settings were chosen on
//! validation data; tests are on sequences that neither training nor any choice has seen. Runs are
//! pure functions of their seed, two of them side by side, each alone in its thread.
//!
//! ```text
//! cargo run --release --example literature             a fixed subset, minutes
//! cargo run --release --example literature -- NAME..   some entries, with five seeds
//! cargo run --release --example literature -- --all    all of them, with five seeds
//! ```
//!
//! It prints a table in Markdown, and fails if a run falls short, or differs from the committed
//! table of all in `docs/src/literature.md`.

mod adding;
mod coding;
mod copy_memory;
mod counting;
mod embedded_reber;
mod legal;
mod mackey_glass;
mod mnist_1d;
mod narma;
mod reservoir;
mod table;
mod temporal_order;

use elman::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error as AnyError;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use table::{Entry, Outcome};

/// All of them, in the order of the table.
const ENTRIES: &[Entry] = &[
    adding::HUNDRED,
    adding::SIX_HUNDRED,
    temporal_order::TWO,
    temporal_order::THREE,
    copy_memory::ENTRY,
    embedded_reber::ENTRY,
    counting::ENTRY,
    mnist_1d::ENTRY,
    mackey_glass::ENTRY,
    narma::RESERVOIR,
    narma::TRAINED,
    coding::PASS,
    coding::REHEARSED,
];

/// Runs side by side.
const THREADS: usize = 2;

fn main() -> Result<ExitCode, Box<dyn AnyError>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let chosen = chosen(&arguments)?;
    let jobs: Vec<(&Entry, u64)> =
        chosen.iter().flat_map(|&(entry, seeds)| (1..=seeds).map(move |s| (entry, s))).collect();
    let mut done = run(&jobs)?.into_iter();
    let outcomes: Vec<Outcome> = chosen
        .iter()
        .map(|&(entry, seeds)| Outcome::new(entry, done.by_ref().take(seeds as usize)))
        .collect();
    table::print(&outcomes);
    let names = |fails: fn(&Outcome) -> bool| -> Vec<&str> {
        outcomes.iter().filter(|outcome| fails(outcome)).map(|o| o.entry.name).collect()
    };
    let (short, differ) = (names(Outcome::short), names(Outcome::differs));
    if short.is_empty() && differ.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("\nfall short: {}", short.join(", "));
    eprintln!("differ from docs/src/literature.md: {}", differ.join(", "));
    Ok(ExitCode::FAILURE)
}

/// The entries that were asked for, each with a number of seeds.
fn chosen(arguments: &[String]) -> Result<Vec<(&'static Entry, u64)>, Box<dyn AnyError>> {
    if arguments.is_empty() {
        return Ok(ENTRIES.iter().filter(|e| e.quick > 0).map(|e| (e, e.quick)).collect());
    }
    if arguments == ["--all"] {
        return Ok(ENTRIES.iter().map(|e| (e, e.seeds)).collect());
    }
    let names: Vec<&str> = ENTRIES.iter().map(|e| e.name).collect();
    let named = |name: &String| {
        let entry = ENTRIES.iter().find(|e| e.name == name);
        entry.map(|e| (e, e.seeds)).ok_or_else(|| {
            format!("{name:?} is neither --all nor one of {}", names.join(", ")).into()
        })
    };
    arguments.iter().map(named).collect()
}

/// The result of each job, in their order, with its time.
fn run(jobs: &[(&Entry, u64)]) -> Result<Vec<(f64, Duration)>, Box<dyn AnyError>> {
    let bar = ProgressBar::new(jobs.len() as u64);
    bar.set_style(ProgressStyle::with_template("{msg:28} {wide_bar} {pos}/{len} runs, {elapsed}")?);
    bar.enable_steady_tick(Duration::from_secs(1));
    let (waiting, bar) = (Mutex::new(jobs.iter().enumerate()), &bar);
    let next = || waiting.lock().map(|mut jobs| jobs.next()).unwrap_or(None);
    let work = || -> Result<Vec<_>, Error> {
        let mut done = Vec::new();
        while let Some((i, &(entry, seed))) = next() {
            bar.set_message(format!("{}, seed {seed}", entry.name));
            let start = Instant::now();
            done.push((i, ((entry.run)(seed)?, start.elapsed())));
            bar.inc(1);
        }
        Ok(done)
    };
    let mut done = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let join = |t: std::thread::ScopedJoinHandle<'_, _>| {
            t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect::<Result<Vec<_>, Error>>()
    })?
    .concat();
    bar.finish_and_clear();
    done.sort_by_key(|&(i, _)| i);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// A trainer that stays in its thread.
fn trainer<X: Transform>(chain: X) -> Trainer<f32, X> {
    Trainer::new(chain).with_tape(Tape::new().threads(1))
}

/// How many rows of logits `[rows, classes]` have the largest where it should be, in per cent.
fn right(logits: &Tensor<f32>, classes: &[u32]) -> f64 {
    let rows = logits.values().chunks(logits.shape().last().max(1));
    let right = rows.zip(classes).filter(|(row, id)| argmax(row) == Some(**id as usize)).count();
    100.0 * right as f64 / classes.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fast entries, one without and one with training by gradients.
    #[test]
    fn the_committed_table_has_the_results_of_today() {
        for (name, seeds) in [("mackey-glass", 2), ("embedded-reber", 1)] {
            let entry = ENTRIES.iter().find(|entry| entry.name == name).unwrap();
            let jobs: Vec<_> = (1..=seeds).map(|seed| (entry, seed)).collect();
            let outcome = Outcome::new(entry, run(&jobs).unwrap().into_iter());
            assert!(!outcome.differs(), "{}", entry.name);
        }
    }
}
