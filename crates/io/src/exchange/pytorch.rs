//! Weights from and for PyTorch.

use super::error::Error;
use super::layout::{Array, Layout, Part};
use super::peer::{Level, Peer, Sum};
use crate::bundle::{Bundle, Entry};
use crate::weights::{KIND, convert};
use crate::{Limits, Scalar};
use elman_autograd::Params;
use elman_rnn::{Activation, Embedding, Linear};
use elman_tensor::{Real, Shape, Tensor};
use std::collections::BTreeMap;

/// The `state_dict` of a PyTorch module: the names and shapes of its arrays, and which of our
/// weights lie in them.
///
/// It is told module by module, by the names that these have as attributes there. Both ways every
/// array has its place: none may be missing, and none left over, as with
/// `load_state_dict(strict=True)`.
///
/// PyTorch has two biases for each gate where one would do: ours goes out as the first, beside
/// zeros, and coming in they are added. The candidate of the GRU needs both.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::Limits;
/// use elman_io::exchange::pytorch::{StateDict, read, write};
/// use elman_rnn::{Linear, Lstm};
///
/// // class Model(torch.nn.Module):
/// //     def __init__(self):
/// //         self.rnn = torch.nn.LSTM(3, 8, num_layers=2)
/// //         self.head = torch.nn.Linear(8, 2)
/// let ((levels, head), mut params) = Params::<f32>::init(7, |p| {
///     let levels = [Lstm::new(p.scope("below"), 3, 8)?, Lstm::new(p.scope("above"), 8, 8)?];
///     Ok((levels, Linear::new(p.scope("head"), 8, 2)?))
/// })?;
/// let dict = StateDict::new().recurrent("rnn", &levels.map(Into::into))?.linear("head", head);
///
/// let file = write(&dict.export(&params)?)?; // safetensors.torch.load_file(..) there
/// let arrays = read(file, &Limits::default())?;
/// assert_eq!(arrays["rnn.weight_ih_l1"].shape().dims(), [4 * 8, 8]); // [gates × hidden, in]
/// dict.import(&mut params, &arrays)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct StateDict(Layout);

/// Of RNN (one gate), LSTM (i, f, g, o) and GRU (r, z, n): each in our order.
fn check(cell: &Peer) -> Result<(), Error> {
    match cell {
        Peer::Lstm(_) | Peer::ProjectedLstm(_) | Peer::Gru(_) => Ok(()),
        Peer::Elman(elman) if elman.activation() == Activation::Tanh => Ok(()),
        Peer::Elman(elman) if elman.activation() == Activation::Relu => Ok(()),
        _ => Err(cell.unknown("PyTorch")),
    }
}

impl StateDict {
    /// No modules yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With an `nn.Embedding`.
    #[must_use]
    pub fn embedding(mut self, name: &str, embedding: Embedding) -> Self {
        let table = embedding.param();
        let part = Part::whole(table);
        self.0.push(Array::new(format!("{name}.weight"), table.shape(), [part]));
        self
    }

    /// With an `nn.Linear`.
    #[must_use]
    pub fn linear(mut self, name: &str, linear: Linear) -> Self {
        let (w, b) = linear.params();
        let shape = [w.shape().last(), w.shape().rows()];
        self.0.push(Array::new(format!("{name}.weight"), shape, [Part::whole(w).turned()]));
        if let Some(b) = b {
            self.0.push(Array::new(format!("{name}.bias"), b.shape(), [Part::whole(b)]));
        }
        self
    }

    /// With an `nn.RNN`, `nn.LSTM` or `nn.GRU` of so many levels. Coming in, its biases may be
    /// missing (`bias=False`), and are zeros then.
    ///
    /// # Errors
    /// If PyTorch has no such cell, or if the levels are not of one kind, one size, and one
    /// direction or both.
    pub fn recurrent(mut self, name: &str, levels: &[Level]) -> Result<Self, Error> {
        for (number, level) in levels.iter().enumerate() {
            fits(name, levels, number)?;
            for (cell, side) in level.cells().zip(["", "_reverse"]) {
                check(cell)?;
                let array = |what: &str| format!("{name}.{what}_l{number}{side}");
                self.cell(array, cell);
            }
        }
        Ok(self)
    }

    fn cell(&mut self, name: impl Fn(&str) -> String, cell: &Peer) {
        let (sums, hidden) = (cell.sums(), cell.hidden());
        let rows = sums.len() * hidden;
        let matrix = |of: fn(&Sum) -> Part| {
            let rows = sums.iter().enumerate();
            rows.map(move |(gate, sum)| of(sum).turned().at(gate * hidden, 0))
        };
        let vector = |of: fn(&Sum) -> Part| {
            let columns = sums.iter().enumerate();
            columns.map(move |(gate, sum)| of(sum).at(0, gate * hidden))
        };
        let second = |sum: &Sum| sum.c.unwrap_or(sum.b.second());
        self.0.push(Array::new(name("weight_ih"), [rows, cell.input()], matrix(|sum| sum.w)));
        self.0.push(Array::new(name("weight_hh"), [rows, cell.output()], matrix(|sum| sum.u)));
        self.0.push(Array::new(name("bias_ih"), [rows], vector(|sum| sum.b)).optional());
        self.0.push(Array::new(name("bias_hh"), [rows], vector(second)).optional());
        if let Some(projection) = cell.projection() {
            let shape = [cell.output(), hidden];
            let part = Part::whole(projection).turned();
            self.0.push(Array::new(name("weight_hr"), shape, [part]));
        }
    }

