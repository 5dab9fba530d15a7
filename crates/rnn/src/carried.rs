//! A state between two recordings.

use crate::cell::Cell;
use crate::state::State;
use elman_autograd::Graph;
use elman_tensor::{Real, View};
use std::panic::Location;

/// The state of a cell as plain numbers, carried from one recording into the next: between the
/// pieces of a long stream, or the steps of a [`Stream`](crate::Stream).
///
/// No gradient flows into a carried state: it is data.
///
/// ```
/// use elman_autograd::{Params, Tape};
/// use elman_rnn::{Carried, Cell, Elman, Lstm, Rnn};
/// use elman_tensor::Tensor;
///
/// let (model, params) = Params::<f32>::init(1, |p| {
///     Ok(Lstm::new(p.scope("below"), 1, 4)?.stack(Elman::new(p.scope("above"), 4, 2)?))
/// })?;
/// let piece = Tensor::from_fn([5, 3, 1], |i| i as f32)?;
/// let (mut tape, mut carried) = (Tape::new(), Carried::new());
/// for _ in 0..2 {
///     tape.evaluate(&params, |g| {
///         let (_, last) = Rnn(model).run(g.input(&piece), carried.enter(&model, g, 3));
///         carried.keep(&last);
///     })?;
/// }
/// assert_eq!(carried.values().map(<[f32]>::len), Some(3 * (4 + 4 + 2)));
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Carried<T> {
    /// The Vars of the state one after the other.
    values: Vec<T>,
    kept: bool,
}

impl<T: Real> Carried<T> {
    /// No state yet: the first recording begins with the cell's initial one.
    pub fn new() -> Self {
        Carried { values: Vec::new(), kept: false }
    }

    /// The state, its Vars one after the other; `None` before the first was kept.
    pub fn values(&self) -> Option<&[T]> {
        self.kept.then_some(self.values.as_slice())
    }

    /// The state, to be replaced by the next.
    pub(crate) fn values_mut(&mut self) -> Option<&mut [T]> {
        self.kept.then_some(self.values.as_mut_slice())
    }

    /// Takes numbers for the state: [those](Carried::values) that were there when a run was
    /// stopped. Whether they fit, the next recording says.
    pub fn set(&mut self, values: &[T]) {
        self.values.clear();
        self.values.extend_from_slice(values);
        self.kept = true;
    }

    /// Forgets the state.
    pub fn reset(&mut self) {
        self.kept = false;
    }

    /// The state kept last as the start of a recording of `batch` rows, else the initial one.
    ///
    /// The recording fails if the state kept is of another size.
    #[track_caller]
    pub fn enter<'g, C: Cell>(
        &mut self,
        cell: &C,
        g: &'g Graph<'g, T>,
        batch: usize,
    ) -> C::State<'g, T> {
        let line = Location::caller();
        self.enter_from(cell.initial(g, batch), g, line)
    }

    /// The state kept last in the place of an initial one.
    fn enter_from<'g, S: State<'g, T>>(
        &mut self,
        start: S,
        g: &'g Graph<'g, T>,
        line: &'static Location<'static>,
    ) -> S {
        if !self.kept {
            // Copied all the same, so that the first recording takes the memory of all.
            self.copy(&start);
        }
        let mut rest = self.values.as_slice();
        let state = start.map(&mut |start| {
            let Some((values, after)) = rest.split_at_checked(start.shape().len()) else {
                g.refuse("carried state", format!("it has no {} more", start.shape()), line);
                return start;
            };
            rest = after;
            View::new(start.shape(), values).map_or(start, |values| g.input(values))
        });
        if !rest.is_empty() {
            g.refuse("carried state", format!("{} numbers too many", rest.len()), line);
        }
        state
    }

    /// Copies a state out of a recording; after a failure, nothing.
    pub fn keep<'g>(&mut self, state: &impl State<'g, T>)
    where
        T: 'g,
    {
        let mut failed = false;
        state.each(&mut |s| failed |= s.graph().failed());
        if !failed {
            self.copy(state);
            self.kept = true;
        }
    }

    fn copy<'g>(&mut self, state: &impl State<'g, T>)
    where
        T: 'g,
    {
        let mut len = 0;
        state.each(&mut |s| {
            let start = len;
            len += s.shape().len();
            self.values.resize(self.values.len().max(len), T::ZERO);
            s.read(&mut self.values[start..len]);
        });
        self.values.truncate(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::{Gru, Lstm};
    use elman_autograd::{Error, Params, Tape};

    #[test]
    fn a_state_of_another_size_is_refused() {
        let ((lstm, gru), params) = Params::<f64>::init(1, |p| {
            Ok((Lstm::new(p.scope("lstm"), 1, 3)?, Gru::new(p.scope("gru"), 1, 3)?))
        })
        .unwrap();
        let (mut tape, mut carried) = (Tape::new(), Carried::new());
        tape.evaluate(&params, |g| carried.keep(&lstm.initial(g, 2))).unwrap();
        assert_eq!(carried.values(), Some(&[0.0; 12][..]));
        let error = tape.evaluate(&params, |g| carried.enter(&gru, g, 2)[0].item()).unwrap_err();
        assert!(matches!(error, Error::Misfit { .. }), "{error}");
        assert!(error.to_string().contains("6 numbers too many"), "{error}");
        let error = tape.evaluate(&params, |g| carried.enter(&lstm, g, 3)[0].shape()).unwrap_err();
        assert!(error.to_string().contains("it has no [3, 3] more"), "{error}");
        carried.reset();
        tape.evaluate(&params, |g| carried.enter(&gru, g, 5)[0].shape()).unwrap();
    }
}
