use crate::{Error, error::want, layout::size};
use elman_tensor::reserve;

/// A long text as a few streams side by side, cut into pieces: for truncated
/// back-propagation through time.
///
/// The text is cut into `batch` parts of equal length, and each row of a batch reads one
/// of them, `time` symbols a piece. Where a row stops in one piece it goes on in the next,
/// so the state that a piece ends with is the one that the next begins with. The target is
/// the symbol that comes next:
///
/// ```text
/// read[t, k] = text[k count time + index time + t],    next[t, k] = the one after it
/// ```
///
/// What is left over at the end, less than `batch · time + 1` symbols, is not read. Piece
/// number `index` is a pure function of its number; after `count` of them the text begins
/// anew, with a state of zeros.
///
/// ```
/// use elman_data::{Alphabet, Piece, Streams};
/// # fn main() -> Result<(), elman_data::Error> {
/// let text = "the quick brown fox jumps over the lazy dog";
/// let alphabet = Alphabet::of(text);
/// let ids = alphabet.encode(text)?;
///
/// let streams = Streams::new(&ids, 4, 2)?; // pieces of 4 symbols, 2 rows
/// let mut piece = Piece::new();
/// let mut first = Vec::new();
/// for index in 0..streams.count() as u64 {
///     streams.fill(&mut piece, index)?;
///     assert_eq!(piece.begins, index == 0); // here the state starts from zeros
///     first.extend(piece.read.iter().step_by(2)); // [time, batch]: the first row
/// }
/// assert_eq!(alphabet.decode(&first)?, b"the quick brown fox ");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams<'a> {
    ids: &'a [u32],
    time: usize,
    batch: usize,
    count: usize,
}

impl<'a> Streams<'a> {
    /// `batch` streams of a text of these ids, in pieces of `time` symbols.
    ///
    /// # Errors
    ///
    /// If a size is 0 or a piece too large, or if the text is too short for one piece.
    pub fn new(ids: &'a [u32], time: usize, batch: usize) -> Result<Self, Error> {
        want(time > 0, "Streams", "time", time, "at least 1")?;
        want(batch > 0, "Streams", "batch", batch, "at least 1")?;
        let piece = size("Streams, symbols of a piece", &[time, batch])?;
        // The last symbol is a target only.
        let wanted = "more of them than time x batch";
        want(ids.len() > piece, "Streams", "the number of ids", ids.len(), wanted)?;
        Ok(Streams { ids, time, batch, count: (ids.len() - 1) / piece })
    }

    /// How many pieces there are before the text begins anew, at least 1.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Fills a piece with piece number `index`, counted through all epochs.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub fn fill(&self, piece: &mut Piece, index: u64) -> Result<(), Error> {
        let &Streams { ids, time, batch, count } = self;
        let place = (index % count as u64) as usize;
        let Piece { read, next, begins } = piece;
        *begins = place == 0;
        for (out, ahead) in [(read, 0), (next, 1)] {
            out.clear();
            reserve(out, time * batch)?;
            for t in place * time..(place + 1) * time {
                out.extend((0..batch).map(|k| ids[k * count * time + t + ahead]));
            }
        }
        Ok(())
    }
}

/// A piece of some streams, whose memory is used again and again.
///
/// A fresh one is empty.
///
/// ```
/// use elman_data::{Piece, Streams};
///
/// // Two rows of three symbols each, and the symbol after each.
/// let mut piece = Piece::new();
/// Streams::new(&[10, 11, 12, 13, 14, 15, 16], 3, 2)?.fill(&mut piece, 0)?;
/// assert_eq!(piece.read, [10, 13, 11, 14, 12, 15]); // step by step
/// assert_eq!(piece.next, [11, 14, 12, 15, 13, 16]);
/// assert!(piece.begins);
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The symbols that are read, `[time, batch]`, row-major.
    pub read: Vec<u32>,
    /// For each of them the symbol that comes next, `[time, batch]`: the class ids.
    pub next: Vec<u32>,
    /// Whether the text begins: all rows start from a state of zeros.
    pub begins: bool,
}

impl Piece {
    /// An empty piece.
    pub fn new() -> Self {
        Self::default()
    }
}
