use crate::Error;
use elman_tensor::reserve;

/// The bytes of a text, each with an id: 0, 1, 2, ... in the order of their values.
///
/// A character is a byte here. A text in ASCII is its characters; of other letters UTF-8
/// makes several symbols, each of which is learned like the rest.
///
/// ```
/// use elman_data::Alphabet;
/// # fn main() -> Result<(), elman_data::Error> {
/// let alphabet = Alphabet::of("abracadabra");
/// assert_eq!(alphabet.bytes(), b"abcdr");
/// let ids = alphabet.encode("bard")?;
/// assert_eq!(ids, [1, 0, 4, 3]);
/// assert_eq!(alphabet.decode(&ids)?, b"bard");
/// assert!(alphabet.encode("bird").is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alphabet {
    /// Sorted, each once.
    bytes: Vec<u8>,
}

impl Alphabet {
    /// The bytes that occur in a text.
    pub fn of(text: impl AsRef<[u8]>) -> Self {
        let mut there = [false; 256];
        text.as_ref().iter().for_each(|&byte| there[usize::from(byte)] = true);
        Alphabet { bytes: (0..=u8::MAX).filter(|&byte| there[usize::from(byte)]).collect() }
    }

    /// How many symbols there are, at most 256: the classes of a model.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none: the text was empty.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes in the order of their ids.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The id of a byte, if it is in the alphabet.
    pub fn id(&self, byte: u8) -> Option<u32> {
        self.bytes.binary_search(&byte).ok().map(|id| id as u32)
    }

    /// The byte with this id, if there is one.
    pub fn byte(&self, id: u32) -> Option<u8> {
        self.bytes.get(id as usize).copied()
    }

    /// The ids of a text.
    ///
    /// # Errors
    ///
    /// If a byte is not in the alphabet: says which, and where; if there is no memory for the ids.
    pub fn encode(&self, text: impl AsRef<[u8]>) -> Result<Vec<u32>, Error> {
        let bytes = text.as_ref().iter().enumerate();
        let id = |(place, &byte): (usize, &u8)| {
            let found = || format!("{byte:#04x} at place {place}");
            self.id(byte).ok_or_else(|| foreign("Alphabet::encode", "byte", found()))
        };
        let mut ids = Vec::new();
        reserve(&mut ids, bytes.len())?;
        for byte in bytes {
            ids.push(id(byte)?);
        }
        Ok(ids)
    }

    /// The text of some ids.
    ///
    /// # Errors
    ///
    /// If there is no such id: says which, and where.
    pub fn decode(&self, ids: &[u32]) -> Result<Vec<u8>, Error> {
        let byte = |(place, &id): (usize, &u32)| {
            let found = || format!("{id} at place {place}");
            self.byte(id).ok_or_else(|| foreign("Alphabet::decode", "id", found()))
        };
        ids.iter().enumerate().map(byte).collect()
    }
}

fn foreign(what: &'static str, name: &'static str, found: String) -> Error {
    Error::Parameter { what, name, found, wanted: "one of the alphabet's" }
}
