//! Activations by ONNX's names.

use super::super::error::Error;
use super::super::peer::Peer;
use super::attributes::Attributes;
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

/// The activations of a simple cell, one for each direction.
pub(crate) fn read(
    attributes: &mut Attributes,
    directions: usize,
) -> Result<Vec<Activation>, Error> {
    let mut names = attributes.texts("activations")?;
    let mut alphas = attributes.floats("activation_alpha")?.into_iter();
    let mut betas = attributes.floats("activation_beta")?.into_iter();
    if names.is_empty() {
        names = vec!["Tanh".into(); directions];
    }
    if names.len() != directions {
        let reason = format!("{} activations for {directions} directions", names.len());
        return Err(attributes.refuse(reason));
    }
    let mut activations = Vec::new();
    for name in names {
        // The numbers belong to those that have some, in their order.
        let activation = match name.to_ascii_lowercase().as_str() {
            "tanh" => Activation::Tanh,
            "relu" => Activation::Relu,
            "sigmoid" => Activation::Sigmoid,
            "softplus" => Activation::Softplus,
            "softsign" => Activation::Softsign,
            "leakyrelu" => Activation::LeakyRelu(alphas.next().unwrap_or(0.01)),
            "elu" => Activation::Elu(alphas.next().unwrap_or(1.0)),
            "affine" if [alphas.next(), betas.next()] == [Some(1.0), Some(0.0)] => {
                Activation::Identity
            }
            _ => return Err(attributes.refuse(format!("the activation {name} is none of ours"))),
        };
        activations.push(activation);
    }
    if alphas.next().is_some() || betas.next().is_some() {
        return Err(attributes.refuse("more numbers of activations than they have"));
    }
    Ok(activations)
}

/// Demands that activations, if any are given, are those that the gates have anyway.
pub(crate) fn usual(
    attributes: &mut Attributes,
    usual: &[&str],
    directions: usize,
) -> Result<(), Error> {
    let names = attributes.texts("activations")?;
    let wanted = usual.iter().cycle().take(usual.len() * directions);
    let same = names.len() == usual.len() * directions
        && names.iter().zip(wanted).all(|(name, wanted)| name.eq_ignore_ascii_case(wanted));
    if !names.is_empty() && !same {
        let reason = format!("the activations {names:?}; {usual:?} are understood");
        return Err(attributes.refuse(reason));
    }
    Ok(())
}
