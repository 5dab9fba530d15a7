use crate::{Error, error::want, layout::length};
use elman_tensor::{Random, reserve};
use std::cmp::Reverse;

/// Batches of sequences that are about equally long.
///
/// A batch is as long as its longest row, and what the others lack is padding, computed
/// for nothing. So sequences are sorted by length before they are cut into batches, and
/// the batches are shuffled, as Khomenko et al. (2016) do: the order of an epoch is a
/// pure function of (seed, epoch), in which each sequence appears exactly once. In a
/// batch the longest rows come first, so that the rows which are done lie at its end,
/// where no time is spent on them.
///
/// Sorted as a whole, `n` sequences have at most
///
/// ```text
/// B (longest - shortest)    steps of padding, in batches of B
/// ```
///
/// for every batch ends where the next one, of shorter rows, begins. But then only rows
/// of equal length ever change places. [`pools`](Buckets::pools) draws sequences into
/// pools first, and sorts each: every epoch mixes rows anew, for that much padding in
/// each of the pools.
///
/// ```
/// use elman_data::{Batch, Buckets, Layout, Order, Target};
/// # fn main() -> Result<(), elman_data::Error> {
/// let words: Vec<&str> = "bits of a row do not depend on the batch".split(' ').collect();
/// let lengths: Vec<u32> = words.iter().map(|word| word.len() as u32).collect();
///
/// let buckets = Buckets::new(&lengths, 7, 4)?;
/// let (mut order, mut batch) = (Order::new(), Batch::<f32>::new());
/// for epoch in 0..2 {
///     order.shuffle(&buckets, epoch)?;
///     for rows in order.iter() {
///         let (time, target) = (words[rows[0]].len(), Target::Sequence(1));
///         let layout = Layout { time, batch: rows.len(), features: 1, target, classes: false };
///         batch.fill(layout, |k, row, _| {
///             let word = words[rows[k]];
///             word.bytes().enumerate().for_each(|(t, b)| row.x(t, 0, f64::from(b - b'a')));
///             row.length(word.len());
///             Ok(())
///         })?;
///         assert!(batch.lengths.is_sorted_by(|a, b| a >= b)); // a training step goes here
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets<'a> {
    lengths: &'a [u32],
    seed: u64,
    batch: usize,
    /// Batches in a pool.
    pool: usize,
    /// Whether lengths of a batch are of one octave.
    octaves: bool,
}

impl<'a> Buckets<'a> {
    /// Batches of `batch` sequences of these lengths, sorted as a whole.
    ///
    /// # Errors
    ///
    /// If there are no sequences or more than [`LIMIT`](crate::LIMIT), if one of them has
    /// no steps, or if `batch` is 0.
    pub fn new(lengths: &'a [u32], seed: u64, batch: usize) -> Result<Self, Error> {
        want(!lengths.is_empty(), "Buckets", "lengths", lengths, "at least one")?;
        length("Buckets, sequences", &[lengths.len()])?;
        let empty = lengths.iter().position(|&steps| steps == 0);
        want(empty.is_none(), "Buckets", "the place of a length of 0", empty, "none")?;
        want(batch > 0, "Buckets", "batch", batch, "at least 1")?;
        Ok(Buckets { lengths, seed, batch, pool: usize::MAX, octaves: false })
    }

    /// Draws sequences into pools of `batches` batches, and sorts each pool alone.
    ///
    /// # Errors
    ///
    /// If `batches` is 0.
    pub fn pools(self, batches: usize) -> Result<Self, Error> {
        want(batches > 0, "Buckets", "pools", batches, "at least 1")?;
        Ok(Buckets { pool: batches, ..self })
    }

