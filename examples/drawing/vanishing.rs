//! How much of a gradient is left k steps back? Vanishing and exploding gradients, measured.
//!
//! The gradient that a loss at step T sends to the state k steps before is a product of k Jacobian
//! matrices (Hochreiter 1991; Bengio, Simard and Frasconi 1994):
//!
//! ∂L/∂s[T − k] = ∂L/∂s[T] · J[T] · J[T − 1] · … · J[T − k + 1],  J[t] = ∂s[t]/∂s[t − 1]
//!
//! `watched` adds zeros to the state before each step, as data whose gradient is wanted: theirs is
//! that of the state. Its norm at lag k is divided by that at lag 1, and the geometric mean is taken
//! over ten networks, none of them trained, each with its own weights and inputs.
//!
//! * A simple recurrent network, its recurrent weights scaled to five spectral radii, and one
//!   without tanh.
//! * LSTM, with forget biases as drawn, of 1, and drawn for memories of up to 100 steps.
//! * GRU, and linear recurrent units whose |λ| are 0.99, or lie between 0.9 and 0.999.
//!
//! Run with `cargo run --release --example vanishing`; it writes `vanishing.svg`.

use elman::prelude::*;
use elman::{autograd, rnn::watched};
use elman_report::gradient_norms;
use plotters::prelude::*;

/// How far back the gradient is followed.
const LAGS: usize = 100;
/// Steps, the first of which only bring the state to where it usually is.
const TIME: usize = LAGS + 50;
const ROWS: usize = 8;
const HIDDEN: usize = 64;
const SEEDS: std::ops::RangeInclusive<u64> = 1..=10;
const RADII: [f64; 5] = [0.5, 0.9, 1.1, 1.5, 2.0];
/// The spectral radius of the network without tanh.
const LINEAR: f64 = 1.1;
/// Between which the |λ| of the linear recurrent units lie.
const RINGS: [[f64; 2]; 2] = [[0.99, 0.99], [0.9, 0.999]];
/// The lags of the table.
const SHOWN: [usize; 6] = [2, 5, 10, 20, 50, 100];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A network and what is left of its gradient at the lags 1, 2, …, relative to the first.
struct Curve {
    name: String,
    left: Vec<f64>,
}

impl Curve {
    /// The geometric mean of one measurement for each seed.
    fn new(name: impl Into<String>, measure: impl Fn(u64) -> Result<Vec<f64>>) -> Result<Self> {
        let mut left = vec![0.0; LAGS];
        for seed in SEEDS {
            let norms = measure(seed)?;
            left.iter_mut().zip(&norms).for_each(|(sum, norm)| *sum += (norm / norms[0]).ln());
        }
        let seeds = SEEDS.count() as f64;
        left.iter_mut().for_each(|sum| *sum = (*sum / seeds).exp());
        Ok(Curve { name: name.into(), left })
    }

