//! Where our weights lie in the arrays of another program.

use super::error::Error;
use elman_autograd::{Param, Params};
use elman_tensor::{Real, Shape, Tensor};
use std::collections::BTreeSet;

/// Where the weights of a model lie in the arrays of another program: one list for both ways.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    arrays: Vec<Array>,
}

/// An array of another program.
#[derive(Debug, Clone)]
pub(crate) struct Array {
    name: String,
    shape: Shape,
    /// Whether it may be missing, and is zeros then.
    optional: bool,
    parts: Vec<Part>,
}

/// A rectangle of a weight of ours, and where it lies in an array, both taken as matrices of the
/// innermost axis's rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    weight: Param,
    /// The first row and column.
    from: [usize; 2],
    /// How many rows and columns.
    sizes: [usize; 2],
    /// The row and column of the array in which it begins.
    at: [usize; 2],
    /// Whether rows are columns there.
    turned: bool,
    /// Whether it lies in another array already: what stands here is added to it when it comes in,
    /// and zeros when it goes out.
    second: bool,
}

impl Part {
    /// A whole weight, at the beginning.
    pub(crate) fn whole(weight: Param) -> Self {
        let sizes = [weight.shape().rows(), weight.shape().last()];
        Part { weight, from: [0; 2], sizes, at: [0; 2], turned: false, second: false }
    }

    /// Some columns of it only.
    pub(crate) fn columns(self, start: usize, len: usize) -> Self {
        Part { from: [self.from[0], start], sizes: [self.sizes[0], len], ..self }
    }

    /// One row of it only.
    pub(crate) fn row(self, row: usize) -> Self {
        Part { from: [row, self.from[1]], sizes: [1, self.sizes[1]], ..self }
    }

    /// Beginning in another row and column.
    pub(crate) fn at(self, row: usize, column: usize) -> Self {
        Part { at: [row, column], ..self }
    }

    /// With rows and columns exchanged.
    pub(crate) fn turned(self) -> Self {
        Part { turned: true, ..self }
    }

    /// Added to what another array says.
    pub(crate) fn second(self) -> Self {
        Part { second: true, ..self }
    }

    /// Calls `f` with the index of each of its numbers in our weight and in an array of `width`
    /// columns.
    fn each(&self, width: usize, mut f: impl FnMut(usize, usize)) {
        let ours = self.weight.shape().last();
        for i in 0..self.sizes[0] {
            for j in 0..self.sizes[1] {
                let [row, column] = if self.turned { [j, i] } else { [i, j] };
                let there = (self.at[0] + row) * width + self.at[1] + column;
                f((self.from[0] + i) * ours + self.from[1] + j, there);
            }
        }
    }
}

impl Array {
    /// An array in which some parts lie; what none covers is 0.
    pub(crate) fn new(
        name: impl Into<String>,
        shape: impl Into<Shape>,
        parts: impl IntoIterator<Item = Part>,
    ) -> Self {
        let parts = parts.into_iter().collect();
        Array { name: name.into(), shape: shape.into(), optional: false, parts }
    }

    /// An array that may be missing, and is zeros then.
    pub(crate) fn optional(self) -> Self {
        Array { optional: true, ..self }
    }
}

impl Layout {
    /// Adds an array.
    pub(crate) fn push(&mut self, array: Array) {
        self.arrays.push(array);
    }

    /// Adds the arrays of another layout.
    pub(crate) fn append(&mut self, mut other: Layout) {
        self.arrays.append(&mut other.arrays);
    }

    /// Names and shapes, in the other program's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Shape)> {
        self.arrays.iter().map(|array| (array.name.as_str(), array.shape))
    }

    /// The arrays with the values of our weights, in the other program's order.
    ///
    /// # Errors
    /// If two arrays have one name, or a weight belongs to other parameters.
    pub fn export<T: Real>(&self, params: &Params<T>) -> Result<Vec<(String, Tensor<T>)>, Error> {
        self.check(params)?;
        self.arrays.iter().map(|array| Ok((array.name.clone(), array.export(params)?))).collect()
    }

    /// Gives our weights the values of arrays, found by place and name: all of them, or none.
    ///
    /// # Errors
    /// If an array is missing or has another shape, or a weight belongs to other parameters.
    pub(crate) fn import<'a, T: Real>(
        &self,
        params: &mut Params<T>,
        find: impl Fn(usize, &str) -> Option<&'a Tensor<T>>,
    ) -> Result<(), Error> {
        self.check(params)?;
        let found: Vec<_> =
            self.arrays.iter().enumerate().map(|(i, array)| find(i, &array.name)).collect();
        for (array, &found) in self.arrays.iter().zip(&found) {
            let (name, wanted) = (|| array.name.clone(), array.shape);
            match found {
                None if array.optional => {}
                None => return Err(Error::Missing { name: name(), wanted }),
                Some(x) if x.shape() != wanted => {
                    return Err(Error::Shape { name: name(), wanted, given: x.shape() });
                }
                Some(_) => {}
            }
        }
        // What is added comes last.
        for second in [false, true] {
            for (array, &found) in self.arrays.iter().zip(&found) {
                array.import(params, found, second);
            }
        }
        Ok(())
    }

    fn check<T: Real>(&self, params: &Params<T>) -> Result<(), Error> {
        let mut names = BTreeSet::new();
        for array in &self.arrays {
            let name = || array.name.clone();
            if !names.insert(&array.name) {
                return Err(Error::Duplicate { name: name() });
            }
            if array.parts.iter().any(|part| params.get(part.weight).is_none()) {
                return Err(Error::Foreign { name: name() });
            }
        }
        Ok(())
    }
}

impl Array {
    fn export<T: Real>(&self, params: &Params<T>) -> Result<Tensor<T>, Error> {
        let mut array = Tensor::zeros(self.shape)?;
        for part in self.parts.iter().filter(|part| !part.second) {
            let weight = params.get(part.weight).map_or(&[][..], |weight| weight.values());
            let to = array.values_mut();
            part.each(self.shape.last(), |ours, there| to[there] = weight[ours]);
        }
        Ok(array)
    }

    fn import<T: Real>(&self, params: &mut Params<T>, found: Option<&Tensor<T>>, second: bool) {
        for part in self.parts.iter().filter(|part| part.second == second) {
            let Some(weight) = params.get_mut(part.weight) else { continue };
            part.each(self.shape.last(), |ours, there| {
                let value = found.map_or(T::ZERO, |x| x.values()[there]);
                weight[ours] = if second { weight[ours] + value } else { value };
            });
        }
    }
}
