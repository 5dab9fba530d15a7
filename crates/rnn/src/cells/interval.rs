//! The time between elements.

use super::setting::positive;
use elman_autograd::{Error, Var};
use elman_tensor::{Real, Shape};

/// How much time passes between the elements of a sequence, for cells that live in continuous time.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Interval, Lem, Stream};
///
/// // Two features, and behind them the time since the previous element.
/// let (cell, params) = Params::<f32>::init(1, |p| {
///     Lem::new(p.scope("cell"), 2, 8)?.with_interval(Interval::Given)
/// })?;
/// let mut stream = Stream::new(&params, cell);
/// stream.push(&[0.1, 0.2, 1.0])?;
/// stream.push(&[0.3, 0.4, 0.25])?;
/// assert!(stream.push(&[0.3, 0.4]).is_err()); // two features, and no time
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Interval {
    /// Always the same: finite, above 0.
    Fixed(f64),
    /// The last feature of an element is the time since the previous one, and no other input; so
    /// elements have one feature more than the cell was made for. Below 0 it counts as 0.
    Given,
}

impl Interval {
    /// This interval, if there can be one.
    pub(super) fn checked(self) -> Result<Self, Error> {
        if let Interval::Fixed(time) = self {
            positive("the interval", time)?;
        }
        Ok(self)
    }

    /// What is input in `x: [batch, ..]`, and the time that has passed: `[]`, or
    /// `[batch, hidden]`, the same for all units.
    #[track_caller]
    pub(super) fn of<'g, T: Real>(self, x: Var<'g, T>, hidden: usize) -> (Var<'g, T>, Var<'g, T>) {
        let g = x.graph();
        match self {
            Interval::Fixed(time) => (x, g.constant(Shape::SCALAR, time)),
            Interval::Given => {
                let input = x.shape().last().saturating_sub(1);
                let time = x.part(1, input, 1).relu();
                (x.part(1, 0, input), time.dot(g.constant([1, hidden], 1.0)))
            }
        }
    }
}
