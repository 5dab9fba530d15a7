//! The curvature of a loss, exactly, and what it says about the rate of descent.
//!
//! With weights that are dual numbers, w + ε v, the tape that computes a gradient computes a
//! Hessian-vector product beside it: the tangents of ∇L(w + ε v) are H v (Pearlmutter 1994). No
//! matrix is ever formed. Multiplying by H again and again finds its largest eigenvalue λ.
//!
//! Near a minimum, descent at rate η multiplies the gradient along that eigenvector by 1 − η λ at
//! every step. It shrinks as long as η < 2/λ, and no longer. A trained network is held to that, at
//! rates of 1.8/λ and 2.2/λ: the second runs away until it is where H is no longer the same.
//!
//! Run with `cargo run --release --example hessian`.

use elman::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A recurrent network of 8, and the data it is fitted to, at two scalars.
struct Fit {
    model: Model,
    data: Batch<f64>,
    dual: Batch<Dual<f64>>,
}

#[derive(Clone, Copy)]
struct Model {
    cell: Elman,
    head: Linear,
}

impl Model {
    /// The mean squared error, at every scalar.
    fn loss<'g, T: Real>(&self, g: &'g Graph<'g, T>, data: &Batch<T>) -> Var<'g, T> {
        let hidden = Rnn(self.cell).forward(g.input(&data.x));
        mse(self.head.forward(hidden).values(), g.input(&data.y))
    }
}

impl Fit {
    /// ∇L(w)
    fn gradient(&self, w: &Params<f64>) -> Result<Vec<f64>> {
        let mut grad = Grad::zeros(w);
        Tape::new().gradient(w, &mut grad, |g| self.model.loss(g, &self.data))?;
        Ok(grad.values().to_vec())
    }

    /// H(w) v
    fn curvature(&self, w: &Params<f64>, v: &[f64]) -> Result<Vec<f64>> {
        let mut w = w.cast::<Dual<f64>>();
        w.direct(v)?;
        let mut grad = Grad::zeros(&w);
        Tape::new().gradient(&w, &mut grad, |g| self.model.loss(g, &self.dual))?;
        Ok(grad.tangents().collect())
    }

    /// The eigenvalue of H(w) that is largest in absolute value, and its eigenvector.
    fn sharpest(&self, w: &Params<f64>) -> Result<(f64, Vec<f64>)> {
        let mut random = Random::new(1, "direction", 0);
        let mut v: Vec<f64> = w.values().iter().map(|_| random.normal()).collect();
        for products in 1..=1000 {
            let length = norm(&v);
            v.iter_mut().for_each(|v| *v /= length);
            let hv = self.curvature(w, &v)?;
            let lambda = inner(&v, &hv);
            let rest = norm(&moved(&hv, -lambda, &v)) / lambda.abs();
            if rest < 1e-8 {
                println!("λ = {lambda:.6} after {products} products; |H v − λ v| = {rest:.0e} λ");
                return Ok((lambda, v));
            }
            v = hv;
        }
        Err("the power iteration did not converge".into())
    }

    /// Descends from `w` at a constant rate; returns the losses, and the gradients along `v`.
    fn descend(&self, w: &Params<f64>, rate: f64, v: &[f64]) -> Result<Vec<(f64, f64)>> {
        let (mut w, mut trainer) = (w.clone(), Trainer::new(sgd(rate)));
        let mut path = Vec::new();
        for _ in 0..=40 {
            let loss = trainer.step(&mut w, |g| self.model.loss(g, &self.data))?;
            path.push((loss, inner(trainer.grad().values(), v)));
        }
        Ok(path)
    }
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    inner(a, a).sqrt()
}

/// a + c b
fn moved(a: &[f64], c: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + c * b).collect()
}

/// w + c v
fn pushed(w: &Params<f64>, c: f64, v: &[f64]) -> Params<f64> {
    let mut w = w.clone();
    w.values_mut().iter_mut().zip(v).for_each(|(w, v)| *w += c * v);
    w
}

fn main() -> Result<()> {
    let (model, mut w) = Params::<f64>::init(1, |p| {
        let cell = Elman::new(p.scope("cell"), 1, 8)?;
        Ok(Model { cell, head: Linear::new(p.scope("head"), 8, 1)? })
    })?;
    let mut fit = Fit { model, data: Batch::new(), dual: Batch::new() };
    let task = Sines::new(1, 40, 8)?;
    task.fill(&mut fit.data, 0)?;
    task.fill(&mut fit.dual, 0)?;

    let mut trainer = Trainer::new(adam(1e-2).then(cosine(3000)));
    let mut loss = f64::NAN;
    for _ in 0..3000 {
        loss = trainer.step(&mut w, |g| fit.model.loss(g, &fit.data))?;
    }
    println!("{} weights, trained to a loss of {loss:.5}", w.len());
    let (lambda, v) = fit.sharpest(&w)?;

    // Gradients at two points, a little to either side.
    let (hv, h) = (fit.curvature(&w, &v)?, 1e-6);
    let ends = moved(&fit.gradient(&pushed(&w, h, &v))?, -1.0, &fit.gradient(&pushed(&w, -h, &v))?);
    let error = norm(&moved(&hv, -0.5 / h, &ends)) / norm(&hv);
    println!("H v against differences of gradients: {error:.0e}\n");
    if error > 1e-6 {
        return Err("H v is not the derivative of the gradient".into());
    }

    // A push along v, and then descent: below the limit, and above it.
    let w = pushed(&w, 1e-5, &v);
    for (eta, stable) in [(1.8, true), (2.2, false)] {
        let path = fit.descend(&w, eta / lambda, &v)?;
        println!("descent at {eta}/λ");
        for step in [0, 10, 20, 30, 40] {
            let (loss, slope) = path[step];
            println!("  step {step:2}: loss {loss:.7}, gradient along v {slope:9.1e}");
        }
        let factor = (path[10].1 / path[0].1).powf(0.1);
        println!("  times {factor:.4} a step; |1 − η λ| = {:.4}", eta - 1.0);
        if (factor - (eta - 1.0)).abs() > 0.01 || (path[40].0 < path[0].0) != stable {
            return Err("that is not what the curvature says".into());
        }
    }
    Ok(())
}
