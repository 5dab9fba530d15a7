//! Lines, rectangles, dots and words on a picture.

use crate::error::Error;
use crate::picture::Picture;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fmt::Display;

/// Words and numbers.
pub(crate) const INK: RGBColor = RGBColor(0x33, 0x3A, 0x45);
/// Axes, and what is given.
pub(crate) const AXIS: RGBColor = RGBColor(0x8A, 0x92, 0x9E);
/// Lines that help the eye.
pub(crate) const GRID: RGBColor = RGBColor(0xE3, 0xE6, 0xEA);
/// Lines of data: colours that most colour-blind people can tell apart.
pub(crate) const COLORS: [RGBColor; 6] = [
    RGBColor(0x1F, 0x77, 0xB4),
    RGBColor(0xDE, 0x8F, 0x05),
    RGBColor(0x02, 0x9E, 0x73),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0xCC, 0x78, 0xBC),
    RGBColor(0x94, 0x67, 0x40),
];

/// Height of letters, in pixels.
pub(crate) const LETTERS: f64 = 14.0;
/// The drawing library counts in whole numbers: so many to a pixel keep lines smooth.
const FINE: f64 = 8.0;

/// Where a word stands relative to its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    /// To the right of it.
    Start,
    /// Around it.
    Middle,
    /// To the left of it.
    End,
    /// Below it, read from bottom to top.
    Hanging,
}

/// A picture that is being drawn, in pixels from its upper left corner.
pub(crate) struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

type Drawn = Result<(), String>;

impl Canvas<'_> {
    /// A picture of this size, drawn by `draw`.
    pub(crate) fn picture(
        width: u32,
        height: u32,
        draw: impl FnOnce(&Canvas<'_>) -> Drawn,
    ) -> Result<Picture, Error> {
        let mut svg = String::new();
        let fine = |pixels: u32| pixels.saturating_mul(FINE as u32);
        {
            let backend = SVGBackend::with_string(&mut svg, (fine(width), fine(height)));
            let canvas = Canvas(backend.into_drawing_area());
            canvas
                .0
                .fill(&WHITE)
                .map_err(text)
                .and_then(|()| draw(&canvas))
                .and_then(|()| canvas.0.present().map_err(text))
                .map_err(|what| Error::Drawing { width, height, what })?;
        }
        Ok(Picture::new(svg, [width, height], [fine(width), fine(height)]))
    }

    /// A line through these points.
    pub(crate) fn line(
        &self,
        points: impl IntoIterator<Item = (f64, f64)>,
        color: RGBColor,
        width: f64,
    ) -> Drawn {
        let points: Vec<_> = points.into_iter().map(place).collect();
        let style = color.stroke_width((width * FINE) as u32);
        self.0.draw(&PathElement::new(points, style)).map_err(text)
    }

    /// A filled rectangle between two corners.
    pub(crate) fn block(&self, from: (f64, f64), to: (f64, f64), color: impl Color) -> Drawn {
        self.0.draw(&Rectangle::new([place(from), place(to)], color.filled())).map_err(text)
    }

    /// A filled circle.
    pub(crate) fn dot(&self, at: (f64, f64), radius: f64, color: RGBColor) -> Drawn {
        let radius = (radius * FINE) as u32;
        self.0.draw(&Circle::new(place(at), radius, color.filled())).map_err(text)
    }

    /// A word.
    pub(crate) fn word(
        &self,
        word: &str,
        at: (f64, f64),
        height: f64,
        anchor: Anchor,
        color: RGBColor,
    ) -> Drawn {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End | Anchor::Hanging => HPos::Right,
        };
        // The library draws letters smaller than it is told, by this factor.
        let font = ("sans-serif", height * FINE * 1.24).into_font();
        let font = match anchor {
            Anchor::Hanging => font.transform(FontTransform::Rotate270),
            _ => font,
        };
        let style = font.color(&color).pos(Pos::new(horizontal, VPos::Center));
        let word: String = word.chars().map(printed).collect();
        self.0.draw(&Text::new(word, place(at), style)).map_err(text)
    }
}

/// A colour between two, `part` of the way from one to the other.
pub(crate) fn mixed(from: RGBColor, to: RGBColor, part: f64) -> RGBColor {
    let mix = |from: u8, to: u8| (f64::from(from) * (1.0 - part) + f64::from(to) * part) as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// About how many pixels wide a word is.
pub(crate) fn breadth(word: &str, height: f64) -> f64 {
    0.6 * height * word.chars().count() as f64
}

/// What a file of text may hold in the place of this character.
pub(crate) fn printed(c: char) -> char {
    if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { '\u{FFFD}' } else { c }
}

fn place((x, y): (f64, f64)) -> (i32, i32) {
    ((x * FINE).round() as i32, (y * FINE).round() as i32)
}

fn text(error: impl Display) -> String {
    error.to_string()
}
