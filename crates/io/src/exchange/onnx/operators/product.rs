//! Products, and what follows them.

use super::super::super::error::Error;
use super::super::attributes::Attributes;
use super::super::strides::Strides;
use super::super::value::{Unfit, Value, expanded, seen};
use super::Operands;
use elman_autograd::Var;
use elman_tensor::Real;

/// Operators along an innermost axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Product {
    /// A · B
    MatMul,
    /// α A · B + β C, A and B turned if so.
    Gemm { alpha: f64, beta: f64, turned: [bool; 2] },
    /// Softmax along an axis, or its logarithm.
    Softmax { axis: i64, log: bool },
}

impl Product {
    pub(super) fn read(name: &str, attributes: &mut Attributes) -> Result<Option<Self>, Error> {
        Ok(Some(match name {
            "MatMul" => Product::MatMul,
            "Gemm" => Product::Gemm {
                alpha: attributes.float("alpha", 1.0)?,
                beta: attributes.float("beta", 1.0)?,
                turned: [attributes.int("transA", 0)? != 0, attributes.int("transB", 0)? != 0],
            },
            "Softmax" | "LogSoftmax" => {
                Product::Softmax { axis: attributes.int("axis", -1)?, log: name == "LogSoftmax" }
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn operands(self) -> usize {
        match self {
            Product::MatMul => 2,
            Product::Gemm { .. } => 3,
            Product::Softmax { .. } => 1,
        }
    }

    #[track_caller]
    pub(super) fn apply<'g, T: Real>(self, x: Operands<'_, 'g, T>) -> Result<Value<'g, T>, Unfit> {
        let a = x.floats(0)?;
        Ok(match self {
            Product::MatMul => {
                let b = x.floats(1)?;
                x.check_room(product(a, b))?;
                a.dot(b)
            }
            Product::Gemm { alpha, beta, turned } => {
                let [a, b] = [(a, turned[0]), (x.floats(1)?, turned[1])];
                let (a, b) = (turn(a)?, turn(b)?);
                x.check_room(product(a, b))?;
                let mut y = a.dot(b);
                if alpha != 1.0 {
                    y = alpha * y;
                }
                if x.optional(2).is_some() {
                    let c = expanded(x.floats(2)?, y.shape())?;
                    y = y + if beta == 1.0 { c } else { beta * c };
                }
                y
            }
            Product::Softmax { axis, log } => {
                x.check_room(a.shape().len())?;
                let last = a.shape().rank() as i64 - 1;
                if axis != -1 && axis != last {
                    return Err(format!("axis {axis} of {}; wanted the innermost", a.shape()));
                }
                if log { a.log_softmax() } else { a.softmax() }
            }
        }
        .into())
    }
}

/// How many elements A · B has.
fn product<T: Real>(a: Var<'_, T>, b: Var<'_, T>) -> usize {
    let rows = a.shape().len() / a.shape().last().max(1);
    rows.saturating_mul(b.shape().last())
}

/// A matrix, turned if so.
#[track_caller]
fn turn<'g, T: Real>((x, turned): (Var<'g, T>, bool)) -> Result<Var<'g, T>, Unfit> {
    if x.shape().rank() != 2 {
        return Err(format!("wanted a matrix, got {}", x.shape()));
    }
    if turned { seen(x, &Strides::of_shape(x.shape()).permuted(&[1, 0])?) } else { Ok(x) }
}
