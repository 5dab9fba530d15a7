//! What is taken for what.

use crate::canvas::{Anchor, Canvas, INK, LETTERS, breadth};
use crate::chart::WIDTH;
use crate::error::Error;
use crate::picture::Picture;
use plotters::style::{Color, RGBColor};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How often each class was taken for each.
///
/// ```
/// use elman_report::Confusion;
///
/// let mut confusion = Confusion::new(["sine", "square"]);
/// for (class, answer) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
///     confusion.count(class, answer)?;
/// }
/// assert_eq!(confusion.counts, [((0, 0), 2), ((0, 1), 1), ((1, 1), 1)].into());
/// assert_eq!(confusion.right(), Some(0.75));
/// # Ok::<(), elman_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Confusion {
    /// The names of the classes.
    pub classes: Vec<String>,
    /// How often a class was taken for another or for itself, by (truth, answer). Pairs that did
    /// not occur are absent, so that memory does not grow with the square of the classes.
    pub counts: BTreeMap<(usize, usize), u64>,
}

/// In more classes than these, shares are drawn, and no counts are written.
const WRITTEN: usize = 20;
/// Of more classes than these, the most frequent confusions are listed.
const TABLE: usize = 64;
/// How many confusions are listed at most.
const LISTED: usize = 25;
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
        Confusion { classes, counts: BTreeMap::new() }
    }

    /// Counts one answer.
    ///
    /// # Errors
    /// A class that there is not.
    pub fn count(&mut self, class: usize, answer: usize) -> Result<(), Error> {
        self.check((class, answer))?;
        let count = self.counts.entry((class, answer)).or_default();
        *count = count.saturating_add(1);
        Ok(())
    }

    fn check(&self, (class, answer): (usize, usize)) -> Result<(), Error> {
        if class.max(answer) < self.classes.len() {
            return Ok(());
        }
        let (wanted, given) = ("classes that have names", format!("{class} taken for {answer}"));
        Err(Error::Shape { section: "confusion", wanted, given })
    }

    /// The part of right answers; `None` without any answer.
    pub fn right(&self) -> Option<f64> {
        let sum = |all: bool| {
            let counts = self.counts.iter().filter(|((class, answer), _)| all || class == answer);
            counts.map(|(_, &count)| count as f64).sum::<f64>()
        };
        let all = sum(true);
        (all > 0.0).then(|| sum(false) / all)
    }

    /// The counts as a table, each cell as dark as its share of the class. Of more than 64 classes,
    /// the 25 most frequent confusions as a list.
    ///
    /// # Errors
    /// If there are counts of classes without a name, or the picture cannot be drawn.
    pub fn picture(&self) -> Result<Picture, Error> {
        self.counts.keys().try_for_each(|&pair| self.check(pair))?;
        if self.classes.len() > TABLE { self.list() } else { self.table() }
    }

    fn table(&self) -> Result<Picture, Error> {
        let n = self.classes.len();
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
            for i in 0..n {
                let y = top + tall * i as f64;
                let row: Vec<u64> =
                    (0..n).map(|j| self.counts.get(&(i, j)).copied().unwrap_or(0)).collect();
                let sum = row.iter().map(|&count| count as f64).sum::<f64>().max(1.0);
                for (j, count) in row.into_iter().enumerate() {
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

/// The pair of classes, and how often the one was taken for the other.
type Pair = ((usize, usize), u64);

impl Confusion {
    /// The most frequent confusions, and how many different ones there are.
    fn worst(&self) -> (Vec<Pair>, usize) {
        let counts = self.counts.iter().map(|(&pair, &count)| (pair, count));
        let confused = |&((class, answer), count): &Pair| class != answer && count > 0;
        let mut pairs: Vec<Pair> = counts.filter(confused).collect();
        let all = pairs.len();
        pairs.sort_by_key(|&(pair, count)| (Reverse(count), pair));
        pairs.truncate(LISTED);
        (pairs, all)
    }

    /// The most frequent confusions, each with a bar as long as its count.
    fn list(&self) -> Result<Picture, Error> {
        let (pairs, all) = self.worst();
        let name = |&((class, answer), count): &Pair| {
            let [truth, answer] = [class, answer].map(|class| short(&self.classes[class]));
            (format!("{truth} → {answer}"), count)
        };
        let rows: Vec<(String, u64)> = pairs.iter().map(name).collect();
        let most = rows.iter().map(|&(_, count)| count).max().unwrap_or(1) as f64;
        let title = match rows.len() {
            0 => format!("no confusions among {} classes", self.classes.len()),
            listed if listed < all => format!("truth → answer: {listed} of {all} confusions"),
            _ => "truth → answer".into(),
        };
        let widest = rows.iter().map(|(name, _)| breadth(name, LETTERS)).fold(0.0, f64::max);
        let digits = rows.iter().map(|(_, count)| breadth(&count.to_string(), LETTERS));
        let (top, tall) = (44.0, 24.0);
        let left = 24.0 + widest;
        let right = f64::from(WIDTH) - 32.0 - digits.fold(0.0, f64::max);
        let height = top + tall * rows.len() as f64 + 12.0;
        Canvas::picture(WIDTH, height as u32, |canvas| {
            canvas.word(&title, (16.0, 20.0), LETTERS, Anchor::Start, INK)?;
            for (i, (name, count)) in rows.iter().enumerate() {
                let y = top + tall * i as f64;
                let end = left + (right - left) * (*count as f64 / most);
                canvas.word(name, (left - 8.0, y + tall / 2.0), LETTERS, Anchor::End, INK)?;
                canvas.block((left, y + 3.0), (end, y + tall - 3.0), ALL)?;
                let at = (end + 8.0, y + tall / 2.0);
                canvas.word(&count.to_string(), at, LETTERS, Anchor::Start, INK)?;
            }
            Ok(())
        })
    }
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.into();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}
