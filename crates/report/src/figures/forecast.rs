//! A series, and what was said about it.

use crate::canvas::{AXIS, COLORS, Canvas};
use crate::chart::{Chart, HEIGHT, Line, WIDTH};
use crate::error::Error;
use crate::picture::Picture;

/// A series, and what others said it would be. Where a number is NaN, nothing is drawn; an answer
/// may go on where the series ends.
///
/// ```
/// use elman_report::Forecast;
///
/// let truth: Vec<f64> = (0..60).map(|month| (f64::from(month) / 5.0).sin()).collect();
/// let answer: Vec<f64> = (0..72).map(|month| (f64::from(month) / 5.1).sin()).collect();
/// let forecast = Forecast {
///     truth,
///     answers: vec![("network".into(), answer)],
///     quantity: "sunspots".into(),
///     time: "year".into(),
///     start: 1959.0,
///     spacing: 1.0 / 12.0,
/// };
/// assert!(forecast.picture()?.svg().contains("1960"));
/// # Ok::<(), elman_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// What came.
    pub truth: Vec<f64>,
    /// What was said, with names.
    pub answers: Vec<(String, Vec<f64>)>,
    /// What the numbers measure.
    pub quantity: String,
    /// What time is counted in.
    pub time: String,
    /// The time of the first number.
    pub start: f64,
    /// The time between two numbers.
    pub spacing: f64,
}

impl Default for Forecast {
    /// Nothing, in steps from 0 on.
    fn default() -> Self {
        Forecast {
            truth: Vec::new(),
            answers: Vec::new(),
            quantity: String::new(),
            time: "step".into(),
            start: 0.0,
            spacing: 1.0,
        }
    }
}

impl Forecast {
    /// The series and the answers as lines.
    ///
    /// # Errors
    /// If the picture cannot be drawn.
    pub fn picture(&self) -> Result<Picture, Error> {
        let points = |values: &[f64]| {
            let times = (0..values.len()).map(|t| self.start + self.spacing * t as f64);
            times.zip(values.iter().copied()).collect()
        };
        let truth = Line { name: "truth", points: points(&self.truth), color: AXIS };
        let answers = self.answers.iter().zip(COLORS.iter().cycle());
        let answers = answers.map(|((name, y), &color)| Line { name, points: points(y), color });
        let lines = [truth].into_iter().chain(answers);
        let chart = Chart::of(&self.time, &self.quantity, false, lines);
        Canvas::picture(WIDTH, HEIGHT, |canvas| chart.draw(canvas, 0.0))
    }
}
