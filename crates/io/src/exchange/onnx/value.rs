//! What flows between nodes.

use super::ints::Ints;
use super::strides::Strides;
use elman_autograd::Var;
use elman_tensor::{Real, Shape};

/// What flows between the nodes of a model: numbers of the recording, or whole numbers beside it.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_io::exchange::onnx::{Ints, Value};
///
/// let ((), none) = Params::<f32>::init(0, |_| Ok(()))?;
/// Tape::new().evaluate(&none, |g| {
///     let numbers = Value::from(g.zeros([5, 2, 3]));
///     assert!(numbers.floats().is_some() && numbers.ints().is_none());
///     let symbols = Value::<f32>::from(Ints::new([2], vec![5, 0]).unwrap());
///     assert_eq!((symbols.shape().len(), symbols.ints().unwrap().values()), (2, &[5, 0][..]));
/// })?;
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Clone)]
pub enum Value<'g, T: Real> {
    /// Numbers, through which gradients flow.
    Floats(Var<'g, T>),
    /// Symbols, lengths or sizes.
    Ints(Ints),
}

impl<'g, T: Real> From<Var<'g, T>> for Value<'g, T> {
    fn from(x: Var<'g, T>) -> Self {
        Value::Floats(x)
    }
}

impl<T: Real> From<Ints> for Value<'_, T> {
    fn from(ints: Ints) -> Self {
        Value::Ints(ints)
    }
}

/// Why a node does not fit what it is given.
pub(crate) type Unfit = String;

impl<'g, T: Real> Value<'g, T> {
    /// The shape.
    pub fn shape(&self) -> Shape {
        match self {
            Value::Floats(x) => x.shape(),
            Value::Ints(ints) => ints.shape(),
        }
    }

    /// The numbers of the recording, if it is such.
    pub fn floats(&self) -> Option<Var<'g, T>> {
        match self {
            Value::Floats(x) => Some(*x),
            Value::Ints(_) => None,
        }
    }

    /// The whole numbers, if it is such.
    pub fn ints(&self) -> Option<&Ints> {
        match self {
            Value::Floats(_) => None,
            Value::Ints(ints) => Some(ints),
        }
    }

    /// Seen with other strides.
    #[track_caller]
    pub(crate) fn seen(&self, strides: &Strides) -> Result<Self, Unfit> {
        match self {
            Value::Floats(x) => seen(*x, strides).map(Value::Floats),
            Value::Ints(ints) => {
                let values = ints.values();
                let ints = Ints::from_fn(strides.shape(), |i| {
                    values.get(strides.of(i)).copied().unwrap_or(0)
                });
                ints.map(Value::Ints)
                    .ok_or_else(|| format!("{} numbers are too many", strides.shape()))
            }
        }
    }
}

/// A Var seen with other strides: a free view where the elements follow each other, else a copy.
#[track_caller]
pub(crate) fn seen<'g, T: Real>(x: Var<'g, T>, strides: &Strides) -> Result<Var<'g, T>, Unfit> {
    let (g, shape, len) = (x.graph(), strides.shape(), x.shape().len());
    if shape.is_empty() {
        return Ok(g.zeros(shape));
    }
    if let Some(first) = strides.contiguous() {
        return Ok(x.reshape([len]).slice(first, shape.len()).reshape(shape));
    }
    let item = strides.item(len);
    if u32::try_from(len / item).is_err() || shape.len() > LIMIT {
        return Err(format!("{shape} has too many elements"));
    }
    let ids = g.ids(&[]);
    let ids = g.ids_of([ids], shape.len() / item, |i, _| (strides.of(i * item) / item) as u32);
    Ok(x.reshape([len / item, item]).gather(ids).reshape(shape))
}

/// The most elements of a copy, 2³¹: more are taken for a mistake.
const LIMIT: usize = 1 << 31;

/// Repeated along axes of size 1, and along new outer ones, up to a shape.
#[track_caller]
pub(crate) fn expanded<'g, T: Real>(x: Var<'g, T>, shape: Shape) -> Result<Var<'g, T>, Unfit> {
    if x.shape() == shape {
        return Ok(x);
    }
    seen(x, &Strides::of_shape(x.shape()).expanded(shape)?)
}

/// The shape that two have together: sizes are equal, or one of them is 1.
pub(crate) fn together(a: Shape, b: Shape) -> Result<Shape, Unfit> {
    let rank = a.rank().max(b.rank());
    let mut sizes = [0; 4];
    for back in 1..=rank {
        let size = |x: Shape| x.rank().checked_sub(back).and_then(|axis| x.get(axis)).unwrap_or(1);
        sizes[rank - back] = match (size(a), size(b)) {
            (1, n) | (n, 1) => n,
            (m, n) if m == n => n,
            _ => return Err(format!("the shapes {a} and {b} do not go together")),
        };
    }
    Shape::new(&sizes[..rank]).map_err(|error| error.to_string())
}
