//! The same elements, elsewhere.

use super::super::super::error::Error;
use super::super::attributes::Attributes;
use super::super::ints::Ints;
use super::super::strides::Strides;
use super::super::tensors::Constant;
use super::super::value::{Unfit, Value, together};
use super::Operands;
use super::items::{concat, gather, sliced};
use elman_autograd::Graph;
use elman_tensor::{Real, Shape};

/// Operators that compute nothing new.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Arrange {
    Shape {
        start: i64,
        end: i64,
    },
    Reshape {
        zero: bool,
    },
    Flatten {
        axis: i64,
    },
    Squeeze,
    Unsqueeze,
    Transpose {
        order: Option<Vec<i64>>,
    },
    Slice,
    Expand,
    Gather {
        axis: i64,
    },
    Concat {
        axis: i64,
    },
    /// A number, or a whole one.
    ConstantOfShape(Filling),
}

/// What stands everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Filling {
    Float(f64),
    Int(i64),
}

impl Arrange {
    pub(super) fn read(name: &str, attributes: &mut Attributes) -> Result<Option<Self>, Error> {
        Ok(Some(match name {
            "Shape" => Arrange::Shape {
                start: attributes.int("start", 0)?,
                end: attributes.int("end", i64::MAX)?,
            },
            "Reshape" => Arrange::Reshape { zero: attributes.int("allowzero", 0)? != 0 },
            "Flatten" => Arrange::Flatten { axis: attributes.int("axis", 1)? },
            "Squeeze" => Arrange::Squeeze,
            "Unsqueeze" => Arrange::Unsqueeze,
            "Transpose" => Arrange::Transpose { order: attributes.ints("perm")? },
            "Slice" => Arrange::Slice,
            "Expand" => Arrange::Expand,
            "Gather" => Arrange::Gather { axis: attributes.int("axis", 0)? },
            "Concat" => Arrange::Concat { axis: attributes.int("axis", 0)? },
            "ConstantOfShape" => {
                let one = match attributes.constant("value")? {
                    None => Some(Filling::Float(0.0)),
                    Some(Constant::Floats(x)) => x.values().first().map(|&x| Filling::Float(x)),
                    Some(Constant::Ints(x)) => x.values().first().map(|&x| Filling::Int(x)),
                };
                let one = one.ok_or_else(|| attributes.refuse("there is no value"))?;
                Arrange::ConstantOfShape(one)
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn operands(&self) -> usize {
        match self {
            Arrange::Shape { .. } | Arrange::Flatten { .. } | Arrange::Transpose { .. } => 1,
            Arrange::ConstantOfShape(_) => 1,
            Arrange::Reshape { .. } | Arrange::Squeeze | Arrange::Unsqueeze => 2,
            Arrange::Expand | Arrange::Gather { .. } => 2,
            Arrange::Slice => 5,
            Arrange::Concat { .. } => usize::MAX,
        }
    }

    #[track_caller]
    pub(super) fn apply<'g, T: Real>(
        &self,
        g: &'g Graph<'g, T>,
        x: Operands<'_, 'g, T>,
    ) -> Result<Value<'g, T>, Unfit> {
        let shape = x.get(0)?.shape();
        match self {
            Arrange::Shape { start, end } => {
                let rank = shape.rank();
                let [start, end] = [*start, *end].map(|at| clamped(at, rank));
                let sizes = &shape.dims()[start..end.max(start)];
                let sizes = sizes.iter().map(|&size| size as i64).collect();
                Ints::new([end.max(start) - start], sizes)
                    .map(Value::Ints)
                    .ok_or_else(|| "a shape without sizes".into())
            }
            Arrange::Reshape { zero } => reshaped(x.get(0)?, sizes_of(shape, x.sizes(1)?, *zero)?),
            Arrange::Flatten { axis } => {
                let axis = clamped(*axis, shape.rank());
                let [outer, inner] = [&shape.dims()[..axis], &shape.dims()[axis..]].map(count_of);
                reshaped(x.get(0)?, Shape::from([outer, inner]))
            }
            Arrange::Squeeze => reshaped(x.get(0)?, squeezed(shape, x.ints(1)?)?),
            Arrange::Unsqueeze => reshaped(x.get(0)?, unsqueezed(shape, x.sizes(1)?)?),
            Arrange::Transpose { order } => {
                x.check_room(shape.len())?;
                let order: Vec<usize> = match order {
                    None => (0..shape.rank()).rev().collect(),
                    Some(order) => {
                        let axes = order.iter().map(|&axis| self::axis(axis, shape.rank()));
                        axes.collect::<Result<_, _>>()?
                    }
                };
                x.get(0)?.seen(&Strides::of_shape(shape).permuted(&order)?)
            }
            Arrange::Slice => x.get(0)?.seen(&sliced(shape, &x)?),
            Arrange::Expand => {
                let to = sizes(x.sizes(1)?)?;
                let to = together(shape, to)?;
                x.check_room(to.len())?;
                x.get(0)?.seen(&Strides::of_shape(shape).expanded(to)?)
            }
            Arrange::Gather { axis } => gather(g, &x, self::axis(*axis, shape.rank())?),
            Arrange::Concat { axis } => concat(g, &x, self::axis(*axis, shape.rank())?),
            Arrange::ConstantOfShape(filling) => {
                let shape = sizes(x.sizes(0)?)?;
                x.check_room(shape.len())?;
                match *filling {
                    Filling::Float(value) => Ok(g.constant(shape, value).into()),
                    Filling::Int(value) => Ints::from_fn(shape, |_| value)
                        .map(Value::Ints)
                        .ok_or_else(|| format!("{shape} has too many whole numbers")),
                }
            }
        }
    }
}

/// An axis, counted from the end if it is below 0.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, Unfit> {
    let found = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    let found = usize::try_from(found).ok().filter(|&found| found < rank);
    found.ok_or_else(|| format!("there is no axis {axis} of {rank}"))
}

/// A place between items, counted from the end if it is below 0, and moved inside.
fn clamped(at: i64, len: usize) -> usize {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    (if at < 0 { at.saturating_add(len) } else { at }).clamp(0, len) as usize
}

/// The number of items along up to four axes.
pub(super) fn count_of(sizes: &[usize]) -> usize {
    sizes.iter().fold(1, |count, &size| count.saturating_mul(size))
}

fn sizes(sizes: &[i64]) -> Result<Shape, Unfit> {
    let unfit = || format!("{sizes:?} is no shape of up to four axes");
    let sizes = sizes.iter().map(|&size| usize::try_from(size));
    let sizes = sizes.collect::<Result<Vec<_>, _>>().map_err(|_| unfit())?;
    Shape::new(&sizes).map_err(|_| unfit())
}

#[track_caller]
fn reshaped<'g, T: Real>(x: &Value<'g, T>, shape: Shape) -> Result<Value<'g, T>, Unfit> {
    if shape.len() != x.shape().len() {
        return Err(format!("{} elements do not fill {shape}", x.shape()));
    }
    Ok(match x {
        Value::Floats(x) => x.reshape(shape).into(),
        Value::Ints(ints) => match Ints::new(shape, ints.values().to_vec()) {
            Some(ints) => ints.into(),
            None => return Err("too many whole numbers".into()),
        },
    })
}

