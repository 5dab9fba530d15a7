//! Five small networks: their training, and their forecasts as a stream of months.

use crate::{AHEAD, FUTURE, Series};
use elman::prelude::*;
use indicatif::ProgressBar;

pub(crate) const NETWORKS: u64 = 5;
/// Steps of training of a network.
pub(crate) const STEPS: u64 = 200;
/// Numbers of hidden units to choose from.
pub(crate) const WIDTHS: [usize; 3] = [16, 32, 64];
/// Months that a network sees in one piece while it learns: two solar cycles.
const WINDOW: usize = 264;
const BATCH: usize = 16;

/// Trains the networks on the first `learned` months, each in its own thread, and lets each
/// forecast: `[network][month]`, from January 1749 to the end of the series and `FUTURE` months on.
pub(crate) fn train(
    series: &Series,
    learned: usize,
    width: usize,
    bar: &ProgressBar,
) -> Result<Vec<Vec<f64>>, Error> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=NETWORKS)
            .map(|seed| scope.spawn(move || one(series, learned, width, seed, bar)))
            .collect();
        let join = |t: std::thread::ScopedJoinHandle<'_, _>| {
            t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}

/// The mean of the networks' forecasts.
pub(crate) fn mean(networks: &[Vec<f64>]) -> Vec<f64> {
    let n = networks.len() as f64;
    (0..networks[0].len()).map(|t| networks.iter().map(|f| f[t]).sum::<f64>() / n).collect()
}

/// A network speaks in roots, but answers for sunspots; in units of 40, for a loss of order 1.
fn sunspots<'g>(series: &Series, roots: Var<'g, f32>) -> Var<'g, f32> {
    let (mean, scale) = (series.scaler.mean()[0], series.scaler.scale()[0]);
    (roots * scale + mean).relu().square() / 40.0
}

fn one(
    series: &Series,
    learned: usize,
    width: usize,
    seed: u64,
    bar: &ProgressBar,
) -> Result<Vec<f64>, Error> {
    let (model, mut params) = Params::<f32>::init(seed, |p| {
        let gru = Gru::new(p.scope("gru"), 1, width)?;
        Ok(gru.readout(Linear::new(p.scope("head"), width, 1)?))
    })?;

    // In every month of a window the network says what the month a year later will be.
    let windows = Windows::new(&series.roots[..learned], 1, WINDOW, AHEAD)?.form(Form::Shifted)?;
    let windows = windows.shuffled(seed, BATCH)?;
    let mut batch = Batch::new();
    let mut trainer = Trainer::new(clip_norm(1.0).then(adamw(5e-3, 0.0)).then(cosine(STEPS)));
    for step in 0..STEPS {
        windows.fill(&mut batch, step)?;
        trainer.step(&mut params, |g| {
            let roots = Rnn(model).forward(g.input(&batch.x)).values();
            mse(sunspots(series, roots), sunspots(series, g.input(&batch.y)))
        })?;
        bar.inc(1);
    }

    // At work it reads one month after the other; after the last one it reads its own forecasts.
    let mut stream = Stream::new(&params, model);
    let mut roots: Vec<f32> = series.roots.iter().map(|&x| x as f32).collect();
    let mut forecast = vec![f64::NAN; AHEAD];
    for t in 0..series.roots.len() + FUTURE - AHEAD {
        let root = stream.push(&roots[t..=t])?[0];
        forecast.push(series.number(f64::from(root)));
        if t + AHEAD == roots.len() {
            roots.push(root);
        }
    }
    Ok(forecast)
}
