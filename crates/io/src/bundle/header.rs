//! The header of a safetensors file: JSON that says what lies where.

use crate::error::Flaw;
use elman_tensor::{Shape, excerpt};
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// The key of the texts, which no tensor can have.
pub(super) const TEXTS: &str = "__metadata__";

/// Texts, and the tensors in the order in which they are listed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Header {
    pub(super) texts: BTreeMap<String, String>,
    pub(super) tensors: Vec<(String, Listed)>,
}

/// One tensor of the list.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    pub(super) dtype: String,
    pub(super) shape: Dims,
    pub(super) data_offsets: [u64; 2],
}

/// A shape, as a list of sizes.
#[derive(Debug, PartialEq)]
pub(super) struct Dims(pub(super) Shape);

impl Header {
    /// From JSON; spaces may follow it.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Flaw> {
        let unreadable = |error: serde_json::Error| Flaw::Header { reason: error.to_string() };
        serde_json::from_slice(json).map(|Object(header)| header).map_err(unreadable)
    }

    /// To JSON without spaces: the texts sorted, the tensors in their order.
    pub(super) fn json(&self) -> Result<String, Flaw> {
        serde_json::to_string(self).map_err(|error| Flaw::Header { reason: error.to_string() })
    }
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.tensors.len()))?;
        map.serialize_entry(TEXTS, &self.texts)?;
        self.tensors.iter().try_for_each(|(name, listed)| map.serialize_entry(name, listed))?;
        map.end()
    }
}

impl Serialize for Dims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.dims().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Dims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Shape::new(&Vec::deserialize(deserializer)?).map(Dims).map_err(D::Error::custom)
    }
}

/// What takes up the entries of a JSON object, one after the other.
trait Entries: Default {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: String, map: &mut A) -> Result<(), A::Error>;
}

impl Entries for Header {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: String, map: &mut A) -> Result<(), A::Error> {
        if key == TEXTS {
            let Object(texts) = map.next_value()?;
            self.texts = texts;
        } else {
            let within =
                |error| A::Error::custom(format_args!("tensor {:?}: {error}", excerpt(&key)));
            let listed = map.next_value().map_err(within)?;
            self.tensors.push((key, listed));
        }
        Ok(())
    }
}

impl Entries for BTreeMap<String, String> {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: String, map: &mut A) -> Result<(), A::Error> {
        self.insert(key, map.next_value()?);
        Ok(())
    }
}

/// A JSON object that has each key once: what a reader does with the second, formats do not say.
struct Object<E>(E);

impl<'de, E: Entries> Deserialize<'de> for Object<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object(E::default()))
    }
}

impl<'de, E: Entries> Visitor<'de> for Object<E> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format_args!(
                    "the key {:?} is there twice",
                    excerpt(&key)
                )));
            }
            self.0.take(key, &mut map)?;
        }
        Ok(self)
    }
}
