//! A recurrent network without gradient descent: a random reservoir, and a readout in closed form.
//!
//! The recurrent weights of an echo state network (Jaeger 2001) stay as they were drawn. What is
//! learned is a linear readout of the states, by ridge regression. So trying a setting takes a
//! fraction of a second, and settings are chosen by trying them on a validation part that lies
//! between the training and the test part of one series.
//!
//! Two tasks of the literature: the chaotic Mackey-Glass series one step ahead, and then on its
//! own, each forecast being the next input; and NARMA-10, which asks for products of inputs ten
//! steps apart.
//!
//! Run with `cargo run --release --example echo_state`; it writes `echo_state.svg`.

mod picture;

use elman::prelude::*;
use elman::rnn::Readout;

/// Ridge strengths that are tried on each reservoir.
const STRENGTHS: [f64; 6] = [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2];
/// The first states, which know more of the initial state than of the input.
const WASHOUT: usize = 100;

/// The steps of the picture.
const LONG: usize = 1000;

/// Inputs and targets, `[time, 1, 1]`, in three parts that follow each other.
struct Series {
    x: Tensor<f64>,
    y: Tensor<f64>,
    /// Where validation begins, and where the test.
    cuts: [usize; 2],
}

impl Series {
    fn new(x: &[f64], y: &[f64], cuts: [usize; 2]) -> Result<Self, Error> {
        let [x, y] = [x, y].map(|values| Tensor::new([values.len(), 1, 1], values.to_vec()));
        Ok(Series { x: x?, y: y?, cuts })
    }
}

/// Steps of a sequence.
fn part(of: &Tensor<f64>, from: usize, to: usize) -> View<'_, f64> {
    of.slice(from, to - from).expect("steps of the sequence")
}

/// The root mean square error.
fn rmse(a: &[f64], b: &[f64]) -> f64 {
    (a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / a.len() as f64).sqrt()
}

/// A reservoir with a readout of its states, and of the input beside them.
type Model = Readout<Skip<EchoState>>;

/// The error of a model one step after the other, from a step on to another one.
fn ahead(
    model: Model,
    params: &Params<f64>,
    series: &Series,
    [from, to]: [usize; 2],
) -> Result<f64, Error> {
    let x = part(&series.x, from - WASHOUT, to).values();
    let y = Stream::new(params, model).predict(x.chunks(1)).collect::<Result<Vec<_>, _>>()?;
    Ok(rmse(&y.concat()[WASHOUT..], part(&series.y, from, to).values()))
}

/// What a model says when it is left alone for some steps, from a step on, and what came.
fn future(
    model: Model,
    params: &Params<f64>,
    series: &Series,
    from: usize,
    steps: usize,
) -> Result<[Vec<f64>; 2], Error> {
    let heard = part(&series.x, from - WASHOUT, from).values();
    let run = Stream::new(params, model).warm(heard.chunks(1))?.free_run().take(steps);
    let said = run.collect::<Result<Vec<_>, _>>()?.concat();
    Ok([said, part(&series.y, from - 1, from - 1 + steps).values().to_vec()])
}

/// The error of a model left alone for some steps, from some steps on.
fn alone(
    model: Model,
    params: &Params<f64>,
    series: &Series,
    from: [usize; 3],
    steps: usize,
) -> Result<f64, Error> {
    let (mut said, mut came) = (Vec::new(), Vec::new());
    for from in from {
        let [future, truth] = future(model, params, series, from, steps)?;
        said.extend(future);
        came.extend(truth);
    }
    Ok(rmse(&said, &came))
}

/// Tries settings and ridge strengths, each fitted to the training part: the one of the smallest
/// score, which must not look at the test part.
fn choose(
    series: &Series,
    units: usize,
    candidates: &[Reservoir],
    score: impl Fn(Model, &Params<f64>) -> Result<f64, Error>,
) -> Result<(Model, Params<f64>), Error> {
    let train = series.cuts[0];
    let (mut best, mut chosen) = (f64::INFINITY, None);
    for &settings in candidates {
        let (model, mut params) = Params::<f64>::init(1, |p| {
            let cell = Skip::new(EchoState::with(p.scope("reservoir"), 1, units, settings)?, 1);
            let size = cell.output();
            Ok(cell.readout(Linear::new(p.scope("readout"), size, 1)?))
        })?;
        let states = Tape::new().evaluate(&params, |g| {
            Rnn(model.cell).forward(g.input(part(&series.x, 0, train))).values().tensor()
        })?;
        let mut ridge = Ridge::new(units + 1, 1)?;
        ridge.add(part(&states, WASHOUT, train), part(&series.y, WASHOUT, train))?;
        for strength in STRENGTHS {
            ridge.fit(strength)?.put(&mut params, &model.head)?;
            let score = score(model, &params)?;
            if score < best {
                best = score;
                chosen = Some((settings, strength, model, params.clone()));
            }
        }
    }
    let (settings, strength, model, params) = chosen.expect("a score that is finite");
    let Reservoir { radius, leak, input, .. } = settings;
    println!(
        "  radius {radius}, leak {leak}, input {input}, ridge {strength:e}: {best:.5} on validation"
    );
    Ok((model, params))
}

