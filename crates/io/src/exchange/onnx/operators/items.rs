//! Some items of an axis, and several operands' items together.

use super::super::ints::Ints;
use super::super::strides::Strides;
use super::super::value::{Unfit, Value};
use super::Operands;
use super::shapes::{axis, count_of};
use elman_autograd::Graph;
use elman_tensor::{Real, Shape};

/// Operands: data, starts, ends, axes, steps.
pub(super) fn sliced<T: Real>(shape: Shape, x: &Operands<'_, '_, T>) -> Result<Strides, Unfit> {
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
pub(super) fn gather<'g, T: Real>(
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
        super::shapes::axis(id, size).map_err(|_| format!("there is no item {id} of {size}"))?;
    }
    let sizes = [&shape.dims()[..axis], ids.shape().dims(), &shape.dims()[axis + 1..]].concat();
    let to = Shape::new(&sizes).map_err(|error| error.to_string())?;
    x.check_room(to.len())?;
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
pub(super) fn concat<'g, T: Real>(
    g: &'g Graph<'g, T>,
    x: &Operands<'_, 'g, T>,
    axis: usize,
) -> Result<Value<'g, T>, Unfit> {
    let count = x.values.len();
    if x.get(0)?.floats().is_some() {
        let vars = (0..count).map(|i| x.floats(i)).collect::<Result<Vec<_>, _>>()?;
        let lengths = vars.iter().map(|x| x.shape().len());
        x.check_room(lengths.fold(0, usize::saturating_add))?;
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
    // Of no elements there may be any number of blocks.
    let outer = if shape.is_empty() { 0 } else { count_of(&first.dims()[..axis]) };
    for i in 0..outer {
        for part in &parts {
            let block = part.values().len() / outer;
            values.extend_from_slice(&part.values()[i * block..(i + 1) * block]);
        }
    }
    Ints::new(shape, values).map(Value::Ints).ok_or_else(|| format!("{shape} is too large"))
}