    /// Puts only sequences of one octave into a batch, those of 2ᵏ to 2ᵏ⁺¹ - 1 steps: then less
    /// than half of a batch is padding, however long the longest sequence is. The last batch of each
    /// octave may be smaller than the others.
    ///
    /// ```
    /// use elman_data::{Buckets, Order};
    ///
    /// let lengths = [60_000, 3, 2, 5, 3];
    /// let mut order = Order::new();
    /// order.shuffle(&Buckets::new(&lengths, 7, 4)?.octaves(), 0)?;
    /// let mut sizes: Vec<usize> = order.iter().map(<[usize]>::len).collect();
    /// sizes.sort();
    /// assert_eq!(sizes, [1, 1, 3]); // 60 000; 5; 3, 3 and 2
    /// # Ok::<(), elman_data::Error>(())
    /// ```
    #[must_use]
    pub fn octaves(self) -> Self {
        Buckets { octaves: true, ..self }
    }

    /// The number of batches of an epoch. One of them may be smaller than the others, or one of
    /// each of the [`octaves`](Buckets::octaves).
    pub fn count(&self) -> usize {
        let mut sizes = [0_usize; 33];
        self.lengths.iter().for_each(|&length| sizes[self.octave(length)] += 1);
        sizes.iter().map(|size| size.div_ceil(self.batch)).sum()
    }

    /// The octave of a length; all have one where they do not count.
    fn octave(&self, length: u32) -> usize {
        if self.octaves { length.checked_ilog2().map_or(0, |octave| octave as usize) } else { 0 }
    }
}

/// The batches of an epoch, whose memory is used again and again.
///
/// A fresh one has none.
///
/// ```
/// use elman_data::{Buckets, Order};
///
/// let lengths = [5, 1, 9, 2, 8, 3];
/// let buckets = Buckets::new(&lengths, 7, 2)?;
/// let mut order = Order::new();
/// order.shuffle(&buckets, 0)?;
/// // Batches of neighbours in length, in an order of their own.
/// let mut longest: Vec<u32> = Vec::new();
/// for batch in order.iter() {
///     longest.push(batch.iter().map(|&i| lengths[i]).max().unwrap());
/// }
/// longest.sort();
/// assert_eq!(longest, [2, 5, 9]); // of 1 2, 3 5, 8 9
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Octave and pool, length and place after shuffling of each sequence, and its number: what it
    /// is sorted by.
    places: Vec<(usize, usize, Reverse<u32>, usize, usize)>,
    rows: Vec<usize>,
    /// The parts of `rows` that are batches, in their order.
    batches: Vec<(usize, usize)>,
}

impl Order {
    /// An order of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Becomes the order of epoch `epoch`. From the second epoch on this allocates nothing.
    ///
    /// # Errors
    ///
    /// If there is no memory for the order; it has no batches then.
    pub fn shuffle(&mut self, buckets: &Buckets<'_>, epoch: u64) -> Result<(), Error> {
        let &Buckets { lengths, seed, batch, pool, .. } = buckets;
        let Order { places, rows, batches } = self;
        places.clear();
        rows.clear();
        batches.clear();
        reserve(places, lengths.len())?;
        reserve(rows, lengths.len())?;
        reserve(batches, buckets.count())?;

        let mut random = Random::new(seed, "buckets", epoch);
        rows.extend(0..lengths.len());
        random.shuffle(rows);
        let pool = pool.saturating_mul(batch);
        // The place within an octave counts for the pools.
        let mut sizes = [0_usize; 33];
        places.extend(rows.iter().enumerate().map(|(p, &i)| {
            let octave = buckets.octave(lengths[i]);
            sizes[octave] += 1;
            (octave, (sizes[octave] - 1) / pool, Reverse(lengths[i]), p, i)
        }));
        places.sort_unstable();
        rows.clear();
        rows.extend(places.iter().map(|&(.., i)| i));
        let mut start = 0;
        for size in sizes {
            let end = start + size;
            let starts = (start..end).step_by(batch);
            batches.extend(starts.map(|start| (start, start.saturating_add(batch).min(end))));
            start = end;
        }
        random.shuffle(batches);
        Ok(())
    }

    /// The sequences of batch `i`, the longest first; `None` if there is no such batch.
    pub fn get(&self, i: usize) -> Option<&[usize]> {
        self.batches.get(i).map(|&(start, end)| &self.rows[start..end])
    }

    /// The batches one after the other, each the numbers of its sequences.
    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        (0..self.batches.len()).map_while(|i| self.get(i))
    }
}
