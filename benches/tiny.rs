//! Whether tiny numbers slow anything down: each cell with a gradient that vanishes and with an idle
//! stream, beside the same work on numbers of usual size.
//!
//! A training pass has its loss on the last output only, or on every output. A stream is fed zeros
//! a million times. The median of the ratios of turns taken one after the other; both should be 1.

use elman::prelude::*;
use std::time::Instant;

const BATCH: usize = 8;
const INPUT: usize = 4;
const HIDDEN: usize = 64;
const TIMES: [usize; 4] = [100, 400, 1600, 6400];
const IDLE: usize = 1_000_000;
const TURNS: usize = 7;

fn main() -> Result<(), elman::Error> {
    println!("time with the loss on the last output / on every output; idle / fresh stream");
    println!(
        "{:24} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "cell", "T = 100", "400", "1600", "6400", "stream"
    );
    // A name among the arguments picks cells.
    let picked = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    for &kind in Kind::ALL {
        if picked.as_ref().is_some_and(|name| !kind.name().contains(name.as_str())) {
            continue;
        }
        row::<f32>(kind)?;
        row::<f64>(kind)?;
    }
    Ok(())
}

fn row<T: Real>(kind: Kind) -> Result<(), elman::Error> {
    print!("{:18} {:5}", kind.name(), std::any::type_name::<T>());
    let settings = LayerSettings::new(kind, HIDDEN);
    let (cell, params) =
        Params::<f64>::init(1, |p| AnyCell::new(p.scope("cell"), INPUT, &settings))?;
    let params = params.cast::<T>();
    for time in TIMES {
        print!(" {:8.2}", vanishing(&cell, &params, time)?);
    }
    println!(" {:8.2}", idle(&cell, params)?);
    Ok(())
}

/// The time of a gradient whose loss is on the last output, by that of one on every output.
fn vanishing<T: Real>(
    cell: &AnyCell,
    params: &Params<T>,
    time: usize,
) -> Result<f64, elman::Error> {
    let mut random = Random::new(1, "bench", 0);
    let x = Tensor::from_fn([time, BATCH, INPUT], |_| T::from_f64(random.normal()))?;
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
    let mut pass = |last: bool| -> Result<f64, elman::Error> {
        let begun = Instant::now();
        tape.gradient(params, &mut grad, |g| {
            let (ys, _) = cell.sequence(g.input(&x).into(), cell.initial(g, BATCH));
            if last {
                ys.at(time - 1).sum() + 0.0 * ys.sum()
            } else {
                ys.at(time - 1).sum() + ys.sum()
            }
        })?;
        Ok(begun.elapsed().as_secs_f64())
    };
    ratio(|| Ok(pass(true)? / pass(false)?))
}

/// The time of a step of a stream after a million idle ones, by that of one at the start; without
/// biases, so that a state can go to 0.
fn idle<T: Real>(cell: &AnyCell, mut params: Params<T>) -> Result<f64, elman::Error> {
    let is_bias = |(path, param): &(&str, Param)| {
        param.shape().rank() == 1 && (path.ends_with(".b") || path.ends_with(".c"))
    };
    let biases: Vec<_> = params.iter().filter(is_bias).map(|(_, param)| param).collect();
    for bias in biases {
        if let Some(values) = params.get_mut(bias) {
            values.fill(T::ZERO);
        }
    }
    let mut stream = Stream::new(&params, cell);
    let fresh = steps(&mut stream, T::ONE)?;
    for _ in 0..IDLE {
        stream.push(&[T::ZERO; INPUT])?;
    }
    Ok(steps(&mut stream, T::ZERO)? / fresh)
}

/// The least time of 2000 steps.
fn steps<T: Real>(stream: &mut Stream<'_, T, &AnyCell>, x: T) -> Result<f64, elman::Error> {
    let mut least = f64::INFINITY;
    for _ in 0..TURNS {
        let begun = Instant::now();
        for _ in 0..2000 {
            stream.push(&[x; INPUT])?;
        }
        least = least.min(begun.elapsed().as_secs_f64());
    }
    Ok(least)
}

/// The median of some ratios, after one that warms up.
fn ratio(mut once: impl FnMut() -> Result<f64, elman::Error>) -> Result<f64, elman::Error> {
    once()?;
    let mut ratios = (0..TURNS).map(|_| once()).collect::<Result<Vec<_>, _>>()?;
    ratios.sort_by(f64::total_cmp);
    Ok(ratios[TURNS / 2])
}
