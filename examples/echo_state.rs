//! A recurrent network without gradient descent: a random reservoir, and a readout in closed form.
//!
//! The recurrent weights of an echo state network (Jaeger 2001) stay as they were drawn. What is
//! learned is a linear readout of the states, by ridge regression. So trying a setting takes a
//! fraction of a second, and settings are chosen by trying them on a validation part that lies
//! between the training and the test part of one series.
//!
//! Two tasks of the literature: the chaotic Mackey-Glass series one step ahead, and then on its own,
//! each forecast being the next input; and NARMA-10, which asks for products of inputs ten steps
//! apart.
//!
//! Run with `cargo run --release --example echo_state`.

use elman::prelude::*;
use elman::rnn::Readout;

/// Ridge strengths that are tried on each reservoir.
const STRENGTHS: [f64; 6] = [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2];
/// The first states, which know more of the initial state than of the input.
const WASHOUT: usize = 100;

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

/// The best on validation, its readout fitted.
struct Found {
    settings: Reservoir,
    strength: f64,
    validation: f64,
    model: Model,
    params: Params<f64>,
}

/// Tries settings and ridge strengths: fits each to the training part, compares on validation.
fn choose(series: &Series, units: usize, candidates: &[Reservoir]) -> Result<Found, Error> {
    let [train, end] = series.cuts;
    let mut best: Option<Found> = None;
    for &settings in candidates {
        let (model, mut params) = Params::<f64>::init(1, |p| {
            let cell = Skip::new(EchoState::with(p.scope("reservoir"), 1, units, settings)?, 1);
            let size = cell.output();
            Ok(cell.readout(Linear::new(p.scope("readout"), size, 1)?))
        })?;
        let mut tape = Tape::new();
        let states = tape.evaluate(&params, |g| {
            Rnn(model.cell).forward(g.input(part(&series.x, 0, end))).values().tensor()
        })?;
        let mut ridge = Ridge::new(units + 1, 1)?;
        ridge.add(part(&states, WASHOUT, train), part(&series.y, WASHOUT, train))?;
        for strength in STRENGTHS {
            ridge.fit(strength)?.put(&mut params, &model.head)?;
            let y = tape.evaluate(&params, |g| {
                model.head.of(g.input(part(&states, train, end))).tensor()
            })?;
            let validation = rmse(y.values(), part(&series.y, train, end).values());
            if best.as_ref().is_none_or(|best| validation < best.validation) {
                let params = params.clone();
                best = Some(Found { settings, strength, validation, model, params });
            }
        }
    }
    Ok(best.expect("something was tried"))
}

impl Found {
    /// The error on the test part, of a stream that has heard all before it.
    fn test(&self, series: &Series) -> Result<f64, Error> {
        let mut stream = Stream::new(&self.params, self.model);
        let y = stream.predict(series.x.values().chunks(1)).collect::<Result<Vec<_>, _>>()?;
        let from = series.cuts[1];
        Ok(rmse(&y.concat()[from..], &series.y.values()[from..]))
    }

    fn print(&self) {
        let Reservoir { radius, leak, input, bias, .. } = self.settings;
        println!(
            "  chosen: radius {radius}, leak {leak}, input {input}, bias {bias}, ridge {:e}; \
             validation {:.5}",
            self.strength, self.validation
        );
    }
}

/// The series on ±1, one step ahead, and then on its own: the errors on the test part, and of the
/// first steps alone.
fn mackey_glass() -> Result<[f64; 2], Error> {
    const CUTS: [usize; 2] = [1500, 2000];
    const ALONE: usize = 300;
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
    let found = choose(&series, 100, &candidates)?;
    let error = found.test(&series)?;
    println!("Mackey-Glass on ±1, 100 units, 2000 steps to fit and choose");
    found.print();
    println!("  one step ahead, RMSE on the next 1000: {error:.5}");

    let warm = Stream::new(&found.params, found.model).warm(values[..=CUTS[1]].chunks(1))?;
    let future = warm.free_run().take(ALONE).collect::<Result<Vec<_>, _>>()?.concat();
    let truth = &values[CUTS[1] + 1..][..ALONE];
    for steps in [84, 150, ALONE] {
        println!(
            "  alone for {steps:3} steps, RMSE: {:.4}",
            rmse(&future[..steps], &truth[..steps])
        );
    }
    Ok([error, rmse(&future[..150], &truth[..150])])
}

/// NARMA-10: the error on the test part, in standard deviations of its targets.
fn narma() -> Result<f64, Error> {
    let (u, y) = Narma10::new(1, 1, 1)?.series(0, 6000)?;
    let series = Series::new(&u, &y, [3000, 4000])?;
    let mut candidates = Vec::new();
    for radius in [0.8, 0.9, 0.95] {
        for input in [0.1, 0.3, 1.0] {
            candidates.push(Reservoir { radius, input, bias: 0.3, ..Reservoir::default() });
        }
    }
    let found = choose(&series, 300, &candidates)?;
    let test = &y[4000..];
    let mean = test.iter().sum::<f64>() / test.len() as f64;
    let error = found.test(&series)? / rmse(test, &vec![mean; test.len()]);
    println!("NARMA-10, 300 units, 4000 steps to fit and choose");
    found.print();
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
        return Err(format!("an error of {alone} over 150 steps alone; 0.1 was expected").into());
    }
    if narma > 0.2 {
        return Err(format!("an error of {narma} deviations; 0.2 was expected").into());
    }
    Ok(())
}
