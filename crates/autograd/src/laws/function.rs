//! The laws for whatever is computed from weights and inputs.

use super::Violation;
use super::bench::{differs, moved, sums};
use crate::Error;
use crate::grad::Grad;
use crate::graph::Graph;
use crate::params::Params;
use crate::tape::Tape;
use crate::var::Var;
use elman_tensor::{Dual, Random, Real, Tensor};

/// A computation at a scalar: a model, a cell over a sequence, a loss.
///
/// The laws want it at `f64` and at dual numbers. (A closure cannot be generic over its scalar;
/// this trait is its replacement.)
///
/// ```
/// use elman_autograd::{Graph, Params, Var, laws};
/// use elman_tensor::{Real, Tensor};
///
/// /// |x|, the length of a vector.
/// struct Length;
///
/// impl<T: Real> laws::Function<T> for Length {
///     fn call<'g>(&self, _: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T> {
///         x[0].square().sum().sqrt()
///     }
/// }
///
/// let ((), none) = Params::init(0, |_| Ok(()))?;
/// laws::function("length", &none, &[Tensor::new([2], vec![3.0, 4.0])?], &Length, 1e-12)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Function<T: Real> {
    /// Computes an output of any shape from inputs, and from whatever weights it has handles of.
    fn call<'g>(&self, g: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T>;
}

/// A function at both scalars of the laws, which are compiled once for all functions.
trait AtBoth: Function<f64> + Function<Dual<f64>> {}

impl<F: Function<f64> + Function<Dual<f64>>> AtBoth for F {}

/// The scalar that the laws look at: ⟨w, f(params, x)⟩.
fn loss<'g, T: Real>(
    g: &'g Graph<'g, T>,
    f: &dyn Function<T>,
    x: &[Tensor<T>],
    w: &Tensor<T>,
) -> Var<'g, T> {
    let x: Vec<_> = x.iter().map(|x| g.wanted(x)).collect();
    let y = f.call(g, &x);
    (y * g.input(w).reshape(y.shape())).sum()
}

/// Proves *purity*, *value*, *adjoint* and *second order* of a function with respect to all
/// weights and all inputs, to a relative error of `tolerance` (1e-10 is fair for whole sequences).
///
/// ```
/// use elman_autograd::{Graph, Param, Params, Var, laws};
/// use elman_tensor::{Init, Real, Tensor};
///
/// /// y = tanh(x · W) ∘ x
/// struct Gate {
///     w: Param,
/// }
///
/// impl<T: Real> laws::Function<T> for Gate {
///     fn call<'g>(&self, g: &'g Graph<'g, T>, x: &[Var<'g, T>]) -> Var<'g, T> {
///         x[0].dot(g.param(self.w)).tanh() * x[0]
///     }
/// }
///
/// let (w, params) = Params::init(3, |p| p.weight("w", [2, 2], Init::Glorot))?;
/// let x = Tensor::new([1, 2], vec![0.3, -0.8])?;
/// laws::function("gate", &params, &[x], &Gate { w }, 1e-12)?; // proven
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The first law that is broken, or [`Function`]'s own failure as a [`Violation`] of *shape*.
pub fn function(
    name: &str,
    params: &Params<f64>,
    x: &[Tensor<f64>],
    f: &(impl Function<f64> + Function<Dual<f64>>),
    tolerance: f64,
) -> Result<(), Violation> {
    let bench = Bench { name, params, x, f };
    bench.prove(tolerance).unwrap_or_else(|error| {
        Err(bench.violation("shape", error.to_string(), 0, f64::NAN, f64::NAN))
    })
}

struct Bench<'a> {
    name: &'a str,
    params: &'a Params<f64>,
    x: &'a [Tensor<f64>],
    f: &'a dyn AtBoth,
}

/// A point of the space of all weights and inputs, or a direction in it: weights first.
type Point = Vec<f64>;

/// Weights and inputs at dual numbers.
type Lifted = (Params<Dual<f64>>, Vec<Tensor<Dual<f64>>>);

