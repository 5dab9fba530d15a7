//! The sunspots, a year ahead: a recurrent network against the statistician's answer.
//!
//! The number of spots on the sun has been counted every month since 1749. It swings with a period
//! of about eleven years, each cycle of another height and length. Given all months up to now, how
//! many spots will there be in the same month of the next year? Three answers:
//!
//! * persistence: as many as now,
//! * an autoregression: a fixed linear function of the last months, fitted by least squares,
//! * the mean of five small GRU networks, which read one number a month and remember what they
//!   need.
//!
//! All of them see the months before 1919 first, and whatever is to be chosen (the order of the
//! autoregression, the width of the networks) is chosen by the error on 1919 to 1958. Then the
//! chosen ones are fitted again, to everything before 1959, and the five decades from there on are
//! looked at for the first and only time.
//!
//! Run with `cargo run --release --example forecast`; it writes `forecast.svg`.

mod baseline;
mod network;
mod picture;

use elman::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use network::{NETWORKS, STEPS, WIDTHS};
use std::process::ExitCode;

/// Months between what is known and what is asked for.
const AHEAD: usize = 12;
/// How far the networks are left to run on their own: one solar cycle.
const FUTURE: usize = 132;

/// The months before January of a year.
const fn before(year: usize) -> usize {
    (year - 1749) * 12
}

/// The series as the models see it: the square roots of the numbers, because the scatter of a
/// count grows with its root, moved and scaled to mean 0 and variance 1 in the months learned from.
struct Series {
    sunspots: Vec<f64>,
    roots: Vec<f64>,
    scaler: Scaler,
}

impl Series {
    /// With a scale that knows only the first `learned` months.
    fn new(sunspots: &[f64], learned: usize) -> Result<Self, Error> {
        let mut roots: Vec<f64> = sunspots.iter().map(|x| x.sqrt()).collect();
        let scaler = Scaler::standard(&roots[..learned], 1)?;
        scaler.transform(&mut roots)?;
        Ok(Series { sunspots: sunspots.to_vec(), roots, scaler })
    }

    /// Back from a scaled root to a number of sunspots, which is never negative.
    fn number(&self, root: f64) -> f64 {
        (root * self.scaler.scale()[0] + self.scaler.mean()[0]).max(0.0).powi(2)
    }

    /// Root of the mean square of `forecast - truth` over some months; `forecast[t]` is for month
    /// `t`, made in month `t - AHEAD`.
    fn error(&self, forecast: &[f64], months: std::ops::Range<usize>) -> f64 {
        let n = months.len() as f64;
        let squares = months.map(|t| (forecast[t] - self.sunspots[t]).powi(2));
        (squares.sum::<f64>() / n).sqrt()
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/sunspots.csv");
    let sunspots = read_column(file, "sunspots", Missing::Refuse)?;
    let split = Split::at(sunspots.len(), before(1919), before(1959))?;
    let bar = ProgressBar::new((WIDTHS.len() as u64 + 1) * NETWORKS * STEPS);
    bar.set_style(ProgressStyle::with_template("{msg:28} {wide_bar} {pos}/{len} steps, {eta}")?);

    // Learn from the first part, choose by the second.
    let early = Series::new(&sunspots, split.train.end)?;
    println!("Root mean square error in sunspots, {AHEAD} months ahead, on 1919 to 1958:");
    let (order, error) = best(baseline::ORDERS, |&order| {
        let weights = baseline::fit(&early.roots[split.train.clone()], order)?;
        Ok(early.error(&baseline::forecast(&early, &weights), split.validation.clone()))
    })?;
    println!("  autoregression of order {order:3}  {error:5.2}");
    let (width, error) = best(WIDTHS, |&width| {
        bar.set_message(format!("choosing: networks of {width}"));
        let networks = network::train(&early, split.train.end, width, &bar)?;
        Ok(early.error(&network::mean(&networks), split.validation.clone()))
    })?;
    bar.suspend(|| println!("  five networks of {width:2} units     {error:5.2}"));

    // Fit what was chosen to both parts, and look at the third.
    let late = Series::new(&sunspots, split.test.start)?;
    let persistence = baseline::persistence(&late);
    let weights = baseline::fit(&late.roots[..split.test.start], order)?;
    let autoregression = baseline::forecast(&late, &weights);
    bar.set_message("learning from 1749 to 1958");
    let networks = network::train(&late, split.test.start, width, &bar)?;
    let mean = network::mean(&networks);
    bar.finish_and_clear();

    println!("\nOn the decades held out:   persistence  autoregression  networks");
    for year in (1959..2009).step_by(10) {
        let of = |forecast| late.error(forecast, before(year)..before(year + 10));
        let (p, a, n) = (of(&persistence), of(&autoregression), of(&mean));
        let remark = if a < n { "  here the autoregression is better" } else { "" };
        println!("  {year} to {}             {p:11.2}  {a:14.2}  {n:8.2}{remark}", year + 9);
    }
    let of = |forecast| late.error(forecast, split.test.clone());
    let (p, a, n) = (of(&persistence), of(&autoregression), of(&mean));
    println!("  all five                 {p:11.2}  {a:14.2}  {n:8.2}");
    let alone: Vec<_> = networks.iter().map(|f| format!("{:.2}", of(f))).collect();
    println!("  each network alone: {}", alone.join(", "));

    // Beyond the last month the networks live on their own forecasts.
    println!(
        "\nLeft to themselves from January 2009 on, the networks expect, on the mean of a year:"
    );
    for year in 2009..2009 + FUTURE / 12 {
        println!(
            "  {year} {:6.1}",
            mean[before(year)..before(year + 1)].iter().sum::<f64>() / 12.0
        );
    }
    picture::draw("forecast.svg", &late, split.test, &autoregression, &networks, &mean)?;
    println!("\nThe picture is in forecast.svg.");

    if n >= a || n >= 0.7 * p {
        eprintln!("The networks were to beat the autoregression and 0.7 times persistence.");
        return Ok(ExitCode::FAILURE);
    }
    println!(
        "The networks' error is {:.2} of persistence, {:.2} of the autoregression.",
        n / p,
        n / a
    );
    Ok(ExitCode::SUCCESS)
}

/// The candidate with the smallest error, and its error.
fn best<C: Copy>(
    candidates: impl IntoIterator<Item = C>,
    mut error: impl FnMut(&C) -> Result<f64, Error>,
) -> Result<(C, f64), Error> {
    let mut found: Option<(C, f64)> = None;
    for candidate in candidates {
        let error = error(&candidate)?;
        if found.is_none_or(|(_, least)| error < least) {
            found = Some((candidate, error));
        }
    }
    Ok(found.expect("at least one candidate"))
}
