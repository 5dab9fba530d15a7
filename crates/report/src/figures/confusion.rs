//! What is taken for what.

use crate::canvas::{Anchor, Canvas, INK, LETTERS, breadth};
use crate::chart::WIDTH;
use crate::error::Error;
use crate::picture::Picture;
use plotters::style::{Color, RGBColor};

/// How often each class was taken for each.
///
/// ```
/// use elman_report::Confusion;
///
/// let mut confusion = Confusion::new(["sine", "square"]);
/// for (class, answer) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
///     confusion.count(class, answer)?;
/// }
/// assert_eq!(confusion.counts, [[2, 1], [0, 1]]);
/// assert_eq!(confusion.right(), Some(0.75));
/// # Ok::<(), elman_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Confusion {
    /// The names of the classes.
    pub classes: Vec<String>,
    /// For each class, how often it was taken for each: `[truth][answer]`.
    pub counts: Vec<Vec<u64>>,
}

/// In more classes than these, shares are drawn, and no counts are written.
const WRITTEN: usize = 20;
/// Names are cut to so many characters.
const NAME: usize = 14;

/// The colour of all of a class; of a part it is as transparent as that is small.
const ALL: RGBColor = RGBColor(0x1F, 0x5F, 0xA8);
/// Counts on cells of deep colour.
const LIGHT: RGBColor = RGBColor(0xF1, 0xF4, 0xF8);

impl Confusion {
    /// Nothing counted yet.
    pub fn new(classes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let classes: Vec<String> = classes.into_iter().map(Into::into).collect();
        let counts = vec![vec![0; classes.len()]; classes.len()];
        Confusion { classes, counts }
    }

    /// Counts one answer.
    ///
    /// # Errors
    /// A class that there is not.
    pub fn count(&mut self, class: usize, answer: usize) -> Result<(), Error> {
        let given = || misfit("classes that have names", format!("{class} taken for {answer}"));
        let row = self.counts.get_mut(class).ok_or_else(given)?;
        let count = row.get_mut(answer).ok_or_else(given)?;
        *count = count.saturating_add(1);
        Ok(())
    }

    /// The part of right answers; `None` without any answer.
    pub fn right(&self) -> Option<f64> {
        let sum = |counts: &mut dyn Iterator<Item = &u64>| counts.map(|&n| n as f64).sum::<f64>();
        let all = sum(&mut self.counts.iter().flatten());
        let right = self.counts.iter().enumerate().filter_map(|(i, row)| row.get(i));
        (all > 0.0).then(|| sum(&mut right.into_iter()) / all)
    }

    /// The counts as a table, each cell as dark as its share of the class.
    ///
    /// # Errors
    /// If the counts are not as many as the classes, or the picture cannot be drawn.
    pub fn picture(&self) -> Result<Picture, Error> {
        let n = self.classes.len();
        if self.counts.len() != n || self.counts.iter().any(|row| row.len() != n) {
            let lengths: Vec<_> = self.counts.iter().map(Vec::len).collect();
            let given = format!("rows of {lengths:?} for {n} classes");
            return Err(misfit("a count for each class taken for each", given));
        }
        let names: Vec<String> = self.classes.iter().map(|name| short(name)).collect();
        let widest = names.iter().map(|name| breadth(name, LETTERS)).fold(0.0, f64::max);
        let left = 24.0 + widest.max(breadth("truth", LETTERS));
        let right = f64::from(WIDTH) - 24.0;
        let cell = ((right - left) / n.max(1) as f64).clamp(6.0, 96.0);
        let tall = cell.min(48.0);
        let lying = widest + 8.0 <= cell;
        let top = 36.0;
        let bottom = top + tall * n as f64;
        let height = bottom + if lying { 52.0 } else { 40.0 + widest };
        // Names of many classes would lie upon each other.
        let every = (LETTERS / tall).ceil().max(1.0) as usize;

        Canvas::picture(WIDTH, height as u32, |canvas| {
            canvas.word("truth", (left - 8.0, 18.0), LETTERS, Anchor::End, INK)?;
            for (i, row) in self.counts.iter().enumerate() {
                let y = top + tall * i as f64;
                let sum = row.iter().map(|&count| count as f64).sum::<f64>().max(1.0);
                for (j, &count) in row.iter().enumerate() {
                    let (x, share) = (left + cell * j as f64, count as f64 / sum);
                    canvas.block(
                        (x + 1.0, y + 1.0),
                        (x + cell, y + tall),
                        ALL.mix(0.06 + 0.94 * share),
                    )?;
                    if n <= WRITTEN && count > 0 {
                        let ink = if share > 0.45 { LIGHT } else { INK };
                        let word = count.to_string();
                        let letters =
                            (LETTERS * cell / (breadth(&word, LETTERS) + 6.0)).min(LETTERS);
                        let middle = (x + cell / 2.0, y + tall / 2.0);
                        canvas.word(&word, middle, letters, Anchor::Middle, ink)?;
                    }
                }
            }
            for (i, name) in names.iter().enumerate().step_by(every) {
                let y = top + tall * (i as f64 + 0.5);
                canvas.word(name, (left - 8.0, y), LETTERS, Anchor::End, INK)?;
                let x = left + cell * (i as f64 + 0.5);
                let (y, anchor) = match lying {
                    true => (bottom + 16.0, Anchor::Middle),
                    false => (bottom + 8.0, Anchor::Hanging),
                };
                canvas.word(name, (x, y), LETTERS, anchor, INK)?;
            }
            let edge = left + cell * n as f64;
            canvas.word("answer", (edge, height - 14.0), LETTERS, Anchor::End, INK)
        })
    }
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.into();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

fn misfit(wanted: &'static str, given: String) -> Error {
    Error::Shape { section: "confusion", wanted, given }
}
