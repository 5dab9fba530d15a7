//! The same elements, elsewhere.

use super::super::super::error::Error;
use super::super::attributes::Attributes;
use super::super::ints::Ints;
use super::super::strides::Strides;
use super::super::tensors::Constant;
use super::super::value::{Unfit, Value, together};
use super::Operands;
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
                x.get(0)?.seen(&Strides::of_shape(shape).expanded(to)?)
            }
            Arrange::Gather { axis } => gather(g, &x, self::axis(*axis, shape.rank())?),
            Arrange::Concat { axis } => concat(g, &x, self::axis(*axis, shape.rank())?),
            Arrange::ConstantOfShape(filling) => {
                let shape = sizes(x.sizes(0)?)?;
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
fn axis(axis: i64, rank: usize) -> Result<usize, Unfit> {
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
fn count_of(sizes: &[usize]) -> usize {
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

/// Operands: data, starts, ends, axes, steps.
fn sliced<T: Real>(shape: Shape, x: &Operands<'_, '_, T>) -> Result<Strides, Unfit> {
    let (starts, ends) = (x.sizes(1)?, x.sizes(2)?);
    let (axes, steps) = (x.ints(3)?, x.ints(4)?);
    let count = starts.len();
    let given = [Some(ends), axes, steps];
    if count > 4 || given.into_iter().flatten().any(|values| values.len() != count) {
        return Err("starts, ends, axes and steps are not as many".into());
    }
    let (mut strides, mut cut) = (Strides::of_shape(shape), [false; 4]);
    for i in 0..count {
        let at = axis(axes.map_or(i as i64, |axes| axes[i]), shape.rank())?;
        if std::mem::replace(&mut cut[at], true) {
            return Err(format!("axis {at} comes twice"));
        }
        let (size, step) = (shape.dims()[at], steps.map_or(1, |steps| steps[i]));
        if step == 0 {
            return Err("steps of 0".into());
        }
        let (start, len) = span(starts[i], ends[i], step, size);
        strides = strides.sliced(at, start, len, step.clamp(-(1 << 40), 1 << 40) as isize);
    }
    Ok(strides)
}

/// The first item, and how many follow until `end`.
fn span(start: i64, end: i64, step: i64, size: usize) -> (usize, usize) {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let wrapped = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
    let (start, end) = (wrapped(start), wrapped(end));
    let (start, end) = if step > 0 {
        (start.clamp(0, size), end.clamp(0, size))
    } else {
        (start.clamp(-1, size - 1), end.clamp(-1, size - 1))
    };
    let far = if step > 0 { end - start } else { start - end };
    if far <= 0 || start < 0 {
        return (0, 0);
    }
    (start as usize, (far as u64).div_ceil(step.unsigned_abs()) as usize)
}

/// `y[.., i.., ..] = x[.., ids[i..], ..]` along an axis.
#[track_caller]
fn gather<'g, T: Real>(
    g: &'g Graph<'g, T>,
    x: &Operands<'_, 'g, T>,
    axis: usize,
) -> Result<Value<'g, T>, Unfit> {
    let (table, wanted) = (x.get(0)?, "operand 1 must have whole numbers");
    let ids = x.get(1)?.ints().ok_or(wanted)?;
    let (shape, count) = (table.shape(), ids.values().len());
    let (size, item) = (shape.dims()[axis], shape.after(axis));
    let outer = count_of(&shape.dims()[..axis]);
    for &id in ids.values() {
        self::axis(id, size).map_err(|_| format!("there is no item {id} of {size}"))?;
    }
    let sizes = [&shape.dims()[..axis], ids.shape().dims(), &shape.dims()[axis + 1..]].concat();
    let to = Shape::new(&sizes).map_err(|error| error.to_string())?;
    // Items of the table one after the other: the row of the item of an index.
    let row = |i: usize| {
        let id = ids.values()[i % count];
        i / count * size + if id < 0 { id + size as i64 } else { id } as usize
    };
    match table {
        _ if to.is_empty() && table.floats().is_some() => Ok(g.zeros(to).into()),
        Value::Floats(table) => {
            if u32::try_from(outer.saturating_mul(size)).is_err()
                || outer.saturating_mul(count) > Ints::LIMIT
            {
                return Err(format!("{to} has too many items"));
            }
            let rows = g.ids(&[]);
            let rows = g.ids_of([rows], outer * count, |i, _| row(i) as u32);
            Ok(table.reshape([outer * size, item]).gather(rows).reshape(to).into())
        }
        Value::Ints(table) => {
            let pick = |i: usize| table.values()[row(i / item) * item + i % item];
            Ints::from_fn(to, pick).map(Value::Ints).ok_or_else(|| format!("{to} is too large"))
        }
    }
}

#[track_caller]
fn concat<'g, T: Real>(
    g: &'g Graph<'g, T>,
    x: &Operands<'_, 'g, T>,
    axis: usize,
) -> Result<Value<'g, T>, Unfit> {
    let count = x.0.len();
    if x.get(0)?.floats().is_some() {
        let vars = (0..count).map(|i| x.floats(i)).collect::<Result<Vec<_>, _>>()?;
        return Ok(g.concat(axis, &vars).into());
    }
    let wanted = || "whole numbers meet others".to_owned();
    let parts = (0..count).map(|i| x.get(i)?.ints().ok_or_else(wanted));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let first = parts[0].shape();
    if parts.iter().any(|part| part.shape().with(axis, 0) != first.with(axis, 0)) {
        return Err(format!("the shapes may differ along axis {axis} only"));
    }
    let sizes = parts.iter().map(|part| part.shape().dims()[axis]);
    let shape = first.with(axis, sizes.fold(0, usize::saturating_add));
    if shape.len() > Ints::LIMIT {
        return Err(format!("{shape} has too many whole numbers"));
    }
    let mut values = Vec::with_capacity(shape.len());
    let outer = count_of(&first.dims()[..axis]);
    for i in 0..outer {
        for part in &parts {
            let block = part.values().len() / outer;
            values.extend_from_slice(&part.values()[i * block..(i + 1) * block]);
        }
    }
    Ints::new(shape, values).map(Value::Ints).ok_or_else(|| format!("{shape} is too large"))
}