impl Bench<'_> {
    fn prove(&self, tolerance: f64) -> Result<Result<(), Violation>, Error> {
        let mut tape = Tape::new();
        let output = tape.evaluate(self.params, |g| {
            let x: Vec<_> = self.x.iter().map(|x| g.input(x)).collect();
            Function::<f64>::call(self.f, g, &x).shape()
        })?;
        let size = self.params.len() + self.x.iter().map(|x| x.values().len()).sum::<usize>();
        let mut random = Random::new(3, "directions", size as u64);
        let mut direction = |n: usize| (0..n).map(|_| random.normal()).collect::<Point>();
        let (u, v) = (direction(size), direction(size));
        let w = Tensor::new(output, direction(output.len()))?;

        let (value, pulled) = self.gradient(&mut tape, &w)?;
        tape.poison();
        let (same, again) = self.gradient(&mut tape, &w)?;
        if same.to_bits() != value.to_bits() {
            return Ok(Err(self.violation("purity", "the output".into(), 0, same, value)));
        }
        if let Some(i) = (0..size).find(|&i| pulled[i].to_bits() != again[i].to_bits()) {
            return Ok(Err(self.violation("purity", self.whose(i), i, again[i], pulled[i])));
        }

        let mut lifted = Tape::new();
        let pushed = self.push(&mut lifted, &v, &w)?;
        if pushed.value.to_bits() != value.to_bits() {
            let what = "the output".into();
            return Ok(Err(self.violation("value", what, 0, pushed.value, value)));
        }
        let (right, scale) = sums(pulled.iter().zip(&v).map(|(g, v)| g * v));
        if apart(pushed.tangent, right, tolerance * scale) {
            return self.element(&mut lifted, &w, &pulled).map(Err);
        }
        let carried = self.hessian(&mut lifted, &v, &w)?;
        let (left, left_size) = product(&carried, &u);
        let (right, right_size) = product(&self.hessian(&mut lifted, &u, &w)?, &v);
        if apart(left, right, tolerance * left_size.max(right_size)) {
            return Ok(Err(self.violation("second order", "all operands".into(), 0, left, right)));
        }
        let shifted = |h: f64| {
            let (params, x) = self.moved(&v, h);
            let there = Bench { params: &params, x: &x, ..*self };
            there.gradient(&mut tape, &w).map(|(_, pulled)| pulled)
        };
        Ok(match differs(&carried, &pulled, shifted)? {
            None => Ok(()),
            Some((i, left, right)) => {
                Err(self.violation("second order", self.whose(i), i, left, right))
            }
        })
    }

    /// Weights and inputs, moved by `h` in a direction.
    fn moved(&self, v: &[f64], h: f64) -> (Params<f64>, Vec<Tensor<f64>>) {
        let (head, mut rest) = v.split_at(self.params.len());
        let mut params = self.params.clone();
        params.values_mut().copy_from_slice(&moved(self.params.values(), head, h));
        let step = |x: &Tensor<f64>| {
            let (v, after) = rest.split_at(x.values().len());
            rest = after;
            let mut there = x.clone();
            there.values_mut().copy_from_slice(&moved(x.values(), v, h));
            there
        };
        let x = self.x.iter().map(step).collect();
        (params, x)
    }

    /// The gradient with respect to weights and inputs.
    ///
    /// Random masks are those of the first step, always.
    fn gradient(&self, tape: &mut Tape<f64>, w: &Tensor<f64>) -> Result<(f64, Point), Error> {
        let mut grad = Grad::zeros(self.params);
        tape.set_step(0);
        let value = tape.gradient(self.params, &mut grad, |g| loss(g, self.f, self.x, w))?;
        let mut all = grad.values().to_vec();
        (0..self.x.len()).for_each(|i| {
            all.extend_from_slice(tape.wanted(i).map(|v| v.values()).unwrap_or_default());
        });
        Ok((value, all))
    }

    /// Weights and inputs with tangents.
    fn lift(&self, v: &[f64]) -> Result<Lifted, Error> {
        let (head, mut rest) = v.split_at(self.params.len());
        let mut params = self.params.cast::<Dual<f64>>();
        params.direct(head)?;
        let lift = |x: &Tensor<f64>| {
            let (v, after) = rest.split_at(x.values().len());
            rest = after;
            let mut x = x.cast::<Dual<f64>>();
            x.values_mut().iter_mut().zip(v).for_each(|(x, &v)| x.tangent = v);
            x
        };
        let x = self.x.iter().map(lift).collect();
        Ok((params, x))
    }

    /// The loss and its derivative in a direction, by forward code alone.
    ///
    /// It runs as a training pass, in which random masks are those of the gradient.
    fn push(
        &self,
        tape: &mut Tape<Dual<f64>>,
        v: &[f64],
        w: &Tensor<f64>,
    ) -> Result<Dual<f64>, Error> {
        let (params, x) = self.lift(v)?;
        tape.set_step(0);
        let mut grad = Grad::zeros(&params);
        tape.gradient(&params, &mut grad, |g| loss(g, self.f, &x, &w.cast()))
    }

    /// The product of the Hessian and a direction: the tangents of the gradient.
    fn hessian(
        &self,
        tape: &mut Tape<Dual<f64>>,
        v: &[f64],
        w: &Tensor<f64>,
    ) -> Result<Point, Error> {
        let (params, x) = self.lift(v)?;
        tape.set_step(0);
        let mut grad = Grad::zeros(&params);
        tape.gradient(&params, &mut grad, |g| loss(g, self.f, &x, &w.cast()))?;
        let inputs = (0..x.len()).filter_map(|i| tape.wanted(i));
        let inputs = inputs.flat_map(|x| x.values().iter().map(|g| g.tangent));
        Ok(grad.tangents().chain(inputs).collect())
    }

    /// The element whose partial is off most, by its own unit direction.
    fn element(
        &self,
        tape: &mut Tape<Dual<f64>>,
        w: &Tensor<f64>,
        pulled: &[f64],
    ) -> Result<Violation, Error> {
        let mut worst = (0, 0.0, f64::NAN, f64::NAN);
        for (i, &left) in pulled.iter().enumerate() {
            let unit: Point = (0..pulled.len()).map(|k| f64::from(u8::from(k == i))).collect();
            let right = self.push(tape, &unit, w)?.tangent;
            let off = (left - right).abs() / (1.0 + left.abs().max(right.abs()));
            if off.is_nan() || off >= worst.1 {
                worst = (i, off, left, right);
            }
        }
        let (i, _, left, right) = worst;
        Ok(self.violation("adjoint", self.whose(i), i, left, right))
    }

    /// What an element of a point belongs to.
    fn whose(&self, i: usize) -> String {
        let weight =
            self.params.iter().find(|(_, p)| (p.start..p.start + p.shape.len()).contains(&i));
        if let Some((path, _)) = weight {
            return format!("weight {path:?}");
        }
        let mut start = self.params.len();
        let input = self.x.iter().position(|x| {
            start += x.values().len();
            i < start
        });
        format!("input {}", input.unwrap_or(0))
    }

    /// `element` counts within the whole point; it is reported within its operand.
    fn violation(
        &self,
        law: &'static str,
        operand: String,
        element: usize,
        left: f64,
        right: f64,
    ) -> Violation {
        let weights = self.params.iter().map(|(_, p)| p.shape.len());
        let inputs = self.x.iter().map(|x| x.values().len());
        let mut within = element;
        for len in weights.chain(inputs) {
            if within < len {
                break;
            }
            within -= len;
        }
        Violation { name: self.name.into(), law, operand, element: within, left, right }
    }
}

fn product(a: &[f64], b: &[f64]) -> (f64, f64) {
    sums(a.iter().zip(b).map(|(a, b)| a * b))
}

/// Whether two numbers differ by more than `tolerance`, or cannot be compared.
fn apart(a: f64, b: f64, tolerance: f64) -> bool {
    let difference = (a - b).abs();
    difference > tolerance || difference.is_nan()
}