    /// Of an untrained cell.
    fn of<C: Cell>(
        name: &str,
        build: impl Fn(Scope<'_>) -> std::result::Result<C, autograd::Error>,
    ) -> Result<Self> {
        Curve::new(name, |seed| {
            let (cell, params) = Params::init(seed, |p| build(p.scope("cell")))?;
            norms(&cell, &params, seed)
        })
    }

    /// Of a simple recurrent network whose recurrent weights have a spectral radius.
    fn plain(name: &str, radius: f64, activation: Activation) -> Result<Self> {
        Curve::new(format!("{name}, spectral radius {radius:.1}"), |seed| {
            let (cell, mut params) =
                Params::init(seed, |p| Elman::with(p.scope("cell"), 1, HIDDEN, activation))?;
            let init = Init::Reservoir { entries: HIDDEN, radius };
            let u = init.tensor([HIDDEN, HIDDEN], 1, &mut Random::new(seed, "recurrent", 0))?;
            let [_, recurrent, _] = cell.gate().params();
            params.get_mut(recurrent).ok_or("no such weight")?.copy_from_slice(u.values());
            norms(&cell, &params, seed)
        })
    }

    fn at(&self, lag: usize) -> f64 {
        self.left[lag - 1]
    }
}

/// A linear recurrent unit whose |λ| lie between two numbers.
fn linear_unit(p: Scope<'_>, ring: [f64; 2]) -> std::result::Result<Lru, autograd::Error> {
    Lru::within(p, [1, HIDDEN, HIDDEN], ring, std::f64::consts::TAU)
}

/// ‖∂L/∂s[T − k]‖ for k = 1, 2, …, with a random linear function of the last output for L.
fn norms<C: Cell>(cell: &C, params: &Params<f64>, seed: u64) -> Result<Vec<f64>> {
    let mut random = Random::new(seed, "inputs", 0);
    let x = Tensor::from_fn([TIME, ROWS, 1], |_| random.normal())?;
    let weights = Tensor::from_fn([ROWS, cell.output()], |_| random.normal())?;
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
    tape.gradient(params, &mut grad, |g| {
        let (ys, _) = watched(cell, g.input(&x), cell.initial(g, ROWS));
        (ys.at(TIME - 1) * g.input(&weights)).sum()
    })?;
    // By time step, of each part of the state.
    let parts: Vec<_> = (0..).map_while(|i| tape.wanted(i)).map(gradient_norms).collect();
    let norm = |t: usize| parts.iter().map(|norms| norms[t] * norms[t]).sum::<f64>().sqrt();
    Ok((1..=LAGS).map(|lag| norm(TIME - lag)).collect())
}

fn main() -> Result<()> {
    let tanh = |radius| Curve::plain("tanh", radius, Activation::Tanh);
    let mut plain = RADII.into_iter().map(tanh).collect::<Result<Vec<_>>>()?;
    plain.push(Curve::plain("linear", LINEAR, Activation::Identity)?);
    let chrono = ForgetBias::Chrono { longest: LAGS as f64 };
    let gated = [
        Curve::of("LSTM, forget bias as drawn", |p| Lstm::new(p, 1, HIDDEN))?,
        Curve::of("LSTM, forget bias 1", |p| Lstm::with(p, 1, HIDDEN, ForgetBias::Constant(1.0)))?,
        Curve::of("LSTM, forget bias chrono", |p| Lstm::with(p, 1, HIDDEN, chrono))?,
        Curve::of("GRU", |p| Gru::new(p, 1, HIDDEN))?,
        Curve::of("LRU, |λ| of 0.99", |p| linear_unit(p, RINGS[0]))?,
        Curve::of("LRU, |λ| from 0.9 to 0.999", |p| linear_unit(p, RINGS[1]))?,
    ];

    println!("What is left of the gradient k steps back, as a multiple of one step back:\n");
    print!("{:28}", "k");
    SHOWN.iter().for_each(|lag| print!("{lag:>9}"));
    for curve in plain.iter().chain(&gated) {
        print!("\n{:28}", curve.name);
        SHOWN.iter().for_each(|&lag| print!("{:9.1e}", curve.at(lag)));
    }
    draw("vanishing.svg", [&plain, &gated])?;
    println!("\n\nThe picture is in vanishing.svg.");
    check(&plain, &gated)
}

/// What the theory says, held against what was measured.
fn check(plain: &[Curve], gated: &[Curve]) -> Result<()> {
    let last = |curve: &Curve| curve.at(LAGS);
    let (tanh, linear) = (&plain[..RADII.len()], &plain[RADII.len()]);
    let ordered = |curves: &[Curve]| curves.windows(2).all(|c| last(&c[0]) < last(&c[1]));
    if !ordered(tanh) || !ordered(&gated[..3]) {
        return Err("a larger radius, or forget bias, is to leave more of the gradient".into());
    }
    if last(&tanh[0]) > 1e-20 || last(&tanh[4]) < 1e3 {
        return Err("a radius of 0.5 is to vanish, and one of 2 to explode".into());
    }
    // Without tanh all Jacobian matrices are one, and its spectral radius tells the growth.
    let growth = (last(linear) / linear.at(LAGS / 2)).powf(2.0 / LAGS as f64);
    if (growth / LINEAR - 1.0).abs() > 0.01 {
        return Err(format!("a linear network grows by {growth} a step").into());
    }
    // The state of a linear recurrent unit is multiplied by λ at every step, whatever comes in.
    for (unit, ring) in gated[4..].iter().zip(RINGS) {
        for lag in 1..=LAGS {
            let [least, most] = ring.map(|radius| radius.powi(lag as i32 - 1));
            if !(least * (1.0 - 1e-9)..=most * (1.0 + 1e-9)).contains(&unit.at(lag)) {
                return Err(format!("{}: {} at lag {lag}", unit.name, unit.at(lag)).into());
            }
        }
    }
    Ok(())
}

/// Both groups of curves side by side, against the logarithm of the gradient.
fn draw(path: &str, groups: [&[Curve]; 2]) -> Result<()> {
    const COLORS: [RGBColor; 6] = [
        RGBColor(148, 103, 189),
        RGBColor(1, 115, 178),
        RGBColor(90, 90, 90),
        RGBColor(222, 143, 5),
        RGBColor(200, 40, 40),
        RGBColor(0, 158, 115),
    ];
    let root = SVGBackend::new(path, (960, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let titles = ["Simple recurrent network", "Gated and linear cells"];
    for ((area, curves), title) in root.split_evenly((1, 2)).iter().zip(groups).zip(titles) {
        let mut chart = ChartBuilder::on(area)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(54)
            .build_cartesian_2d(0.0..LAGS as f64, -32.0..8.0)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("steps back")
            .x_label_formatter(&|lag| format!("{lag:.0}"))
            .y_labels(12)
            .y_label_formatter(&|power| format!("1e{power:.0}"))
            .draw()?;
        for (curve, color) in curves.iter().zip(COLORS) {
            let points = (1..=LAGS).map(|lag| (lag as f64, curve.at(lag).log10()));
            let style = color.stroke_width(2);
            chart
                .draw_series(LineSeries::new(points, style))?
                .label(&curve.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerLeft)
            .background_style(WHITE)
            .border_style(COLORS[2])
            .draw()?;
    }
    root.present()?;
    Ok(())
}
