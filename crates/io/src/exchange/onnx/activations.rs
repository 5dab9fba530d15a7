//! Activations by ONNX's names.

use super::super::error::Error;
use super::super::peer::Peer;
use super::messages::{Attribute, kinds};
use elman_rnn::Activation;

/// ONNX's name of an activation, with its numbers α and β where it has them; none where ONNX has
/// no such activation.
fn name(activation: Activation) -> Option<(&'static str, Option<f64>, Option<f64>)> {
    Some(match activation {
        Activation::Tanh => ("Tanh", None, None),
        Activation::Relu => ("Relu", None, None),
        Activation::Sigmoid => ("Sigmoid", None, None),
        Activation::Softplus => ("Softplus", None, None),
        Activation::Softsign => ("Softsign", None, None),
        // α x + β
        Activation::Identity => ("Affine", Some(1.0), Some(0.0)),
        Activation::LeakyRelu(slope) => ("LeakyRelu", Some(slope), None),
        Activation::Elu(scale) => ("Elu", Some(scale), None),
        _ => return None,
    })
}

/// The attributes of a simple cell that say its activation.
pub(crate) fn write(activation: Activation, cell: &Peer) -> Result<Vec<Attribute>, Error> {
    let (name, alpha, beta) = name(activation).ok_or_else(|| cell.unknown("ONNX"))?;
    let mut attributes = vec![Attribute {
        name: "activations".into(),
        strings: vec![name.into()],
        r#type: kinds::STRINGS,
        ..Attribute::default()
    }];
    for (name, number) in [("activation_alpha", alpha), ("activation_beta", beta)] {
        attributes.extend(number.map(|number| Attribute {
            name: name.into(),
            floats: vec![number as f32],
            r#type: kinds::FLOATS,
            ..Attribute::default()
        }));
    }
    Ok(attributes)
}
