//! A look at the bytes of a file before anything is made of them.
//!
//! A file is a tree of messages: fields with a number and a kind, of which some hold other messages.
//! One walk over it counts what decoding would allocate, and finds fields that would be lost.

use super::super::error::Error;
use super::limits::Limits;

/// A message of the specification, as far as a file may use it.
struct Message {
    name: &'static str,
    /// The fields that hold no message: those that are read, and those that say nothing about what
    /// is computed.
    leaves: &'static [u64],
    /// The fields that hold messages.
    parts: &'static [(u64, &'static Message)],
}

static MODEL: Message = Message {
    name: "ModelProto",
    leaves: &[1, 2, 3, 4, 5, 6],
    parts: &[(7, &GRAPH), (8, &OPERATORS), (14, &ENTRY)],
};
static OPERATORS: Message = Message { name: "OperatorSetIdProto", leaves: &[1, 2], parts: &[] };
static ENTRY: Message = Message { name: "StringStringEntryProto", leaves: &[1, 2], parts: &[] };
static GRAPH: Message = Message {
    name: "GraphProto",
    leaves: &[2, 10],
    parts: &[(1, &NODE), (5, &TENSOR), (11, &VALUE), (12, &VALUE), (13, &VALUE), (16, &ENTRY)],
};
static NODE: Message = Message {
    name: "NodeProto",
    leaves: &[1, 2, 3, 4, 6, 7],
    parts: &[(5, &ATTRIBUTE), (9, &ENTRY)],
};
static ATTRIBUTE: Message = Message {
    name: "AttributeProto",
    leaves: &[1, 2, 3, 4, 7, 8, 9, 13, 20],
    parts: &[(5, &TENSOR)],
};
static TENSOR: Message = Message {
    name: "TensorProto",
    leaves: &[1, 2, 4, 5, 7, 8, 9, 10, 12, 14],
    parts: &[(16, &ENTRY)],
};
static VALUE: Message =
    Message { name: "ValueInfoProto", leaves: &[1, 3], parts: &[(2, &TYPE), (4, &ENTRY)] };
static TYPE: Message = Message { name: "TypeProto", leaves: &[6], parts: &[(1, &TENSOR_TYPE)] };
static TENSOR_TYPE: Message =
    Message { name: "TypeProto.Tensor", leaves: &[1], parts: &[(2, &SHAPE)] };
static SHAPE: Message =
    Message { name: "TensorShapeProto", leaves: &[], parts: &[(1, &DIMENSION)] };
static DIMENSION: Message =
    Message { name: "TensorShapeProto.Dimension", leaves: &[1, 2, 3], parts: &[] };

/// Checks the bytes of a model: that they are whole, within the limits, and say nothing that
/// would be lost.
pub(crate) fn check(bytes: &[u8], limits: Limits) -> Result<(), Error> {
    at_most("bytes", bytes.len(), limits.bytes)?;
    let mut fields = 0;
    // Messages that are not read yet. A tree of no more levels than there are kinds of messages.
    let mut open = vec![(&MODEL, bytes)];
    while let Some((message, mut bytes)) = open.pop() {
        while !bytes.is_empty() {
            fields += 1;
            at_most("fields", fields, limits.fields)?;
            let (number, content) = field(&mut bytes)
                .ok_or_else(|| malformed(format!("a {} ends too early", message.name)))?;
            if let Some((_, part)) = message.parts.iter().find(|(part, _)| *part == number) {
                let content = content.ok_or_else(|| {
                    malformed(format!("field {number} of a {} is a number", message.name))
                })?;
                open.push((part, content));
            } else if !message.leaves.contains(&number) {
                let reason = format!("field {number} is not understood");
                return Err(Error::unsupported(message.name, reason));
            }
        }
    }
    Ok(())
}

/// The number of the next field, and its content if it has a length.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let tag = varint(bytes)?;
    let mut content = None;
    match tag & 7 {
        0 => drop(varint(bytes)?),
        1 => drop(take(bytes, 8)?),
        2 => {
            let len = varint(bytes)?;
            content = Some(take(bytes, usize::try_from(len).ok()?)?);
        }
        5 => drop(take(bytes, 4)?),
        _ => return None,
    }
    Some((tag >> 3, content))
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

/// A number in groups of seven bits, the least significant first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn at_most(what: &'static str, given: usize, limit: usize) -> Result<(), Error> {
    if given > limit { Err(Error::TooLarge { what, given, limit }) } else { Ok(()) }
}

fn malformed(reason: String) -> Error {
    Error::Malformed { format: "ONNX", reason }
}
