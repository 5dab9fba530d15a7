/// What a missing value in a column becomes.
///
/// Missing are an empty field and the texts `NA`, `N/A`, `NaN` and `null`, in
/// upper or lower case, with or without spaces around them: the ways in which
/// programs write "no number here". An infinity is not missing but an error: it
/// says that a computation went wrong before the file was written.
///
/// ```
/// use elman_data::{Missing, Table};
///
/// let csv = &b"load\n1\nNA\n\"\"\n4\n"[..];
/// let read = |missing| Table::from_reader("load.csv", csv, &["load"], missing);
/// assert_eq!(read(Missing::Last)?.values(), [1.0, 1.0, 1.0, 4.0]);
/// assert_eq!(read(Missing::Linear)?.values(), [1.0, 2.0, 3.0, 4.0]);
/// assert!(read(Missing::Refuse).unwrap_err().to_string().starts_with("load.csv, line 3"));
/// # Ok::<(), elman_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// An error that names the first one. The safe choice, where none is expected.
    Refuse,
    /// The last value before it. Looks only into the past, so it may be used where
    /// the series is forecast; a gap at the very beginning is an error.
    Last,
    /// The straight line between its neighbours, by row number. Looks into the
    /// future; a gap at the beginning or at the end is an error.
    Linear,
}

impl Missing {
    /// Whether the text of a field says that there is no value.
    pub fn is(text: &str) -> bool {
        text.is_empty() || ["na", "n/a", "nan", "null"].iter().any(|m| text.eq_ignore_ascii_case(m))
    }

    /// Gives the gaps at both ends of one column of a sequence the value next to them, which leaves
    /// no gap that cannot be filled. `false` if there is no value at all.
    pub(crate) fn close(values: &mut [f64], width: usize, column: usize) -> bool {
        let at = |row: usize| row * width + column;
        let rows = values.len() / width;
        let known = |&row: &usize| !values[at(row)].is_nan();
        let (Some(first), Some(last)) = ((0..rows).find(known), (0..rows).rfind(known)) else {
            return rows == 0;
        };
        (0..first).for_each(|row| values[at(row)] = values[at(first)]);
        (last + 1..rows).for_each(|row| values[at(row)] = values[at(last)]);
        true
    }

    /// Fills every NaN of one column, the one at `column` of rows of `width` values.
    ///
    /// Errors with the row of the first gap that cannot be filled, and the side on
    /// which it has no value.
    pub(crate) fn fill(
        self,
        values: &mut [f64],
        width: usize,
        column: usize,
    ) -> Result<(), (usize, &'static str)> {
        let at = |row: usize| row * width + column;
        let rows = values.len() / width;
        let mut row = 0;
        while row < rows {
            if !values[at(row)].is_nan() {
                row += 1;
                continue;
            }
            let end = (row..rows).find(|&r| !values[at(r)].is_nan());
            let before = row.checked_sub(1).ok_or((row, "before"))?;
            let a = values[at(before)];
            match (self, end) {
                // The reader has refused already, with the text of the field.
                (Missing::Refuse, _) => return Ok(()),
                (Missing::Last, _) => (row..end.unwrap_or(rows)).for_each(|r| values[at(r)] = a),
                (Missing::Linear, None) => return Err((row, "after")),
                (Missing::Linear, Some(end)) => {
                    let b = values[at(end)];
                    for r in row..end {
                        let w = (r - before) as f64 / (end - before) as f64;
                        // Not a + (b - a) w, whose difference can overflow.
                        values[at(r)] = a * (1.0 - w) + b * w;
                    }
                }
            }
            row = end.unwrap_or(rows);
        }
        Ok(())
    }
}
