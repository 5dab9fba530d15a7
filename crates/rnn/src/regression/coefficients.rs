//! What a regression finds.

use crate::linear::Linear;
use elman_autograd::{Error, Params};
use elman_tensor::{Real, Tensor};
use std::panic::Location;

/// The coefficients of a linear map y = b + x · W: `W: [features, outputs]`, `b: [outputs]`.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Linear, Ridge};
/// use elman_tensor::Tensor;
///
/// // y = 1 + 2 x, put into a model's readout.
/// let (head, mut params) = Params::<f32>::init(1, |p| Linear::new(p.scope("head"), 1, 1))?;
/// let mut ridge = Ridge::new(1, 1)?;
/// let (x, y) = (Tensor::new([2, 1], vec![0.0, 1.0])?, Tensor::new([2, 1], vec![1.0, 3.0])?);
/// ridge.add(x.view(), y.view())?;
/// ridge.fit(0.0)?.put(&mut params, &head)?;
/// let (w, b) = head.params();
/// assert!((params.get(w).unwrap().values()[0] - 2.0).abs() < 1e-6);
/// assert!((params.get(b.unwrap()).unwrap().values()[0] - 1.0).abs() < 1e-6);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficients {
    pub(super) weight: Tensor<f64>,
    pub(super) bias: Tensor<f64>,
}

impl Coefficients {
    /// All 0.
    pub(super) fn zeros(features: usize, outputs: usize) -> Result<Self, Error> {
        let weight = Tensor::zeros([features, outputs])?;
        Ok(Coefficients { weight, bias: Tensor::zeros([outputs])? })
    }

    /// W, `[features, outputs]`.
    pub fn weight(&self) -> &Tensor<f64> {
        &self.weight
    }

    /// b, `[outputs]`.
    pub fn bias(&self) -> &Tensor<f64> {
        &self.bias
    }

    /// Makes them the weights of a linear map.
    ///
    /// # Errors
    /// If the map has another shape or no bias, or if it belongs to other parameters. The
    /// parameters are unchanged then.
    #[track_caller]
    pub fn put<T: Real>(&self, params: &mut Params<T>, linear: &Linear) -> Result<(), Error> {
        let (w, b) = linear.params();
        let Some(b) = b.filter(|_| w.shape() == self.weight.shape()) else {
            let bias = if b.is_some() { "a" } else { "no" };
            return Err(Error::Setting {
                what: "the linear map of a readout",
                wanted: "of the shape of its coefficients, with a bias",
                given: format!("{} with {bias} bias for {}", w.shape(), self.weight.shape()),
            });
        };
        let line = Location::caller();
        for (to, from) in [(w, &self.weight), (b, &self.bias)] {
            let foreign = Error::ForeignParam { shape: to.shape(), line };
            let to = params.get_mut(to).ok_or(foreign)?;
            to.iter_mut().zip(from.values()).for_each(|(to, &from)| *to = T::from_f64(from));
        }
        Ok(())
    }
}
