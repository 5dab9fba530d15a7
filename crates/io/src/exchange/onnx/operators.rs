//! What nodes do.

mod elementwise;
mod items;
mod product;
mod recurrent;
mod shapes;

use super::super::error::Error;
use super::attributes::Attributes;
use super::value::{Unfit, Value};
use elementwise::{Binary, Unary};
use elman_autograd::Graph;
use elman_tensor::Real;
use product::Product;
pub(crate) use recurrent::{Recurrent, Sizes};
use shapes::Arrange;

/// What a node does to its operands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operator {
    Unary(Unary),
    Binary(Binary),
    Product(Product),
    Arrange(Arrange),
    Recurrent(Recurrent),
}

/// The operands of a node; one that is not there is none.
pub(crate) struct Operands<'a, 'g, T: Real> {
    pub(crate) values: &'a [Option<&'a Value<'g, T>>],
    /// How many elements the run may still compute.
    pub(crate) room: usize,
}

impl<'a, 'g, T: Real> Operands<'a, 'g, T> {
    /// An error, before anything is computed, for a result of more elements than there is room for.
    fn check_room(&self, elements: usize) -> Result<(), Unfit> {
        if elements <= self.room {
            return Ok(());
        }
        Err(format!(
            "a result of {elements} elements, and a run with these inputs may compute {} more",
            self.room
        ))
    }

    /// One that may be left out.
    fn optional(&self, index: usize) -> Option<&'a Value<'g, T>> {
        self.values.get(index).copied().flatten()
    }

    /// One that must be there.
    fn get(&self, index: usize) -> Result<&'a Value<'g, T>, Unfit> {
        self.optional(index).ok_or_else(|| format!("operand {index} is missing"))
    }

    /// One that must be there, of numbers.
    fn floats(&self, index: usize) -> Result<elman_autograd::Var<'g, T>, Unfit> {
        let wanted = || format!("operand {index} has whole numbers; wanted others");
        self.get(index)?.floats().ok_or_else(wanted)
    }

    /// The whole numbers of one that may be left out.
    fn ints(&self, index: usize) -> Result<Option<&'a [i64]>, Unfit> {
        let wanted = || format!("operand {index} must have whole numbers");
        let operand = self.optional(index);
        operand.map(|value| Ok(value.ints().ok_or_else(wanted)?.values())).transpose()
    }

    /// The whole numbers of one that must be there.
    fn sizes(&self, index: usize) -> Result<&'a [i64], Unfit> {
        self.ints(index)?.ok_or_else(|| format!("operand {index} is missing"))
    }
}

impl Operator {
    /// The operator of a name, except the recurrent ones, which have weights.
    pub(crate) fn read(name: &str, attributes: &mut Attributes) -> Result<Self, Error> {
        if let Some(unary) = Unary::read(name, attributes)? {
            return Ok(Operator::Unary(unary));
        }
        if let Some(binary) = Binary::read(name) {
            return Ok(Operator::Binary(binary));
        }
        if let Some(product) = Product::read(name, attributes)? {
            return Ok(Operator::Product(product));
        }
        if let Some(arrange) = Arrange::read(name, attributes)? {
            return Ok(Operator::Arrange(arrange));
        }
        Err(attributes.refuse("there is no such operator here"))
    }

    /// The most operands it has; `usize::MAX` for any number.
    pub(crate) fn operands(&self) -> usize {
        match self {
            Operator::Unary(_) => 1,
            Operator::Binary(_) => 2,
            Operator::Product(product) => product.operands(),
            Operator::Arrange(arrange) => arrange.operands(),
            Operator::Recurrent(_) => 8,
        }
    }

    /// Its outputs, in the order of the specification.
    #[track_caller]
    pub(crate) fn apply<'g, T: Real>(
        &self,
        g: &'g Graph<'g, T>,
        x: Operands<'_, 'g, T>,
    ) -> Result<[Option<Value<'g, T>>; 3], Unfit> {
        let one = match self {
            Operator::Unary(unary) => unary.apply(g, x)?,
            Operator::Binary(binary) => binary.apply(x)?,
            Operator::Product(product) => product.apply(x)?,
            Operator::Arrange(arrange) => arrange.apply(g, x)?,
            Operator::Recurrent(recurrent) => return recurrent.apply(g, x),
        };
        Ok([Some(one), None, None])
    }
}
