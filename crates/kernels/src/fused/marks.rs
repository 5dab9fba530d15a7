//! Rows that end before the others, and rows that start anew.

use super::split::Part;
use super::{Marks, Sizes};
use crate::error::{Error, length};

impl<'a> Marks<'a> {
    /// The marks, if there are as many as the sizes ask for.
    pub(super) fn checked(self, sizes: Sizes) -> Result<Self, Error> {
        if let Some(lengths) = self.lengths {
            length("fused, lengths", sizes.batch, lengths.len())?;
        }
        if let Some(resets) = self.resets {
            length("fused, resets", sizes.time * sizes.batch, resets.len())?;
        }
        Ok(self)
    }

    /// Whether a row has that step.
    #[inline(always)]
    pub(super) fn has(self, row: usize, t: usize) -> bool {
        self.lengths.is_none_or(|lengths| t < lengths[row] as usize)
    }

    /// Whether a row, of so many, starts anew with that step.
    #[inline(always)]
    pub(super) fn starts(self, row: usize, t: usize, batch: usize) -> bool {
        let flagged = |resets: &[u32]| resets.get(t * batch + row).is_some_and(|&flag| flag != 0);
        self.resets.is_some_and(flagged)
    }

    /// The part without the rows behind the last one that has that step: where rows are sorted,
    /// longest first, nothing is computed in vain.
    #[inline(always)]
    pub(super) fn clip(self, part: Part, t: usize) -> Part {
        let Some(lengths) = self.lengths else { return part };
        let own = &lengths[part.row..][..part.rows];
        let rows = own.iter().rposition(|&length| t < length as usize).map_or(0, |last| last + 1);
        Part { rows, ..part }
    }

    /// Runs of rows of a part, and whether they start anew with that step.
    #[inline(always)]
    pub(super) fn runs(
        self,
        part: Part,
        t: usize,
        batch: usize,
    ) -> impl Iterator<Item = (Part, bool)> + use<'a> {
        let end = part.row + part.rows;
        let mut row = part.row;
        std::iter::from_fn(move || {
            if row == end {
                return None;
            }
            let starts = self.starts(row, t, batch);
            let other = |&row: &usize| self.starts(row, t, batch) != starts;
            let until = self.resets.and_then(|_| (row..end).find(other)).unwrap_or(end);
            let run = Part { row, rows: until - row, ..part };
            row = until;
            Some((run, starts))
        })
    }
}
