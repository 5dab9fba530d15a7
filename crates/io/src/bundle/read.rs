//! Reading a bundle: everything is checked before anything is believed.

use super::header::{Dims, Header, Listed};
use super::{Bundle, FORMAT, Place, VERSION, keys, sha256};
use crate::error::Flaw;
use crate::number::Dtype;
use crate::{Doubt, Limits};
use elman_tensor::excerpt;
use std::collections::BTreeMap;
use std::io::Read;
use std::mem;

/// How many bytes say how long the header is.
const LENGTH: usize = size_of::<u64>();

impl Bundle {
    /// Reads a file of Elman's own: exactly the bytes that [`to_bytes`](Bundle::to_bytes) gives.
    pub(crate) fn read(kind: &'static str, bytes: Vec<u8>, limits: &Limits) -> Result<Self, Flaw> {
        let mut bundle = Bundle::parse(kind, bytes, limits)?;
        bundle.verify()?;
        Ok(bundle)
    }

    /// Reads any safetensors file. If it says that it is Elman's own, it is held to that; if not,
    /// returns the doubt.
    pub(crate) fn import(
        kind: &'static str,
        bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<(Self, Option<Doubt>), Flaw> {
        let mut bundle = Bundle::parse(kind, bytes, limits)?;
        let format = bundle.texts.get(keys::FORMAT).cloned();
        if format.as_deref() == Some(FORMAT) {
            bundle.verify()?;
            return Ok((bundle, None));
        }
        bundle.texts.retain(|key, _| !keys::is_own(key));
        Ok((bundle, Some(Doubt::Unchecked { format })))
    }

    /// What holds for every safetensors file: its lengths, the types and places of its tensors.
    fn parse(kind: &'static str, bytes: Vec<u8>, limits: &Limits) -> Result<Self, Flaw> {
        let given = bytes.len() as u64;
        within("the file's bytes", given, limits.file)?;
        let wanted = LENGTH as u64;
        let length = bytes.first_chunk().ok_or(Flaw::Length {
            what: "the header's length",
            wanted,
            given,
        })?;
        let length = u64::from_le_bytes(*length);
        within("the header's bytes", length, limits.header)?;
        let rest = given - wanted;
        if length > rest {
            return Err(Flaw::Length { what: "a header", wanted: length, given: rest });
        }
        let (front, given) = (LENGTH + length as usize, rest - length);
        let Header { texts, tensors: mut listed } = Header::parse(&bytes[LENGTH..front])?;
        version(&texts)?;
        within("the number of tensors", listed.len() as u64, limits.tensors as u64)?;
        listed.sort_by_key(|(_, listed)| listed.data_offsets);
        let mut tensors = BTreeMap::new();
        let mut start = 0u64;
        for (name, listed) in listed {
            let Listed { dtype, shape: Dims(shape), data_offsets } = listed;
            let Some(dtype) = Dtype::of(&dtype) else {
                return Err(Flaw::UnknownType { tensor: name, given: dtype });
            };
            let end = shape.len().checked_mul(dtype.size());
            let end = end.and_then(|size| start.checked_add(size as u64)).unwrap_or(u64::MAX);
            let wanted = [start, end];
            if data_offsets != wanted {
                return Err(Flaw::Offsets { tensor: name, shape, wanted, given: data_offsets });
            }
            if end > given {
                return Err(Flaw::Length { what: "tensors", wanted: end, given });
            }
            let range = front + start as usize..front + end as usize;
            let sum = sha256(&bytes[range.clone()]);
            tensors.insert(name, Place { dtype, shape, range, sum });
            start = end;
        }
        if start != given {
            return Err(Flaw::Length { what: "tensors", wanted: start, given });
        }
        Ok(Bundle { kind, texts, tensors, bytes })
    }

    /// What holds for Elman's own files; takes the texts that are no one else's out.
    fn verify(&mut self) -> Result<(), Flaw> {
        let texts = mem::take(&mut self.texts).into_iter();
        let (own, texts): (BTreeMap<_, _>, _) = texts.partition(|(key, _)| keys::is_own(key));
        self.texts = texts;
        let text = |key: &str| own.get(key).map(String::as_str);
        let version = VERSION.to_string();
        for (key, wanted) in
            [(keys::FORMAT, FORMAT), (keys::VERSION, &*version), (keys::KIND, self.kind)]
        {
            if text(key) != Some(wanted) {
                return Err(Flaw::text(key, wanted, text(key)));
            }
        }
        let check = |key: &str, what: &str, given: &str| match text(key) {
            Some(wanted) if wanted == given => Ok(()),
            None => Err(Flaw::text(key, given, None)),
            Some(wanted) => {
                let (what, wanted, given) = (what.into(), wanted.into(), given.into());
                Err(Flaw::Checksum { what, wanted, given })
            }
        };
        for (name, place) in &self.tensors {
            check(
                &format!("{}{name}", keys::SUM),
                &format!("tensor {:?}", excerpt(name)),
                &place.sum,
            )?;
        }
        let digest = self.digest()?;
        check(keys::HEADER, "the header", &digest)?;
        // The numbers follow without a gap, so equal fronts are equal files.
        let front = self.front(&digest)?;
        match front.iter().zip(&self.bytes).position(|(wanted, given)| wanted != given) {
            Some(at) => Err(Flaw::NotCanonical { at: at as u64 }),
            None => Ok(()),
        }
    }
}

/// An error for texts of Elman's own of a later format: nothing else in the file can be judged.
fn version(texts: &BTreeMap<String, String>) -> Result<(), Flaw> {
    let text = |key: &str| texts.get(key).map(String::as_str);
    let found = text(keys::VERSION).and_then(|found| found.parse().ok());
    match found.filter(|&found| text(keys::FORMAT) == Some(FORMAT) && found > VERSION) {
        Some(found) => Err(Flaw::Version { found, supported: VERSION }),
        None => Ok(()),
    }
}

/// An error for a file of a later format. Only its header is read; that of a damaged file, which
/// says nothing about its version, is passed over.
pub(crate) fn check_version(mut file: impl Read, limits: &Limits) -> Result<(), Flaw> {
    let mut length = [0; LENGTH];
    let length = file.read_exact(&mut length).map(|()| u64::from_le_bytes(length));
    let Some(length) = length.ok().filter(|&length| length <= limits.header) else {
        return Ok(());
    };
    let mut header = Vec::new();
    _ = file.take(length).read_to_end(&mut header);
    Header::parse(&header).map_or(Ok(()), |header| version(&header.texts))
}

/// An error if there is more than the limit.
pub(crate) fn within(what: &'static str, given: u64, limit: u64) -> Result<(), Flaw> {
    if given > limit { Err(Flaw::TooLarge { what, given, limit }) } else { Ok(()) }
}
