//! A rule of your own: forward, adjoint, and the proof that the one belongs to the other.
//!
//! Layer normalization (Ba, Kiros and Hinton 2016) is not among the rules of the framework. Here
//! it is one, with a second operand (the gains), a hyper-parameter and numbers kept for the
//! adjoint. A function of one element is simpler: softsign has a value and a slope, side by side.
//! Both are proven, and put to work in a cell. A wrong slope is caught, with the element and both
//! numbers.
//!
//! Run with `cargo run --release --example custom_rule`.

use elman::autograd::{At, Error, Misfit, Partials, Rule, Side, rules::Elementwise};
use elman::tensor::{View, ViewMut};
use elman::{laws, prelude::*};

/// y = a ∘ (x − mean x) / √(var x + ε), row by row. `x: [.., n]`, `a: [n]`.
#[derive(Clone, Copy)]
struct Norm {
    epsilon: f64,
}

impl<T: Real> Rule<T, 2> for Norm {
    const NAME: &'static str = "norm";

    fn shape(&self, [x, a]: [Shape; 2]) -> Result<Shape, Misfit> {
        let row = Shape::from([x.last()]);
        if a == row { Ok(x) } else { Err(Misfit::new(format!("wanted gains {row}"))) }
    }

    /// The normalized rows x̂, then 1/σ of each row.
    fn kept(&self, [x, _]: [Shape; 2]) -> usize {
        x.len().saturating_add(x.rows())
    }

    fn forward(&self, [x, a]: [View<'_, T>; 2], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let n = x.shape().last().max(1);
        let (hats, inverses) = side.kept.split_at_mut(x.values().len());
        let rows = x.values().chunks(n).zip(y.values_mut().chunks_mut(n));
        for ((x, y), (hat, inverse)) in rows.zip(hats.chunks_mut(n).zip(inverses)) {
            let mean = average(x.iter().copied());
            let variance = average(x.iter().map(|&x| (x - mean) * (x - mean)));
            *inverse = T::ONE / (variance + T::from_f64(self.epsilon)).sqrt();
            for j in 0..n {
                hat[j] = (x[j] - mean) * *inverse;
                y[j] = a.values()[j] * hat[j];
            }
        }
    }

    /// With u = a ∘ dy:  dx = (u − mean u − x̂ mean(u ∘ x̂)) / σ,  da = Σ dy ∘ x̂ over rows.
    fn adjoint(&self, at: At<'_, T, 2>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let ([x, a], n) = (at.x, dy.shape().last().max(1));
        let (hats, inverses) = at.side.kept.split_at(x.values().len());
        let rows = || dy.values().chunks(n).zip(hats.chunks(n));
        if let Some(mut dx) = d.of(0) {
            for ((dx, inverse), (dy, hat)) in
                dx.values_mut().chunks_mut(n).zip(inverses).zip(rows())
            {
                let u = |j: usize| a.values()[j] * dy[j];
                let along = [average((0..n).map(u)), average((0..n).map(|j| u(j) * hat[j]))];
                for j in 0..n {
                    dx[j] += (u(j) - along[0] - hat[j] * along[1]) * *inverse;
                }
            }
        }
        if let Some(mut da) = d.of(1) {
            for (dy, hat) in rows() {
                for j in 0..n {
                    da.values_mut()[j] += dy[j] * hat[j];
                }
            }
        }
    }
}

fn average<T: Real>(x: impl ExactSizeIterator<Item = T>) -> T {
    let n = T::from_f64(x.len() as f64);
    x.fold(T::ZERO, |sum, x| sum + x) / n
}

/// y = x / (1 + |x|), elementwise (Elliott 1993): a cheap neighbour of tanh.
struct Softsign;

impl Elementwise for Softsign {
    const NAME: &'static str = "softsign";
    fn value<T: Real>(&self, x: T) -> T {
        x / (T::ONE + x.abs())
    }
    fn slope<T: Real>(&self, _: T, y: T) -> T {
        (T::ONE - y.abs()) * (T::ONE - y.abs())
    }
}

/// The same function with the slope of tanh, which is easily mistaken for it.
struct Careless;

impl Elementwise for Careless {
    const NAME: &'static str = "careless";
    fn value<T: Real>(&self, x: T) -> T {
        Softsign.value(x)
    }
    fn slope<T: Real>(&self, _: T, y: T) -> T {
        T::ONE - y * y
    }
}

/// h′ = softsign(b + norm(c + x · W + h · U; a)): a simple recurrent network, normalized.
#[derive(Clone, Copy)]
struct Calm {
    sum: Gate,
    gain: Param,
    shift: Param,
}

impl Calm {
    fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        Ok(Calm {
            sum: Gate::new(p.scope("sum"), input, hidden)?,
            gain: p.weight("gain", [hidden], Init::Constant(1.0))?,
            shift: p.weight("shift", [hidden], Init::Constant(0.0))?,
        })
    }
}

impl Cell for Calm {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.sum.hidden()
    }

    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = x.graph();
        let sum = g.apply(Norm { epsilon: 1e-5 }, [self.sum.of(x, h), g.param(self.gain)]);
        let h = g.apply(Softsign, [sum + g.param(self.shift)]);
        (h, [h])
    }
}

/// Continues noisy sines; the mean squared error against the sines without noise, on new ones.
fn train<C: Cell + Copy>(
    build: impl FnOnce(Scope<'_>) -> Result<C, Error>,
) -> Result<f32, elman::Error> {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let cell = build(p.scope("cell"))?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), 32, 1)?)))
    })?;
    let task = Sines::new(1, 60, 32)?;
    let mut batch = Batch::new();
    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(5e-3)).then(cosine(600)));
    for step in 0..600 {
        task.fill(&mut batch, step)?;
        trainer.step(&mut params, |g| {
            mse(model.forward(g.input(&batch.x)).values(), g.input(&batch.y))
        })?;
    }
    Sines::new(2, 60, 500)?.fill(&mut batch, 0)?;
    Ok(Tape::new().evaluate(&params, |g| {
        mse(model.forward(g.input(&batch.x)).values(), g.input(&batch.y)).item()
    })?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    laws::rule(Norm { epsilon: 1e-5 }, [Shape::from([3, 5]), Shape::from([5])])?;
    laws::rule(Softsign, [[3, 5]])?;
    println!("norm and softsign: every law holds");
    let Err(violation) = laws::rule(Careless, [[3, 5]]) else {
        return Err("the wrong slope went unnoticed".into());
    };
    println!("a wrong slope: {violation}");
    laws::cell("calm", 2, |p| Calm::new(p.scope("cell"), 2, 6))?;
    println!("the cell with both: every law holds\n");

    let guess = Sines::new(1, 60, 1)?.baseline()?;
    let calm = train(|p| Calm::new(p, 1, 32))?;
    let plain = train(|p| Elman::new(p, 1, 32))?;
    println!("continuing noisy sines, mean squared error on new ones:");
    println!("  always 0               {guess:.4}");
    println!("  tanh                   {plain:.4}");
    println!("  normalized, softsign   {calm:.4}");
    if calm > 0.05 {
        return Err(format!("an error of {calm} where 0.05 was expected").into());
    }
    Ok(())
}
