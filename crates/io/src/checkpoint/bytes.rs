//! A checkpoint as a bundle.

use super::rest::Rest;
use super::{Best, Checkpoint};
use crate::Limits;
use crate::bundle::Bundle;
use crate::error::Flaw;
use crate::number::{Scalar, numbers};
use elman_autograd::Params;
use elman_tensor::Shape;
use elman_train::Snapshot;
use serde::Serialize;

const KIND: &str = "checkpoint";

// The names of tensors and texts; with a colon, what stands before the name of each.
const WEIGHTS: &str = "weights:";
const STEP: &str = "trainer.step";
const METRIC: &str = "trainer.metric";
/// A text: paths and sizes.
const TRAINED: &str = "trainer.weights";
/// A text: names and sizes.
const BUFFERS: &str = "trainer.buffers";
const BEST_STEP: &str = "best.step";
const BEST_METRIC: &str = "best.metric";
const BEST: &str = "best:";
const TEXT: &str = "text:";
const VECTOR: &str = "vector:";

/// The tensor of a buffer: by number, since names may be there twice.
fn buffer(number: usize) -> String {
    format!("{BUFFERS}:{number}")
}

impl<T: Scalar> Checkpoint<T> {
    /// The bytes of the file: a function of the contents.
    ///
    /// # Errors
    /// None that is known: no two parts have the same name.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Flaw> {
        let Checkpoint { params, trainer, best, texts, vectors } = self;
        let Snapshot { step, metric, weights, buffers } = trainer;
        let mut bundle = Bundle::new(KIND);
        bundle.put_params(WEIGHTS, params)?;
        bundle.put(STEP, Shape::SCALAR, &[*step])?;
        if let Some(metric) = metric {
            bundle.put(METRIC, Shape::SCALAR, &[*metric])?;
        }
        if let Some(weights) = weights {
            bundle.put_text(TRAINED, &json(weights)?)?;
        }
        let sizes: Vec<_> = buffers.iter().map(|(name, values)| (name, values.len())).collect();
        bundle.put_text(BUFFERS, &json(&sizes)?)?;
        for (number, (_, values)) in buffers.iter().enumerate() {
            bundle.put(&buffer(number), Shape::from([values.len()]), values)?;
        }
        if let Some(Best { step, metric, params }) = best {
            bundle.put(BEST_STEP, Shape::SCALAR, &[*step])?;
            bundle.put(BEST_METRIC, Shape::SCALAR, &[*metric])?;
            bundle.put_params(BEST, params)?;
        }
        for (name, text) in texts {
            bundle.put_text(&format!("{TEXT}{name}"), text)?;
        }
        for (name, vector) in vectors {
            vector.put(&mut bundle, &format!("{VECTOR}{name}"))?;
        }
        bundle.to_bytes()
    }

    /// From the bytes of a file.
    ///
    /// # Errors
    /// What is damaged, beyond the limits, or does not fit the model.
    pub fn from_bytes(bytes: Vec<u8>, model: &Params<T>, limits: &Limits) -> Result<Self, Flaw> {
        let bundle = Bundle::read(KIND, bytes, limits)?;
        let mut rest = Rest::of(&bundle);
        let params = rest.params(WEIGHTS, model)?;
        let step = rest.number(STEP)?;
        let metric = rest.has(METRIC).then(|| rest.number(METRIC)).transpose()?;
        let weights = rest.text(TRAINED).map(|text| list(TRAINED, text)).transpose()?;
        let sizes = list(BUFFERS, rest.text(BUFFERS).unwrap_or("[]"))?;
        let buffers = sizes.into_iter().enumerate().map(|(number, (name, len))| {
            let values = rest.tensor(&buffer(number), Shape::from([len]))?.typed(T::DTYPE)?;
            Ok((name, numbers(values).collect()))
        });
        let buffers = buffers.collect::<Result<_, Flaw>>()?;
        let best = rest.has(BEST_STEP).then(|| {
            let (step, metric) = (rest.number(BEST_STEP)?, rest.number(BEST_METRIC)?);
            Ok(Best { step, metric, params: rest.params(BEST, model)? })
        });
        let best = best.transpose()?;
        let (texts, vectors) = (rest.texts(TEXT), rest.vectors(VECTOR)?);
        rest.end()?;
        let trainer = Snapshot { step, metric, weights, buffers };
        Ok(Checkpoint { params, trainer, best, texts, vectors })
    }
}

/// Names and sizes as a text.
fn json<L: Serialize + ?Sized>(list: &L) -> Result<String, Flaw> {
    serde_json::to_string(list).map_err(|error| Flaw::Header { reason: error.to_string() })
}

/// Names and sizes from a text.
fn list(key: &str, text: &str) -> Result<Vec<(String, usize)>, Flaw> {
    let reason = |error: serde_json::Error| format!("{key}: {error}");
    serde_json::from_str(text).map_err(|error| Flaw::Header { reason: reason(error) })
}
