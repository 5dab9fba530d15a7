//! Element by element.

use super::super::super::error::Error;
use super::super::attributes::Attributes;
use super::super::ints::Ints;
use super::super::messages::types;
use super::super::strides::Strides;
use super::super::value::{Unfit, Value, expanded, together};
use super::Operands;
use elman_autograd::{Graph, Var};
use elman_rnn::Activation;
use elman_tensor::{Real, Tensor};

/// A function of one element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unary {
    Identity,
    Neg,
    Abs,
    Exp,
    Log,
    Sqrt,
    Of(Activation),
    /// To numbers, or to whole numbers.
    Cast {
        floats: bool,
    },
}

impl Unary {
    pub(super) fn read(name: &str, attributes: &mut Attributes) -> Result<Option<Self>, Error> {
        Ok(Some(match name {
            "Identity" => Unary::Identity,
            "Neg" => Unary::Neg,
            "Abs" => Unary::Abs,
            "Exp" => Unary::Exp,
            "Log" => Unary::Log,
            "Sqrt" => Unary::Sqrt,
            "Tanh" => Unary::Of(Activation::Tanh),
            "Sigmoid" => Unary::Of(Activation::Sigmoid),
            "Relu" => Unary::Of(Activation::Relu),
            "Softplus" => Unary::Of(Activation::Softplus),
            "Softsign" => Unary::Of(Activation::Softsign),
            "Cast" => match attributes.int("to", 0)? as i32 {
                types::FLOAT | types::DOUBLE => Unary::Cast { floats: true },
                types::INT64 | types::INT32 => Unary::Cast { floats: false },
                other => return Err(attributes.refuse(format!("a cast to type {other}"))),
            },
            _ => return Ok(None),
        }))
    }

    #[track_caller]
    pub(super) fn apply<'g, T: Real>(
        self,
        g: &'g Graph<'g, T>,
        x: Operands<'_, 'g, T>,
    ) -> Result<Value<'g, T>, Unfit> {
        let value = x.get(0)?;
        x.check_room(value.shape().len())?;
        match (self, value) {
            (Unary::Identity, _)
            | (Unary::Cast { floats: true }, Value::Floats(_))
            | (Unary::Cast { floats: false }, Value::Ints(_)) => Ok(value.clone()),
            (Unary::Cast { floats: true }, Value::Ints(ints)) => {
                let numbers = ints.values().iter().map(|&n| T::from_f64(n as f64)).collect();
                let numbers = Tensor::new(ints.shape(), numbers);
                Ok(g.input(&numbers.map_err(|error| error.to_string())?).into())
            }
            _ => Ok(self.of(x.floats(0)?)?.into()),
        }
    }

    #[track_caller]
    fn of<'g, T: Real>(self, x: Var<'g, T>) -> Result<Var<'g, T>, Unfit> {
        Ok(match self {
            Unary::Identity => x,
            Unary::Neg => -x,
            Unary::Abs => x.abs(),
            Unary::Exp => x.exp(),
            Unary::Log => x.ln(),
            Unary::Sqrt => x.sqrt(),
            Unary::Of(activation) => activation.of(x),
            Unary::Cast { .. } => return Err("numbers are not made whole".into()),
        })
    }
}

/// An operation on two elements; sizes of 1 are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
}

impl Binary {
    pub(super) fn read(name: &str) -> Option<Self> {
        match name {
            "Add" => Some(Binary::Add),
            "Sub" => Some(Binary::Sub),
            "Mul" => Some(Binary::Mul),
            "Div" => Some(Binary::Div),
            _ => None,
        }
    }

    #[track_caller]
    pub(super) fn apply<'g, T: Real>(self, x: Operands<'_, 'g, T>) -> Result<Value<'g, T>, Unfit> {
        match (x.get(0)?, x.get(1)?) {
            (Value::Floats(a), Value::Floats(b)) => {
                let (mut a, mut b) = (*a, *b);
                x.check_room(a.shape().len().max(b.shape().len()))?;
                // Where one is the last axes of the other, the rules repeat it themselves.
                if !a.shape().ends_with(&b.shape()) && !b.shape().ends_with(&a.shape()) {
                    let shape = together(a.shape(), b.shape())?;
                    x.check_room(shape.len())?;
                    (a, b) = (expanded(a, shape)?, expanded(b, shape)?);
                }
                Ok(match self {
                    Binary::Add => a + b,
                    Binary::Sub => a - b,
                    Binary::Mul => a * b,
                    Binary::Div => a / b,
                }
                .into())
            }
            (Value::Ints(a), Value::Ints(b)) => self.of_ints(a, b).map(Value::Ints),
            _ => Err("numbers meet whole numbers".into()),
        }
    }

    fn of_ints(self, a: &Ints, b: &Ints) -> Result<Ints, Unfit> {
        let shape = together(a.shape(), b.shape())?;
        let [of_a, of_b] = [a, b].map(|x| Strides::of_shape(x.shape()).expanded(shape));
        let (of_a, of_b) = (of_a?, of_b?);
        let mut whole = true;
        let ints = Ints::from_fn(shape, |i| {
            let [a, b] = [(a, of_a), (b, of_b)].map(|(x, of)| x.values()[of.of(i)]);
            let result = match self {
                Binary::Add => a.checked_add(b),
                Binary::Sub => a.checked_sub(b),
                Binary::Mul => a.checked_mul(b),
                Binary::Div => a.checked_div(b),
            };
            whole &= result.is_some();
            result.unwrap_or(0)
        });
        ints.filter(|_| whole).ok_or_else(|| "whole numbers beyond all bounds".into())
    }
}
