//! Named tensors and texts in one file.

use crate::error::Flaw;
use crate::number::{Dtype, Number};
use elman_tensor::Shape;
use header::{Dims, Header, Listed, TEXTS};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

mod header;
mod params;
mod read;

pub(crate) use read::{check_version, within};

/// What the texts of Elman's own files have, beside those of the bundle.
mod keys {
    pub(super) const FORMAT: &str = "format";
    pub(super) const VERSION: &str = "version";
    pub(super) const KIND: &str = "kind";
    /// The SHA-256 of the header in which this text is empty.
    pub(super) const HEADER: &str = "header";
    /// Before the name of a tensor: the SHA-256 of its bytes.
    pub(super) const SUM: &str = "sha256:";

    pub(super) fn is_own(key: &str) -> bool {
        [FORMAT, VERSION, KIND, HEADER].contains(&key) || key.starts_with(SUM)
    }
}

const FORMAT: &str = "elman";
const VERSION: u32 = 1;

/// Named tensors and texts: what a file of weights and a checkpoint are made of.
///
/// Its bytes are a safetensors file, and the same for the same contents:
///
/// ```text
/// u64: length of the header, little end first
/// header: JSON without spaces, then spaces up to a multiple of 8
///   "__metadata__": format, version, kind, SHA-256 of the header and of each tensor, texts; sorted
///   each tensor: type, shape, first byte and end, counted from the end of the header
/// numbers: little end first, the wider ones first, of equal width sorted by name, without gaps
/// ```
///
/// So every number lies where its size divides its place.
#[derive(Debug, Clone)]
pub(crate) struct Bundle {
    /// What the file is for; that of weights and checkpoints is never mixed up.
    kind: &'static str,
    texts: BTreeMap<String, String>,
    tensors: BTreeMap<String, Place>,
    /// The numbers of all tensors; if it was read, the whole file.
    bytes: Vec<u8>,
}

/// Where a tensor lies.
#[derive(Debug, Clone)]
struct Place {
    dtype: Dtype,
    shape: Shape,
    range: Range<usize>,
    sum: String,
}

/// A tensor of a file: its name, type, shape, and the SHA-256 of its bytes.
///
/// ```
/// use elman_autograd::Params;
/// use elman_io::{Dtype, Weights};
/// use elman_tensor::Init;
///
/// let (_, params) = Params::<f32>::init(7, |p| p.weight("w", [2, 3], Init::Zeros))?;
/// let weights = Weights::of(&params, "")?;
/// let entry = weights.iter().next().ok_or("no tensor")?;
/// assert_eq!((entry.name, entry.dtype, entry.shape), ("w", Dtype::F32, [2, 3].into()));
/// assert!(entry.sha256.starts_with("9d908ecfb6b256de")); // of 24 zeros
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The name: of weights, the path.
    pub name: &'a str,
    /// The type of its numbers.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Shape,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: &'a str,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Entry<'a> {
    /// This tensor, if its shape is the one that is wanted.
    pub(crate) fn shaped(self, wanted: Shape) -> Result<Self, Flaw> {
        let (tensor, given) = (self.name, self.shape);
        if given == wanted {
            return Ok(self);
        }
        Err(Flaw::Shape { tensor: tensor.into(), wanted, given })
    }

    /// The bytes of this tensor, if its numbers are of the type that is wanted.
    pub(crate) fn typed(self, wanted: Dtype) -> Result<&'a [u8], Flaw> {
        let (tensor, given) = (self.name, self.dtype);
        if given == wanted {
            return Ok(self.bytes);
        }
        Err(Flaw::Type { tensor: tensor.into(), wanted, given })
    }
}

impl Bundle {
    pub(crate) fn new(kind: &'static str) -> Self {
        let (texts, tensors) = (BTreeMap::new(), BTreeMap::new());
        Bundle { kind, texts, tensors, bytes: Vec::new() }
    }

    /// Adds a text.
    pub(crate) fn put_text(&mut self, key: &str, text: &str) -> Result<(), Flaw> {
        if keys::is_own(key) || self.texts.contains_key(key) {
            return Err(Flaw::Name { name: key.into() });
        }
        self.texts.insert(key.into(), text.into());
        Ok(())
    }

    /// Adds a tensor; there are as many `values` as `shape` has elements.
    pub(crate) fn put<N: Number>(
        &mut self,
        name: &str,
        shape: Shape,
        values: &[N],
    ) -> Result<(), Flaw> {
        if name == TEXTS || self.tensors.contains_key(name) {
            return Err(Flaw::Name { name: name.into() });
        }
        let start = self.bytes.len();
        values.iter().for_each(|value| value.write(&mut self.bytes));
        let range = start..self.bytes.len();
        let sum = sha256(&self.bytes[range.clone()]);
        self.tensors.insert(name.into(), Place { dtype: N::DTYPE, shape, range, sum });
        Ok(())
    }

    /// All tensors, sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.tensors.iter().map(|(name, place)| self.entry(name, place))
    }

    /// The tensor of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Entry<'_>> {
        self.tensors.get_key_value(name).map(|(name, place)| self.entry(name, place))
    }

    /// All texts, sorted by key.
    pub(crate) fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// The bytes of the file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Flaw> {
        let mut bytes = self.front(&self.digest()?)?;
        bytes.reserve_exact(self.tensors.values().map(|place| place.range.len()).sum());
        let values = |place: &Place| &self.bytes[place.range.clone()];
        self.ordered().for_each(|(_, place)| bytes.extend_from_slice(values(place)));
        Ok(bytes)
    }

    fn entry<'a>(&'a self, name: &'a str, place: &'a Place) -> Entry<'a> {
        let Place { dtype, shape, range, sum } = place;
        let bytes = &self.bytes[range.clone()];
        Entry { name, dtype: *dtype, shape: *shape, sha256: sum, bytes }
    }

    /// The tensors as they lie in the file.
    fn ordered(&self) -> impl Iterator<Item = (&String, &Place)> {
        let mut tensors: Vec<_> = self.tensors.iter().collect();
        tensors.sort_by_key(|(_, place)| Reverse(place.dtype.size()));
        tensors.into_iter()
    }

    /// All that lies before the numbers.
    fn front(&self, digest: &str) -> Result<Vec<u8>, Flaw> {
        let mut header = self.header(digest)?;
        let padding = header.len().next_multiple_of(8) - header.len();
        header.extend(std::iter::repeat_n(' ', padding));
        Ok([&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat())
    }

    /// The SHA-256 that the header has of itself.
    fn digest(&self) -> Result<String, Flaw> {
        self.header("").map(|header| sha256(header.as_bytes()))
    }

    /// The header, without the spaces behind it.
    fn header(&self, digest: &str) -> Result<String, Flaw> {
        let mut texts = self.texts.clone();
        let own = [(keys::FORMAT, FORMAT), (keys::KIND, self.kind), (keys::HEADER, digest)];
        texts.extend(own.map(|(key, text)| (key.into(), text.into())));
        texts.insert(keys::VERSION.into(), VERSION.to_string());
        let mut tensors = Vec::with_capacity(self.tensors.len());
        let mut end = 0;
        for (name, Place { dtype, shape, range, sum }) in self.ordered() {
            texts.insert(format!("{}{name}", keys::SUM), sum.clone());
            let start = end;
            end += range.len() as u64;
            let (dtype, shape) = (dtype.name().into(), Dims(*shape));
            tensors.push((name.clone(), Listed { dtype, shape, data_offsets: [start, end] }));
        }
        Header { texts, tensors }.json()
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
