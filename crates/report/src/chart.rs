//! Lines over an axis of time.

use crate::axis::Axis;
use crate::canvas::{AXIS, Anchor, Canvas, GRID, INK, LETTERS, breadth};
use plotters::style::RGBColor;

/// The width of a picture, in pixels: on a telephone its letters can still be read.
pub(crate) const WIDTH: u32 = 560;
/// The height of a panel.
pub(crate) const HEIGHT: u32 = 300;
/// A line of more points than this is drawn by the extremes of each stretch.
const POINTS: usize = 2000;
/// Lines of no more points than this have a dot for each.
const DOTS: usize = 60;
/// At most this number of lines is drawn.
const LINES: usize = 24;

/// A named line. Where its numbers are not finite, it is interrupted.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) color: RGBColor,
}

/// Lines over one axis of time, what that is, and what they measure.
pub(crate) struct Chart<'a> {
    pub(crate) time: &'a str,
    pub(crate) quantity: &'a str,
    /// Whether large and small numbers may share a logarithmic axis.
    pub(crate) logarithmic: bool,
    pub(crate) lines: Vec<Line<'a>>,
    /// How many more there would be to draw, and of what: a note in the legend.
    pub(crate) more: Option<String>,
}

impl<'a> Chart<'a> {
    /// A chart of these lines; of many, the first ones and a note of how many more there are.
    pub(crate) fn of(
        time: &'a str,
        quantity: &'a str,
        logarithmic: bool,
        mut lines: impl Iterator<Item = Line<'a>>,
    ) -> Self {
        let drawn = lines.by_ref().take(LINES).collect();
        let more = Some(lines.count()).filter(|&more| more > 0);
        let more = more.map(|more| format!("and {more} more lines"));
        Chart { time, quantity, logarithmic, lines: drawn, more }
    }
}

impl Chart<'_> {
    /// Draws it into the panel of [`WIDTH`] by [`HEIGHT`] that begins `top` pixels from above.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>, top: f64) -> Result<(), String> {
        let points = || self.lines.iter().flat_map(|line| line.points.iter().copied());
        let x = Axis::tight(points().map(|(x, _)| x), 6);
        let y = Axis::of(points().map(|(_, y)| y), 5, self.logarithmic);
        let dotted = self.lines.iter().all(|line| line.points.len() <= DOTS);
        let left = 22.0 + breadth(y.longest(), LETTERS);
        let right = f64::from(WIDTH) - 28.0;
        let bottom = top + f64::from(HEIGHT) - 48.0;
        let upper = self.legend(canvas, left, right, top + 18.0)? + 22.0;

        let across = |number: f64| left + (right - left) * x.place(number);
        let up = |number: f64| bottom + (upper - bottom) * y.place(number);
        for (number, word) in &y.ticks {
            let at = up(*number);
            canvas.line([(left, at), (right, at)], GRID, 1.0)?;
            canvas.word(word, (left - 8.0, at), LETTERS, Anchor::End, INK)?;
        }
        canvas.line([(left, bottom), (right, bottom)], AXIS, 1.0)?;
        for (number, word) in &x.ticks {
            let at = across(*number);
            canvas.line([(at, bottom), (at, bottom + 5.0)], AXIS, 1.0)?;
            canvas.word(word, (at, bottom + 16.0), LETTERS, Anchor::Middle, INK)?;
        }
        canvas.word(self.time, (right, bottom + 36.0), LETTERS, Anchor::End, INK)?;

        for line in &self.lines {
            let drawn = thinned(&line.points);
            for piece in drawn.split(|(x, y)| !(x.is_finite() && y.is_finite())) {
                let mut places = piece.iter().map(|&(x, y)| (across(x), up(y)));
                if piece.len() > 1 {
                    canvas.line(places.clone(), line.color, 2.0)?;
                }
                if piece.len() == 1 || dotted {
                    places.try_for_each(|at| canvas.dot(at, 3.0, line.color))?;
                }
            }
        }
        Ok(())
    }

    /// Writes what is measured and, if there are several, the names of the lines. Returns how far
    /// down that goes.
    fn legend(&self, canvas: &Canvas<'_>, left: f64, right: f64, top: f64) -> Result<f64, String> {
        let start = 8.0;
        canvas.word(self.quantity, (start, top), LETTERS, Anchor::Start, INK)?;
        let lines = if self.lines.len() < 2 { &[][..] } else { &self.lines };
        let named = lines.iter().map(|line| (line.name, Some(line.color)));
        let first = start + breadth(self.quantity, LETTERS) + 24.0;
        let (mut x, mut y) = (first.max(left), top);
        for (name, color) in named.chain(self.more.as_deref().map(|more| (more, None))) {
            let width = 28.0 + breadth(name, LETTERS);
            if x + width > right && x > left {
                (x, y) = (left, y + 20.0);
            }
            if let Some(color) = color {
                canvas.line([(x, y), (x + 20.0, y)], color, 3.0)?;
            }
            canvas.word(name, (x + 26.0, y), LETTERS, Anchor::Start, INK)?;
            x += width + 16.0;
        }
        Ok(y)
    }
}

/// The same line with fewer points: of each stretch the least and the largest.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(POINTS / 2);
    let extremes = points.chunks(stretch).flat_map(|points| {
        let of = |compare: fn(&f64, &f64) -> std::cmp::Ordering| {
            (0..points.len()).max_by(|&a, &b| compare(&points[a].1, &points[b].1)).unwrap_or(0)
        };
        let (most, least) = (of(f64::total_cmp), of(|a, b| b.total_cmp(a)));
        [points[most.min(least)], points[most.max(least)]]
    });
    extremes.collect()
}
