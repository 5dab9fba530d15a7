//! What goes into a run.

use crate::seq::Seq;
use elman_autograd::{Error, Var};
use elman_tensor::{Real, Tensor};

/// Inputs, initial state and cotangents of a run.
#[derive(Clone)]
pub(super) struct Given<T> {
    /// `[time, batch, in]`.
    pub(super) x: Tensor<T>,
    pub(super) states: Vec<Tensor<T>>,
    /// The cotangent of the outputs, `[time, batch, out]`.
    pub(super) wy: Tensor<T>,
    /// The cotangents of the last state.
    pub(super) ws: Vec<Tensor<T>>,
    pub(super) lengths: Option<Vec<u32>>,
    pub(super) resets: Option<Vec<u32>>,
}

impl<T: Real> Given<T> {
    pub(super) fn time(&self) -> usize {
        self.x.shape().get(0).unwrap_or(0)
    }

    pub(super) fn batch(&self) -> usize {
        self.x.shape().get(1).unwrap_or(0)
    }

    /// The inputs with the lengths and resets that there are.
    pub(super) fn marked<'g, U: Real>(&self, x: Var<'g, U>) -> Seq<'g, U> {
        let mut xs = Seq::from(x);
        if let Some(lengths) = &self.lengths {
            xs = xs.with_lengths(lengths);
        }
        if let Some(resets) = &self.resets {
            xs = xs.with_resets(resets);
        }
        xs
    }

    pub(super) fn cast<U: Real>(&self) -> Given<U> {
        let all = |x: &[Tensor<T>]| x.iter().map(Tensor::cast).collect();
        Given {
            x: self.x.cast(),
            states: all(&self.states),
            wy: self.wy.cast(),
            ws: all(&self.ws),
            lengths: self.lengths.clone(),
            resets: self.resets.clone(),
        }
    }

    pub(super) fn row(&self, b: usize) -> Result<Self, Error> {
        let all = |x: &[Tensor<T>]| x.iter().map(|x| row(x, 0, b)).collect::<Result<_, _>>();
        let flags = self.resets.as_ref().map(|r| r.iter().skip(b).step_by(self.batch()).copied());
        Ok(Given {
            x: row(&self.x, 1, b)?,
            states: all(&self.states)?,
            wy: row(&self.wy, 1, b)?,
            ws: all(&self.ws)?,
            lengths: self.lengths.as_ref().map(|l| vec![l[b]]),
            resets: flags.map(Iterator::collect),
        })
    }

    pub(super) fn halves(&self) -> Result<(Self, Self), Error> {
        self.cut(self.time() / 2)
    }

    /// The first `t` steps, and the others.
    pub(super) fn cut(&self, t: usize) -> Result<(Self, Self), Error> {
        let steps = |x: &Tensor<T>, from: usize, to: usize| {
            let item = x.shape().tail().len();
            Tensor::new(x.shape().with(0, to - from), x.values()[from * item..to * item].to_vec())
        };
        let piece = |from: usize, to: usize| -> Result<Self, Error> {
            let count = (to - from) as u32;
            let lengths = self.lengths.as_ref();
            let length = |&l: &u32| l.saturating_sub(from as u32).min(count);
            let batch = self.batch();
            Ok(Given {
                x: steps(&self.x, from, to)?,
                wy: steps(&self.wy, from, to)?,
                lengths: lengths.map(|l| l.iter().map(length).collect()),
                resets: self.resets.as_ref().map(|r| r[from * batch..to * batch].to_vec()),
                ..self.clone()
            })
        };
        Ok((piece(0, t)?, piece(t, self.time())?))
    }
}

/// One item along an axis, which stays, of size 1.
pub(super) fn row<T: Real>(
    x: &Tensor<T>,
    axis: usize,
    i: usize,
) -> Result<Tensor<T>, elman_tensor::Error> {
    let (inner, size) = (x.shape().after(axis), x.shape().get(axis).unwrap_or(1));
    let items = x.values().chunks_exact((size * inner).max(1));
    let values = items.flat_map(|item| item[i * inner..(i + 1) * inner].to_vec()).collect();
    Tensor::new(x.shape().with(axis, 1), values)
}