/// The series on ±1: the errors on the test part, one step ahead, and alone for 300 steps; and a
/// picture of what it says alone for the rest of the series.
///
/// A readout that is best one step ahead need not be stable alone, so each use has its own choice.
fn mackey_glass() -> Result<[f64; 2], Box<dyn std::error::Error>> {
    const CUTS: [usize; 2] = [1500, 2000];
    let values = MackeyGlass::new(1, 1, 1)?.series(0, 3001)?;
    let known = &values[..=CUTS[1]];
    let (low, high) =
        known.iter().fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    let values: Vec<_> = values.iter().map(|x| 2.0 * (x - low) / (high - low) - 1.0).collect();
    let series = Series::new(&values[..3000], &values[1..], CUTS)?;

    let mut candidates = Vec::new();
    for radius in [0.8, 1.0, 1.25] {
        for leak in [0.3, 0.6, 1.0] {
            for input in [0.3, 1.0] {
                candidates.push(Reservoir { radius, leak, input, bias: 0.5, entries: 10 });
            }
        }
    }
    println!("Mackey-Glass on ±1, 100 units, 2000 steps to fit and choose");
    let score = |model, params: &_| ahead(model, params, &series, CUTS);
    let (model, params) = choose(&series, 100, &candidates, score)?;
    let next = ahead(model, &params, &series, [2000, 3000])?;
    println!("  one step ahead, RMSE on the next 1000: {next:.5}");

    let score = |model, params: &_| alone(model, params, &series, [1500, 1600, 1700], 300);
    let (model, params) = choose(&series, 100, &candidates, score)?;
    let mut errors = [0.0; 3];
    for (error, steps) in errors.iter_mut().zip([84, 150, 300]) {
        *error = alone(model, &params, &series, [2000, 2300, 2600], steps)?;
        println!("  three times alone for {steps:3} steps, RMSE: {error:.4}");
    }
    let [said, came] = future(model, &params, &series, CUTS[1], LONG)?;
    picture::draw("echo_state.svg", &came, &said)?;
    println!("  alone for {LONG} steps: echo_state.svg");
    Ok([next, errors[2]])
}

/// NARMA-10: the error on the test part, in standard deviations of its targets.
fn narma() -> Result<f64, Error> {
    const CUTS: [usize; 2] = [3000, 4000];
    let (u, y) = Narma10::new(1, 1, 1)?.series(0, 6000)?;
    let series = Series::new(&u, &y, CUTS)?;
    let mut candidates = Vec::new();
    for radius in [0.8, 0.9, 0.95] {
        for input in [0.1, 0.3, 1.0] {
            candidates.push(Reservoir { radius, input, bias: 0.3, ..Reservoir::default() });
        }
    }
    println!("NARMA-10, 300 units, 4000 steps to fit and choose");
    let score = |model, params: &_| ahead(model, params, &series, CUTS);
    let (model, params) = choose(&series, 300, &candidates, score)?;
    let test = &y[CUTS[1]..];
    let mean = test.iter().sum::<f64>() / test.len() as f64;
    let deviation = rmse(test, &vec![mean; test.len()]);
    let error = ahead(model, &params, &series, [4000, 6000])? / deviation;
    println!("  NRMSE on the next 2000: {error:.3}");
    Ok(error)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [ahead, alone] = mackey_glass()?;
    let narma = narma()?;
    if ahead > 0.002 {
        return Err(format!("an error of {ahead} one step ahead; 0.002 was expected").into());
    }
    if alone > 0.1 {
        return Err(format!("an error of {alone} over 300 steps alone; 0.1 was expected").into());
    }
    if narma > 0.2 {
        return Err(format!("an error of {narma} deviations; 0.2 was expected").into());
    }
    Ok(())
}
