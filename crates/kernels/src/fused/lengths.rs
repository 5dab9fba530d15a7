//! Rows that end before the others.

use super::split::Part;
use crate::error::{Error, length};

/// How many steps each row has; without them, all rows have all steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths<'a>(Option<&'a [u32]>);

impl<'a> Lengths<'a> {
    /// The lengths of so many rows.
    pub(super) fn new(lengths: Option<&'a [u32]>, batch: usize) -> Result<Self, Error> {
        if let Some(lengths) = lengths {
            length("fused, lengths", batch, lengths.len())?;
        }
        Ok(Lengths(lengths))
    }

    /// Whether a row has that step.
    #[inline(always)]
    pub(super) fn has(self, row: usize, t: usize) -> bool {
        self.0.is_none_or(|lengths| t < lengths[row] as usize)
    }

    /// The part without the rows behind the last one that has that step: where rows are sorted,
    /// longest first, nothing is computed in vain.
    #[inline(always)]
    pub(super) fn clip(self, part: Part, t: usize) -> Part {
        let Some(lengths) = self.0 else { return part };
        let own = &lengths[part.row..][..part.rows];
        let rows = own.iter().rposition(|&length| t < length as usize).map_or(0, |last| last + 1);
        Part { rows, ..part }
    }
}
