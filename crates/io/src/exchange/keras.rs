//! Weights from and for Keras.

use super::error::Error;
use super::layout::{Array, Layout, Part};
use super::peer::{Level, Peer, Sum};
use elman_autograd::Params;
use elman_rnn::{Activation, Embedding, Linear};
use elman_tensor::{Real, Shape, Tensor};

/// What `get_weights()` gives and `set_weights()` takes of Keras's layers: which of our weights lie
/// in which array of the list.
///
/// It is told layer by layer, in the order in which they were added to the model. Layers have
/// Keras's own settings: `SimpleRNN` with tanh or another activation of the same name, `LSTM`,
/// `GRU` as `Gru` (`reset_after=True`, which is Keras's default) or as `ResetFirstGru`
/// (`reset_after=False`), `Bidirectional` with `merge_mode="concat"`, `Dense`, `Embedding`.
///
/// The GRU of `reset_after=True` has two biases for each gate where one would do: ours goes out as
/// the first, beside zeros, and coming in they are added. The candidate needs both.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::exchange::keras::Weights;
/// use elman_rnn::{Linear, Lstm};
///
/// // keras.Sequential([keras.layers.LSTM(8, return_sequences=True), keras.layers.Dense(2)])
/// let ((lstm, head), mut params) = Params::<f32>::init(7, |p| {
///     let lstm = Lstm::new(p.scope("lstm"), 3, 8)?;
///     Ok((lstm, Linear::new(p.scope("head"), 8, 2)?))
/// })?;
/// let weights = Weights::new().recurrent(lstm)?.dense(head);
/// let arrays = weights.export(&params)?; // for set_weights
/// assert_eq!(arrays.len(), 5);
/// weights.import(&mut params, &arrays)?; // from get_weights
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Weights {
    layout: Layout,
    layers: usize,
}

/// Our sums in the order of Keras: LSTM i, f, c, o; GRU z, r, h.
fn order(cell: &Peer) -> Result<&'static [usize], Error> {
    match cell {
        Peer::Elman(elman) => match elman.activation() {
            Activation::Tanh | Activation::Relu | Activation::Sigmoid => Ok(&[0]),
            Activation::Identity | Activation::Softplus | Activation::Softsign => Ok(&[0]),
            Activation::Silu => Ok(&[0]),
            _ => Err(cell.unknown("Keras")),
        },
        Peer::Lstm(_) => Ok(&[0, 1, 2, 3]),
        Peer::Gru(_) | Peer::ResetFirstGru(_) => Ok(&[1, 0, 2]),
        _ => Err(cell.unknown("Keras")),
    }
}

impl Weights {
    /// No layers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With an `Embedding`.
    #[must_use]
    pub fn embedding(mut self, embedding: Embedding) -> Self {
        let (name, table) = (self.layer("embedding"), embedding.param());
        let part = Part::whole(table);
        self.layout.push(Array::new(format!("{name}.embeddings"), table.shape(), [part]));
        self
    }

    /// With a `Dense` layer.
    #[must_use]
    pub fn dense(mut self, linear: Linear) -> Self {
        let (name, (w, b)) = (self.layer("dense"), linear.params());
        self.layout.push(Array::new(format!("{name}.kernel"), w.shape(), [Part::whole(w)]));
        if let Some(b) = b {
            self.layout.push(Array::new(format!("{name}.bias"), b.shape(), [Part::whole(b)]));
        }
        self
    }

    /// With a `SimpleRNN`, `LSTM` or `GRU`, or with a `Bidirectional` layer of one of these.
    ///
    /// # Errors
    /// If Keras has no such cell.
    pub fn recurrent(mut self, level: impl Into<Level>) -> Result<Self, Error> {
        let name = self.layer("recurrent");
        for (cell, side) in level.into().cells().zip(["forward", "backward"]) {
            let order = order(cell)?;
            self.cell(|what| format!("{name}.{side}.{what}"), cell, order);
        }
        Ok(self)
    }

    fn cell(&mut self, name: impl Fn(&str) -> String, cell: &Peer, order: &[usize]) {
        let (ours, hidden) = (cell.sums(), cell.hidden());
        let columns = order.len() * hidden;
        let row = |of: fn(&Sum) -> Part, row: usize| {
            let sums = order.iter().enumerate();
            sums.map(|(gate, &sum)| of(&ours[sum]).at(row, gate * hidden)).collect::<Vec<_>>()
        };
        let (kernel, recurrent) = ([cell.input(), columns], [hidden, columns]);
        self.layout.push(Array::new(name("kernel"), kernel, row(|sum| sum.w, 0)));
        self.layout.push(Array::new(name("recurrent_kernel"), recurrent, row(|sum| sum.u, 0)));
        let mut biases = row(|sum| sum.b, 0);
        let shape = if let Peer::Gru(_) = cell {
            biases.extend(row(|sum| sum.c.unwrap_or(sum.b.second()), 1));
            Shape::from([2, columns])
        } else {
            Shape::from([columns])
        };
        self.layout.push(Array::new(name("bias"), shape, biases));
    }

    /// The name of another layer, for errors.
    fn layer(&mut self, kind: &str) -> String {
        self.layers += 1;
        format!("{}.{kind}", self.layers - 1)
    }

    /// Our names of the arrays (number and kind of the layer, and Keras's name), and their shapes,
    /// in Keras's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Shape)> {
        self.layout.iter()
    }

    /// The arrays with the values of our weights, in Keras's order.
    ///
    /// # Errors
    /// If a weight belongs to other parameters.
    pub fn export<T: Real>(&self, params: &Params<T>) -> Result<Vec<Tensor<T>>, Error> {
        Ok(self.layout.export(params)?.into_iter().map(|(_, array)| array).collect())
    }

    /// Gives our weights the values of the arrays: all of them, or none.
    ///
    /// # Errors
    /// If an array is missing, left over, or has another shape, or if a weight belongs to other
    /// parameters.
    pub fn import<T: Real>(
        &self,
        params: &mut Params<T>,
        arrays: &[Tensor<T>],
    ) -> Result<(), Error> {
        let wanted = self.iter().count();
        if arrays.len() > wanted {
            return Err(Error::Extra { name: format!("number {wanted} of {}", arrays.len()) });
        }
        self.layout.import(params, |number, _| arrays.get(number))
    }
}