/// The shape asked for: 0 is the former size, −1 whatever is left.
fn sizes_of(shape: Shape, wanted: &[i64], zero: bool) -> Result<Shape, Unfit> {
    let mut known = Vec::new();
    for (axis, &size) in wanted.iter().enumerate() {
        known.push(match size {
            0 if !zero => shape.get(axis).unwrap_or(0) as i64,
            -1 => 1,
            size => size,
        });
    }
    if let Some(free) = wanted.iter().position(|&size| size == -1) {
        let others = sizes(&known)?.len();
        if wanted.iter().filter(|&&size| size == -1).count() > 1 || others == 0 {
            return Err(format!("{wanted:?} leaves open what {shape} becomes"));
        }
        known[free] = (shape.len() / others) as i64;
    }
    sizes(&known)
}

fn squeezed(shape: Shape, axes: Option<&[i64]>) -> Result<Shape, Unfit> {
    let mut gone = [false; 4];
    match axes {
        None => (0..shape.rank()).for_each(|axis| gone[axis] = shape.dims()[axis] == 1),
        Some(axes) => {
            for &at in axes {
                let at = axis(at, shape.rank())?;
                if shape.dims()[at] != 1 {
                    return Err(format!("axis {at} of {shape} is not 1"));
                }
                gone[at] = true;
            }
        }
    }
    let left = shape.dims().iter().zip(gone).filter(|(_, gone)| !gone);
    let left: Vec<usize> = left.map(|(&size, _)| size).collect();
    Shape::new(&left).map_err(|error| error.to_string())
}

fn unsqueezed(shape: Shape, axes: &[i64]) -> Result<Shape, Unfit> {
    let rank = shape.rank() + axes.len();
    let mut new = vec![false; rank];
    for &at in axes {
        let at = axis(at, rank)?;
        if std::mem::replace(&mut new[at], true) {
            return Err(format!("axis {at} comes twice"));
        }
    }
    let mut left = shape.dims().iter();
    let sizes = new.iter().map(|&new| if new { 1 } else { left.next().copied().unwrap_or(1) });
    Shape::new(&sizes.collect::<Vec<_>>()).map_err(|error| error.to_string())
}
