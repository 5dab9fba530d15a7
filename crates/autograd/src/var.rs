//! A value of a recording.

use crate::graph::Graph;
use crate::place::Place;
use elman_tensor::{Real, Shape, Tensor};
use std::panic::Location;

/// A value of a recording: a light handle, to be copied freely.
///
/// Equations are written with it as on paper. A row is repeated over leading axes, a number stands
/// for itself at every scalar, and a shape that does not fit is an error of the whole pass:
///
/// ```
/// use elman_autograd::{Error, Params, Tape};
/// use elman_tensor::Tensor;
///
/// let ((), params) = Params::<f32>::init(0, |_| Ok(()))?;
/// let (x, b) = (Tensor::new([2, 2], vec![1.0, 2.0, 3.0, 4.0])?, Tensor::new([2], vec![10.0, 20.0])?);
/// let mut tape = Tape::new();
/// let y = tape.evaluate(&params, |g| {
///     let (x, b) = (g.input(&x), g.input(&b));
///     (2.0 * x + b).at(1).tensor()
/// })?;
/// assert_eq!(y.values(), [16.0, 28.0]);
///
/// let wrong = tape.evaluate(&params, |g| (g.input(&x) + g.zeros([3])).shape());
/// assert!(matches!(wrong, Err(Error::Misfit { rule: "add", .. })));
/// # Ok::<(), Error>(())
/// ```
///
/// It cannot outlive its recording; numbers leave as copies, by [`item`](Var::item),
/// [`read`](Var::read) or [`tensor`](Var::tensor).
#[derive(Clone, Copy)]
pub struct Var<'g, T: Real> {
    pub(crate) graph: &'g Graph<'g, T>,
    pub(crate) place: Place,
}

impl<'g, T: Real> Var<'g, T> {
    /// The recording it belongs to.
    pub fn graph(&self) -> &'g Graph<'g, T> {
        self.graph
    }

    /// The shape; `[0]` after a failure.
    pub fn shape(&self) -> Shape {
        self.place.shape
    }

    /// Whether this is the same place as another Var: the same memory, in the same shape.
    pub fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.graph, other.graph) && self.place == other.place
    }

    /// Whether this is the operand that is not there.
    pub fn is_absent(&self) -> bool {
        self.place.shape == Shape::from([0])
    }

    /// The value of a single number.
    ///
    /// With more or fewer elements the recording fails, and the result is NaN.
    #[track_caller]
    pub fn item(&self) -> T {
        let mut item = [T::NAN];
        self.read(&mut item);
        item[0]
    }

    /// Copies the elements out, row-major; the recording fails if their number is another.
    #[track_caller]
    pub fn read(&self, to: &mut [T]) {
        if self.graph.failed() {
            return;
        }
        let line = Location::caller();
        let Some(arena) = self.graph.look("read", line) else { return };
        let from = arena.values(self.graph.params(), &self.place);
        if from.len() == to.len() {
            to.copy_from_slice(from);
        } else {
            let reason = format!("{} elements were asked for", to.len());
            self.misfit("read", reason, line);
        }
    }

    /// A copy as a tensor; the empty one after a failure.
    #[track_caller]
    pub fn tensor(&self) -> Tensor<T> {
        let Some(arena) = self.graph.look("tensor", Location::caller()) else {
            return Tensor::default();
        };
        let values = arena.values(self.graph.params(), &self.place).to_vec();
        Tensor::new(self.shape(), values).unwrap_or_default()
    }

    /// One item along the outermost axis (a time step of a sequence): a free view.
    #[track_caller]
    pub fn at(&self, index: usize) -> Self {
        let tail = self.shape().tail();
        self.outer("at", index, 1, tail, Location::caller())
    }

    /// `len` items along the outermost axis from `start`: a free view.
    #[track_caller]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        let shape = self.shape().with(0, len);
        self.outer("slice", start, len, shape, Location::caller())
    }

    /// The same elements in another shape of as many: a free view.
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if shape.len() == self.shape().len() {
            return Var { place: Place { shape, ..self.place }, ..*self };
        }
        let reason = format!("{shape} has another number of elements");
        self.misfit("reshape", reason, Location::caller())
    }

    /// The same value, through which no gradient flows (a free view).
    ///
    /// ```
    /// use elman_autograd::{Grad, Params, Tape};
    /// use elman_tensor::Init;
    ///
    /// // w · w with one of both held fast: the slope is w instead of 2 w.
    /// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [], Init::Constant(3.0)))?;
    /// let mut grad = Grad::zeros(&params);
    /// Tape::new().gradient(&params, &mut grad, |g| g.param(w) * g.param(w).stop())?;
    /// assert_eq!(grad.values(), [3.0]);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    pub fn stop(&self) -> Self {
        Var { place: Place { wanted: false, ..self.place }, ..*self }
    }

    /// The weight of this loss in a mean over several batches: the sum that its own mean was
    /// divided by. The losses of `elman-train` set it to the number of elements or rows that
    /// count, or to the sum of their weights; of every other value it is 1.
    pub fn loss_weight(&self) -> T {
        match self.graph.look("loss_weight", Location::caller()) {
            Some(arena) => arena.loss_weight(&self.place),
            None => T::ONE,
        }
    }

    /// Sets the [weight](Var::loss_weight) of this loss: for a loss that is computed from others.
    ///
    /// A value of more or fewer than one element is a misfit, so is a weight that is negative,
    /// infinite or NaN.
    ///
    /// ```
    /// use elman_autograd::{Grad, Params, Tape};
    /// use elman_tensor::Init;
    ///
    /// // A sum over three rows, divided by their number, and a penalty.
    /// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [3], Init::Constant(1.0)))?;
    /// let mut tape = Tape::new();
    /// tape.gradient(&params, &mut Grad::zeros(&params), |g| {
    ///     let w = g.param(w);
    ///     (w.square().sum() / 3.0 + 0.1 * w.sum().abs()).with_loss_weight(3.0)
    /// })?;
    /// assert_eq!(tape.loss_weight(), 3.0);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn with_loss_weight(self, weight: T) -> Self {
        let (line, n) = (Location::caller(), self.shape().len());
        if n != 1 {
            return self.misfit("with_loss_weight", format!("expected 1 element, got {n}"), line);
        }
        if !(weight >= T::ZERO && weight.is_finite()) {
            let weight = weight.to_f64();
            let reason = format!("expected a finite weight of at least 0, got {weight}");
            return self.misfit("with_loss_weight", reason, line);
        }
        if let Some(mut arena) = self.graph.lend("with_loss_weight", line) {
            arena.set_loss_weight(&self.place, weight);
        }
        self
    }

    /// A view of `len` items along the outermost axis, seen in `shape`.
    fn outer(
        &self,
        rule: &'static str,
        start: usize,
        len: usize,
        shape: Shape,
        line: &'static Location<'static>,
    ) -> Self {
        let count = self.shape().get(0).unwrap_or(0);
        match start.checked_add(len) {
            Some(end) if end <= count && self.shape().rank() > 0 => {
                let item = self.shape().tail().len();
                // An empty item may come with any number of items: no offset can be wrong.
                let start = self.place.start + start.saturating_mul(item).min(self.shape().len());
                Var { place: Place { start, shape, ..self.place }, ..*self }
            }
            _ => self.misfit(rule, format!("{len} from {start} of {count} items"), line),
        }
    }

    /// A failure with this operand.
    pub(crate) fn misfit(
        &self,
        rule: &'static str,
        reason: String,
        line: &'static Location<'static>,
    ) -> Self {
        self.graph.misfit(rule, vec![self.shape()], reason, line);
        self.graph.absent()
    }
}