    /// Names and shapes, in PyTorch's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Shape)> {
        self.0.iter()
    }

    /// The arrays with the values of our weights, by name.
    ///
    /// # Errors
    /// If two arrays have one name, or a weight belongs to other parameters.
    pub fn export<T: Real>(
        &self,
        params: &Params<T>,
    ) -> Result<BTreeMap<String, Tensor<T>>, Error> {
        Ok(self.0.export(params)?.into_iter().collect())
    }

    /// Gives our weights the values of the arrays: all of them, or none.
    ///
    /// # Errors
    /// If an array is missing, left over, or has another shape, or if a weight belongs to other
    /// parameters.
    pub fn import<T: Real>(
        &self,
        params: &mut Params<T>,
        arrays: &BTreeMap<String, Tensor<T>>,
    ) -> Result<(), Error> {
        if let Some(name) = arrays.keys().find(|name| self.iter().all(|(ours, _)| ours != *name)) {
            return Err(Error::Extra { name: name.clone() });
        }
        self.0.import(params, |_, name| arrays.get(name))
    }
}

/// Whether a level is one that PyTorch can have in one module with those below it.
fn fits(module: &str, levels: &[Level], level: usize) -> Result<(), Error> {
    let (first, this) = (&levels[0], &levels[level]);
    let uneven = |what| Err(Error::Uneven { module: module.into(), level, what });
    if first.cells().count() != this.cells().count() {
        return uneven("its directions");
    }
    let below = if level > 0 { Some(levels[level - 1].output()) } else { None };
    let Some(lowest) = first.cells().next() else { return Ok(()) };
    for cell in this.cells() {
        if std::mem::discriminant(cell) != std::mem::discriminant(lowest)
            || cell.activation() != lowest.activation()
        {
            return uneven("its kind of cell");
        }
        if [cell.hidden(), cell.output()] != [lowest.hidden(), lowest.output()] {
            return uneven("its units");
        }
        if cell.input() != below.unwrap_or(lowest.input()) {
            return uneven("what it reads");
        }
    }
    Ok(())
}

/// The arrays of a safetensors file, by name, rounded to a scalar.
///
/// ```
/// use elman_io::Limits;
/// use elman_io::exchange::pytorch::{read, write};
/// use elman_tensor::Tensor;
///
/// // What PyTorch saved with 64 bits, and what is to have 32.
/// let arrays = [("head.bias".to_string(), Tensor::new([2], vec![0.5, 0.1])?)].into();
/// let narrow = read::<f32>(write::<f64>(&arrays)?, &Limits::default())?;
/// assert_eq!(narrow["head.bias"].values(), [0.5, 0.1]);
/// assert!(read::<f32>(b"no such file".to_vec(), &Limits::default()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the bytes are no such file, or are more than the limits; if an array has more than four axes,
/// is not of floats, or does not fit the scalar.
pub fn read<T: Scalar>(
    file: Vec<u8>,
    limits: &Limits,
) -> Result<BTreeMap<String, Tensor<T>>, Error> {
    let (arrays, _) = Bundle::import(KIND, file, limits)?;
    let array = |entry: Entry<'_>| {
        let mut values = Vec::new();
        convert(entry, &mut values)?;
        Ok((entry.name.to_owned(), Tensor::new(entry.shape, values)?))
    };
    arrays.iter().map(array).collect()
}

/// The bytes of a safetensors file with these arrays, with checksums of them.
///
/// ```
/// use elman_io::Limits;
/// use elman_io::exchange::pytorch::{read, write};
/// use elman_tensor::Tensor;
///
/// let arrays = [("rnn.weight_hh_l0".to_string(), Tensor::new([2, 2], vec![0.1_f32; 4])?)].into();
/// let file = write(&arrays)?; // safetensors.torch.load_file(..) there
/// assert_eq!(write(&arrays)?, file); // the same file for the same arrays
/// assert_eq!(read::<f32>(file, &Limits::default())?, arrays);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If an array has the name `__metadata__`.
pub fn write<T: Scalar>(arrays: &BTreeMap<String, Tensor<T>>) -> Result<Vec<u8>, Error> {
    let mut file = Bundle::new(KIND);
    for (name, array) in arrays {
        file.put(name, array.shape(), array.values())?;
    }
    Ok(file.to_bytes()?)
}
