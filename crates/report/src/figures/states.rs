//! What the units of a network do over time.

use crate::axis::Axis;
use crate::canvas::{AXIS, Anchor, Canvas, INK, LETTERS, mixed};
use crate::chart::WIDTH;
use crate::error::Error;
use crate::picture::Picture;
use elman_autograd::tensor::{Real, View};
use plotters::style::RGBColor;

/// The states of one sequence: a row of cells for each unit, a column for each time step.
///
/// ```
/// use elman_autograd::tensor::Tensor;
/// use elman_report::States;
///
/// // The second row of two, of which each step has three units.
/// let states = Tensor::from_fn([4, 2, 3], |i| i as f64)?;
/// let row = States::of(states.view(), 1)?;
/// assert_eq!((row.units, &row.values[..6]), (3, &[3.0, 4.0, 5.0, 9.0, 10.0, 11.0][..]));
/// assert!(row.picture()?.svg().contains("unit"));
/// assert!(States::of(states.view(), 2).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct States {
    /// How many units there are.
    pub units: usize,
    /// The states, unit by unit at each time step: `[time, units]`.
    pub values: Vec<f64>,
}

/// At most so many rows and columns are drawn.
const UNITS: usize = 48;
const STEPS: usize = 128;

/// The colours of the least, the middle and the largest number.
const COLD: RGBColor = RGBColor(0x1F, 0x5F, 0xA8);
const PALE: RGBColor = RGBColor(0xF4, 0xF4, 0xF2);
const WARM: RGBColor = RGBColor(0xC4, 0x4E, 0x14);

impl States {
    /// Row `row` of a batch of sequences `[time, batch, units]`.
    ///
    /// # Errors
    /// A tensor of another rank, or a row that is not there.
    pub fn of<T: Real>(states: View<'_, T>, row: usize) -> Result<Self, Error> {
        let shape = states.shape();
        let &[_, batch, units] = shape.dims() else {
            return Err(misfit("states of [time, batch, units]", shape));
        };
        if row >= batch {
            return Err(misfit("a row of the batch", format!("row {row} of {shape}")));
        }
        let rows = states.values().chunks(units.max(1)).skip(row).step_by(batch);
        Ok(States { units, values: rows.flatten().map(|x| x.to_f64()).collect() })
    }

    /// The states as colours: white is 0, and the deepest colour the number farthest from it.
    ///
    /// Of many units or steps neighbours are drawn together, as their mean.
    ///
    /// # Errors
    /// If the values are no whole steps of the units, or the picture cannot be drawn.
    pub fn picture(&self) -> Result<Picture, Error> {
        if !self.values.len().is_multiple_of(self.units.max(1)) {
            let given = format!("{} numbers for {} units", self.values.len(), self.units);
            return Err(misfit("numbers for whole time steps", given));
        }
        let steps = self.values.len().checked_div(self.units).unwrap_or(0);
        let (rows, columns) = (self.units.min(UNITS), steps.min(STEPS));
        let farthest = self.values.iter().filter(|x| x.is_finite());
        let farthest = farthest.fold(0.0, |farthest: f64, x| farthest.max(x.abs()));

        let (left, top, right) = (52.0, 44.0, f64::from(WIDTH) - 24.0);
        let tall = (220.0 / rows.max(1) as f64).clamp(5.0, 16.0);
        let bottom = top + tall * rows.max(1) as f64;
        let wide = (right - left) / columns.max(1) as f64;
        Canvas::picture(WIDTH, (bottom + 48.0) as u32, |canvas| {
            key(canvas, right, farthest)?;
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                let units = part(i, rows, self.units);
                let steps = part(j, columns, steps);
                let count = (units.len() * steps.len()) as f64;
                let values = steps.flat_map(|t| units.clone().map(move |u| t * self.units + u));
                let mean = values.map(|at| self.values[at] / count).sum::<f64>();
                let (x, y) = (left + wide * j as f64, top + tall * i as f64);
                // Neighbours overlap a little, or the paper would shine through.
                let to = ((x + wide + 0.5).min(right), (y + tall + 0.5).min(bottom));
                canvas.block((x, y), to, color(mean / farthest.max(f64::MIN_POSITIVE)))?;
            }
            canvas.word("unit", (8.0, 20.0), LETTERS, Anchor::Start, INK)?;
            for unit in [0, self.units.saturating_sub(1)] {
                let place = unit * rows / self.units.max(1);
                let at = (left - 8.0, top + tall * (place as f64 + 0.5));
                canvas.word(&unit.to_string(), at, LETTERS, Anchor::End, INK)?;
            }
            let axis = Axis::tight([0.0, steps.max(1) as f64].into_iter(), 6);
            for (step, word) in &axis.ticks {
                let x = left + (right - left) * axis.place(*step);
                canvas.line([(x, bottom), (x, bottom + 5.0)], AXIS, 1.0)?;
                canvas.word(word, (x, bottom + 16.0), LETTERS, Anchor::Middle, INK)?;
            }
            canvas.word("time step", (right, bottom + 36.0), LETTERS, Anchor::End, INK)
        })
    }
}

/// Which colour stands for which number.
fn key(canvas: &Canvas<'_>, right: f64, farthest: f64) -> Result<(), String> {
    let (left, y) = (right - 200.0, 20.0);
    let words = [format!("{:.2}", -farthest), format!("{farthest:.2}")];
    canvas.word(&words[0], (left, y), LETTERS, Anchor::End, INK)?;
    let right = left + 130.0;
    for i in 0..26 {
        let x = left + 8.0 + 4.6 * f64::from(i);
        canvas.block((x, y - 6.0), (x + 5.0, y + 6.0), color(f64::from(i) / 12.5 - 1.0))?;
    }
    canvas.word(&words[1], (right + 4.0, y), LETTERS, Anchor::Start, INK)
}

/// Which of `all` belong to part `i` of `parts`.
fn part(i: usize, parts: usize, all: usize) -> std::ops::Range<usize> {
    i * all / parts..(i + 1) * all / parts
}

/// From −1 to 1; what is not a number is grey.
fn color(x: f64) -> RGBColor {
    match x {
        _ if x.is_nan() => AXIS,
        _ if x < 0.0 => mixed(PALE, COLD, (-x).min(1.0)),
        _ => mixed(PALE, WARM, x.min(1.0)),
    }
}

fn misfit(wanted: &'static str, given: impl std::fmt::Display) -> Error {
    Error::Shape { section: "states", wanted, given: given.to_string() }
}
